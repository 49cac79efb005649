import { failed, NOT_FOUND, queued, running, succeeded, U } from "../ask-by-profile.ts";
import { bearer, type Vendor } from "./vendor.ts";

export const NEW_API: Vendor = {
  createPath: "/v1/video/generations",
  created: (id) => ({ task_id: id }),
  id: "task_1",
  create: "https://gateway.example/v1/video/generations",
  poll: "https://gateway.example/v1/video/generations/task_1",
  headers: bearer,
  answers: [
    ["waits", { body: newApi({ status: "NOT_START", progress: "0%" }) }, queued(0)],
    ["is submitted", { body: newApi({ status: "SUBMITTED" }) }, queued()],
    ["runs", { body: newApi({ status: "IN_PROGRESS", progress: "50%" }) }, running(50)],
    ["succeeds", { body: newApi({ status: "SUCCESS", progress: "100%", result_url: U }) }, succeeded()],
    ["succeeds, in older versions", { body: newApi({ status: "SUCCESS", fail_reason: U }) }, succeeded()],
    ["succeeds, flat", { body: { task_id: "task_1", status: "succeeded", url: U } }, succeeded()],
    [
      "succeeds behind the gateway",
      { body: newApi({ status: "SUCCESS", result_url: "/v1/videos/task_1/content" }) },
      succeeded("https://gateway.example/v1/videos/task_1/content", true),
    ],
    ["fails", { body: newApi({ status: "FAILURE", fail_reason: "no balance" }) }, failed("no balance")],
    ["is moderated", { body: newApi({ status: "FAILURE", fail_reason: "unsafe" }) }, failed("unsafe")],
    ["has a word of its own", { body: newApi({ status: "UNKNOWN" }) }, { reading: { status: null } }],
    ["names another task", { body: newApi({ task_id: "task_2", status: "SUCCESS" }) }, { kind: "nothing" }],
    ["is unknown", { status: 400, body: { code: "task_not_exist", data: null } }, NOT_FOUND],
    ...["success", "error", "failed"].map((status): Vendor["answers"][number] => [
      `says of the query alone that it is a ${status}`,
      { body: { status, message: "query", data: null } },
      { kind: "other", status: 200 },
    ]),
    ["is empty", { body: { code: "success", data: null } }, { kind: "other", status: 200 }],
  ],
};

function newApi(data: object): object {
  return { code: "success", message: "", data: { id: 12, task_id: "task_1", fail_reason: "", ...data } };
}
