import type { Profile } from "../schema.ts";

/**
 * The gateway new-api and its forks, by their older path. Anyone can host one, so it has no address of its own.
 * Source: QuantumNous/new-api, router/video-router.go and dto/openai_video.go, November 2026.
 */
export const newApi: Profile = {
  auth: { header: "authorization", scheme: "Bearer" },
  create: { paths: ["/v1/video/generations"], id: ["/task_id", "/data/task_id", "/id"] },
  poll: { method: "GET", path: "/v1/video/generations/{id}" },
  read: {
    // The status is read as that of `aio`: a word around `data` speaks of the query, and one in it of the video.
    progress: "/data/progress",
    // Older versions put the URL of a success where the reason of a failure stands.
    urls: ["/data/result_url", "/data/url", "/url", "/data/fail_reason"],
    error: ["/data/fail_reason", "/error/message", "/data/error/message"],
    id: ["/data/task_id", "/task_id"],
  },
  check: "/v1/models",
};
