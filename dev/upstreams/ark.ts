import { FAILURE_CODE } from "../gateway/family.ts";
import { unixSeconds } from "../gateway/profile.ts";
import { type Api, BEARER, findMissing } from "./api.ts";

/** Volcengine Ark and BytePlus ModelArk: `content` in the request is a list of inputs, in the answer the result. */

const CODES: Record<number, string> = {
  400: "InvalidParameter",
  401: "AuthenticationError",
  402: "AccountOverdueError",
  403: "AccessDenied",
  404: "ResourceNotFound",
  429: "RateLimitExceeded",
};
const TYPES: Record<number, string> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  429: "TooManyRequests",
};

export const ARK: Api = {
  auth: BEARER,
  creates: [/^\/api\/v3\/contents\/generations\/tasks$/],
  poll: { method: "GET", path: /^\/api\/v3\/contents\/generations\/tasks\/(?<id>[^/?]+)$/ },
  findViolation: (request) => findMissing(request, { model: "text", content: "list" }),
  makeId: (uuid) => `cgt-${uuid}`,
  accepted: ({ id }) => ({ status: 200, body: { id } }),
  task: ({ task, status, videoUrl, isModerated }) => ({
    status: 200,
    body: {
      id: task.id,
      model: task.model,
      status,
      error:
        status === "failed"
          ? { code: isModerated ? FAILURE_CODE : "InternalServiceError", message: task.errorMessage }
          : null,
      created_at: unixSeconds(task.createdAt),
      updated_at: unixSeconds(Date.now()),
      ...(status === "succeeded" && {
        // A still comes before the result.
        content: { last_frame_url: "https://media.example.com/last-frame.png", video_url: videoUrl },
        usage: { completion_tokens: 108_900, total_tokens: 108_900 },
        resolution: "720p",
        ratio: "16:9",
        duration: 5,
        framespersecond: 24,
      }),
    },
  }),
  refuse: (status, message) => ({
    status,
    body: {
      error: {
        code: CODES[status] ?? "InternalServiceError",
        message,
        param: "",
        type: TYPES[status] ?? "InternalServerError",
      },
    },
  }),
};
