import { failed, NOT_FOUND, queued, running, succeeded, U } from "../ask-by-profile.ts";
import { bearer, type Vendor } from "./vendor.ts";

export const ARK: Vendor = {
  createPath: "/api/v3/contents/generations/tasks",
  created: (id) => ({ id }),
  id: "cgt-1",
  create: "https://ark.ap-southeast.bytepluses.com/api/v3/contents/generations/tasks",
  poll: "https://ark.ap-southeast.bytepluses.com/api/v3/contents/generations/tasks/cgt-1",
  headers: bearer,
  answers: [
    ["waits", { body: { id: "cgt-1", status: "queued" } }, queued()],
    ["runs", { body: { id: "cgt-1", status: "running" } }, running()],
    [
      "succeeds, beside its last frame",
      {
        body: {
          id: "cgt-1",
          status: "succeeded",
          content: { last_frame_url: "https://cdn.example/last.png", video_url: U },
        },
      },
      succeeded(),
    ],
    [
      "succeeds without a URL",
      { body: { id: "cgt-1", status: "succeeded", content: {}, url: U } },
      { kind: "read", reading: { status: "succeeded", result: null } },
    ],
    [
      "fails",
      { body: { id: "cgt-1", status: "failed", error: { code: "InternalError", message: "Broke." } } },
      failed("Broke."),
    ],
    [
      "is moderated",
      { body: { id: "cgt-1", status: "failed", error: { code: "OutputVideoSensitiveContentDetected" } } },
      failed("OutputVideoSensitiveContentDetected"),
    ],
    ["is cancelled", { body: { id: "cgt-1", status: "cancelled" } }, failed(null)],
    ["expires", { body: { id: "cgt-1", status: "expired", error: null } }, failed(null)],
    ["names another task", { body: { id: "cgt-2", status: "succeeded" } }, { kind: "nothing" }],
    ["is unknown", { status: 404, body: { error: { code: "ResourceNotFound" } } }, NOT_FOUND],
  ],
};
