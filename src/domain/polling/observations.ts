import type { Span } from "./finish.ts";
import type { Observations, Task } from "../task/task.ts";
import type { TaskStatus } from "../../contract/words.ts";

/** Progress below or above these bounds predicts little. */
const MIDDLE_FROM = 20;
const MIDDLE_TO = 80;

/** After a readable answer that left the task unfinished. `askedAt`: when the poll left; it was true then or later. */
export function observed(
  before: Observations | null,
  task: { from: Task; to: Task; said: TaskStatus | null },
  at: { askedAt: number; now: number },
): Observations {
  const { from, to, said } = task;
  const known = before ?? { queuedAt: null, progressAt: null, midpoint: null };
  const queued = said === "queued" && to.runningSince === null;
  const moved = to.progress === from.progress ? null : to.progress;
  const middle = moved !== null && moved >= MIDDLE_FROM && moved <= MIDDLE_TO;
  return {
    aliveAt: at.askedAt,
    queuedAt: queued ? at.askedAt : known.queuedAt,
    progressAt: moved === null ? known.progressAt : at.now,
    midpoint: known.midpoint ?? (middle ? { at: at.now, progress: moved } : null),
  };
}

/** When running began, as far as polls can tell: half way between the last that saw a queue and the first that saw none. */
export function startedAt(task: Task, observations: Observations | null): number | null {
  const queuedAt = observations?.queuedAt ?? null;
  return task.runningSince === null || queuedAt === null ? null : (queuedAt + task.runningSince) / 2;
}

/** A finished task as the forecast learns from it; ages in milliseconds since its acceptance. */
export interface FinishSample {
  end: Span;
  /** Last seen queued; null: never. */
  queuedMs: number | null;
  /** First seen running; null: never. */
  runningMs: number | null;
  midpoint: { atMs: number; progress: number } | null;
}

/** The copy of the result is no work of the upstream. */
function upstreamEndedAt({ keep, finishedAt }: Task): number | null {
  return keep?.succeededAt ?? finishedAt;
}

/** Null for a task that teaches no finish time: a test, one that never reached the upstream or ended otherwise. */
export function finishSample(task: Task, observations: Observations | null): FinishSample | null {
  const { submittedAt } = task;
  const finishedAt = upstreamEndedAt(task);
  const teaches = task.status === "succeeded" || task.error?.code === "generation_failed";
  if (task.test || submittedAt === null || finishedAt === null || !teaches) return null;
  const age = (at: number): number => Math.max(at - submittedAt, 0);
  const midpoint = observations?.midpoint ?? null;
  const queuedAt = observations?.queuedAt ?? null;
  return {
    end: { afterMs: age(observations?.aliveAt ?? submittedAt), byMs: age(finishedAt) },
    queuedMs: queuedAt === null ? null : age(queuedAt),
    runningMs: task.runningSince === null ? null : age(task.runningSince),
    midpoint: midpoint && { atMs: age(midpoint.at), progress: midpoint.progress },
  };
}
