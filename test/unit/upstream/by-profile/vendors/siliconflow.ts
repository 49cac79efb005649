import { failed, NOT_FOUND, queued, running, succeeded, U } from "../ask-by-profile.ts";
import { bearer, type Vendor } from "./vendor.ts";

export const SILICONFLOW: Vendor = {
  createPath: "/v1/video/submit",
  created: (id) => ({ requestId: id }),
  id: "abc123",
  create: "https://api.siliconflow.cn/v1/video/submit",
  poll: "https://api.siliconflow.cn/v1/video/status",
  pollBody: '{"requestId":"abc123"}',
  headers: { ...bearer, "content-type": "application/json" },
  answers: [
    ["waits", { body: { status: "InQueue", reason: "" } }, queued()],
    ["runs", { body: { status: "InProgress" } }, running()],
    [
      "succeeds",
      { body: { status: "Succeed", reason: "", results: { videos: [{ url: U }], seed: 1 } } },
      succeeded(),
    ],
    ["fails", { body: { status: "Failed", reason: "Broke." } }, failed("Broke.")],
    ["is moderated", { body: { status: "Failed", reason: "sensitive" } }, failed("sensitive")],
    ["is unknown", { status: 404, body: { message: "no such request" } }, NOT_FOUND],
  ],
};
