import type { Delivery } from "./delivery.ts";
import { isTerminal, type PollRhythm, type Task } from "./task.ts";

/** One thing that a task's alarm has to do. */
export type Step =
  | { kind: "submit"; dueAt: number }
  /** The submit began and its lease ran out. */
  | { kind: "submit_lost"; dueAt: number }
  | { kind: "poll"; dueAt: number }
  /** The deadline of a task that never reached the upstream. */
  | { kind: "expire"; dueAt: number }
  | { kind: "attempt"; seq: number; dueAt: number }
  | { kind: "attempt_lost"; seq: number; dueAt: number }
  /** Retention is over: empty the storage. */
  | { kind: "erase"; dueAt: number };

/**
 * Everything that is still to be done for a task, each with its time. The earliest time is the alarm; what is due
 * is what the alarm does. One list for both, so that nothing can be due without an alarm.
 */
export function agenda(
  task: Task,
  rhythm: PollRhythm,
  deliveries: readonly Delivery[],
  retentionMs: number,
): Step[] {
  const steps: Step[] = [];
  if (!isTerminal(task)) steps.push(taskStep(task, rhythm));
  for (const { seq, status, leaseUntil, nextAttemptAt, manual, occurredAt } of deliveries) {
    if (leaseUntil !== null) steps.push({ kind: "attempt_lost", seq, dueAt: leaseUntil });
    else if (manual > 0) steps.push({ kind: "attempt", seq, dueAt: occurredAt });
    else if (status === "pending" && nextAttemptAt !== null) {
      steps.push({ kind: "attempt", seq, dueAt: nextAttemptAt });
    }
  }
  if (steps.length > 0) return steps;
  const ends = deliveries.map((delivery) => delivery.settledAt ?? 0);
  return [{ kind: "erase", dueAt: Math.max(task.finishedAt ?? task.createdAt, ...ends) + retentionMs }];
}

function taskStep(task: Task, rhythm: PollRhythm): Step {
  switch (task.submit.phase) {
    case "due":
      return task.submit.dueAt < task.deadlineAt
        ? { kind: "submit", dueAt: task.submit.dueAt }
        : { kind: "expire", dueAt: task.deadlineAt };
    case "begun":
      return { kind: "submit_lost", dueAt: task.submit.leaseUntil ?? task.createdAt };
    case "done":
      return { kind: "poll", dueAt: Math.min(rhythm.dueAt, task.deadlineAt) };
    default:
      return task.submit.phase satisfies never;
  }
}

/**
 * The alarm for an agenda. Never at or before now: an alarm set in the past inside a running alarm can be lost
 * (workerd issue 6866).
 */
export function alarmAt(steps: readonly Step[], now: number): number {
  return Math.max(Math.min(...steps.map((step) => step.dueAt)), now + 1);
}

/** What is due now, oldest first. */
export function dueSteps(steps: readonly Step[], now: number): Step[] {
  return steps.filter((step) => step.dueAt <= now).toSorted((a, b) => a.dueAt - b.dueAt);
}
