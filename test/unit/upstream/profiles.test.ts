import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PollAnswer, SubmitAnswer } from "../../../src/domain/task/upstream-answer.ts";
import { requestDigest } from "../../../src/keys/request-digest.ts";
import { BUILT_IN } from "../../../src/profiles/built-in.ts";
import type { Profile } from "../../../src/profiles/schema.ts";
import { httpUpstream } from "../../../src/upstream/http-upstream.ts";

/*
 * The built-in profiles against the answers of their vendors, as raw HTTP.
 *
 * scenario                                              requirement (the contract, "Other upstreams")
 * create and poll on the wire                           method, URL, headers, body of the profile; nothing of the caller
 * queue, run, progress, success, failure, moderation    read where the profile says, in its words
 * an answer without a status                            goes on without trouble under a pending status, else `other`
 * unknown task                                          `not_found`, by the profile's statuses and words, too
 * 401, 402, 403, 404, 429, 5xx, HTML, noise, redirect   mean what they mean for every upstream
 * odd ids                                               percent-encoded, or held to the characters of a path
 * a result that needs the key                           is marked; one that contains it, too
 */

const KEY = "sk-0123456789abcdef";
const U = "https://cdn.example/v.mp4";

interface Sent {
  url: string;
  method: string | undefined;
  headers: Record<string, string>;
  body: unknown;
}

let sent: Sent[] = [];

beforeEach(() => {
  sent = [];
});
afterEach(() => {
  vi.unstubAllGlobals();
});

interface Raw {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

function answerWith({ status = 200, body = {}, headers = {} }: Raw): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const { method, body: request } = init;
    const bytes = request instanceof Uint8Array ? new TextDecoder().decode(request) : request;
    sent.push({ url, method, headers: init.headers as Record<string, string>, body: bytes });
    return new Response(text, { status, headers });
  });
}

interface Asked {
  profile: Profile;
  createPath?: string;
  taskIds?: string[] | null;
  requestDigests?: string[];
}

function upstream({ profile, createPath, taskIds = null, requestDigests = [] }: Asked) {
  const baseUrl = profile.base_url ?? "https://gateway.example";
  const path = createPath === undefined ? {} : { createPath };
  const access = { baseUrl, apiKey: KEY, timeoutMs: 1000, profile, ...path };
  return httpUpstream(access, { taskIds, requestDigests });
}

async function submit(asked: Asked, raw: Raw): Promise<SubmitAnswer> {
  answerWith(raw);
  return upstream(asked).submit(new TextEncoder().encode('{"prompt":"a"}'));
}

async function poll(asked: Asked, id: string, raw: Raw): Promise<PollAnswer> {
  answerWith(raw);
  return upstream({ taskIds: [id], ...asked }).poll(id);
}

function builtIn(name: string): Profile {
  const profile = BUILT_IN.get(name);
  if (!profile) throw new Error(name);
  return profile;
}

function queued(progress: number | null = null) {
  return { kind: "read", reading: { status: "queued", progress } };
}

function running(progress: number | null = null) {
  return { kind: "read", reading: { status: "running", progress } };
}

function succeeded(url: string = U, needsKey = false) {
  return {
    kind: "read",
    reading: { status: "succeeded", isAmbiguous: false, result: { url, containsKey: false, needsKey } },
  };
}

function failed(errorMessage: string | null) {
  return { kind: "read", reading: { status: "failed", isAmbiguous: false, errorMessage } };
}

const PENDING = { kind: "read", isPending: true, reading: { status: null, word: null, result: null } };
const NOT_FOUND = { kind: "not_found" };

interface Vendor {
  createPath: string;
  /** A good create's answer with this id. */
  created: (id: unknown) => object;
  id: string;
  create: string;
  poll: string;
  pollBody?: string;
  /** Those that are sent with a poll, beside `accept` and the hop. */
  headers: Record<string, string>;
  answers: [scenario: string, raw: Raw, expected: object][];
}

const bearer = { authorization: `Bearer ${KEY}` };

