import { TASK_ERRORS, TASK_NOTES, type TaskErrorCode } from "../../contract/errors.ts";
import type { TaskError, TaskFile } from "../../contract/shapes/task.ts";
import {
  type AccountMode,
  type CallbackFormat,
  type EventType,
  type FileReason,
  type TaskStatus,
  type TestOutcome,
} from "../../contract/words.ts";
import type { SigningVersion } from "../account/signing-versions.ts";
import type { TaskEndpoint } from "../endpoint/endpoint.ts";
import type { ResultUrl } from "./upstream-answer.ts";

/** A test task's script: nothing goes upstream, all else is real. */
export interface TestPlan {
  outcome: TestOutcome;
  delayMs: number;
}

/** A video that a test task "made": a name that is reserved for examples (RFC 2606). */
export const TEST_VIDEO_URL = "https://example.com/ringback-test.mp4";

/** Where the task's one paid call stands. */
interface SubmitState {
  /** `due`: to be made at `dueAt` · `begun`: a request may be on the wire · `done`: its outcome is recorded. */
  phase: "due" | "begun" | "done";
  dueAt: number;
  /** While begun: when a process without an outcome must have died. */
  leaseUntil: number | null;
  /** Definite "not now" answers so far. */
  refusals: number;
  /** Complete 5xx answers so far. */
  serverErrors: number;
  /** The caller's `retry_ambiguous_submit`. */
  repeatServerErrors: boolean;
  /** The first submit answers the create itself; until then a replay is answered 409. */
  inCreate: boolean;
}

/** What a create says of its callbacks, and the task keeps. */
interface CallbackSettings {
  url: string;
  events: EventType[];
  format: CallbackFormat;
}

/** The same with the headers, which the task keeps sealed. */
export interface CallbackRequest extends CallbackSettings {
  headers: [name: string, value: string][];
}

interface CallbackState extends CallbackSettings {
  /** The receiver said 410 or 501: later events are recorded and not sent. */
  stopped: boolean;
}

/** The copy of the result that Ringback makes of this task. */
export interface KeepState {
  /** 128 random bits, chosen with the task: the bucket's key, and the holder of the address needs no other one. */
  fileId: string;
  /** That of the create: callers reach the file there, unless the deployment names another one. */
  origin: string;
  /** How long after the upstream's success Ringback tries. */
  patienceMs: number;
  /** When the upstream said that it succeeded; null: it has not. */
  succeededAt: number | null;
  /** The copy under way; null before it, and once the task has ended. */
  copy: CopyState | null;
}

export interface CopyState {
  /** The source; null: it contains the upstream key, so it is sealed beside the task. */
  url: string | null;
  /** Only the upstream key opens it. */
  needsKey: boolean;
  dueAt: number;
  failures: number;
  /** Of the newest failure. */
  reason: FileReason | null;
}

/** Fields of the request that say how long it may take; null where it does not say. */
export interface TaskTraits {
  resolution: string | null;
  /** `duration_seconds`. */
  seconds: number | null;
  inputMode: string | null;
}

/** One task and its life. Instants (`…At`, `…Since`, `…Until`) are epoch milliseconds. */
export interface Task {
  /** The public id as it was issued, tag included. */
  taskId: string;
  account: string;
  /** Whose upstream key the task uses: the caller's own (sealed with it) or the operator's (never stored). */
  mode: AccountMode;
  /** The name of its upstream in the settings. */
  upstreamName: string;
  /** The path of its submit below the upstream's address; null: the only one that the upstream's profile lists. */
  createPath: string | null;
  /** Separates this create from a late twin of it. */
  createId: string;
  /** Digest of the request, kept while an idempotency key leads here. */
  fingerprint: string | null;
  status: TaskStatus;
  progress: number | null;
  model: string;
  /** What tasks have in common that take equally long, beside the model. */
  traits: TaskTraits;
  videoUrl: string | null;
  /** The upstream's URL of the file of which `videoUrl` is a copy; null: it is none, or that URL contains the key. */
  sourceUrl: string | null;
  /** The state of the video's file; null: nothing to report. */
  file: TaskFile | null;
  /** Null: Ringback keeps no copy of this task's result. */
  keep: KeepState | null;
  error: TaskError | null;
  /** JSON text of an object. */
  metadata: string | null;
  test: TestPlan | null;
  upstreamTaskId: string | null;
  /** The other ids that the create's answer named: a poll may carry either. */
  upstreamAliases: readonly string[];
  /** `requestDigest`s of the request's URLs and ids: an answer that repeats them names no result and no task. */
  requestDigests: readonly string[];
  createdAt: number;
  submittedAt: number | null;
  finishedAt: number | null;
  deadlineAt: number;
  submit: SubmitState;
  callback: CallbackState | null;
  /** The account's registered endpoints that its events go to; null: the task does not know them yet. */
  endpoints: readonly TaskEndpoint[] | null;
  /** Host and port that the create was sent to: a callback never goes there. */
  ownHost: string;
  /** No attempt before this instant: a workflow that waits must be listening. */
  holdUntil: number;
  /** The account's signing secrets as last seen: they sign when the account does not answer in time. */
  signing: readonly SigningVersion[];
  /**
   * Nothing has proved yet that the upstream knows the task's own key: how often it was asked in vain. Null: something
   * has, or the key is the operator's.
   */
  unproved: { asks: number } | null;
  /** Attempts asked for by hand within the last minute. */
  redeliveredAt: readonly number[];
  /** First poll that said running. */
  runningSince: number | null;
  /** Progress when `video.progress` was last due. */
  lastProgressEvent: number;
  /** Windows, since when: only "no such task", only 401 or 403, success without a URL. */
  notFoundSince: number | null;
  unauthorizedSince: number | null;
  resultMissingSince: number | null;
  /** The last readable answer said a failure that may have been the query's. */
  ambiguousFailure: boolean;
}

