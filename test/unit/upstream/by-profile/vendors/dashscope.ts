import { failed, NOT_FOUND, queued, running, succeeded, U } from "../ask-by-profile.ts";
import { bearer, type Vendor } from "./vendor.ts";

export const DASHSCOPE: Vendor = {
  createPath: "/api/v1/services/aigc/video-generation/video-synthesis",
  created: (id) => ({ output: { task_status: "PENDING", task_id: id }, request_id: "r-1" }),
  id: "0385dc79-5ff8",
  create: "https://dashscope-intl.aliyuncs.com/api/v1/services/aigc/video-generation/video-synthesis",
  poll: "https://dashscope-intl.aliyuncs.com/api/v1/tasks/0385dc79-5ff8",
  headers: { ...bearer, "X-DashScope-Async": "enable" },
  answers: [
    ["waits", { body: dashscope({ task_status: "PENDING" }) }, queued()],
    ["runs", { body: dashscope({ task_status: "RUNNING" }) }, running()],
    ["succeeds", { body: dashscope({ task_status: "SUCCEEDED", video_url: U }) }, succeeded()],
    [
      "fails",
      { body: dashscope({ task_status: "FAILED", code: "InternalError", message: "Broke." }) },
      failed("Broke."),
    ],
    [
      "is moderated",
      { body: dashscope({ task_status: "FAILED", code: "DataInspectionFailed" }) },
      failed("DataInspectionFailed"),
    ],
    ["is cancelled", { body: dashscope({ task_status: "CANCELED" }) }, failed(null)],
    ["is unknown", { body: dashscope({ task_status: "UNKNOWN" }) }, NOT_FOUND],
    [
      "names another task",
      { body: { output: { task_id: "other", task_status: "FAILED" } } },
      { kind: "nothing" },
    ],
  ],
};

function dashscope(output: object): object {
  return { request_id: "r-2", output: { task_id: "0385dc79-5ff8", ...output } };
}