const VENDORS: Record<string, Vendor> = {
  aio: {
    createPath: "/videos",
    created: (id) => ({ id, task_id: id, object: "video", status: "queued", progress: 0 }),
    id: "task_1",
    create: "https://api.aiearth.dev/v1/videos",
    poll: "https://api.aiearth.dev/v1/videos/task_1",
    headers: bearer,
    answers: [
      ["runs", { body: { id: "task_1", status: "in_progress", progress: 50 } }, running(50)],
      ["succeeds", { body: { id: "task_1", status: "completed", metadata: { url: U } } }, succeeded()],
      ["names another task", { body: { id: "task_2", status: "failed" } }, { kind: "nothing" }],
      ["is unknown", { status: 400, body: { code: "task_not_exist", data: null } }, NOT_FOUND],
      ["gives no status", { body: { ok: true } }, { kind: "other", status: 200 }],
    ],
  },
  "new-api": {
    createPath: "/v1/video/generations",
    created: (id) => ({ task_id: id }),
    id: "task_1",
    create: "https://gateway.example/v1/video/generations",
    poll: "https://gateway.example/v1/video/generations/task_1",
    headers: bearer,
    answers: [
      ["waits", { body: newApi({ status: "NOT_START", progress: "0%" }) }, queued(0)],
      ["is submitted", { body: newApi({ status: "SUBMITTED" }) }, queued()],
      ["runs", { body: newApi({ status: "IN_PROGRESS", progress: "50%" }) }, running(50)],
      ["succeeds", { body: newApi({ status: "SUCCESS", progress: "100%", result_url: U }) }, succeeded()],
      ["succeeds, in older versions", { body: newApi({ status: "SUCCESS", fail_reason: U }) }, succeeded()],
      ["succeeds, flat", { body: { task_id: "task_1", status: "succeeded", url: U } }, succeeded()],
      [
        "succeeds behind the gateway",
        { body: newApi({ status: "SUCCESS", result_url: "/v1/videos/task_1/content" }) },
        succeeded("https://gateway.example/v1/videos/task_1/content", true),
      ],
      ["fails", { body: newApi({ status: "FAILURE", fail_reason: "no balance" }) }, failed("no balance")],
      ["is moderated", { body: newApi({ status: "FAILURE", fail_reason: "unsafe" }) }, failed("unsafe")],
      ["has a word of its own", { body: newApi({ status: "UNKNOWN" }) }, { reading: { status: null } }],
      ["names another task", { body: newApi({ task_id: "task_2", status: "SUCCESS" }) }, { kind: "nothing" }],
      ["is unknown", { status: 400, body: { code: "task_not_exist", data: null } }, NOT_FOUND],
      ["is empty", { body: { code: "success", data: null } }, { kind: "other", status: 200 }],
    ],
  },
  openai: {
    createPath: "/v1/videos",
    created: (id) => ({ id, object: "video", status: "queued", progress: 0, model: "sora-2" }),
    id: "video_1",
    create: "https://api.openai.com/v1/videos",
    poll: "https://api.openai.com/v1/videos/video_1",
    headers: bearer,
    answers: [
      ["waits", { body: { id: "video_1", status: "queued", progress: 0 } }, queued(0)],
      [
        "runs, and says when to ask again",
        {
          body: { id: "video_1", status: "in_progress", progress: 33 },
          headers: { "openai-poll-after-ms": "9000" },
        },
        { ...running(33), notBeforeMs: 9000 },
      ],
      [
        "succeeds without a URL",
        { body: { id: "video_1", status: "completed", progress: 100, expires_at: 1 } },
        succeeded("https://api.openai.com/v1/videos/video_1/content", true),
      ],
      [
        "fails",
        { body: { id: "video_1", status: "failed", error: { code: "server_error", message: "Broke." } } },
        failed("Broke."),
      ],
      [
        "is moderated",
        { body: { id: "video_1", status: "failed", error: { code: "moderation_blocked" } } },
        failed("moderation_blocked"),
      ],
      ["names another task", { body: { id: "video_2", status: "completed" } }, { kind: "nothing" }],
      ["is unknown", { status: 404, body: { error: { message: "No such video" } } }, NOT_FOUND],
      [
        "ends as another status that names it",
        { status: 422, body: { id: "video_1", status: "failed", error: { message: "Refused." } } },
        failed("Refused."),
      ],
      [
        "is not named by another status",
        { status: 422, body: { status: "failed" } },
        { kind: "other", status: 422 },
      ],
    ],
  },
  ark: {
    createPath: "/api/v3/contents/generations/tasks",
    created: (id) => ({ id }),
    id: "cgt-1",
    create: "https://ark.ap-southeast.bytepluses.com/api/v3/contents/generations/tasks",
    poll: "https://ark.ap-southeast.bytepluses.com/api/v3/contents/generations/tasks/cgt-1",
    headers: bearer,
    answers: [
      ["waits", { body: { id: "cgt-1", status: "queued" } }, queued()],
      ["runs", { body: { id: "cgt-1", status: "running" } }, running()],
      [
        "succeeds, beside its last frame",
        {
          body: {
            id: "cgt-1",
            status: "succeeded",
            content: { last_frame_url: "https://cdn.example/last.png", video_url: U },
          },
        },
        succeeded(),
      ],
      [
        "succeeds without a URL",
        { body: { id: "cgt-1", status: "succeeded", content: {}, url: U } },
        { kind: "read", reading: { status: "succeeded", result: null } },
      ],
      [
        "fails",
        { body: { id: "cgt-1", status: "failed", error: { code: "InternalError", message: "Broke." } } },
        failed("Broke."),
      ],
      [
        "is moderated",
        { body: { id: "cgt-1", status: "failed", error: { code: "OutputVideoSensitiveContentDetected" } } },
        failed("OutputVideoSensitiveContentDetected"),
      ],
      ["is cancelled", { body: { id: "cgt-1", status: "cancelled" } }, failed(null)],
      ["expires", { body: { id: "cgt-1", status: "expired", error: null } }, failed(null)],
      ["names another task", { body: { id: "cgt-2", status: "succeeded" } }, { kind: "nothing" }],
      ["is unknown", { status: 404, body: { error: { code: "ResourceNotFound" } } }, NOT_FOUND],
    ],
  },
  runway: {
    createPath: "/v1/text_to_video",
    created: (id) => ({ id }),
    id: "17f20503-6c24-4c16-946b-35dbbce2af2f",
    create: "https://api.dev.runwayml.com/v1/text_to_video",
    poll: "https://api.dev.runwayml.com/v1/tasks/17f20503-6c24-4c16-946b-35dbbce2af2f",
    headers: { ...bearer, "X-Runway-Version": "2024-11-06" },
    answers: [
      ["waits", { body: { status: "PENDING", createdAt: "2026-11-01" } }, queued()],
      ["is throttled", { body: { status: "THROTTLED" } }, queued()],
      ["runs", { body: { status: "RUNNING", progress: 0.29 } }, running(29)],
      ["runs to its end", { body: { status: "RUNNING", progress: 1 } }, running(100)],
      ["succeeds", { body: { status: "SUCCEEDED", output: [U, "https://cdn.example/2.mp4"] } }, succeeded()],
      [
        "fails",
        { body: { status: "FAILED", failure: "Broke.", failureCode: "INTERNAL.BAD_OUTPUT.CODE01" } },
        failed("Broke."),
      ],
      [
        "is moderated",
        { body: { status: "FAILED", failure: "", failureCode: "SAFETY.INPUT.TEXT" } },
        failed("SAFETY.INPUT.TEXT"),
      ],
      ["is cancelled", { body: { status: "CANCELLED" } }, failed(null)],
      ["names another task", { body: { id: "another", status: "SUCCEEDED" } }, { kind: "nothing" }],
      ["is unknown", { status: 404, body: { error: "not found" } }, NOT_FOUND],
    ],
  },
  xai: {
    createPath: "/v1/videos/edits",
    created: (id) => ({ request_id: id }),
    id: "req-1",
    create: "https://api.x.ai/v1/videos/edits",
    poll: "https://api.x.ai/v1/videos/req-1",
    headers: bearer,
    answers: [
      ["is pending, without a body", { status: 202, body: "" }, PENDING],
      ["is pending, with an empty line", { status: 202, body: "\r\n" }, PENDING],
      ["is pending, with an object", { status: 202, body: {} }, PENDING],
      ["is pending, with its word", { status: 202, body: { status: "pending", progress: 7 } }, queued(7)],
      [
        "is pending, with progress alone",
        { status: 202, body: { progress: 7 } },
        { isPending: true, reading: { status: null, progress: 7 } },
      ],
      ["has failed already", { status: 202, body: { status: "failed" } }, failed(null)],
      ["is a page", { status: 202, body: "<html>challenge</html>" }, { kind: "nothing" }],
      ["succeeds", { body: { status: "done", video: { url: U, respect_moderation: true } } }, succeeded()],
      [
        "is moderated",
        { body: { status: "done", video: { url: U, respect_moderation: false } } },
        failed(null),
      ],
      ["fails", { body: { status: "failed", error: { message: "Broke." } } }, failed("Broke.")],
      ["expires", { body: { status: "expired" } }, failed(null)],
      ["says nothing in a 200", { body: {} }, { kind: "other", status: 200 }],
      [
        "is not judged by an id",
        { body: { id: "x", request_id: "other", status: "done", video: { url: U } } },
        succeeded(),
      ],
      ["is unknown", { status: 404, body: { code: "not-found", error: "No such request" } }, NOT_FOUND],
    ],
  },
  dashscope: {
    createPath: "/api/v1/services/aigc/video-generation/video-synthesis",
    created: (id) => ({ output: { task_status: "PENDING", task_id: id }, request_id: "r-1" }),
    id: "0385dc79-5ff8",
    create: "https://dashscope-intl.aliyuncs.com/api/v1/services/aigc/video-generation/video-synthesis",
    poll: "https://dashscope-intl.aliyuncs.com/api/v1/tasks/0385dc79-5ff8",
    headers: { ...bearer, "X-DashScope-Async": "enable" },
    answers: [
      ["waits", { body: dashscope({ task_status: "PENDING" }) }, queued()],
      ["runs", { body: dashscope({ task_status: "RUNNING" }) }, running()],
      ["succeeds", { body: dashscope({ task_status: "SUCCEEDED", video_url: U }) }, succeeded()],
      [
        "fails",
        { body: dashscope({ task_status: "FAILED", code: "InternalError", message: "Broke." }) },
        failed("Broke."),
      ],
      [
        "is moderated",
        { body: dashscope({ task_status: "FAILED", code: "DataInspectionFailed" }) },
        failed("DataInspectionFailed"),
      ],
      ["is cancelled", { body: dashscope({ task_status: "CANCELED" }) }, failed(null)],
      ["is unknown", { body: dashscope({ task_status: "UNKNOWN" }) }, NOT_FOUND],
      [
        "names another task",
        { body: { output: { task_id: "other", task_status: "FAILED" } } },
        { kind: "nothing" },
      ],
    ],
  },
  siliconflow: {
    createPath: "/v1/video/submit",
    created: (id) => ({ requestId: id }),
    id: "abc123",
    create: "https://api.siliconflow.cn/v1/video/submit",
    poll: "https://api.siliconflow.cn/v1/video/status",
    pollBody: '{"requestId":"abc123"}',
    headers: { ...bearer, "content-type": "application/json" },
    answers: [
      ["waits", { body: { status: "InQueue", reason: "" } }, queued()],
      ["runs", { body: { status: "InProgress" } }, running()],
      [
        "succeeds",
        { body: { status: "Succeed", reason: "", results: { videos: [{ url: U }], seed: 1 } } },
        succeeded(),
      ],
      ["fails", { body: { status: "Failed", reason: "Broke." } }, failed("Broke.")],
      ["is moderated", { body: { status: "Failed", reason: "sensitive" } }, failed("sensitive")],
      ["is unknown", { status: 404, body: { message: "no such request" } }, NOT_FOUND],
    ],
  },
  veo: {
    createPath: "/v1beta/models/veo-3.1-generate:predictLongRunning",
    created: (id) => ({ name: id }),
    id: "models/veo-3.1-generate/operations/op_1",
    create: "https://generativelanguage.googleapis.com/v1beta/models/veo-3.1-generate:predictLongRunning",
    poll: "https://generativelanguage.googleapis.com/v1beta/models/veo-3.1-generate/operations/op_1",
    headers: { "x-goog-api-key": KEY },
    answers: [
      ["is pending", { body: { name: "models/veo-3.1-generate/operations/op_1", metadata: {} } }, PENDING],
      ["is pending, with its word", { body: { done: false } }, queued()],
      ["is pending, with nothing", { body: { done: null } }, PENDING],
      [
        "succeeds",
        {
          body: {
            done: true,
            response: samples("https://generativelanguage.googleapis.com/f:download?alt=media"),
          },
        },
        succeeded("https://generativelanguage.googleapis.com/f:download?alt=media", true),
      ],
      [
        "succeeds without a file",
        { body: { done: true, response: { generateVideoResponse: { raiMediaFilteredReasons: [] } } } },
        { kind: "read", reading: { status: "succeeded", result: null } },
      ],
      [
        "fails, though it is done",
        { body: { done: true, error: { code: 13, message: "Broke." } } },
        failed("Broke."),
      ],
      ["fails without being done", { body: { error: { code: 3, message: "Unsafe." } } }, failed("Unsafe.")],
      [
        "is moderated",
        {
          body: {
            done: true,
            response: {
              generateVideoResponse: { raiMediaFilteredCount: 1, raiMediaFilteredReasons: ["Unsafe."] },
            },
          },
        },
        failed("Unsafe."),
      ],
      ["has an empty error", { body: { done: false, error: {} } }, queued()],
      [
        "names another task",
        { body: { name: "models/veo/operations/other", done: true } },
        { kind: "nothing" },
      ],
      ["is unknown", { status: 404, body: { error: { code: 404, message: "Not found" } } }, NOT_FOUND],
    ],
  },
};

