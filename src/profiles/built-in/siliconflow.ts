import type { Profile } from "../schema.ts";

/**
 * SiliconFlow. The status is asked with `POST`, and a result can be fetched for an hour.
 * Source: docs.siliconflow.cn, API reference of video/submit and video/status, November 2026.
 */
export const siliconflow: Profile = {
  base_url: "https://api.siliconflow.cn",
  auth: { header: "authorization", scheme: "Bearer" },
  create: { paths: ["/v1/video/submit"], id: ["/requestId"] },
  poll: { method: "POST", path: "/v1/video/status", body: { requestId: "{id}" } },
  read: {
    status: ["/status"],
    words: {
      queued: ["InQueue"],
      running: ["InProgress"],
      succeeded: ["Succeed"],
      failed: ["Failed"],
    },
    urls: ["/results/videos/*/url"],
    error: ["/reason"],
  },
  check: "/v1/models",
  lifetime_hours: 1,
};
