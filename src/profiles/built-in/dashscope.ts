import type { Profile } from "../schema.ts";

/**
 * Alibaba's DashScope (Model Studio); other regions have other hosts. `UNKNOWN` is its word for a task that it does not
 * have. Source: npm @ai-sdk/alibaba 1.0.61, src/alibaba-video-model.ts, and help.aliyun.com/model-studio, November 2026.
 */
export const dashscope: Profile = {
  base_url: "https://dashscope-intl.aliyuncs.com",
  auth: { header: "authorization", scheme: "Bearer" },
  headers: { "X-DashScope-Async": "enable" },
  create: {
    paths: ["/api/v1/services/aigc/video-generation/video-synthesis"],
    id: ["/output/task_id"],
  },
  poll: { method: "GET", path: "/api/v1/tasks/{id}" },
  read: {
    status: ["/output/task_status"],
    words: {
      queued: ["PENDING"],
      running: ["RUNNING"],
      succeeded: ["SUCCEEDED"],
      failed: ["FAILED", "CANCELED"],
    },
    urls: ["/output/video_url"],
    error: ["/output/message", "/output/code"],
    id: ["/output/task_id"],
  },
  not_found: { words: ["UNKNOWN"] },
  lifetime_hours: 24,
};
