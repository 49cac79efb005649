import type { Profile } from "../schema.ts";

/**
 * Runway. It asks for five seconds between two polls of a task. Source: npm @runwayml/sdk 4.20.1, resources/tasks.d.ts,
 * November 2026.
 */
export const runway: Profile = {
  base_url: "https://api.dev.runwayml.com",
  auth: { header: "authorization", scheme: "Bearer" },
  headers: { "X-Runway-Version": "2024-11-06" },
  create: {
    paths: [
      "/v1/image_to_video",
      "/v1/text_to_video",
      "/v1/video_to_video",
      "/v1/text_to_image",
      "/v1/video_upscale",
      "/v1/character_performance",
    ],
    id: ["/id"],
  },
  poll: { method: "GET", path: "/v1/tasks/{id}" },
  read: {
    status: ["/status"],
    words: {
      queued: ["PENDING", "THROTTLED"],
      running: ["RUNNING"],
      succeeded: ["SUCCEEDED"],
      failed: ["FAILED", "CANCELLED"],
    },
    progress: "/progress",
    progress_max: 1,
    urls: ["/output/*"],
    error: ["/failure", "/failureCode"],
    id: ["/id"],
  },
  min_gap_seconds: 5,
  lifetime_hours: 24,
};
