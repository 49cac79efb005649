import type { FileReason, MediaType } from "../../contract/words.ts";
import { fileName } from "../files/address.ts";
import { isoTime } from "../text/time.ts";
import { succeeded, timedOut, type CopyState, type KeepState, type Task } from "./task.ts";
import type { ResultUrl, TaskReading } from "./upstream-answer.ts";

/**
 * The copy of a task's result. While it is made the upstream has nothing more to say: the task runs on, at 100 percent, and
 * its deadline no longer counts. It then ends as succeeded, whatever became of the copy. Source: the contract, Kept files.
 */

/** Waits between two tries, in milliseconds; the last one repeats. Each is shortened by up to a quarter. */
const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 16_000];

/** A try that has copied nothing. `storage` is ours, all else is the source's. */
export interface CopyFailure {
  kind: "failed";
  reason: FileReason;
}

export function copyFailed(reason: FileReason): CopyFailure {
  return { kind: "failed", reason };
}

/** What one try came to. */
export type CopyOutcome = { kind: "kept"; bytes: number; contentType: MediaType } | CopyFailure;

/** The upstream has made the result, and Ringback copies it before it tells the end. */
export function startedCopy(task: Task, result: ResultUrl, now: number): Task {
  if (task.keep === null) return task;
  const { url, containsKey, needsKey } = result;
  const copy = { url: containsKey ? null : url, needsKey, dueAt: now, failures: 0, reason: null };
  // No event comes of it: neither the run nor the progress is one that the upstream has reported.
  return { ...task, status: "running", progress: 100, keep: { ...task.keep, succeededAt: now, copy } };
}

/** The source of the copy that the reading has begun, if it contains the upstream key: the task must not show it. */
export function secretSource({ keep }: Task, { result }: TaskReading): string | null {
  return keep?.copy?.url === null ? (result?.url ?? null) : null;
}

/** The copy under way, and when Ringback gives it up. */
export interface CopyUnderWay {
  keep: KeepState;
  copy: CopyState;
  until: number;
}

/** Null: none is. */
export function copyUnderWay({ keep }: Task): CopyUnderWay | null {
  if (keep === null || keep.copy === null || keep.succeededAt === null) return null;
  return { keep, copy: keep.copy, until: keep.succeededAt + keep.patienceMs };
}

/**
 * Applies what a try came to. `publicUrl`: the origin under which callers reach Ringback; null: that of the create.
 * The same object if no copy is under way.
 */
export function decideCopy(
  task: Task,
  outcome: CopyOutcome,
  at: { now: number; random: number; retentionMs: number; publicUrl: string | null },
): Task {
  const underWay = copyUnderWay(task);
  if (underWay === null) return task;
  const { keep, copy, until } = underWay;
  if (outcome.kind === "failed") {
    const failures = copy.failures + 1;
    const waitMs = (RETRY_MS[failures - 1] ?? RETRY_MS.at(-1) ?? 0) * (1 - at.random / 4);
    const dueAt = Math.ceil(at.now + waitMs);
    const waiting = {
      ...task,
      keep: { ...keep, copy: { ...copy, failures, reason: outcome.reason, dueAt } },
    };
    return at.now >= until ? copyGivenUp(waiting, at.now) : waiting;
  }
  const { bytes, contentType } = outcome;
  return {
    ...withSource(task, underWay, at.now),
    videoUrl: `${at.publicUrl ?? keep.origin}/v1/files/${fileName(keep.fileId, contentType)}`,
    sourceUrl: copy.url,
    file: { status: "kept", bytes, content_type: contentType, expires_at: isoTime(at.now + at.retentionMs) },
  };
}

/** The copy has failed for as long as Ringback tries. The same object if none is under way. */
export function copyGivenUp(task: Task, now: number): Task {
  const underWay = copyUnderWay(task);
  if (underWay === null) return task;
  const end = withSource(task, underWay, now);
  return { ...end, file: end.file ?? { status: "failed", reason: underWay.copy.reason ?? "timeout" } };
}

/** The end as it is without a copy: the video is where the upstream keeps it. */
function withSource(task: Task, { keep, copy }: CopyUnderWay, now: number): Task {
  const { url, needsKey } = copy;
  const result = { url: url ?? "", containsKey: url === null, needsKey };
  return succeeded({ ...task, keep: { ...keep, copy: null } }, result, 100, now);
}

/**
 * The deadline has passed, and the upstream can be asked no more. A task whose result is being copied ends well all the same,
 * once its patience is over, too; the same object until then.
 */
export function endedAtDeadline(task: Task, now: number): Task {
  const underWay = copyUnderWay(task);
  if (underWay === null) return timedOut(task, now);
  return now >= Math.max(underWay.until, task.deadlineAt) ? copyGivenUp(task, now) : task;
}

/** A copy in the bucket that is to go, and its task with it. */
export interface LeftFile {
  fileId: string;
  /** A copy that has begun may be written until then, by a process that the deletion does not know of. */
  until: number;
}

/** Copies end by themselves with the patience; after so long none of them is on its way any more. */
const AFTERLIFE_MS = 60_000;

/** The copy that a task may have in the bucket; null: it has none. */
export function leftFile({ keep }: Task): LeftFile | null {
  if (keep === null || keep.succeededAt === null) return null;
  return { fileId: keep.fileId, until: keep.succeededAt + keep.patienceMs + AFTERLIFE_MS };
}
