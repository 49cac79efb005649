import type { Profile } from "../schema.ts";

/**
 * xAI. While a video is made it answers 202, often without a body; one that its moderation refuses is done, too, with
 * `respect_moderation: false`. An answer that has the video's URL may have no status. Source: npm @ai-sdk/xai 3.0.138,
 * src/xai-video-model.ts, November 2026.
 */
export const xai: Profile = {
  base_url: "https://api.x.ai",
  auth: { header: "authorization", scheme: "Bearer" },
  create: {
    paths: ["/v1/videos/generations", "/v1/videos/edits", "/v1/videos/extensions"],
    id: ["/request_id"],
  },
  poll: { method: "GET", path: "/v1/videos/{id}" },
  read: {
    status: ["/status"],
    words: { queued: ["pending"], succeeded: ["done"], failed: ["failed", "expired"] },
    failed_if: [{ at: "/video/respect_moderation", is: false }],
    progress: "/progress",
    urls: ["/video/url"],
    error: ["/error/message", "/error", "/error/code"],
  },
  pending_statuses: [202],
  check: "/v1/models",
};
