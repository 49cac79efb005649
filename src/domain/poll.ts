import { firstPollGapMs, nextPollGapMs, type PollLimits } from "./poll-plan.ts";
import { applyReading } from "./reading.ts";
import { DEADLINE_MARGIN_MS } from "./submit.ts";
import { failed, isTerminal, patch, taskError, timedOut, type PollRhythm, type Task } from "./task.ts";
import type { PollAnswer } from "./upstream-answer.ts";

/** How long one kind of bad answer is borne before it is the end, in milliseconds. */
export interface PatienceLimits {
  lostMs: number;
  unauthorizedMs: number;
  resultMissingMs: number;
}

export interface PollTurn {
  /** When the request left: a poll that left at or after the deadline was the last one. */
  startedAt: number;
  now: number;
  random: number;
  limits: PollLimits & PatienceLimits;
}

/** When to look for the first time at a task that has just been accepted. */
export function firstRhythm(
  task: Task,
  turn: { now: number; random: number; limits: PollLimits },
): PollRhythm {
  const watched = task.callback?.events.some((type) => type === "video.running" || type === "video.progress");
  // A test task has no cadence to learn: halfway it runs, and it ends on the dot.
  const gap = task.test ? task.test.delayMs / 2 : firstPollGapMs(turn.limits, watched ?? false, turn.random);
  return { dueAt: Math.min(turn.now + gap, task.deadlineAt), polls: 0, troubles: 0, slowDowns: 0 };
}

/**
 * What an answer to a poll makes of the task, and when to look again.
 * `task` is the same object if nothing worth writing happened.
 */
export function decidePoll(
  task: Task,
  rhythm: PollRhythm,
  answer: PollAnswer,
  turn: PollTurn,
): { task: Task; rhythm: PollRhythm } {
  if (isTerminal(task)) return { task, rhythm };
  const seen = applyAnswer(task, answer, turn);
  const last = turn.startedAt >= task.deadlineAt;
  const next = last && !isTerminal(seen) ? timedOut(seen, turn.now) : seen;
  return { task: next, rhythm: nextRhythm(next, rhythm, answer, turn) };
}

function applyAnswer(task: Task, answer: PollAnswer, { now, limits }: PollTurn): Task {
  switch (answer.kind) {
    case "read":
      return applyReading(task, answer.reading, now, limits.resultMissingMs);
    case "not_found": {
      const since = task.notFoundSince ?? now;
      if (now - since >= limits.lostMs) return failed(task, taskError("upstream_lost"), now);
      return patch(task, { notFoundSince: since, unauthorizedSince: null, resultMissingSince: null });
    }
    case "unauthorized": {
      const since = task.unauthorizedSince ?? now;
      if (now - since >= limits.unauthorizedMs) return failed(task, taskError("upstream_unauthorized"), now);
      return patch(task, { unauthorizedSince: since, notFoundSince: null, resultMissingSince: null });
    }
    case "slow_down":
    case "other":
      return patch(task, { notFoundSince: null, unauthorizedSince: null, resultMissingSince: null });
    case "nothing":
      return task;
    default:
      return answer satisfies never;
  }
}

function nextRhythm(task: Task, rhythm: PollRhythm, answer: PollAnswer, turn: PollTurn): PollRhythm {
  const troubles = answer.kind === "read" ? 0 : rhythm.troubles + 1;
  const slowDowns = answer.kind === "slow_down" ? rhythm.slowDowns + 1 : 0;
  const gap = nextPollGapMs(
    turn.limits,
    {
      ageMs: turn.now - (task.runningSince ?? task.submittedAt ?? task.createdAt),
      troubles: answer.kind === "slow_down" ? 0 : troubles,
      slowDowns,
      notBeforeMs: honouredMs(answer.notBeforeMs, task.deadlineAt, turn.now),
    },
    turn.random,
  );
  const dueAt = task.test
    ? (task.submittedAt ?? task.createdAt) + task.test.delayMs
    : Math.min(turn.now + gap, task.deadlineAt);
  return { dueAt: Math.max(dueAt, turn.now + 1), polls: rhythm.polls + 1, troubles, slowDowns };
}

/** The upstream's wish to wait counts up to the margin before the deadline; our own gaps are not shortened for it. */
function honouredMs(notBeforeMs: number | null, deadlineAt: number, now: number): number | null {
  const latestMs = deadlineAt - DEADLINE_MARGIN_MS - now;
  return notBeforeMs === null || latestMs <= 0 ? null : Math.min(notBeforeMs, latestMs);
}
