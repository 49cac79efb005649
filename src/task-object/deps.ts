import type { AttemptResult } from "../domain/delivery/delivery.ts";
import type { Forecast, Joined } from "../domain/polling/forecast.ts";
import type { LaneKind, PaceAnswer, Refusal } from "../domain/pacing/pacing.ts";
import type { TaskSummary } from "../domain/account/summary.ts";
import type { SigningVersion } from "../domain/account/signing-versions.ts";
import type { FinishSample } from "../domain/task/observations.ts";
import { StallError } from "../domain/errors/stall.ts";
import type { Task } from "../domain/task/task.ts";
import type { TaskSettings } from "../env.ts";
import type { LogFields } from "../log.ts";
import type { Callback } from "../webhook/send.ts";
import type { Pacing } from "./pacing.ts";
import type { Tombstone } from "./records.ts";
import type { RunningSteps } from "./running-steps.ts";
import type { TaskStore } from "./store.ts";
import type { UpstreamSession } from "./upstream-session.ts";

/**
 * The verbs that a task's steps use; everything that reaches outside the object goes through here. State has one owner
 * each: `store`, `session`, `pacing` and `running`.
 */
export interface TaskDeps {
  readonly store: TaskStore;
  readonly session: UpstreamSession;
  readonly pacing: Pacing;
  readonly running: RunningSteps;
  readonly settings: TaskSettings;
  /** Epoch milliseconds. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  newMessageId(): string;
  /** The upstream has accepted the key with a submit: other tasks of this isolate need not ask. */
  keyAccepted(task: Task): void;
  /** The account's signing secrets in force; throws if the account does not answer in time. */
  signingVersions(account: string): Promise<readonly SigningVersion[]>;
  /** Whether a stream of events is open. */
  streamed(): boolean;
  /** Tells the account how far the task is. @throws Error if it does not answer in time */
  report(summary: TaskSummary): Promise<void>;
  /** Tells it of the end of a task that it knows, together with others of this moment. @throws Error as `report` */
  reportEnd(summary: TaskSummary): Promise<void>;
  /** Tells it of an accepted task, together with others of this moment; whether it heard is not known. */
  register(summary: TaskSummary): Promise<void>;
  /** What a task of its class may expect, if another one has asked a moment ago; undefined: the cadence must be asked. */
  knownForecast(task: Task): Forecast | null | undefined;
  /** Joins the tasks of the same upstream key: what it may expect, and whether it is paced. @throws OverloadedError */
  joinCadence(task: Task): Promise<Joined>;
  /** When this task may make its call that was due at `since`. @throws OverloadedError */
  pace(task: Task, lane: LaneKind, since: number): Promise<PaceAnswer>;
  /** Tells the key's cadence of a 429. @throws OverloadedError */
  slowDown(task: Task, lane: LaneKind, refusal: Refusal): Promise<void>;
  /** Lets the tasks to come learn from this one. @throws OverloadedError */
  learnFinish(task: Task, sample: FinishSample): Promise<void>;
  /** Tells the account that a task was deleted. @throws Error if it does not answer in time */
  sendTombstone(tombstone: Tombstone): Promise<void>;
  send(callback: Callback): Promise<AttemptResult>;
  log(event: string, fields: LogFields): void;
}

/** The task was created with the operator's key, and the deployment no longer has one. */
export class MissingKeyError extends StallError {
  override name = "MissingKeyError";
}

/** Ids for a log line. */
export function taskFields(task: Task): LogFields {
  return { task_id: task.taskId, account: task.account };
}
