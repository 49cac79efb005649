import {
  failed,
  KEY,
  NOT_FOUND,
  PENDING,
  queued,
  running,
  succeeded,
  U,
  type Raw,
} from "./ask-by-profile.ts";

export interface Vendor {
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

/** By the name of the built-in profile. */
export const VENDORS: Record<string, Vendor> = {
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
