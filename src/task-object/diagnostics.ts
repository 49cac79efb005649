import type { TaskState } from "../domain/task/state.ts";
import { waitingByHand } from "../domain/delivery/delivery.ts";
import { summaryOf } from "../domain/account/summary.ts";
import { copyUnderWay } from "../domain/task/keep.ts";
import { isDecided, isTerminal } from "../domain/task/task.ts";
import { isoTime } from "../domain/text/time.ts";

/** What the console shows of a task beside its public JSON: where it stands with its submit and its polls. */
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
  /**
   * For each delivery: its message, the endpoint that it goes to (null: the callback's own receiver), when its event
   * occurred, and the manual attempts in the queue.
   */
  events: { message_id: string; endpoint_id: string | null; occurred_at: string; by_hand: number }[];
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
    events: deliveries.map((delivery) => ({
      message_id: delivery.messageId,
      endpoint_id: delivery.endpoint?.id ?? null,
      occurred_at: isoTime(delivery.occurredAt),
      by_hand: waitingByHand(delivery),
    })),
    erased_at: isoTime(summaryOf(state, at.retentionMs).expiresAt),
  };
}
