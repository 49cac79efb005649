import { unixSeconds } from "../gateway/profile.ts";
import type { GatewayTask, TaskStatus } from "../gateway/task.ts";
import { type Api, BEARER, findMissing } from "./api.ts";

/** OpenAI's video object, whose result is no URL but the bytes behind `/content`. */

const WORDS: Record<TaskStatus, string> = {
  queued: "queued",
  running: "in_progress",
  succeeded: "completed",
  failed: "failed",
};
const TYPES: Record<number, string> = { 429: "rate_limit_error", 401: "authentication_error" };
const CODES: Record<number, string> = { 401: "invalid_api_key", 429: "rate_limit_exceeded" };
const LIFETIME_SECONDS = 3600;

export const OPENAI: Api = {
  auth: BEARER,
  creates: [/^\/v1\/videos$/],
  poll: { method: "GET", path: /^\/v1\/videos\/(?<id>[^/?]+)$/ },
  models: { path: "/v1/models", answer: { object: "list", data: [{ id: "sora-2", object: "model" }] } },
  keyedPaths: ({ id }) => [`/v1/videos/${id}/content`],
  findViolation: (request) => findMissing(request, { prompt: "text" }),
  makeId: (uuid) => `video_${uuid.replaceAll("-", "")}`,
  accepted: (task) => ({ status: 200, body: describe(task, {}) }),
  task: ({ task, status, progress, isModerated }) => ({
    status: 200,
    headers: { "openai-poll-after-ms": "1000" },
    body: describe(task, {
      status: WORDS[status],
      progress,
      ...(status === "succeeded" && {
        completed_at: unixSeconds(task.endsAt),
        expires_at: unixSeconds(task.endsAt) + LIFETIME_SECONDS,
      }),
      ...(status === "failed" && {
        error: {
          code: isModerated ? "moderation_blocked" : "video_generation_failed",
          message: task.errorMessage,
        },
      }),
    }),
  }),
  refuse: (status, message) => ({
    status,
    body: {
      error: {
        message,
        type: TYPES[status] ?? (status >= 500 ? "server_error" : "invalid_request_error"),
        param: null,
        code: CODES[status] ?? null,
      },
    },
  }),
};

function describe(task: GatewayTask, changed: object): object {
  const { id, createdAt, request } = task;
  return {
    id,
    object: "video",
    model: request.model ?? "sora-2",
    status: "queued",
    progress: 0,
    prompt: request.prompt,
    seconds: request.seconds ?? "4",
    size: request.size ?? "720x1280",
    created_at: unixSeconds(createdAt),
    completed_at: null,
    expires_at: null,
    error: null,
    remixed_from_video_id: null,
    ...changed,
  };
}
