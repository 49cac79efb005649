import { type Profile, type RefusalReason, type TaskView, unixSeconds } from "./profile.ts";
import type { GatewayTask, TaskStatus } from "./task.ts";

/**
 * The habits of several resellers in one: a create answered with a list, two ids of one task, an envelope around every
 * answer whose `status` is about the query, other words and places, a cover beside the video, errors as HTTP 200.
 */

const WORDS: Record<TaskStatus, string> = {
  queued: "In Queue",
  running: "dreaming",
  succeeded: "succeed",
  failed: "fail",
};

/** Each third query of a task fails on the reseller's own side. */
const QUERIES_PER_FAILED_ONE = 3;

const REFUSALS: Record<RefusalReason, number> = {
  unauthorized: 401,
  noQuota: 429,
  busy: 429,
  invalidRequest: 400,
  unknownModel: 404,
  refusedByVendor: 422,
  unknownTask: 404,
  queryFailed: 500,
  notReady: 404,
};

export const RESELLER: Profile = {
  statusComesFrom: "live",
  paths: ["/v1/videos"],
  makeIds: (vendorId) => ({ id: vendorId.replace(/^cgt-/, ""), otherId: vendorId.replace(/^cgt/, "vid") }),
  accepted: (task) => ({
    status: 200,
    body: { code: 200, data: [{ status: "submitted", ...bothIds(task) }] },
  }),
  conflict: (task) => ({
    status: 409,
    body: {
      success: false,
      code: 409,
      message: "Accepted, but not billed: do not submit again.",
      data: bothIds(task),
    },
  }),
  task: (view) =>
    view.task.polls % QUERIES_PER_FAILED_ONE === 0
      ? { status: 200, body: { status: "error", message: "timeout querying task", data: null } }
      : { status: 200, body: { status: "success", message: "ok", data: describeTask(view) } },
  models: (models) => ({ status: 200, body: { models } }),
  refuse: (reason, message) => {
    if (reason === "noQuota")
      return { status: 429, body: { error: { message, type: "billing", code: "insufficient_quota" } } };
    const code = REFUSALS[reason];
    // Only the body says what is wrong with a query.
    const isQuery = reason === "unknownTask" || reason === "queryFailed";
    const text = reason === "unknownTask" ? "Task not found" : message;
    return { status: isQuery ? 200 : code, body: { success: false, code, message: text } };
  },
};

function bothIds({ id, otherId }: GatewayTask): object {
  return { id: otherId, task_id: id };
}

/** Either id, in turn. Until the end a link to the task itself stands where others have the result. */
function describeTask({ task, status, videoUrl }: TaskView): object {
  return {
    ...(task.polls % 2 === 1 ? { id: task.otherId } : { task_id: task.id }),
    task_status: WORDS[status],
    created: unixSeconds(task.createdAt),
    ...((status === "queued" || status === "running") && { url: `/v1/videos/${task.id}` }),
    ...(status === "failed" && { fail_reason: task.errorMessage }),
    ...(videoUrl !== null && {
      output: [
        { type: "image", url: "https://media.example.com/cover.jpg" },
        { type: "video", url: videoUrl },
      ],
    }),
  };
}
