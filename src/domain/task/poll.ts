import { PRIOR_FORECAST, type Forecast } from "../polling/forecast.ts";
import { firstPollGapMs, nextPollGapMs, type PollLimits, type PollView } from "../polling/plan.ts";
import { applyReading } from "./apply-reading.ts";
import { isFollowed } from "./events/event.ts";
import { observed, startedAt } from "../polling/observations.ts";
import { lastCallAt } from "./submit.ts";
import {
  failed,
  isDecided,
  NO_POLLS,
  NO_WINDOWS,
  patch,
  taskError,
  timedOut,
  type PollSchedule,
  type Observations,
  type Task,
} from "./task.ts";
import type { PollAnswer } from "./upstream-answer.ts";

/** How long one kind of bad answer must last to fail the task, in milliseconds. */
export interface PatienceLimits {
  lostMs: number;
  unauthorizedMs: number;
  resultMissingMs: number;
}

interface PollTurn {
  /** When the request left: a poll that left at or after the deadline was the last one. */
  startedAt: number;
  now: number;
  random: number;
  limits: PollLimits & PatienceLimits;
  /** What the task took along from its acceptance; null or absent: nothing, so the prior counts. */
  forecast?: Forecast | null;
}

/** When to poll a task that has just been accepted for the first time. */
export function firstSchedule(
  task: Task,
  turn: { now: number; random: number; limits: PollLimits; forecast?: Forecast | null; streamed?: boolean },
): PollSchedule {
  const { limits, random, streamed = false } = turn;
  const watched = streamed || isFollowed(task);
  // A test task has no cadence to learn: halfway it runs, and it ends on the dot.
  const gap = task.test
    ? task.test.delayMs / 2
    : firstPollGapMs(limits, turn.forecast ?? PRIOR_FORECAST, { watched, random });
  return { ...NO_POLLS, nextPollAt: Math.min(turn.now + gap, task.deadlineAt) };
}

/**
 * A client follows the task from now on: its first poll keeps the cap, as the gaps behind it do anyway. The same object
 * if it does already. Never later than planned, so that opening streams again and again changes nothing.
 */
export function streamedSchedule(
  task: Task,
  schedule: PollSchedule,
  { now, random, limits }: { now: number; random: number; limits: PollLimits },
): PollSchedule {
  const planned = task.submit.phase === "done" && !isDecided(task) && schedule.polls === 0;
  if (!planned || task.test || limits.firstMs !== null) return schedule;
  // Up to a tenth sooner: many pages that are reloaded at once do not bring many polls at once.
  const latestAt = now + Math.max(limits.maxMs, limits.minMs) * (1 - 0.1 * random);
  return schedule.nextPollAt <= latestAt ? schedule : { ...schedule, nextPollAt: latestAt };
}

/**
 * The upstream's id to ask with: the first that the create named, and while the upstream has no such task each of them in
 * turn. Null: the task is not to be polled.
 */
export function idToAsk(task: Task, { polls }: Pick<PollSchedule, "polls">): string | null {
  if (isDecided(task) || task.upstreamTaskId === null) return null;
  const ids = [task.upstreamTaskId, ...task.upstreamAliases];
  return (task.notFoundSince === null ? ids[0] : ids[polls % ids.length]) ?? null;
}

/**
 * Applies an answer to a poll to the task, and plans the next poll.
 * `task` is the same object if nothing worth writing happened.
 */
export function decidePoll(
  task: Task,
  schedule: PollSchedule,
  answer: PollAnswer,
  turn: PollTurn,
): { task: Task; schedule: PollSchedule } {
  if (isDecided(task)) return { task, schedule };
  const seen = applyAnswer(task, answer, turn);
  const last = turn.startedAt >= task.deadlineAt;
  const next = last && !isDecided(seen) ? timedOut(seen, turn.now) : seen;
  const observations =
    answer.kind === "read" && !isDecided(next)
      ? observed(
          schedule.observations,
          { from: task, to: next, said: answer.reading.status },
          { askedAt: turn.startedAt, now: turn.now },
        )
      : schedule.observations;
  return { task: next, schedule: nextSchedule(next, { ...schedule, observations }, answer, turn) };
}

