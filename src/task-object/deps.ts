import type { AttemptResult } from "../domain/delivery/delivery.ts";
import type { Forecast, Joined } from "../domain/polling/forecast.ts";
import type { LaneKind, PaceAnswer, Refusal } from "../domain/pacing/pacing.ts";
import type { KeyVerdict } from "../domain/task/key-proof.ts";
import type { TaskSummary } from "../domain/account/summary.ts";
import type { SigningVersion } from "../domain/account/signing-versions.ts";
import type { FinishSample } from "../domain/task/observations.ts";
import { StallError } from "../domain/errors/stall.ts";
import type { Task } from "../domain/task/task.ts";
import type { TaskSettings } from "../env.ts";
import type { LogFields } from "../log.ts";
import type { AnswerMemory } from "../upstream/answer-memory.ts";
import type { Upstream } from "../upstream/provider.ts";
import type { Callback } from "../webhook/send.ts";
import type { Farewell } from "./rows.ts";
import type { TaskStore, Timing } from "./store.ts";

/** The verbs that a task's steps use; everything that reaches outside the object goes through here. */
export interface TaskDeps {
  store: TaskStore;
  settings: TaskSettings;
  /** Epoch milliseconds. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  newMessageId(): string;
  /** The upstream as this task may use it. @throws SealError, MissingKeyError */
  upstream(task: Task): Promise<Upstream>;
  /** What the upstream says of the task's own key. @throws SealError, MissingKeyError */
  judgeKey(task: Task): Promise<KeyVerdict>;
  /** The upstream has accepted the key with a submit: other tasks of this isolate need not ask. */
  keyAccepted(task: Task): void;
  /** The account's signing secrets in force; throws if the account does not answer in time. */
  signingVersions(account: string): Promise<readonly SigningVersion[]>;
  /** The caller's own upstream key, opened once per process and forgotten at the end of the task. */
  apiKey: string | null;
  /** What the upstream's last answer meant; forgotten with the key. */
  memory: AnswerMemory;
  /** The upstream's newest JSON answer, ahead of the sealed one by unchanged polls; undefined: not asked yet. */
  lastAnswer: string | undefined;
  /** Whether somebody follows the task by a stream of events. */
  streamed(): boolean;
  /** Ends the wait of a running alarm: there is something new to do. */
  wake: () => void;
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
  /** The slot that this task was given, for this process. */
  slot: { lane: LaneKind; at: number } | null;
  /** A create's submit was answered 429, and the cadence was not told yet: that is for after the create's answer. */
  refusal: Refusal | null;
  /** Lets the tasks to come learn from this one. @throws OverloadedError */
  settleCadence(task: Task, sample: FinishSample): Promise<void>;
  /** Tells the account that a task was deleted. @throws Error if it does not answer in time */
  forget(farewell: Farewell): Promise<void>;
  send(callback: Callback): Promise<AttemptResult>;
  log(event: string, fields: LogFields): void;
}

/** The task was created with the operator's key, and the deployment no longer has one. */
export class MissingKeyError extends StallError {
  override name = "MissingKeyError";
}

/** The upstream is asked nothing more: its key, and what it said last, go. */
export function forgetKey(deps: TaskDeps): void {
  deps.apiKey = null;
  deps.memory.forget();
}

/** Steps on the wire in this process, those of other turns included, by `stepKey`. None of them rejects. */
export type Running = Map<string, Promise<void>>;

/** What a write sets the alarm by: this instant, or the one by which its step was decided. */
export function timing(deps: TaskDeps, now = deps.now()): Timing {
  return { now, retentionMs: deps.settings.retentionMs };
}

/** Ids for a log line. */
export function taskFields(task: Task): LogFields {
  return { task_id: task.taskId, account: task.account };
}
