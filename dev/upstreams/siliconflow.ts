import type { TaskStatus } from "../gateway/task.ts";
import { type Api, BEARER, findMissing } from "./api.ts";

/** SiliconFlow: a poll is a POST whose body names the task. */

const WORDS: Record<TaskStatus, string> = {
  queued: "InQueue",
  running: "InProgress",
  succeeded: "Succeed",
  failed: "Failed",
};

export const SILICONFLOW: Api = {
  auth: BEARER,
  creates: [/^\/v1\/video\/submit$/],
  poll: { method: "POST", path: /^\/v1\/video\/status$/ },
  models: { path: "/v1/models", answer: { object: "list", data: [{ id: "Wan-AI/Wan2.2-T2V-A14B" }] } },
  findViolation: (request) => findMissing(request, { model: "text", prompt: "text" }),
  makeId: (uuid) => uuid.replaceAll("-", "").slice(0, 12),
  accepted: ({ id }) => ({ status: 200, body: { requestId: id } }),
  task: ({ task, status, videoUrl }) => ({
    status: 200,
    body: {
      status: WORDS[status],
      position: status === "queued" ? 3 : 0,
      reason: task.errorMessage !== null && status === "failed" ? task.errorMessage : "",
      results:
        status === "succeeded"
          ? { videos: [{ url: videoUrl }], timings: { inference: 60.5 }, seed: 7 }
          : { videos: [], timings: { inference: 0 }, seed: 0 },
    },
  }),
  // Its documents have no answer for a task that it does not know: a 404 is assumed.
  refuse: (status, message) => {
    // Its gateway's own words are JSON strings.
    if (status === 401) return text(status, "Invalid token");
    return { status, body: { code: status === 400 ? 20_012 : status * 100 + 1, message, data: null } };
  },
};

function text(
  status: number,
  words: string,
): { status: number; headers: Record<string, string>; body: string } {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(words) };
}
