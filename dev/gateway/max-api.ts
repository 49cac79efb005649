import { createFamilyProfile, FAILURE_CODE, PLACEHOLDER_PROGRESS } from "./family.ts";
import { unixSeconds } from "./profile.ts";
import type { TaskStatus } from "./task.ts";

/** The gateway that most likely runs behind the service: a task is OpenAI's video object, its result `metadata.url`. */

const WORDS: Record<TaskStatus, string> = {
  queued: "queued",
  running: "in_progress",
  succeeded: "completed",
  failed: "failed",
};

export const MAX_API = createFamilyProfile("max_api_error", {
  paths: ["/v1/videos"],
  task: ({ task, status, isVisited, changedAt, videoUrl }) => ({
    status: 200,
    body: {
      id: task.id,
      task_id: task.id,
      object: "video",
      model: task.model,
      // A row that the loop has not yet reached has a status that the video object has no word for.
      status: isVisited ? WORDS[status] : "unknown",
      progress: isVisited ? PLACEHOLDER_PROGRESS[status] : 0,
      created_at: unixSeconds(task.createdAt),
      // Only the time of the last change, long before the end as well.
      completed_at: unixSeconds(changedAt),
      ...(status === "failed" && { error: { message: task.errorMessage, code: FAILURE_CODE } }),
      metadata: { url: videoUrl ?? "" },
    },
  }),
});
