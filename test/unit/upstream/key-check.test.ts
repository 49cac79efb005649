import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  askModels,
  judgeKey,
  knownModels,
  knownVerdict,
  type AskedKey,
} from "../../../src/upstream/key-check.ts";
import { anAccess } from "../../support/builders.ts";

/*
 * scenario                                        requirement
 * what `/models` may answer                       a list of models accepts a key; 401 and 403 refuse it; else nothing
 * the same key again, and again later             remembered an hour, 10 seconds, or not at all
 * hundreds of made-up keys                        push out no good one
 * many questions at one time                      one call
 * the list itself                                 kept for a minute, per key
 */

let asked: Request[] = [];
let answer: () => Response | Promise<Response>;
let keys = 0;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    asked.push(new Request(input, init));
    return answer();
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The memories are the isolate's: each test has keys of its own. */
function newKey(): AskedKey {
  keys += 1;
  const access = anAccess({ baseUrl: "https://api.example.com/v1", apiKey: `sk-${keys}` });
  return { ...access, name: `key:${keys}` };
}

const says =
  (body: unknown, status = 200) =>
  (): Response =>
    new Response(typeof body === "string" ? body : JSON.stringify(body), { status });

const LIST = { object: "list", data: [{ id: "m" }] };

describe("the upstream's /models", () => {
  it.each<[name: string, body: unknown]>([
    ["an object with data", LIST],
    ["an empty list", { data: [] }],
    ["a bare list", ["m"]],
    ["a list of nothing", []],
    ["models", { models: [{ name: "m" }] }],
    ["an error that is none", { data: [], error: null }],
    [
      "a list of some hundred models",
      { data: Array.from({ length: 700 }, (_, id) => ({ id, tags: Array(40).fill(0) })) },
    ],
  ])("accepts a key by a list of models: %s", async (_name, body) => {
    answer = says(body);
    expect(await judgeKey(newKey())).toBe("accepted");
  });

  it.each<[name: string, body: unknown, status?: number]>([
    ["an error under 200", { error: { message: "invalid key" } }],
    ["an error beside a list", { data: [], error: "no" }],
    ["an envelope", { success: false, code: 401, message: "invalid key" }],
    ["data that is no list", { data: { id: "m" } }],
    ["nothing", ""],
    ["nothing, and says so", null, 200],
    ["a login page", "<!doctype html><title>Sign in</title>"],
    ["a word", '"ok"'],
    ["a number", "1"],
    ["broken JSON", '{"data":['],
    ["more than a list of models ever is", `[${"{},".repeat(200_000)}{}]`],
    ["404", LIST, 404],
    ["429", LIST, 429],
    ["500", LIST, 500],
  ])("says nothing of a key, and is asked again: %s", async (_name, body, status) => {
    const key = newKey();
    answer = says(body, status);
    expect(await judgeKey(key)).toBe("silent");
    expect(knownVerdict(key)).toBeNull();
    expect(knownModels(key)).toBeNull();
    answer = says(LIST);
    expect(await judgeKey(key)).toBe("accepted");
  });

  it("says nothing where it breaks off, redirects or is too slow", async () => {
    for (const broken of [
      (): Promise<Response> => Promise.reject(new TypeError("broken")),
      says("", 302),
      (): Promise<Response> => Promise.reject(new DOMException("late", "TimeoutError")),
    ]) {
      answer = broken;
      expect(await judgeKey(newKey())).toBe("silent");
    }
  });

  it.each([401, 403])("refuses a key by %i, whatever stands in it", async (status) => {
    answer = says(LIST, status);
    expect(await judgeKey(newKey())).toBe("refused");
  });

  it("is asked with the key, as a hop", async () => {
    const key = newKey();
    answer = says(LIST);
    await judgeKey(key);
    const [request] = asked;
    expect(request?.url).toBe("https://api.example.com/v1/models");
    expect(request?.headers.get("authorization")).toBe(`Bearer ${key.apiKey}`);
    expect(request?.headers.get("ringback-hop")).toBe("1");
  });
});

describe("what is remembered", () => {
  it("of an accepted key counts for an hour, of a refused one for ten seconds", async () => {
    const [good, bad] = [newKey(), newKey()];
    answer = says(LIST);
    await judgeKey(good);
    answer = says("", 401);
    await judgeKey(bad);
    expect([await judgeKey(good), await judgeKey(bad), asked.length]).toEqual(["accepted", "refused", 2]);
    vi.advanceTimersByTime(10_000);
    expect([knownVerdict(good), knownVerdict(bad)]).toEqual(["accepted", null]);
    vi.advanceTimersByTime(3_600_000 - 10_000);
    expect(knownVerdict(good)).toBeNull();
  });

  it("is the newest answer: a key that is revoked, or made, is not what it was", async () => {
    const key = newKey();
    answer = says(LIST);
    await askModels(key, "/models");
    answer = says("", 401);
    await askModels(key, "/models");
    expect([knownVerdict(key), knownModels(key)]).toEqual(["refused", null]);
    answer = says(LIST);
    await askModels(key, "/models");
    expect(knownVerdict(key)).toBe("accepted");
  });

  it("of a good key is not pushed out by made-up ones, however many", async () => {
    const good = newKey();
    answer = says(LIST);
    await judgeKey(good);
    answer = says("", 401);
    const first = newKey();
    await judgeKey(first);
    for (let index = 0; index < 1000; index++) await judgeKey(newKey());
    expect([knownVerdict(good), knownVerdict(first)]).toEqual(["accepted", null]);
  });

  it("is that upstream's: another base URL is asked", async () => {
    const key = newKey();
    answer = says(LIST);
    await judgeKey(key);
    expect(knownVerdict({ ...key, baseUrl: "https://other.example.com/v1" })).toBeNull();
  });

  it("of a list of models is the list, for a minute", async () => {
    const key = newKey();
    answer = says(LIST);
    await askModels(key, "/models");
    expect(knownModels(key)?.body).toBe(JSON.stringify(LIST));
    vi.advanceTimersByTime(60_000);
    expect(knownModels(key)).toBeNull();
  });

  it("joins equal questions at one time into one call, and no others", async () => {
    answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return says(LIST)();
    };
    const [one, two] = [newKey(), newKey()];
    const verdicts = Array.from({ length: 60 }, async () => judgeKey(one));
    verdicts.push(judgeKey(two));
    await vi.advanceTimersByTimeAsync(400);
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set(["accepted"]));
    expect(asked).toHaveLength(2);
  });
});
