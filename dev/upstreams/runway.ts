import type { TaskStatus } from "../gateway/task.ts";
import { type Api, BEARER, findMissing } from "./api.ts";

/** Runway: several creates with one kind of task, each call with the version of the API. */

const MEMBERS: Record<string, Parameters<typeof findMissing>[1]> = {
  "/v1/image_to_video": { model: "text", promptImage: "any" },
  "/v1/text_to_video": { model: "text", promptText: "text" },
  // Its other members depend on the model.
  "/v1/video_to_video": { model: "text" },
  "/v1/text_to_image": { model: "text", promptText: "text" },
  "/v1/video_upscale": { model: "text", videoUri: "text" },
  "/v1/character_performance": { model: "text", character: "object", reference: "object" },
};
const WORDS: Record<TaskStatus, string> = {
  queued: "PENDING",
  running: "RUNNING",
  succeeded: "SUCCEEDED",
  failed: "FAILED",
};

export const RUNWAY: Api = {
  auth: BEARER,
  headers: { "x-runway-version": "2024-11-06" },
  creates: Object.keys(MEMBERS).map((path) => new RegExp(`^${path}$`)),
  poll: { method: "GET", path: /^\/v1\/tasks\/(?<id>[^/?]+)$/ },
  findViolation: (request, path) => findMissing(request, MEMBERS[path] ?? {}),
  makeId: (uuid) => uuid,
  accepted: ({ id }) => ({ status: 200, body: { id, estimatedCost: { credits: 25 } } }),
  task: ({ task, status, progress, videoUrl, isModerated }) => ({
    status: 200,
    body: {
      id: task.id,
      createdAt: new Date(task.createdAt).toISOString(),
      // The account's other tasks come first, as the second look at it shows.
      status: status === "queued" && task.polls > 1 ? "THROTTLED" : WORDS[status],
      ...(status === "running" && { progress: progress / 100 }),
      ...(status === "succeeded" && { output: [videoUrl], cost: { credits: 25 } }),
      ...(status === "failed" && {
        failure: task.errorMessage,
        failureCode: isModerated ? "SAFETY.INPUT.TEXT" : "INTERNAL.BAD_OUTPUT.CODE01",
        cost: { credits: 0 },
      }),
    },
  }),
  refuse: (status, error) => ({ status, body: { error } }),
};
