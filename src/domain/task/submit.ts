import type { RefusalCode } from "../../contract/errors.ts";
import { jittered } from "../text/jitter.ts";
import { withProvedKey } from "./key-proof.ts";
import { applyReading } from "./apply-reading.ts";
import { failed, taskError, timedOut, type Task } from "./task.ts";
import type { SubmitAnswer } from "./upstream-answer.ts";

/** With `retry_ambiguous_submit`, a complete 5xx answer is followed by at most this many more submits. */
const SERVER_ERROR_REPEATS = 3;

/** A refused submit ("not now") waits 1, 2, 4 … seconds, at most this long, unless the upstream asks for more. */
const BACKOFF_MAX_MS = 60_000;

/** An upstream's wish to wait leaves this before the deadline for one more call. */
const DEADLINE_MARGIN_MS = 5_000;

export function lastCallAt({ deadlineAt }: Pick<Task, "deadlineAt">): number {
  return deadlineAt - DEADLINE_MARGIN_MS;
}

/** The code of a definite no. Source: docs/decisions/submit.md, the table. */
export function refusalCode(status: number): RefusalCode {
  switch (status) {
    case 401:
      return "upstream_unauthorized";
    case 402:
      return "upstream_payment_required";
    case 403:
      return "upstream_forbidden";
    case 404:
      return "upstream_not_found";
    default:
      return "upstream_rejected";
  }
}

/** The upstream refuses the key that it was called with, or its balance. */
export function isCredentialRefusal(status: number): boolean {
  return status === 401 || status === 402 || status === 403;
}

/** The caller cannot solve a problem of the operator's key or balance: the answer leaves out the upstream's words. */
export function isOperatorCredentialError(mode: Task["mode"], status: number): boolean {
  return mode === "operator" && isCredentialRefusal(status);
}

/**
 * Marks the submit as begun. Committed before the request leaves: found later without an outcome, it is unknown.
 * Null if it may not begin (not due, or already begun by another turn).
 */
export function beginSubmit(task: Task, leaseUntil: number): Task | null {
  if (task.submit.phase !== "due") return null;
  return { ...task, submit: { ...task.submit, phase: "begun", leaseUntil } };
}

/** Applies an answer to the submit to the task. `resultMissingMs` as in `applyReading`. */
export function decideSubmit(
  task: Task,
  answer: SubmitAnswer,
  at: { now: number; random: number; resultMissingMs: number },
): Task {
  // Only a begun submit has an outcome to record: a late twin of this call changes nothing.
  if (task.submit.phase !== "begun") return task;
  const done: Task = {
    ...task,
    submit: { ...task.submit, phase: "done", leaseUntil: null, inCreate: false },
  };
  switch (answer.kind) {
    case "accepted": {
      const [upstreamTaskId, ...upstreamAliases] = answer.ids;
      const accepted = {
        ...withProvedKey(done),
        upstreamTaskId,
        upstreamAliases,
        submittedAt: at.now,
      };
      return applyReading(accepted, answer.reading, at.now, at.resultMissingMs);
    }
    case "refused": {
      const hidden = isOperatorCredentialError(task.mode, answer.status);
      return failed(done, taskError(refusalCode(answer.status), hidden ? null : answer.message), at.now);
    }
    case "later": {
      const refusals = task.submit.refusals + 1;
      const wait = submitBackoffMs(refusals, answer.retryAfterMs, at.random);
      return again(done, { refusals }, wait, at.now);
    }
    case "unknown": {
      const { repeatServerErrors, serverErrors } = task.submit;
      if (repeatServerErrors && answer.completeServerError && serverErrors < SERVER_ERROR_REPEATS) {
        const wait = submitBackoffMs(serverErrors + 1, null, at.random);
        return again(done, { serverErrors: serverErrors + 1 }, wait, at.now);
      }
      return failed(done, taskError("submit_unknown"), at.now);
    }
    default:
      return answer satisfies never;
  }
}

/** A begun submit whose process is gone, or whose lease ran out. */
export function submitLost(task: Task, now: number): Task {
  return task.submit.phase === "begun" ? failed(task, taskError("submit_unknown"), now) : task;
}

/** An upstream's wish to wait leaves the last 5 s before the deadline free; at the deadline the task is over. */
function beforeDeadline(dueAt: number, task: Task, now: number): number {
  const latest = lastCallAt(task);
  return dueAt > latest && latest > now ? latest : Math.min(dueAt, task.deadlineAt);
}

function again(task: Task, counters: Partial<Task["submit"]>, waitMs: number, now: number): Task {
  if (now >= task.deadlineAt) return timedOut({ ...task, submit: { ...task.submit, phase: "due" } }, now);
  const dueAt = beforeDeadline(now + waitMs, task, now);
  return { ...task, submit: { ...task.submit, ...counters, phase: "due", dueAt } };
}

/** `refusals` counts this one, from 1. `retryAfterMs` is a lower bound; the result is milliseconds from now. */
export function submitBackoffMs(refusals: number, retryAfterMs: number | null, random: number): number {
  const step = Math.min(1000 * 2 ** Math.min(refusals - 1, 10), BACKOFF_MAX_MS);
  // With a lower bound the jitter only adds: the queue of one key does not come back in the same second.
  if (retryAfterMs !== null && retryAfterMs >= step) return retryAfterMs + step * 0.2 * random;
  return Math.max(jittered(step, 0.2, random), retryAfterMs ?? 0);
}
