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

export function createFamilyProfile(
  errorType: "max_api_error" | "new_api_error",
  own: Pick<Profile, "paths" | "task">,
): Profile {
  // What stands before the relay, and the proxy of results, word their errors as OpenAI does; the relay words them
  // flat.
  const refusals: Record<RefusalReason, (message: string) => Answer> = {
    unauthorized: (message) => openAiError(401, message, { type: errorType, code: "" }),
    unknownModel: (message) => openAiError(503, message, { type: errorType, code: "model_not_found" }),
    notReady: (message) => openAiError(400, message, { type: "invalid_request_error" }),
    noQuota: (message) => taskError(403, "insufficient_user_quota", message),
    busy: (message) => taskError(429, "fail_to_fetch_task", message),
    invalidRequest: (message) => taskError(400, "invalid_request", message),
    refusedByVendor: (message) => taskError(400, "fail_to_fetch_task", vendorRefusal(message)),
    unknownTask: () => taskError(400, "task_not_exist", "task_not_exist"),
    // The family's answer when it has nothing to send.
    queryFailed: () => ({ status: 200, body: { code: "success", data: null } }),
  };
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
    refuse: (reason, message) => refusals[reason](message),
  };
}

/** `data` is present even when it is empty. */
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
