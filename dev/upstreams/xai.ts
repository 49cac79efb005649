import { type Api, BEARER, findMissing } from "./api.ts";

/** xAI: a task that is not done is answered with 202; a result that its review holds back is `done`, too. */

const CODES: Record<number, string> = {
  400: "Client specified an invalid argument",
  401: "The request does not have valid authentication credentials",
  403: "The caller does not have permission to execute the specified operation",
  404: "Some requested entity was not found",
  429: "Some resource has been exhausted",
};

export const XAI: Api = {
  auth: BEARER,
  creates: [/^\/v1\/videos\/(generations|edits|extensions)$/],
  poll: { method: "GET", path: /^\/v1\/videos\/(?<id>[^/?]+)$/ },
  models: { path: "/v1/models", answer: { object: "list", data: [{ id: "grok-imagine-video" }] } },
  findViolation: (request, path) => {
    const source = path.endsWith("/generations") ? {} : { video: "object" as const };
    return findMissing(request, { model: "text", prompt: "text", ...source });
  },
  makeId: (uuid) => uuid,
  accepted: ({ id }) => ({ status: 200, body: { request_id: id } }),
  task: ({ task, status, progress, videoUrl, isModerated }) => {
    const { model } = task;
    if (status === "queued") return { status: 202 };
    if (status === "running") return { status: 202, body: { status: "pending", progress, model } };
    if (isModerated) {
      const video = {
        url: "https://media.example.com/held-back.mp4",
        duration: 6,
        respect_moderation: false,
      };
      return { status: 200, body: { status: "done", video, model } };
    }
    if (status === "failed") {
      const video = { duration: 0, respect_moderation: true };
      const error = { code: "internal_error", message: task.errorMessage };
      return { status: 200, body: { status: "failed", video, model: "", error } };
    }
    const video = { url: videoUrl, duration: 6, respect_moderation: true };
    return { status: 200, body: { status: "done", video, model, progress: 100 } };
  },
  refuse: (status, error) => ({
    status,
    body: { code: CODES[status] ?? "The service is currently unavailable", error },
  }),
};
