import { afterEach, describe, expect, it, vi } from "vitest";
import { CLIP } from "../../../../dev/gateway/clip.ts";
import { UPSTREAM_NAMES } from "../../../../dev/upstreams.ts";
import { BUILT_IN } from "../../../../src/profiles/built-in.ts";
import { judgeKey } from "../../../../src/upstream/key-check.ts";
import { fetchModels } from "../../../../src/upstream/models.ts";
import {
  fetchResult,
  hasKey,
  KEY,
  OTHER_KEY,
  resultOf,
  startVendor,
  type Vendor,
  type VendorOptions,
} from "../../../support/upstreams/vendor.ts";

/*
 * Each built-in profile against the simulated API of its vendor, over HTTP. The APIs are written from the vendors' documents
 * and not from the profiles, so that one side checks the other.
 *
 * scenario                                              requirement (the contract, "Other upstreams")
 * a create by each of the paths                         accepted, with the id that polls carry
 * waits, runs, succeeds, by the clock                   status, progress and result
 * the result, fetched                                   the key where it is needed, and nowhere else
 * fails, is moderated                                   failed, with the reason
 * lost, another key's, odd ids                          not found, and never another path
 * 401, 402, 403, 404, 429, 5xx in the vendor's words    mean the same for every upstream
 * a broken answer                                       says nothing; a create is then unknown
 * the list of models                                    tells a good key from a bad one
 */

const FAILED = "The model could not make this video.";
const HELD_BACK = "The video was held back by content review.";
const REVIEW = "The prompt was refused by content review.";
const REFUSED = "The input text may contain sensitive information.";
const PLANNED = "A planned fault.";

interface Expected {
  waits: object;
  /** Half of the time that it takes is over. */
  runs: object;
  fails: string;
  /** The reason; null: it gives none. */
  moderated: string | null;
  /** Its result needs the key. */
  needsKey?: true;
  notBeforeMs?: number;
}

const PENDING = { isPending: true, reading: { status: null } };
const REASONS = { fails: FAILED, moderated: HELD_BACK };

function said(status: string, progress: number | null = null): object {
  return { reading: { status, progress } };
}

const EXPECTED: Record<string, Expected> = {
  aio: { waits: said("queued", 0), runs: said("running", 50), fails: REVIEW, moderated: REVIEW },
  "new-api": { waits: said("queued", 10), runs: said("running", 50), ...REASONS },
  openai: {
    waits: said("queued", 0),
    runs: said("running", 50),
    ...REASONS,
    needsKey: true,
    notBeforeMs: 1000,
  },
  ark: { waits: said("queued"), runs: said("running"), ...REASONS },
  runway: { waits: said("queued"), runs: said("running", 50), ...REASONS },
  // It has no word for a task that runs.
  xai: { waits: PENDING, runs: said("queued", 50), fails: FAILED, moderated: null },
  dashscope: { waits: said("queued"), runs: said("running"), ...REASONS },
  siliconflow: { waits: said("queued"), runs: said("running"), ...REASONS },
  veo: { waits: PENDING, runs: said("queued"), ...REASONS, needsKey: true },
};

const SUCCEEDED = { kind: "read", reading: { status: "succeeded" } };
const NOT_FOUND = { kind: "not_found" };

const running: Vendor[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(running.splice(0).map((vendor) => vendor.close()));
});

async function start(name: string, options?: VendorOptions): Promise<Vendor> {
  const vendor = await startVendor(name, options);
  running.push(vendor);
  return vendor;
}

it("meets each built-in profile", () => {
  expect(Object.keys(EXPECTED)).toEqual([...BUILT_IN.keys()]);
  expect(["aio", ...UPSTREAM_NAMES]).toEqual(Object.keys(EXPECTED));
});

