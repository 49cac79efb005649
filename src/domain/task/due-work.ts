import { hasManualAttempt, waitingByHand, type Delivery } from "../delivery/delivery.ts";
import { isTerminalEvent } from "./events/event.ts";
import { copyUnderWay } from "./keep.ts";
import { retentionEnd } from "../account/summary.ts";
import type { SyncState, TaskState } from "./state.ts";
import { isDecided, isTerminal, type PollSchedule, type Task } from "./task.ts";

/** One thing that a task's alarm has to do. */
export type Step =
  | { kind: "submit"; dueAt: number }
  /** The submit began and its lease ran out. */
  | { kind: "submit_lost"; dueAt: number }
  | { kind: "poll"; dueAt: number }
  /** The upstream has succeeded, and its result is to be copied, or the copy given up. */
  | { kind: "copy"; dueAt: number }
  /** The deadline of a task that never reached the upstream. */
  | { kind: "expire"; dueAt: number }
  | ({ kind: "attempt"; seq: number; dueAt: number } & AttemptRank)
  | ({ kind: "attempt_lost"; seq: number; dueAt: number } & AttemptRank)
  /** The account does not know yet how far the task is, or the task lacks its account's briefing or its endpoints. */
  | { kind: "report"; dueAt: number; wakeAt: number | null }
  /** Copies of an earlier task of this id are still in the bucket. */
  | { kind: "delete_files"; dueAt: number }
  /** Retention is over: delete the copy, and empty the storage. */
  | { kind: "erase"; dueAt: number };

/** What decides which of several attempts goes first. */
interface AttemptRank {
  /** Of the event that says how the task ended. */
  isTerminal: boolean;
  /** At the task's own `callback_url`. */
  isOwn: boolean;
  /** An attempt at this receiver has failed, or has no answer yet. */
  isTroubled: boolean;
}

/**
 * A report waits this long for the event's first attempt, so that one report carries both. When thousands of tasks end at
 * one instant, a report before the attempt would be one more call for each.
 */
const REPORT_WITH_DELIVERY_MS = 5_000;
/** If the account does not know the task, no reconciliation finds its end: the task sets an alarm itself. */
export const REPORT_ALONE_MS = 60_000;
/** A poll usually settles within this; the report waits for its news. */
const REPORT_WITH_POLL_MS = 1_000;

/**
 * Everything that is still to be done for a task, each with its time. The earliest time is the alarm; what is due
 * is what the alarm does. One list for both, so that nothing can be due without an alarm.
 */
export function dueWork(state: TaskState, retentionMs: number): Step[] {
  const { task, schedule, deliveries } = state;
  const steps: Step[] = [];
  if (!isTerminal(task)) steps.push(taskStep(task, schedule));
  const troubled = new Set(deliveries.filter(hasTrouble).map(receiverOf));
  for (const delivery of deliveries) steps.push(...deliverySteps(delivery, troubled));
  if (steps.length === 0) steps.push({ kind: "erase", dueAt: retentionEnd(task, deliveries, retentionMs) });
  return [...steps, ...leftFileSteps(state), ...reportSteps(state)];
}

function leftFileSteps({ task, leftFiles = [] }: TaskState): Step[] {
  if (leftFiles.length === 0) return [];
  const dueAt = Math.max(task.createdAt, Math.min(...leftFiles.map(({ until }) => until)));
  return [{ kind: "delete_files", dueAt }];
}

/** Null: the task's own. */
function receiverOf({ endpoint }: Delivery): string | null {
  return endpoint?.id ?? null;
}

function hasTrouble({ finished, onTheWire }: Delivery): boolean {
  return onTheWire !== null || finished.some(({ result }) => result.outcome !== "delivered");
}

function deliverySteps(delivery: Delivery, troubled: ReadonlySet<string | null>): Step[] {
  const { seq, type, status, onTheWire, nextAttemptAt, occurredAt } = delivery;
  const receiver = receiverOf(delivery);
  const event = {
    seq,
    isTerminal: isTerminalEvent(type),
    isOwn: receiver === null,
    isTroubled: troubled.has(receiver),
  };
  if (onTheWire !== null) return [{ kind: "attempt_lost", ...event, dueAt: onTheWire.leaseUntil }];
  if (waitingByHand(delivery) > 0) return [{ kind: "attempt", ...event, dueAt: occurredAt }];
  const due = status === "pending" && nextAttemptAt !== null;
  return due ? [{ kind: "attempt", ...event, dueAt: nextAttemptAt }] : [];
}

