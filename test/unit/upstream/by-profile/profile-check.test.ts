import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BUILT_IN } from "../../../../src/profiles/built-in.ts";
import { judgeKey, rememberAccepted, type AskedKey } from "../../../../src/upstream/key-check.ts";

/*
 * scenario                                  requirement (the contract, "Other upstreams", own key)
 * a profile with a `check`                  the known-key question goes there, with the profile's headers
 * a profile without one                     nothing is asked; a create that was accepted makes the key known
 */

const KEY = "sk-0123456789abcdef";
let asked: Request[] = [];
let keys = 0;

beforeEach(() => {
  asked = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    asked.push(new Request(input, init));
    return Response.json({ models: [] });
  });
});
afterEach(() => vi.restoreAllMocks());

/** The memories are the isolate's: each test has keys of its own. */
function keyFor(name: string): AskedKey {
  const profile = BUILT_IN.get(name);
  if (!profile) throw new Error(name);
  keys += 1;
  const baseUrl = profile.base_url ?? "https://gateway.example";
  return { baseUrl, apiKey: KEY, name: `key:${keys}`, timeoutMs: 1000, profile };
}

describe("the known-key question", () => {
  it.each([
    ["aio", "https://api.aiearth.dev/v1/models"],
    ["new-api", "https://gateway.example/v1/models"],
    ["openai", "https://api.openai.com/v1/models"],
    ["xai", "https://api.x.ai/v1/models"],
    ["siliconflow", "https://api.siliconflow.cn/v1/models"],
    ["veo", "https://generativelanguage.googleapis.com/v1beta/models"],
  ])("about a key of %s goes to %s", async (name, url) => {
    expect(await judgeKey(keyFor(name))).toBe("accepted");
    const [request] = asked;
    expect([asked.length, request?.url, request?.method]).toEqual([1, url, "GET"]);
    expect(request?.headers.get("ringback-hop")).toBe("1");
    const isVeo = name === "veo";
    expect(request?.headers.get("authorization")).toBe(isVeo ? null : `Bearer ${KEY}`);
    expect(request?.headers.get("x-goog-api-key")).toBe(isVeo ? KEY : null);
  });

  it.each(["ark", "runway", "dashscope"])("cannot be asked about a key of %s", async (name) => {
    const key = keyFor(name);
    expect(await judgeKey(key)).toBe("no_check");
    expect(asked).toEqual([]);
    rememberAccepted(key);
    expect(await judgeKey(key)).toBe("accepted");
  });
});
