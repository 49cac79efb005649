import { expect } from "vitest";
import type { UpstreamName } from "../../../dev/upstreams.ts";

/** What each API demands and answers, as its vendor's documents have it, and not as Ringback reads it. */

export const KEY = "sk-first";
const FAILED = "The model could not make this video.";
const HELD_BACK = "The video was held back by content review.";
export const BEARER = { authorization: `Bearer ${KEY}` };
const TIME = expect.any(Number) as number;

export interface Shape {
  headers: Record<string, string>;
  create: [path: string, body: (prompt: string) => Record<string, unknown>];
  /** The form of the answer to a create, with the id. */
  accepted: (id: string) => unknown;
  id: RegExp;
  poll: (id: string) => [path: string, body?: object];
  queued: unknown;
  running: unknown;
  succeeded: (url: string) => unknown;
  failed: unknown;
  moderated: unknown;
  unknownTask: [status: number, body: unknown];
  /** The body of a 401, a 429. */
  refusals: [unauthorized: unknown, busy: unknown];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NO_KEY = "The API key is missing or invalid.";
const NO_TASK = "The task does not exist.";
const PLANNED = "A planned fault.";
const some = (members: object): unknown => expect.objectContaining(members);
const output = (members: object) => some({ output: some(members) });
const row = (members: object) => some({ code: "success", data: some(members) });
const openAi = (message: string, type: string, code: string | null) => ({
  error: { message, type, param: null, code },
});
const done = (video: object) => some({ status: "done", video: some(video) });
const rpc = (code: number, status: string, message: string) => ({ error: { code, message, status } });

export const SHAPES: Record<UpstreamName, Shape> = {
  "new-api": {
    headers: BEARER,
    create: ["/v1/video/generations", (prompt) => ({ model: "wan2.6-t2v", prompt })],
    accepted: (id) => some({ task_id: id, status: "queued" }),
    id: /^task_[0-9a-f]{32}$/,
    poll: (id) => [`/v1/video/generations/${id}`],
    queued: row({ status: "QUEUED", progress: "10%" }),
    running: row({ status: "IN_PROGRESS", progress: "50%" }),
    succeeded: (url) => row({ status: "SUCCESS", progress: "100%", result_url: url }),
    failed: row({ status: "FAILURE", fail_reason: FAILED }),
    moderated: row({ status: "FAILURE", fail_reason: HELD_BACK }),
    unknownTask: [400, { code: "task_not_exist", message: "task_not_exist", data: null }],
    refusals: [
      { error: { message: NO_KEY, code: "", type: "new_api_error" } },
      { code: "planned_429", message: PLANNED, data: null },
    ],
  },
  openai: {
    headers: BEARER,
    create: ["/v1/videos", (prompt) => ({ model: "sora-2", prompt })],
    accepted: (id) => some({ id, object: "video", status: "queued", progress: 0, error: null }),
    id: /^video_[0-9a-f]{32}$/,
    poll: (id) => [`/v1/videos/${id}`],
    queued: some({ status: "queued", progress: 0, expires_at: null }),
    running: some({ status: "in_progress", progress: 0 }),
    succeeded: () => some({ status: "completed", progress: 100, completed_at: TIME, expires_at: TIME }),
    failed: some({ status: "failed", error: { code: "video_generation_failed", message: FAILED } }),
    moderated: some({ status: "failed", error: { code: "moderation_blocked", message: HELD_BACK } }),
    unknownTask: [404, openAi(NO_TASK, "invalid_request_error", null)],
    refusals: [
      openAi(NO_KEY, "authentication_error", "invalid_api_key"),
      openAi(PLANNED, "rate_limit_error", "rate_limit_exceeded"),
    ],
  },
  ark: {
    headers: BEARER,
    create: [
      "/api/v3/contents/generations/tasks",
      (text) => ({ model: "doubao-seedance-2-0-260128", content: [{ type: "text", text }] }),
    ],
    accepted: (id) => ({ id }),
    id: /^cgt-[0-9a-f-]{36}$/,
    poll: (id) => [`/api/v3/contents/generations/tasks/${id}`],
    queued: some({ status: "queued", error: null }),
    running: some({ status: "running", error: null }),
    succeeded: (url) => some({ status: "succeeded", content: some({ video_url: url }) }),
    failed: some({ status: "failed", error: { code: "InternalServiceError", message: FAILED } }),
    moderated: some({
      status: "failed",
      error: { code: "OutputVideoSensitiveContentDetected", message: HELD_BACK },
    }),
    unknownTask: [
      404,
      { error: { code: "ResourceNotFound", message: NO_TASK, param: "", type: "NotFound" } },
    ],
    refusals: [
      { error: { code: "AuthenticationError", message: NO_KEY, param: "", type: "Unauthorized" } },
      { error: { code: "RateLimitExceeded", message: PLANNED, param: "", type: "TooManyRequests" } },
    ],
  },
  runway: {
    headers: { ...BEARER, "x-runway-version": "2024-11-06" },
    create: ["/v1/text_to_video", (promptText) => ({ model: "veo3.1", promptText })],
    accepted: (id) => ({ id, estimatedCost: { credits: 25 } }),
    id: UUID,
    poll: (id) => [`/v1/tasks/${id}`],
    queued: some({ status: "PENDING" }),
    running: some({ status: "RUNNING", progress: 0 }),
    succeeded: (url) => some({ status: "SUCCEEDED", output: [url] }),
    failed: some({ status: "FAILED", failure: FAILED, failureCode: "INTERNAL.BAD_OUTPUT.CODE01" }),
    moderated: some({ status: "FAILED", failure: HELD_BACK, failureCode: "SAFETY.INPUT.TEXT" }),
    unknownTask: [404, { error: NO_TASK }],
    refusals: [{ error: NO_KEY }, { error: PLANNED }],
  },
  xai: {
    headers: BEARER,
    create: ["/v1/videos/generations", (prompt) => ({ model: "grok-imagine-video", prompt })],
    accepted: (id) => ({ request_id: id }),
    id: UUID,
    poll: (id) => [`/v1/videos/${id}`],
    queued: "",
    running: { status: "pending", progress: 0, model: "grok-imagine-video" },
    succeeded: (url) => done({ url, respect_moderation: true }),
    failed: some({ status: "failed", error: { code: "internal_error", message: FAILED } }),
    moderated: done({ respect_moderation: false }),
    unknownTask: [404, { code: "Some requested entity was not found", error: NO_TASK }],
    refusals: [
      { code: "The request does not have valid authentication credentials", error: NO_KEY },
      { code: "Some resource has been exhausted", error: PLANNED },
    ],
  },
  dashscope: {
    headers: { ...BEARER, "x-dashscope-async": "enable" },
    create: [
      "/api/v1/services/aigc/video-generation/video-synthesis",
      (prompt) => ({ model: "wan2.6-t2v", input: { prompt } }),
    ],
    accepted: (id) => output({ task_id: id, task_status: "PENDING" }),
    id: UUID,
    poll: (id) => [`/api/v1/tasks/${id}`],
    queued: output({ task_status: "PENDING" }),
    running: output({ task_status: "RUNNING" }),
    succeeded: (url) => output({ task_status: "SUCCEEDED", video_url: url }),
    failed: output({ task_status: "FAILED", code: "InternalError", message: FAILED }),
    moderated: output({ task_status: "FAILED", code: "DataInspectionFailed", message: HELD_BACK }),
    unknownTask: [200, output({ task_status: "UNKNOWN" })],
    refusals: [
      some({ code: "InvalidApiKey", message: NO_KEY }),
      some({ code: "Throttling.RateQuota", message: PLANNED }),
    ],
  },
  siliconflow: {
    headers: BEARER,
    create: ["/v1/video/submit", (prompt) => ({ model: "Wan-AI/Wan2.2-T2V-A14B", prompt })],
    accepted: (id) => ({ requestId: id }),
    id: /^[0-9a-f]{12}$/,
    poll: (id) => ["/v1/video/status", { requestId: id }],
    queued: some({ status: "InQueue", reason: "", position: 3 }),
    running: some({ status: "InProgress", reason: "" }),
    succeeded: (url) => some({ status: "Succeed", results: some({ videos: [{ url }] }) }),
    failed: some({ status: "Failed", reason: FAILED }),
    moderated: some({ status: "Failed", reason: HELD_BACK }),
    unknownTask: [404, { code: 40_401, message: NO_TASK, data: null }],
    refusals: ["Invalid token", { code: 42_901, message: PLANNED, data: null }],
  },
  veo: {
    headers: { "x-goog-api-key": KEY },
    create: [
      "/v1beta/models/veo-3.1-generate-preview:predictLongRunning",
      (prompt) => ({ instances: [{ prompt }] }),
    ],
    accepted: (id) => ({ name: id }),
    id: /^models\/veo-3\.1-generate-preview\/operations\/[0-9a-f]{12}$/,
    poll: (id) => [`/v1beta/${id}`],
    queued: { name: expect.any(String) as string },
    running: some({ done: false }),
    succeeded: (uri) =>
      some({
        done: true,
        response: some({ generateVideoResponse: { generatedSamples: [{ video: { uri } }] } }),
      }),
    failed: some({ done: true, error: { code: 13, message: FAILED } }),
    moderated: some({
      done: true,
      response: some({
        generateVideoResponse: { raiMediaFilteredCount: 1, raiMediaFilteredReasons: [HELD_BACK] },
      }),
    }),
    unknownTask: [404, rpc(404, "NOT_FOUND", NO_TASK)],
    refusals: [rpc(401, "UNAUTHENTICATED", NO_KEY), rpc(429, "RESOURCE_EXHAUSTED", PLANNED)],
  },
};