function newApi(data: object): object {
  return { code: "success", message: "", data: { id: 12, task_id: "task_1", fail_reason: "", ...data } };
}

function dashscope(output: object): object {
  return { request_id: "r-2", output: { task_id: "0385dc79-5ff8", ...output } };
}

function samples(uri: string): object {
  return { generateVideoResponse: { generatedSamples: [{ video: { uri } }] } };
}

const HOP = { "ringback-hop": "1" };

it("has an example of every built-in profile", () => {
  expect(Object.keys(VENDORS).toSorted()).toEqual([...BUILT_IN.keys()].toSorted());
});

describe.each(Object.entries(VENDORS))("%s", (name, vendor) => {
  const profile = builtIn(name);
  const { createPath } = vendor;

  it("is sent a create as it wants it", async () => {
    const answer = await submit({ profile, createPath }, { body: vendor.created(vendor.id) });
    expect(answer).toMatchObject({ kind: "accepted", ids: [vendor.id] });
    const headers = { ...vendor.headers, "content-type": "application/json", accept: "application/json" };
    const body = '{"prompt":"a"}';
    expect(sent).toEqual([{ url: vendor.create, method: "POST", headers: { ...headers, ...HOP }, body }]);
  });

  it("is polled as it wants it", async () => {
    await poll({ profile }, vendor.id, {});
    const { pollBody = null } = vendor;
    const headers = { ...vendor.headers, accept: "application/json", ...HOP };
    const method = pollBody === null ? "GET" : "POST";
    expect(sent).toEqual([{ url: vendor.poll, method, headers, body: pollBody }]);
  });

  it.each(vendor.answers)("%s", async (_scenario, raw, expected) => {
    expect(await poll({ profile }, vendor.id, raw)).toMatchObject(expected);
  });

  it.each<[number, unknown, object]>([
    [401, {}, { kind: "unauthorized", status: 401 }],
    [402, {}, { kind: "other", status: 402 }],
    [403, {}, { kind: "unauthorized", status: 403 }],
    [404, "<html>", NOT_FOUND],
    [429, {}, { kind: "slow_down" }],
    [500, {}, { kind: "nothing", down: "http_500" }],
    [503, "<html>", { kind: "nothing", down: "http_503" }],
    [302, {}, { kind: "nothing" }],
    [200, "<html>", { kind: "nothing" }],
    [200, "[1]", { kind: "nothing" }],
    [200, "x".repeat(1_048_577), { kind: "nothing" }],
  ])("answers a poll with %d like every upstream: %.20j", async (status, body, expected) => {
    const answer = await poll({ profile }, vendor.id, { status, body, headers: { location: "/login" } });
    expect(answer).toMatchObject(expected);
    expect(answer).not.toHaveProperty("isPending");
    expect(sent).toHaveLength(1);
  });

  it.each<[number, unknown, object]>([
    [401, {}, { kind: "refused", status: 401 }],
    [402, {}, { kind: "refused", status: 402 }],
    [403, {}, { kind: "refused", status: 403 }],
    [404, {}, { kind: "refused", status: 404 }],
    [429, {}, { kind: "later", status: 429 }],
    [429, { error: { code: "insufficient_quota" } }, { kind: "refused", status: 402 }],
    [500, {}, { kind: "unknown", completeServerError: true }],
    [503, "<html>", { kind: "unknown", completeServerError: true }],
    [302, {}, { kind: "unknown" }],
    [200, {}, { kind: "unknown", completeServerError: false }],
    [200, "<html>", { kind: "unknown" }],
  ])("answers a create with %d like every upstream: %j", async (status, body, expected) => {
    const headers = { location: "/login" };
    expect(await submit({ profile, createPath }, { status, body, headers })).toMatchObject(expected);
    expect(sent).toHaveLength(1);
  });

  it("is never sent a create again after a 5xx that names a task", async () => {
    const raw = { status: 500, body: vendor.created(vendor.id) };
    const answer = await submit({ profile, createPath }, raw);
    expect(answer).not.toMatchObject({ completeServerError: true });
    const text = { status: 502, body: `<pre>${JSON.stringify(JSON.stringify(raw.body))}` };
    expect(await submit({ profile, createPath }, text)).toMatchObject({ completeServerError: false });
  });

  it.each([null, "", "0", "null", 0, "..", ".", "x".repeat(257), {}, ["a"], true, `a${KEY}b`])(
    "does not take %j as an id",
    async (id) => {
      const answer = await submit({ profile, createPath }, { body: vendor.created(id) });
      expect(answer).toMatchObject({ kind: "unknown" });
    },
  );

  it.each(["a b", "a/../b", "ä?#", "%2e%2e", "a\\b"])("is polled for %j within its path", async (id) => {
    const answer = await submit({ profile, createPath }, { body: vendor.created(id) });
    if (name === "veo") {
      expect(answer).toMatchObject({ kind: "unknown" });
      expect(await poll({ profile }, id, {})).toMatchObject({ kind: "nothing" });
      // Only the create went out.
      expect(sent).toHaveLength(1);
      return;
    }
    expect(answer).toMatchObject({ kind: "accepted", ids: [id] });
    await poll({ profile }, id, {});
    const own = encodeURIComponent(vendor.id);
    const body = vendor.pollBody && JSON.stringify({ requestId: id });
    expect(sent.at(-1)?.url).toBe(vendor.poll.replace(own, encodeURIComponent(id)));
    expect(sent.at(-1)?.body).toBe(body ?? null);
  });

  it("takes an id that is a large number with all its digits", async () => {
    const text = JSON.stringify(vendor.created("ID")).replaceAll('"ID"', "12345678901234567890");
    const answer = await submit({ profile, createPath }, { body: text });
    expect(answer).toMatchObject({ kind: "accepted", ids: ["12345678901234567890"] });
  });
});

/** A profile of one's own, with what a test is about. */
function custom(read: Profile["read"], more: Partial<Profile> = {}): Profile {
  return {
    base_url: "https://video.example/api",
    auth: { header: "x-key" },
    create: { paths: ["/jobs"] },
    poll: { method: "GET", path: "/jobs/{id}" },
    ...(read === undefined ? {} : { read }),
    ...more,
  };
}

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

  it("ends a task by the create's own answer", async () => {
    const profile = custom({ status, urls: ["/u"] }, { create: { paths: ["/jobs"], id: ["/j"] } });
    const answer = await submit({ profile }, { body: { j: "j1", s: "done", u: U } });
    expect(answer).toMatchObject({ kind: "accepted", reading: succeeded().reading });
  });
});
