import type { AttemptResult } from "../domain/delivery/delivery.ts";
import type { AttemptBriefing, Briefing, TaskReport } from "../domain/account/report.ts";
import type { Forecast } from "../domain/polling/forecast.ts";
import type { CadenceClass } from "../domain/task/cadence.ts";
import type { LaneKind, PaceAnswer, Refusal } from "../domain/pacing/pacing.ts";
import type { BriefedEndpoint } from "../domain/endpoint/endpoint.ts";
import type { CopyOutcome } from "../domain/task/keep.ts";
import type { Task } from "../domain/task/task.ts";
import type { TaskSettings } from "../env.ts";
import type { CopyOrder } from "../files/order.ts";
import type { LogEvent, LogFields } from "../log.ts";
import type { Callback } from "../webhook/send.ts";
import type { Pacing } from "./pacing.ts";
import type { Tombstone } from "./document/records.ts";
import type { RunningSteps } from "./running-steps.ts";
import type { TaskStore } from "./document/store.ts";
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
  /** What an attempt must know of the account; throws if it does not answer in time. */
  attemptBriefing(task: Task): Promise<AttemptBriefing>;
  /** Whether a stream of events is open. */
  streamed(): boolean;
  /** Reports the task to its account, and asks for its briefing. @throws OverloadedError if it does not answer in time */
  sync(report: TaskReport, asked: CadenceClass | null): Promise<Briefing>;
  /** Reports together with other tasks of this moment; whether it arrives is unknown. @throws OverloadedError as `sync` */
  syncTogether(report: TaskReport): Promise<void>;
  /** What a task of its class may expect, if another one has asked a moment ago; undefined: the account must be asked. */
  knownForecast(task: Task): Forecast | null | undefined;
  /** The account's endpoints, if it has named them to this isolate since the task was created; undefined: ask it. */
  knownEndpoints(task: Task): readonly BriefedEndpoint[] | undefined;
  /** When this task may make its call that was due at `since`. @throws OverloadedError */
  pace(task: Task, lane: LaneKind, since: number): Promise<PaceAnswer>;
  /** Reports a 429 to the key's cadence. @throws OverloadedError */
  slowDown(task: Task, lane: LaneKind, refusal: Refusal): Promise<void>;
  /** Reports to the account that a task was deleted. @throws Error if it does not answer in time */
  sendTombstone(tombstone: Tombstone): Promise<void>;
  send(callback: Callback): Promise<AttemptResult>;
  /** One try to copy the task's result. */
  copyResult(order: CopyOrder): Promise<CopyOutcome>;
  /** Deletes the copy, if there is one. @throws Error if the bucket does not answer */
  deleteFile(fileId: string): Promise<void>;
  log(event: LogEvent, fields: LogFields): void;
}

/** Ids for a log line. */
export function taskFields(task: Task): LogFields {
  return { task_id: task.taskId, account: task.account };
}