/** Whether the task has polls to come and does not know yet what to expect. */
export function needsBriefing({ task, sync }: TaskState): boolean {
  return !sync.isBriefed && task.test === null && task.upstreamTaskId !== null && !isDecided(task);
}

/** A report delays no work, and retention does not wait for an account that does not answer. */
function reportSteps(state: TaskState): Step[] {
  const { task, deliveries, sync, version } = state;
  // Until the create is answered there is no task for the account: a definite no leaves none.
  if (task.submit.inCreate) return [];
  if (sync.lastReported >= version && !needsBriefing(state) && task.endpoints !== null) return [];
  const first = deliveries.filter(
    ({ status, attempts, onTheWire }) =>
      status === "pending" && (attempts === 0 || (attempts === 1 && onTheWire !== null)),
  );
  const dueAt = Math.max(
    saidAlready(state) ? taskStep(task, state.schedule).dueAt + REPORT_WITH_POLL_MS : task.createdAt,
    ...first.map(({ occurredAt }) => occurredAt + REPORT_WITH_DELIVERY_MS),
  );
  return [{ kind: "report", dueAt, wakeAt: mustBeHeard(state) ? dueAt + REPORT_ALONE_MS : null }];
}

/**
 * Whether no reconciliation finds out what a lost report would have said: it asks only about tasks that the account knows
 * and holds for unsettled, and a manual attempt may change one that is settled. And a task that does not know its
 * endpoints needs the answer.
 */
export function mustBeHeard({ task, deliveries, sync }: TaskState): boolean {
  if (!isTerminal(task)) return false;
  return sync.lastReported === 0 || task.endpoints === null || deliveries.some(hasManualAttempt);
}

/** All there is to say is that the task was accepted, which its account has heard if nothing went wrong. */
function saidAlready({ task, schedule, sync }: TaskState): boolean {
  return isReportedTogether(sync) && task.status === "queued" && schedule.polls === 0;
}

/** Its first report goes with those of other tasks. Whether it was heard is not known, so the first poll repeats it. */
export function isReportedTogether({ isBriefed, lastReported }: SyncState): boolean {
  return isBriefed && lastReported === 0;
}

function taskStep(task: Task, schedule: PollSchedule): Step {
  const underWay = copyUnderWay(task);
  if (underWay !== null) return { kind: "copy", dueAt: Math.min(underWay.copy.dueAt, underWay.until) };
  switch (task.submit.phase) {
    case "due":
      return task.submit.dueAt < task.deadlineAt
        ? { kind: "submit", dueAt: task.submit.dueAt }
        : { kind: "expire", dueAt: task.deadlineAt };
    case "begun":
      return { kind: "submit_lost", dueAt: task.submit.leaseUntil ?? task.createdAt };
    case "done":
      return { kind: "poll", dueAt: Math.min(schedule.nextPollAt, task.deadlineAt) };
    default:
      return task.submit.phase satisfies never;
  }
}

/**
 * The alarm for the due work. Never at or before now: an alarm set in the past inside a running alarm can be lost
 * (workerd issue 6866); and in whole milliseconds: the runtime cuts a fraction off, and the alarm would come before its
 * work and do nothing. A report is made in passing and does not set it, or each would cost a row; only one that has
 * failed does, so that it is repeated, and one that no other object would miss.
 */
export function alarmAt(
  steps: readonly Step[],
  now: number,
  { hasReportFailed = false }: { hasReportFailed?: boolean } = {},
): number {
  const wakes = steps.map((step) => {
    if (step.kind !== "report" || hasReportFailed) return step.dueAt;
    // One that is past is on its way.
    const { wakeAt } = step;
    if (wakeAt === null) return Infinity;
    return wakeAt > now ? wakeAt : now + REPORT_ALONE_MS;
  });
  return Math.max(Math.ceil(Math.min(...wakes)), now + 1);
}

/** The `stepKey` of each attempt of this delivery. */
export function attemptKey(seq: number): string {
  return `attempt ${seq}`;
}

export function isAttemptKey(key: string): boolean {
  return key.startsWith("attempt ");
}

/** Names a step among those of one task: two turns never run the same one at once. */
export function stepKey(step: Step): string {
  switch (step.kind) {
    case "submit":
    case "submit_lost":
      return "submit";
    case "attempt":
    case "attempt_lost":
      return attemptKey(step.seq);
    default:
      return step.kind;
  }
}