/** When the next poll is due. Apart from the task, because an unchanged poll does not write it down. */
export interface PollSchedule {
  nextPollAt: number;
  polls: number;
  /** Answers in a row without news of the task. */
  failuresInARow: number;
  /** 429 answers in a row. */
  rateLimitedInARow: number;
  /** The polls' observations beside the task; null before the first poll. */
  observations: Observations | null;
}

/** Before the first poll. */
export const NO_POLLS = {
  polls: 0,
  failuresInARow: 0,
  rateLimitedInARow: 0,
  observations: null,
} satisfies Omit<PollSchedule, "nextPollAt">;

/**
 * What the polls of a task have shown so far, beside the task itself. It travels with the schedule: in memory at every
 * poll, in the store with every change of the task. A process that dies leaves an older one, which is still true.
 */
export interface Observations {
  /** Last seen unfinished. */
  aliveAt: number;
  /** Last seen queued before it was first seen running. */
  queuedAt: number | null;
  /** When the progress became what it is. */
  progressAt: number | null;
  /** The first progress in the middle of the work: at the end it tells what progress is worth. */
  midpoint: { at: number; progress: number } | null;
}

export function isTerminal(task: { status: TaskStatus | null }): boolean {
  return task.status === "succeeded" || task.status === "failed";
}

/** Whether the upstream has said how the task ends, and Ringback may still copy its result: nothing else counts any more. */
export function isDecided(task: Task): boolean {
  return isTerminal(task) || isCopying(task);
}

export function isCopying({ keep }: Pick<Task, "keep">): boolean {
  return keep !== null && keep.copy !== null;
}

/** The task with the changes, or the very same object if nothing differs: identity says whether to write. */
export function patch(task: Task, changes: Partial<Task>): Task {
  const keys = Object.keys(changes) as (keyof Task)[];
  return keys.some((key) => changes[key] !== task[key]) ? { ...task, ...changes } : task;
}

export function taskError(
  code: TaskErrorCode,
  message?: string | null,
  { retryable = false }: { retryable?: boolean } = {},
): TaskError {
  return { code, message: message ? message : TASK_ERRORS[code], retryable };
}

/** The one way a task ends badly. One that has ended, or is bound to end well, is returned as it is. */
export function failed(task: Task, error: TaskError, now: number): Task {
  if (isDecided(task)) return task;
  return {
    ...task,
    status: "failed",
    error,
    finishedAt: now,
    // A create whose process died is never answered: its end is news for the account all the same.
    submit: { ...task.submit, phase: "done", leaseUntil: null, inCreate: false },
  };
}

/**
 * The one way a task ends well. A result that only the key opens goes to the caller whose key it is; the operator's key
 * is not the caller's.
 */
export function succeeded(task: Task, result: ResultUrl, progress: number | null, now: number): Task {
  if (isTerminal(task)) return task;
  const isHidden = result.containsKey || (result.needsKey && task.mode === "operator");
  const videoUrl = isHidden ? null : result.url;
  const file: TaskFile | null = videoUrl === null ? { status: "failed", reason: "needs_key" } : null;
  return { ...task, status: "succeeded", videoUrl, file, progress: progress ?? 100, finishedAt: now };
}

/** The windows, and the doubt, that a readable answer of another kind ends. */
export const NO_WINDOWS = {
  notFoundSince: null,
  unauthorizedSince: null,
  resultMissingSince: null,
  ambiguousFailure: false,
} satisfies Partial<Task>;

/**
 * The deadline has passed. A task that never reached the upstream cost nothing and may be sent again; one whose submit
 * was begun may have been paid for, and says so.
 */
export function timedOut(task: Task, now: number): Task {
  if (task.submit.phase === "begun") return failed(task, taskError("submit_unknown"), now);
  const never = task.submit.phase === "due" && task.submit.serverErrors === 0;
  const error = taskError("timed_out", never ? TASK_NOTES.never_submitted : null, { retryable: never });
  return failed(task, error, now);
}
