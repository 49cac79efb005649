import type { TaskState } from "./state.ts";
import { waitingByHand } from "../delivery/delivery.ts";
import { summaryOf } from "../account/summary.ts";
import { copyUnderWay } from "./keep.ts";
import { isDecided, isTerminal } from "./task.ts";
import { isoTime } from "../text/time.ts";

/** What the console shows of a task beside its public JSON. */
export interface TaskDiagnostics {
  submit: {
    phase: "due" | "begun" | "done";
    /** When it is made, while it is due. */
    due_at: string | null;
    /** Answers so far that said "not now". */
    refusals: number;
  };
  /** First seen running. */
  running_at: string | null;
  /** May run behind after a restart: unchanged polls are not written. */
  polls: number;
  next_poll_at: string | null;
  /** When the upstream had made a result that is to be kept; null: it has not, or none is. */
  ready_at: string | null;
  /** The copy under way: tries that failed, and when Ringback gives it up. */
  copy: { failures: number; until: string } | null;
  /** For each: its message, the endpoint that it goes to (null: the callback's own receiver), and the manual attempts in line. */
  deliveries: { message_id: string; endpoint_id: string | null; by_hand: number }[];
  /** When the object erases the task; null while work is left. */
  erased_at: string | null;
}

/** `alarmAt`: an object that was asleep knows the next poll only from its alarm. */
export function diagnosticsOf(
  state: TaskState,
  at: { now: number; alarmAt: number | null; retentionMs: number },
): TaskDiagnostics {
  const { task, schedule, deliveries } = state;
  const underWay = copyUnderWay(task);
  const polling = !isDecided(task) && task.submit.phase === "done";
  const dueAt = schedule.nextPollAt <= at.now && at.alarmAt !== null ? at.alarmAt : schedule.nextPollAt;
  return {
    submit: {
      phase: task.submit.phase,
      due_at: task.submit.phase === "due" && !isTerminal(task) ? isoTime(task.submit.dueAt) : null,
      refusals: task.submit.refusals,
    },
    running_at: isoTime(task.runningSince),
    polls: schedule.polls,
    next_poll_at: polling ? isoTime(Math.min(Math.max(dueAt, at.now), task.deadlineAt)) : null,
    ready_at: isoTime(task.keep?.succeededAt ?? null),
    copy: underWay && { failures: underWay.copy.failures, until: isoTime(underWay.until) },
    deliveries: deliveries.map((delivery) => ({
      message_id: delivery.messageId,
      endpoint_id: delivery.endpoint?.id ?? null,
      by_hand: waitingByHand(delivery),
    })),
    erased_at: isoTime(summaryOf(state, at.retentionMs).expiresAt),
  };
}
