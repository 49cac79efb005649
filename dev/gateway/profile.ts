import type { Answer } from "../listen.ts";
import type { GatewayTask, TaskStatus } from "./task.ts";

/**
 * How one kind of upstream words its answers. A profile describes and decides nothing: what happens to a task is the
 * same under every profile.
 */
export interface Profile {
  /**
   * "live": a status shows at once. "loop": the gateway asks a vendor of its own in a loop, and a status shows when
   * that loop has come by.
   */
  statusComesFrom: "live" | "loop";
  /** Where tasks are created; `/{id}` behind it reads one. */
  paths: readonly string[];
  /** Made of the vendor's id, which is unique. */
  makeIds(vendorId: string): Pick<GatewayTask, "id" | "otherId">;
  /** The answer to a create. */
  accepted(task: GatewayTask): Answer;
  /** The answer to a create after which the task runs and is paid, though the status says otherwise. */
  conflict(task: GatewayTask): Answer;
  task(view: TaskView): Answer;
  models(models: readonly object[]): Answer;
  refuse(reason: RefusalReason, message: string): Answer;
}

/** A task as its gateway knows it at the time of a poll. */
export interface TaskView {
  task: GatewayTask;
  status: TaskStatus;
  /** False until the gateway's loop has come by for the first time. */
  isVisited: boolean;
  /** When it came to this status, or when the loop came by last. */
  changedAt: number;
  /** Of a hundred. */
  progress: number;
  /** Set for a succeeded task alone. */
  videoUrl: string | null;
}

/** Every reason for a gateway's refusal, with its message where the gateway has words of its own. */
export const REFUSAL_MESSAGES = {
  unauthorized: "The API key is missing or invalid.",
  noQuota: "The account balance is insufficient.",
  busy: "Too many requests.",
  invalidRequest: "The request is invalid.",
  unknownModel: "The model does not exist or is not available.",
  refusedByVendor: "The input text may contain sensitive information.",
  unknownTask: "The task does not exist.",
  /** The gateway could not look the task up just now; the answer says nothing about the task. */
  queryFailed: "The task could not be queried.",
  notReady: "The task has not succeeded yet.",
} as const;

export type RefusalReason = keyof typeof REFUSAL_MESSAGES;

export function unixSeconds(at: number): number {
  return Math.floor(at / 1000);
}
