import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { requestDigest } from "../../../../src/keys/request-digest.ts";
import type { Profile } from "../../../../src/profiles/schema.ts";
import {
  custom,
  failed,
  KEY,
  NOT_FOUND,
  PENDING,
  poll,
  running,
  sent,
  submit,
  succeeded,
  U,
  type Raw,
} from "./ask-by-profile.ts";

beforeEach(() => {
  sent.length = 0;
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a profile that leaves out", () => {
  it.each<[string, Profile, object, object]>([
    ["everything", custom(undefined), { data: { status: "SUCCESS", url: U } }, succeeded()],
    ["everything, with another id", custom({}), { id: "other", status: "done", url: U }, succeeded()],
    [
      "its words",
      custom({ status: ["/job/s"] }),
      { job: { s: "Completed", url: U } },
      { reading: { status: "succeeded" } },
    ],
    [
      "where the status is",
      custom({ words: { succeeded: ["ready"] } }),
      { status: "ready", video_url: U },
      succeeded(),
    ],
    [
      "one list of words",
      custom({ words: { succeeded: ["ready"] } }),
      { status: "failed", error: "x" },
      failed("x"),
    ],
    [
      "a word of a list that it gives",
      custom({ words: { succeeded: ["ready"] } }),
      { status: "done", url: U },
      { reading: { status: null, word: "done" } },
    ],
    ["where progress is", custom({ progress_max: 4 }), { status: "running", progress: 1 }, running(25)],
    [
      "where the error is",
      custom({ status: ["/s"] }),
      { s: "failed", status: "x", message: "why" },
      failed("why"),
    ],
    [
      "whether a word is about the query",
      custom({}),
      { status: "error" },
      { reading: { status: "failed", isAmbiguous: true } },
    ],
  ])("%s is read tolerantly there", async (_what, profile, body, expected) => {
    expect(await poll({ profile }, "j1", { body })).toMatchObject(expected);
  });

  it("the place of ids takes those of any create", async () => {
    const answer = await submit({ profile: custom({}) }, { body: { data: { task_id: "j1" } } });
    expect(answer).toMatchObject({ kind: "accepted", ids: ["j1"] });
    expect(sent).toMatchObject([{ url: "https://video.example/api/jobs", headers: { "x-key": KEY } }]);
  });
});