describe.each(Object.entries(EXPECTED))("%s", (name, expected) => {
  it("waits, runs and succeeds, and its result is fetched", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const vendor = await start(name, { queueSeconds: 60, runSeconds: 60 });
    const id = await vendor.created();
    const { notBeforeMs = null, needsKey = false } = expected;
    expect(await vendor.poll(id)).toMatchObject({ kind: "read", ...expected.waits, notBeforeMs });
    vi.setSystemTime(Date.now() + 90_000);
    expect(await vendor.poll(id)).toMatchObject({ kind: "read", ...expected.runs, notBeforeMs });
    vi.setSystemTime(Date.now() + 90_000);
    const answer = await vendor.poll(id);
    expect(answer).toMatchObject(SUCCEEDED);
    const result = resultOf(answer);
    expect(result).toMatchObject({ containsKey: false, needsKey });
    const { body, keys } = await fetchResult(vendor, result);
    expect(body).toEqual(CLIP.body);
    expect([...new Set(keys)]).toEqual([needsKey]);
  });

  it("accepts a create at each path", async () => {
    const vendor = await start(name);
    for (const path of vendor.profile.create.paths) {
      const answer = await vendor.submit({ path: path.replace("{model}", "veo-3.0-fast") });
      if (answer.kind !== "accepted") throw new Error(`${path}: ${JSON.stringify(answer)}`);
      expect(await vendor.poll(answer.ids[0])).toMatchObject(SUCCEEDED);
    }
  });

  it.each<["[fail]" | "[moderate]", "fails" | "moderated"]>([
    ["[fail]", "fails"],
    ["[moderate]", "moderated"],
  ])("fails with the reason for %s", async (mark, reason) => {
    const vendor = await start(name);
    const id = await vendor.created(`${name === "aio" ? "[fail]" : mark} a harbour`);
    const reading = { status: "failed", isAmbiguous: false, errorMessage: expected[reason], result: null };
    expect(await vendor.poll(id)).toMatchObject({ kind: "read", reading });
  });

  it("does not find a task that is lost, another key's, or by an odd id that is another path", async () => {
    const vendor = await start(name);
    const id = await vendor.created();
    expect(await vendor.poll(await vendor.created("[lost] a harbour"))).toMatchObject(NOT_FOUND);
    expect(await vendor.poll(id, OTHER_KEY)).toMatchObject(NOT_FOUND);
    expect(await vendor.poll(id)).toMatchObject(SUCCEEDED);
    vendor.calls.length = 0;
    const odd = ["a b/../c?x=1#y", "%2e%2e%2f", "ä\\"];
    for (const one of odd)
      // Names of Veo are paths, and none of these is one.
      expect(await vendor.poll(one)).toMatchObject(name === "veo" ? { kind: "nothing" } : NOT_FOUND);
    const { path, body } = vendor.profile.poll;
    const { pathname } = new URL(vendor.baseUrl + path);
    const paths = odd.map((one) => decodeURI(pathname).replace("{id}", encodeURIComponent(one)));
    expect(vendor.calls.map((call) => call.path)).toEqual(name === "veo" ? [] : paths);
    if (body !== undefined)
      expect(vendor.calls.map((call) => JSON.parse(call.body.toString()))).toEqual(
        odd.map((requestId) => ({ requestId })),
      );
  });

  it("means by a status of a poll what every upstream means", async () => {
    const vendor = await start(name);
    const id = await vendor.created();
    const meanings: [number, object][] = [
      [401, { kind: "unauthorized", status: 401 }],
      [402, { kind: "other", status: 402 }],
      [403, { kind: "unauthorized", status: 403 }],
      [404, NOT_FOUND],
      [429, { kind: "slow_down" }],
      [500, { kind: "nothing", down: "http_500" }],
      [503, { kind: "nothing", down: "http_503" }],
    ];
    for (const [status, meaning] of meanings) {
      vendor.fault({ on: "poll", status });
      expect([status, await vendor.poll(id)]).toMatchObject([status, meaning]);
    }
    expect(await vendor.poll(id)).toMatchObject(SUCCEEDED);
  });

  it("means by a status of a create what every upstream means", async () => {
    const vendor = await start(name);
    const meanings: [number, object][] = [
      [401, { kind: "refused", status: 401 }],
      [402, { kind: "refused", status: 402, message: PLANNED }],
      [403, { kind: "refused", status: 403, message: PLANNED }],
      [404, { kind: "refused", status: 404, message: PLANNED }],
      [422, { kind: "refused", status: 422, message: PLANNED }],
      [429, { kind: "later", status: 429 }],
      [500, { kind: "unknown", completeServerError: true, down: "http_500" }],
      [503, { kind: "unknown", completeServerError: true, down: "http_503" }],
    ];
    for (const [status, meaning] of meanings) {
      vendor.fault({ on: "submit", status });
      expect([status, await vendor.submit({})]).toMatchObject([status, meaning]);
    }
    expect(vendor.calls.map(({ status }) => status)).toEqual(meanings.map(([status]) => status));
  });

  it("says nothing by an answer that breaks off; the create is then unknown", async () => {
    const vendor = await start(name);
    const id = await vendor.created();
    for (const drop of ["after", "mid-body"] as const) {
      vendor.fault({ on: "poll", drop });
      expect(await vendor.poll(id)).toMatchObject({ kind: "nothing" });
      vendor.fault({ on: "submit", drop });
      const unknown = { kind: "unknown", completeServerError: false };
      expect(await vendor.submit({})).toMatchObject(unknown);
    }
  });

  it("tells a good key from a bad one by its list of models", async () => {
    const vendor = await start(name, { keys: [KEY] });
    const { profile, baseUrl } = vendor;
    const { check } = profile;
    const access = (apiKey: string) => ({ baseUrl, apiKey, timeoutMs: 5000, profile });
    if (check === undefined) {
      expect([await judgeKey({ ...access(KEY), name }), vendor.calls]).toEqual(["no_check", []]);
      return;
    }
    const ask = async (apiKey: string) => fetchModels(access(apiKey), check);
    expect(await ask(KEY)).toMatchObject({ status: 200, isList: true });
    if (name === "aio") vendor.fault({ on: "models", status: 401 });
    expect(await ask(OTHER_KEY)).toMatchObject({ status: 401, isList: false });
  });
});

