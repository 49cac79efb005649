import type { Answer } from "../listen.ts";
import { type Profile, type RefusalReason, unixSeconds } from "./profile.ts";
import type { TaskStatus } from "./task.ts";

/**
 * What MAX API and new-api, two forks of one gateway, have in common: how a create is answered, and how they refuse.
 * `GET /v1/videos/{id}` differs: see the two profiles.
 */

/** No measure of the work done: each stands for a status. */
export const PLACEHOLDER_PROGRESS: Record<TaskStatus, number> = {
  queued: 10,
  running: 50,
  succeeded: 100,
  failed: 100,
};

/** The vendor's code for a video that its review of the result did not let through. */
export const FAILURE_CODE = "OutputVideoSensitiveContentDetected";

/** Errors of a relayed task stand flat; `data` is there even when it says nothing. */
const TASK_ERRORS: Partial<Record<RefusalReason, readonly [status: number, code: string]>> = {
  noQuota: [403, "insufficient_user_quota"],
  busy: [429, "fail_to_fetch_task"],
  invalidRequest: [400, "invalid_request"],
  unknownTask: [400, "task_not_exist"],
  queryFailed: [500, "get_task_failed"],
};

export function createFamilyProfile(
  errorType: "max_api_error" | "new_api_error",
  own: Pick<Profile, "paths" | "task">,
): Profile {
  return {
    statusComesFrom: "loop",
    ...own,
    makeIds: (vendorId) => ({ id: `task_${vendorId.replace(/^cgt|-/g, "")}`, otherId: null }),
    accepted: ({ id, model, createdAt }) => ({
      status: 200,
      body: {
        id,
        task_id: id,
        object: "video",
        model,
        status: "queued",
        progress: 0,
        created_at: unixSeconds(createdAt),
      },
    }),
    conflict: ({ id }) =>
      taskError(
        409,
        "billing_settlement_pending",
        "The upstream accepted the task, but its billing was not settled: do not submit again, query with task_id.",
        { task_id: id },
      ),
    models: (models) => ({ status: 200, body: { success: true, data: models, object: "list" } }),
    refuse: (reason, message) => {
      // What stands before the relay, and the proxy of results, word their errors as OpenAI does.
      if (reason === "unauthorized") return openAiError(401, message, { type: errorType, code: "" });
      if (reason === "unknownModel")
        return openAiError(503, message, { type: errorType, code: "model_not_found" });
      if (reason === "notReady") return openAiError(400, message, { type: "invalid_request_error" });
      if (reason === "refusedByVendor") return taskError(400, "fail_to_fetch_task", vendorRefusal(message));
      const [status, code] = TASK_ERRORS[reason] ?? [500, reason];
      return taskError(status, code, reason === "unknownTask" ? code : message);
    },
  };
}

function taskError(status: number, code: string, message: string, data: object | null = null): Answer {
  return { status, body: { code, message, data } };
}

function openAiError(status: number, message: string, rest: object): Answer {
  return { status, body: { error: { message, ...rest } } };
}

/** The vendor's body, which the gateway passes on as text. */
function vendorRefusal(message: string): string {
  return JSON.stringify({
    error: { code: "InputTextSensitiveContentDetected", message, param: "", type: "BadRequest" },
  });
}
