import { failed, NOT_FOUND, queued, running, succeeded } from "../ask-by-profile.ts";
import { bearer, type Vendor } from "./vendor.ts";

export const OPENAI: Vendor = {
  createPath: "/v1/videos",
  created: (id) => ({ id, object: "video", status: "queued", progress: 0, model: "sora-2" }),
  id: "video_1",
  create: "https://api.openai.com/v1/videos",
  poll: "https://api.openai.com/v1/videos/video_1",
  headers: bearer,
  answers: [
    ["waits", { body: { id: "video_1", status: "queued", progress: 0 } }, queued(0)],
    [
      "runs, and says when to ask again",
      {
        body: { id: "video_1", status: "in_progress", progress: 33 },
        headers: { "openai-poll-after-ms": "9000" },
      },
      { ...running(33), notBeforeMs: 9000 },
    ],
    [
      "succeeds without a URL",
      { body: { id: "video_1", status: "completed", progress: 100, expires_at: 1 } },
      succeeded("https://api.openai.com/v1/videos/video_1/content", true),
    ],
    [
      "fails",
      { body: { id: "video_1", status: "failed", error: { code: "server_error", message: "Broke." } } },
      failed("Broke."),
    ],
    [
      "is moderated",
      { body: { id: "video_1", status: "failed", error: { code: "moderation_blocked" } } },
      failed("moderation_blocked"),
    ],
    ["names another task", { body: { id: "video_2", status: "completed" } }, { kind: "nothing" }],
    ["is unknown", { status: 404, body: { error: { message: "No such video" } } }, NOT_FOUND],
    [
      "ends as another status that names it",
      { status: 422, body: { id: "video_1", status: "failed", error: { message: "Refused." } } },
      failed("Refused."),
    ],
    [
      "is not named by another status",
      { status: 422, body: { status: "failed" } },
      { kind: "other", status: 422 },
    ],
  ],
};
