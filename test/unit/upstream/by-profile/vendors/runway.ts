import { failed, NOT_FOUND, queued, running, succeeded, U } from "../ask-by-profile.ts";
import { bearer, type Vendor } from "./vendor.ts";

export const RUNWAY: Vendor = {
  createPath: "/v1/text_to_video",
  created: (id) => ({ id }),
  id: "17f20503-6c24-4c16-946b-35dbbce2af2f",
  create: "https://api.dev.runwayml.com/v1/text_to_video",
  poll: "https://api.dev.runwayml.com/v1/tasks/17f20503-6c24-4c16-946b-35dbbce2af2f",
  headers: { ...bearer, "X-Runway-Version": "2024-11-06" },
  answers: [
    ["waits", { body: { status: "PENDING", createdAt: "2026-11-01" } }, queued()],
    ["is throttled", { body: { status: "THROTTLED" } }, queued()],
    ["runs", { body: { status: "RUNNING", progress: 0.29 } }, running(29)],
    ["runs to its end", { body: { status: "RUNNING", progress: 1 } }, running(100)],
    ["succeeds", { body: { status: "SUCCEEDED", output: [U, "https://cdn.example/2.mp4"] } }, succeeded()],
    [
      "fails",
      { body: { status: "FAILED", failure: "Broke.", failureCode: "INTERNAL.BAD_OUTPUT.CODE01" } },
      failed("Broke."),
    ],
    [
      "is moderated",
      { body: { status: "FAILED", failure: "", failureCode: "SAFETY.INPUT.TEXT" } },
      failed("SAFETY.INPUT.TEXT"),
    ],
    ["is cancelled", { body: { status: "CANCELLED" } }, failed(null)],
    ["names another task", { body: { id: "another", status: "SUCCEEDED" } }, { kind: "nothing" }],
    ["is unknown", { status: 404, body: { error: "not found" } }, NOT_FOUND],
  ],
};
