import type { TaskStatus } from "../../src/contract/words.ts";
import type { Forecast } from "../../src/domain/polling/forecast.ts";
import { decidePoll, firstSchedule, type PatienceLimits } from "../../src/domain/task/poll.ts";
import type { PollLimits } from "../../src/domain/polling/plan.ts";
import { finishSample, type FinishSample } from "../../src/domain/polling/observations.ts";
import { isTerminal, type Task } from "../../src/domain/task/task.ts";
import type { PollAnswer } from "../../src/domain/task/upstream-answer.ts";
import { aTask, T0 } from "../../test/support/builders.ts";
import type { Random } from "./random.ts";
import type { TrueTask } from "./worlds.ts";

/** What one task cost. */
export interface Played {
  polls: number;
  /** From the upstream's end to the poll that saw it. */
  delaySeconds: number;
  /** What the polls saw: all that the learner gets. Null under a policy that does not learn. */
  sample: FinishSample | null;
}

const PATIENCE: PatienceLimits = { lostMs: 120_000, unauthorizedMs: 600_000, resultMissingMs: 120_000 };
/** No task here takes so long. */
const TIMEOUT_MS = 86_400_000;
const POLLS_MAX = 100_000;

/**
 * The product's own decisions over one task, as the Worker makes them; only the network takes no time, unless `lateMs`
 * says how much later than planned each poll is answered.
 */
export function playPlan(
  truth: TrueTask,
  forecast: Forecast | null,
  limits: PollLimits,
  random: Random,
  lateMs = (): number => 0,
): Played {
  const turn = { limits: { ...limits, ...PATIENCE }, forecast };
  let task: Task = aTask({ callback: null, deadlineAt: T0 + TIMEOUT_MS });
  let schedule = firstSchedule(task, { ...turn, now: T0, random: random() });
  while (schedule.polls < POLLS_MAX) {
    const now = schedule.nextPollAt + lateMs();
    const answer = answerAt(truth, (now - T0) / 1000);
    ({ task, schedule } = decidePoll(task, schedule, answer, {
      ...turn,
      startedAt: now,
      now,
      random: random(),
    }));
    if (isTerminal(task)) {
      const delaySeconds = (now - T0) / 1000 - truth.endSeconds;
      return { polls: schedule.polls, delaySeconds, sample: finishSample(task, schedule.observations) };
    }
  }
  throw new Error("a task that never ends");
}

function answerAt({ startSeconds, endSeconds, progressAt }: TrueTask, ageSeconds: number): PollAnswer {
  let status: TaskStatus = "queued";
  if (startSeconds !== null && ageSeconds >= startSeconds) status = "running";
  if (ageSeconds >= endSeconds) status = "succeeded";
  const result =
    status === "succeeded"
      ? { url: "https://cdn.example.com/clip.mp4", containsKey: false, needsKey: false }
      : null;
  const reading = {
    status,
    isAmbiguous: false,
    word: status,
    members: [],
    progress: status === "running" ? (progressAt?.(ageSeconds) ?? null) : null,
    result,
    errorMessage: null,
  };
  return { kind: "read", reading, json: null, notBeforeMs: null };
}

/** A policy that knows the age alone: the gap before the nth poll, from 1. */
export function playGaps(truth: TrueTask, gapSeconds: (poll: number) => number): Played {
  let ageSeconds = 0;
  for (let polls = 1; polls <= POLLS_MAX; polls += 1) {
    ageSeconds += gapSeconds(polls);
    if (ageSeconds >= truth.endSeconds) {
      return { polls, delaySeconds: ageSeconds - truth.endSeconds, sample: null };
    }
  }
  throw new Error("a task that never ends");
}
