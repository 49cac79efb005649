import type { Profile } from "../schema.ts";

/**
 * OpenAI's videos. Its own service ended on 2026-09-24; LiteLLM, Azure and gateways keep the shape. Its answers hold no URL:
 * the result is behind the key. Source: npm openai 7.59.0, resources/videos, and LiteLLM's documents, November 2026.
 */
export const openai: Profile = {
  base_url: "https://api.openai.com",
  auth: { header: "authorization", scheme: "Bearer" },
  create: { paths: ["/v1/videos"], id: ["/id"] },
  poll: { method: "GET", path: "/v1/videos/{id}" },
  read: {
    status: ["/status"],
    words: {
      queued: ["queued"],
      running: ["in_progress"],
      succeeded: ["completed"],
      failed: ["failed", "cancelled", "expired"],
    },
    progress: "/progress",
    urls: ["/v1/videos/{id}/content"],
    error: ["/error/message", "/error/code"],
    id: ["/id"],
    needs_key: true,
  },
  check: "/v1/models",
};