describe("a profile's own reading", () => {
  const status = ["/s"];

  it.each<[string, Profile, Raw, object]>([
    [
      "takes the first place with a known word",
      custom({ status: ["/a", "/b", "/c"] }),
      { body: { a: 7, b: "running", c: "failed" } },
      running(),
    ],
    [
      "knows numbers and booleans as words",
      custom({ status, words: { failed: ["FALSE"], running: ["2"] } }),
      { body: { s: false } },
      failed(null),
    ],
    [
      "keeps a word that it does not know",
      custom({ status }),
      { body: { s: "odd", t: 1 } },
      {
        reading: { status: null, word: "odd", members: ["s", "t"] },
      },
    ],
    [
      "lets failed_if outrank the word",
      custom({ status, failed_if: [{ at: "/ok", is: false }], error: ["/why"] }),
      { body: { s: "succeeded", ok: false, why: "no" } },
      failed("no"),
    ],
    [
      "lets failed_if name null",
      custom({ status, failed_if: [{ at: "/x", is: null }] }),
      { body: { s: "running", x: null } },
      failed(null),
    ],
    [
      "compares failed_if exactly",
      custom({
        status,
        failed_if: [
          { at: "/code", is: 1 },
          { at: "/e", is: "x" },
        ],
      }),
      { body: { s: "running", code: "1", e: "X" } },
      running(),
    ],
    [
      "counts 0 and text in failed_if without `is`",
      custom({ status, failed_if: [{ at: "/code" }] }),
      { body: { s: "running", code: 0 } },
      failed(null),
    ],
    [
      "needs no word beside failed_if",
      custom({ status, failed_if: [{ at: "/error" }], error: ["/error"] }),
      { body: { error: "x" } },
      failed("x"),
    ],
    [
      "has no doubt of a word beside failed_if",
      custom({ failed_if: [{ at: "/error" }] }),
      { body: { status: "error", error: "x" } },
      failed("x"),
    ],
    [
      "takes no word of a refusal without ids of its own",
      custom({}),
      { status: 422, body: { task_id: "j1", status: "failed" } },
      { kind: "other", status: 422 },
    ],
    [
      "looks for failed_if in each item",
      custom({ status, failed_if: [{ at: "/parts/*/error" }] }),
      { body: { s: "running", parts: [{ error: null }, { error: "x" }] } },
      failed(null),
    ],
    [
      "does not let a refusal's body end a task that it does not name",
      custom({ status, failed_if: [{ at: "/error" }] }),
      { status: 403, body: { s: "failed", error: "x" } },
      { kind: "unauthorized" },
    ],
    [
      "counts a percent sign whatever 100 % is called",
      custom({ status, progress: "/p", progress_max: 1 }),
      { body: { s: "running", p: "7%" } },
      running(7),
    ],
    [
      "does not exceed 100 %",
      custom({ status, progress: "/p", progress_max: 0.5 }),
      { body: { s: "running", p: 3 } },
      running(100),
    ],
    [
      "takes a relative result against the origin",
      custom({ status, urls: ["/u"] }),
      { body: { s: "done", u: "/files/1.mp4" } },
      succeeded("https://video.example/files/1.mp4"),
    ],
    [
      "skips what is no URL",
      custom({ status, urls: ["/a", "/b/*"] }),
      { body: { s: "done", a: { url: U }, b: ["ftp://x.example/a", 7, U] } },
      succeeded(),
    ],
    [
      "finds no result elsewhere than it says",
      custom({ status, urls: ["/a"] }),
      { body: { s: "done", video_url: U } },
      { reading: { status: "succeeded", result: null } },
    ],
    [
      "marks a result that needs the key, wherever it stands",
      custom({ status, urls: ["/u"], needs_key: true }),
      { body: { s: "done", u: U } },
      succeeded(U, true),
    ],
    [
      "marks a result that contains the key",
      custom({ status, urls: ["/u"] }),
      { body: { s: "done", u: `${U}?key=${KEY}` } },
      { reading: { result: { containsKey: true, needsKey: true } } },
    ],
    [
      "is not found by a status of its own",
      custom({ status }, { not_found: { statuses: [410] } }),
      { status: 410, body: "" },
      NOT_FOUND,
    ],
    [
      "is not found by a word that means a failure elsewhere",
      custom({ status }, { not_found: { words: ["Expired"] } }),
      { body: { s: "expired" } },
      NOT_FOUND,
    ],
    [
      "is pending by a status of a refusal, whatever its words",
      custom({ status }, { pending_statuses: [409] }),
      { status: 409, body: { s: "failed" } },
      PENDING,
    ],
    [
      "is not pending by another status",
      custom({ status }, { pending_statuses: [409] }),
      { status: 410, body: {} },
      { kind: "other", status: 410 },
    ],
  ])("%s", async (_what, profile, raw, expected) => {
    expect(await poll({ profile }, "j1", raw)).toMatchObject(expected);
  });

  it.each([{ s: "pending" }, { s: "odd" }, { error: "x" }])(
    "of a pending status is not what was to be expected beside a word or a failure: %j",
    async (body) => {
      const profile = custom({ status, failed_if: [{ at: "/error" }] }, { pending_statuses: [202] });
      expect(await poll({ profile }, "j1", { status: 202, body })).not.toHaveProperty("isPending");
      expect(await poll({ profile }, "j1", { status: 202, body: { s: null } })).toMatchObject(PENDING);
    },
  );

  it("knows a task in a 5xx to a create by its place alone", async () => {
    const profile = custom({}, { create: { paths: ["/jobs"], id: ["/made/*"] } });
    const answer = await submit({ profile }, { status: 500, body: { made: ["j1"] } });
    expect(answer).toMatchObject({ kind: "unknown", completeServerError: false });
  });

  it("does not take a URL of the request", async () => {
    const profile = custom({ status, urls: ["/u/*"] });
    const requestDigests = [await requestDigest("https://inputs.example/a.mp4")];
    const body = { s: "done", u: ["https://inputs.example/a.mp4", U] };
    expect(await poll({ profile, requestDigests }, "j1", { body })).toMatchObject(succeeded());
  });

  it("takes every id that the create names at its places, and any of them in a poll", async () => {
    const profile = custom({ status, id: ["/x"] }, { create: { paths: ["/jobs"], id: ["/a", "/b/*"] } });
    const answer = await submit({ profile }, { body: { id: "no", a: "j1", b: ["j2", "j1", 3] } });
    expect(answer).toMatchObject({ ids: ["j1", "j2", "3"] });
    const taskIds = ["j1", "j2", "3"];
    const body = { s: "running", x: 3, id: "other" };
    expect(await poll({ profile, taskIds }, "j1", { body })).toMatchObject(running());
    const without = { s: "running", id: "other" };
    expect(await poll({ profile, taskIds }, "j1", { body: without })).toMatchObject(running());
    const foreign = { s: "running", x: "j4", id: "j1" };
    expect(await poll({ profile, taskIds }, "j1", { body: foreign })).toMatchObject({ kind: "nothing" });
  });

  it("puts the id into each text of the body, as it is", async () => {
    const poller: Profile["poll"] = {
      method: "POST",
      path: "/ask",
      body: { q: ["{id}", { in: "job:{id}" }], n: 1 },
    };
    await poll({ profile: custom({}, { poll: poller }) }, "$&{id}", {});
    expect(sent.at(-1)).toMatchObject({
      method: "POST",
      url: "https://video.example/api/ask",
      body: '{"q":["$&{id}",{"in":"job:$&{id}"}],"n":1}',
    });
  });

  it("asks with the id in the query, where its characters mean nothing", async () => {
    const poller: Profile["poll"] = { method: "GET", path: "/status?lang=en&task_id={id}" };
    await poll({ profile: custom({}, { poll: poller }) }, "a/b&x=1#c", {});
    expect(sent.at(-1)?.url).toBe("https://video.example/api/status?lang=en&task_id=a%2Fb%26x%3D1%23c");
  });

  it("ends a task by the create's own answer", async () => {
    const profile = custom({ status, urls: ["/u"] }, { create: { paths: ["/jobs"], id: ["/j"] } });
    const answer = await submit({ profile }, { body: { j: "j1", s: "done", u: U } });
    expect(answer).toMatchObject({ kind: "accepted", reading: succeeded().reading });
  });
});