/** Whether the answer is worth a line of the log: it says nothing of the task that was to be expected, or nothing at all. */
export function isOdd(answer: PollAnswer): boolean {
  if (answer.kind !== "read") return true;
  const { status, isAmbiguous, result } = answer.reading;
  if (status === null) return answer.isPending !== true;
  return isAmbiguous || (status === "succeeded" && result === null);
}

function applyAnswer(task: Task, answer: PollAnswer, { now, limits }: PollTurn): Task {
  switch (answer.kind) {
    case "read":
      return applyReading(task, answer.reading, now, limits.resultMissingMs);
    case "not_found": {
      const since = task.notFoundSince ?? now;
      if (now - since >= limits.lostMs) return failed(task, taskError("upstream_lost"), now);
      return patch(task, { ...NO_WINDOWS, notFoundSince: since });
    }
    case "unauthorized": {
      const since = task.unauthorizedSince ?? now;
      if (now - since >= limits.unauthorizedMs) return failed(task, taskError("upstream_unauthorized"), now);
      return patch(task, { ...NO_WINDOWS, unauthorizedSince: since });
    }
    case "slow_down":
    case "other":
      return patch(task, NO_WINDOWS);
    case "nothing":
      return task;
    default:
      return answer satisfies never;
  }
}

function nextSchedule(task: Task, schedule: PollSchedule, answer: PollAnswer, turn: PollTurn): PollSchedule {
  const { observations } = schedule;
  const failuresInARow = answer.kind === "read" ? 0 : schedule.failuresInARow + 1;
  const rateLimitedInARow = answer.kind === "slow_down" ? schedule.rateLimitedInARow + 1 : 0;
  const gap = nextPollGapMs(
    turn.limits,
    turn.forecast ?? PRIOR_FORECAST,
    {
      view: viewOf(task, observations, turn.now),
      troubles: answer.kind === "slow_down" ? 0 : failuresInARow,
      slowDowns: rateLimitedInARow,
      notBeforeMs: honouredMs(answer.notBeforeMs, task, turn.now),
    },
    turn.random,
  );
  const dueAt = task.test
    ? (task.submittedAt ?? task.createdAt) + task.test.delayMs
    : Math.min(turn.now + gap, task.deadlineAt);
  const polls = schedule.polls + 1;
  const nextPollAt = Math.max(dueAt, turn.now + 1);
  return { nextPollAt, polls, failuresInARow, rateLimitedInARow, observations };
}

/** The plan knows ages only; the clock of the work starts with the run, or with the task when no poll saw the start. */
function viewOf(task: Task, seen: Observations | null, now: number): PollView {
  const acceptedAt = task.submittedAt ?? task.createdAt;
  const runFrom = startedAt(task, seen);
  const progressAt = seen?.progressAt ?? null;
  return {
    ageMs: Math.max(now - acceptedAt, 0),
    phase: phaseOf(task, seen),
    runAgeMs: runFrom === null ? null : Math.max(now - runFrom, 0),
    progress:
      task.progress === null || progressAt === null
        ? null
        : {
            value: task.progress,
            elapsedMs: progressAt - (runFrom ?? acceptedAt),
            sinceMs: Math.max(now - progressAt, 0),
          },
  };
}

function phaseOf({ runningSince }: Task, seen: Observations | null): PollView["phase"] {
  if (runningSince !== null) return "running";
  return seen === null || seen.queuedAt === null ? "unseen" : "queued";
}

/** The upstream's wish to wait counts up to the margin before the deadline; our own gaps are not shortened for it. */
function honouredMs(notBeforeMs: number | null, task: Task, now: number): number | null {
  const latestMs = lastCallAt(task) - now;
  return notBeforeMs === null || latestMs <= 0 ? null : Math.min(notBeforeMs, latestMs);
}
