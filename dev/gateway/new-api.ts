import { createFamilyProfile, FAILURE_CODE, PLACEHOLDER_PROGRESS } from "./family.ts";
import type { TaskView } from "./profile.ts";
import type { TaskStatus } from "./task.ts";

/**
 * The answers of the family's older path, `/v1/video/generations/{id}`: the row of its database in an envelope, with
 * the vendor's own answer inside. The simulated gateway gives them on `/v1/videos/{id}` as well, where Ringback asks.
 */

const WORDS: Record<TaskStatus, string> = {
  queued: "QUEUED",
  running: "IN_PROGRESS",
  succeeded: "SUCCESS",
  failed: "FAILURE",
};

export const NEW_API = createFamilyProfile("new_api_error", {
  paths: ["/v1/videos", "/v1/video/generations"],
  task: (view) => {
    const { task, status, isVisited, videoUrl } = view;
    const reason = status === "failed" ? task.errorMessage : "";
    // The result's column falls back to that of the reason: on a failure both hold the same text.
    const result = videoUrl ?? reason;
    return {
      status: 200,
      body: {
        code: "success",
        message: "",
        data: {
          id: task.row,
          task_id: task.id,
          platform: "54",
          status: isVisited ? WORDS[status] : "NOT_START",
          fail_reason: reason,
          ...(result !== "" && { result_url: result }),
          progress: `${isVisited ? PLACEHOLDER_PROGRESS[status] : 0}%`,
          data: describeVendorTask(view),
        },
      },
    };
  },
});

/** Before the loop's first visit it is the vendor's answer to the create, which has no status. */
function describeVendorTask({ task, status, isVisited, videoUrl }: TaskView): object {
  if (!isVisited) return { id: task.vendorId };
  return {
    id: task.vendorId,
    model: task.model,
    status,
    ...(videoUrl !== null && { content: { video_url: videoUrl } }),
    ...(status === "failed" && { error: { code: FAILURE_CODE, message: task.errorMessage } }),
  };
}
