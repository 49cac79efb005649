import { randomUUID } from "node:crypto";
import type { TaskStatus } from "../gateway/task.ts";
import { type Api, BEARER, findMissing } from "./api.ts";

/** Alibaba Model Studio: all of a task stands in `output`, and a task that it does not know is a 200 with a word. */

const WORDS: Record<TaskStatus, string> = {
  queued: "PENDING",
  running: "RUNNING",
  succeeded: "SUCCEEDED",
  failed: "FAILED",
};
const CODES: Record<number, string> = {
  400: "InvalidParameter",
  401: "InvalidApiKey",
  402: "Arrearage",
  403: "AccessDenied",
  404: "InvalidURL",
  429: "Throttling.RateQuota",
};

export const DASHSCOPE: Api = {
  auth: BEARER,
  createHeaders: { "x-dashscope-async": "enable" },
  creates: [/^\/api\/v1\/services\/aigc\/video-generation\/video-synthesis$/],
  poll: { method: "GET", path: /^\/api\/v1\/tasks\/(?<id>[^/?]+)$/ },
  models: {
    path: "/compatible-mode/v1/models",
    answer: { object: "list", data: [{ id: "wan2.6-t2v", object: "model" }] },
  },
  findViolation: (request) => findMissing(request, { model: "text", input: "object" }),
  makeId: (uuid) => uuid,
  accepted: ({ id }) => answer({ task_id: id, task_status: "PENDING" }),
  task: ({ task, status, videoUrl, isModerated }) =>
    answer({
      task_id: task.id,
      task_status: WORDS[status],
      submit_time: new Date(task.createdAt).toISOString(),
      ...(status === "succeeded" && { orig_prompt: "A prompt.", video_url: videoUrl }),
      ...(status === "failed" && {
        code: isModerated ? "DataInspectionFailed" : "InternalError",
        message: task.errorMessage,
      }),
    }),
  unknownTask: (id) => answer({ task_id: id, task_status: "UNKNOWN" }),
  refuse: (status, message) => ({
    status,
    body: { request_id: randomUUID(), code: CODES[status] ?? "InternalError", message },
  }),
};

function answer(output: object): { status: number; body: object } {
  return { status: 200, body: { request_id: randomUUID(), output } };
}
