import type { Profile } from "../schema.ts";

/**
 * ByteDance's Ark (ModelArk): Seedance at its source. Other regions have other hosts. It calls back by itself if a request
 * holds `callback_url`, which Ringback does not send. Source: npm @ai-sdk/bytedance 1.0.29 and docs.byteplus.com, November 2026.
 */
export const ark: Profile = {
  base_url: "https://ark.ap-southeast.bytepluses.com",
  auth: { header: "authorization", scheme: "Bearer" },
  create: { paths: ["/api/v3/contents/generations/tasks"], id: ["/id"] },
  poll: { method: "GET", path: "/api/v3/contents/generations/tasks/{id}" },
  read: {
    status: ["/status"],
    words: {
      queued: ["queued"],
      running: ["running"],
      succeeded: ["succeeded"],
      failed: ["failed", "cancelled", "expired"],
    },
    urls: ["/content/video_url"],
    error: ["/error/message", "/error/code"],
    id: ["/id"],
  },
  lifetime_hours: 24,
};
