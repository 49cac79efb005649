import { NOT_FOUND, running, succeeded, U } from "../ask-by-profile.ts";
import { bearer, type Vendor } from "./vendor.ts";

export const AIO: Vendor = {
  createPath: "/videos",
  created: (id) => ({ id, task_id: id, object: "video", status: "queued", progress: 0 }),
  id: "task_1",
  create: "https://api.aiearth.dev/v1/videos",
  poll: "https://api.aiearth.dev/v1/videos/task_1",
  headers: bearer,
  answers: [
    ["runs", { body: { id: "task_1", status: "in_progress", progress: 50 } }, running(50)],
    ["succeeds", { body: { id: "task_1", status: "completed", metadata: { url: U } } }, succeeded()],
    ["names another task", { body: { id: "task_2", status: "failed" } }, { kind: "nothing" }],
    ["is unknown", { status: 400, body: { code: "task_not_exist", data: null } }, NOT_FOUND],
    ["gives no status", { body: { ok: true } }, { kind: "other", status: 200 }],
  ],
};