it.each(UPSTREAM_NAMES)(
  "%s refuses a request with its own words, and a key that it does not know",
  async (name) => {
    const vendor = await start(name, { keys: [KEY] });
    const id = await vendor.created();
    const refused = { kind: "refused", status: 400, message: REFUSED };
    expect(await vendor.submit({ prompt: "[refuse] a harbour" })).toMatchObject(refused);
    expect(await vendor.submit({ key: OTHER_KEY })).toMatchObject({ kind: "refused", status: 401 });
    expect(await vendor.poll(id, OTHER_KEY)).toMatchObject({ kind: "unauthorized", status: 401 });
  },
);

describe("a result", () => {
  it.each(["aio", "new-api"])("of %s at /content needs the key, whatever its profile says", async (name) => {
    const vendor = await start(name);
    const result = resultOf(await vendor.poll(await vendor.created("[content] a harbour")));
    expect(result).toMatchObject({ needsKey: true });
    expect(await fetchResult(vendor, result)).toEqual({ body: CLIP.body, keys: [true] });
  });

  it("of Veo at another origin does not get the key, though it needs one", async () => {
    const vendor = await start("veo");
    const elsewhere = await start("openai");
    const uri = `${elsewhere.origin}/v1/models`;
    const response = { generateVideoResponse: { generatedSamples: [{ video: { uri } }] } };
    vendor.fault({ on: "poll", status: 200, body: { done: true, response } });
    const result = resultOf(await vendor.poll(await vendor.created()));
    expect(result).toEqual({ url: uri, needsKey: true, containsKey: false });
    await expect(fetchResult(vendor, result)).rejects.toThrow("http_401");
    expect(elsewhere.calls.map(hasKey)).toEqual([false]);
  });
});
