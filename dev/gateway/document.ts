import type { TaskStatus } from "./task.ts";
import { type Profile, type RefusalReason, unixSeconds } from "./profile.ts";
import { refuse } from "./validation.ts";

/** The upstream as its own document describes it: one flat object, `video_url`, `error_message`, errors as OpenAI's. */

const REFUSALS: Record<RefusalReason, readonly [status: number, code: string]> = {
  unauthorized: [401, "invalid_api_key"],
  noQuota: [403, "insufficient_balance"],
  busy: [429, "rate_limit_exceeded"],
  invalidRequest: [400, "invalid_request"],
  unknownModel: [404, "model_not_found"],
  refusedByVendor: [400, "content_policy_violation"],
  unknownTask: [404, "task_not_found"],
  queryFailed: [500, "query_failed"],
  notReady: [400, "task_not_ready"],
};

export interface DocumentProfileOptions {
  /** Status answers leave out the progress. */
  withoutProgress?: boolean | undefined;
  /** Status words that replace the document's. */
  statusWords?: Partial<Record<TaskStatus, string>> | undefined;
}

export function createDocumentProfile(options: DocumentProfileOptions): Profile {
  const wordFor = (status: TaskStatus): string => options.statusWords?.[status] ?? status;
  return {
    statusComesFrom: "live",
    paths: ["/v1/videos"],
    makeIds: (vendorId) => ({ id: vendorId, otherId: null }),
    accepted: ({ id, createdAt }) => ({
      status: 200,
      body: { task_id: id, status: wordFor("queued"), created_at: unixSeconds(createdAt) },
    }),
    conflict: ({ id }) => ({
      status: 409,
      body: {
        error: {
          message: "The task was accepted, but its billing failed. Do not submit again, query with task_id.",
          type: "billing_error",
          code: "billing_failed",
        },
        task_id: id,
      },
    }),
    task: ({ task, status, progress, videoUrl }) => ({
      status: 200,
      body: {
        task_id: task.id,
        status: wordFor(status),
        ...(!options.withoutProgress && { progress }),
        model: task.model,
        created_at: unixSeconds(task.createdAt),
        ...(status === "succeeded" && { video_url: videoUrl }),
        ...(status === "failed" && { error_message: task.errorMessage }),
      },
    }),
    models: (models) => ({ status: 200, body: { object: "list", data: models } }),
    refuse: (reason, message) => {
      const [status, code] = REFUSALS[reason];
      return {
        ...refuse(status, code, message),
        ...(reason === "busy" && { headers: { "retry-after": "1" } }),
      };
    },
  };
}
