import { describe, expect, it } from "vitest";
import { PRIOR_FORECAST, type Forecast } from "../../../../src/domain/polling/forecast.ts";
import { finishSample } from "../../../../src/domain/polling/observations.ts";
import { decidePoll, firstSchedule, streamedSchedule } from "../../../../src/domain/task/poll.ts";
import { timedOut, type PollSchedule, type Task } from "../../../../src/domain/task/task.ts";
import type { PollAnswer } from "../../../../src/domain/task/upstream-answer.ts";
import { anUnsubmittedTask, aSchedule, aTask, T0 } from "../../../support/builders.ts";
import { bellCurve } from "../polling/curves.ts";
import { limits, NOTHING, plain, read, RUNNING } from "./poll-answers.ts";

describe("the next poll", () => {
  const next = (answer: PollAnswer, seconds = 50, schedule = aSchedule()): number => {
    const now = T0 + seconds * 1000;
    return (
      decidePoll(aTask(), schedule, answer, { startedAt: now, now, random: 0.5, limits }).schedule
        .nextPollAt - now
    );
  };

  it("comes between the bounds: rarely before a finish is plausible, often where it is likely, rarely in the tail", () => {
    const queued = read({ status: "queued" });
    expect(next(queued, 1)).toBe(15_000);
    expect(next(queued, 100)).toBeGreaterThan(1000);
    expect(next(queued, 100)).toBeLessThan(5000);
    expect(next(queued, 3500)).toBe(15_000);
  });

  it("is never sooner than the upstream asks, even beyond the maximum", () => {
    expect(next({ ...RUNNING, notBeforeMs: 45_000 })).toBe(45_000);
    expect(next({ ...RUNNING, notBeforeMs: 100 })).toBeGreaterThanOrEqual(1000);
  });

  it("is never put later than 5 s before the deadline by what the upstream asks", () => {
    expect(next({ ...RUNNING, notBeforeMs: 3_600_000 }, 1000)).toBe(3_600_000 - 5000 - 1_000_000);
  });

  it("backs off under 429 beyond the maximum, to a minute at most", () => {
    const slow: PollAnswer = { ...plain, kind: "slow_down" };
    expect(next(slow, 100, aSchedule({ rateLimitedInARow: 0 }))).toBeLessThan(5000);
    expect(next(slow, 100, aSchedule({ rateLimitedInARow: 5 }))).toBe(32_000);
    expect(next(slow, 100, aSchedule({ rateLimitedInARow: 30 }))).toBe(60_000);
    // A Retry-After of nothing is none; any other one is what the upstream wants.
    expect(next({ ...slow, notBeforeMs: 0 }, 100, aSchedule({ rateLimitedInARow: 5 }))).toBe(32_000);
    expect(next({ ...slow, notBeforeMs: 30_000 }, 100, aSchedule({ rateLimitedInARow: 5 }))).toBe(30_000);
  });

  it("doubles with each answer that says nothing, up to the maximum", () => {
    const ordinary = next(read({ status: null }), 100);
    expect(next(NOTHING, 100, aSchedule({ failuresInARow: 0 }))).toBeCloseTo(2 * ordinary, 6);
    expect(next(NOTHING, 100, aSchedule({ failuresInARow: 9 }))).toBe(15_000);
  });
});

describe("the first poll", () => {
  it("is exactly where POLL_FIRST_SECONDS puts it, else where the forecast does, sooner if a caller follows the task", () => {
    const first = (task: Task, firstMs: number | null, forecast?: Forecast): number =>
      firstSchedule(task, {
        now: T0,
        random: 0.5,
        limits: { ...limits, firstMs, maxMs: 4000 },
        ...(forecast ? { forecast } : {}),
      }).nextPollAt - T0;
    const unwatched = aTask({ callback: null });
    const late = { ...PRIOR_FORECAST, whole: bellCurve(200_000, 0.1) };
    expect(first(unwatched, 333, late)).toBe(333);
    expect(first(unwatched, null)).toBeGreaterThan(15_000);
    expect(first(unwatched, null)).toBeLessThan(35_000);
    expect(first(unwatched, null, late)).toBeGreaterThan(140_000);
    expect(first(aTask(), null, late)).toBe(4000);
    expect(first(aTask({ callback: null, deadlineAt: T0 + 60_000 }), null, late)).toBe(60_000);
  });
});

describe("a task that is followed by a stream", () => {
  const late = { ...PRIOR_FORECAST, whole: bellCurve(200_000, 0.1) };
  const unsubscribed = aTask({ callback: null });

  it("has its first poll within POLL_MAX_SECONDS of its acceptance if the stream is open by then", () => {
    const turn = { now: T0, random: 0.5, limits, forecast: late, streamed: true };
    expect(firstSchedule(unsubscribed, turn).nextPollAt).toBe(T0 + 15_000);
    expect(firstSchedule(unsubscribed, { ...turn, limits: { ...limits, firstMs: 40_000 } }).nextPollAt).toBe(
      T0 + 40_000,
    );
  });

  it.each<
    [what: string, task: Task, schedule: Partial<PollSchedule>, firstMs: number | null, brought: boolean]
  >([
    ["a first poll that is far away", unsubscribed, { nextPollAt: T0 + 200_000 }, null, true],
    ["a first poll that is near", unsubscribed, { nextPollAt: T0 + 5000 }, null, false],
    ["a first poll that is overdue", unsubscribed, { nextPollAt: T0 - 5000 }, null, false],
    [
      "a later poll: an upstream's wish to wait",
      unsubscribed,
      { nextPollAt: T0 + 200_000, polls: 1 },
      null,
      false,
    ],
    ["a first poll that is set", unsubscribed, { nextPollAt: T0 + 200_000 }, 200_000, false],
    ["a task that is not submitted", anUnsubmittedTask("due"), { nextPollAt: T0 + 200_000 }, null, false],
    ["a task that has ended", aTask({ status: "failed" }), { nextPollAt: T0 + 200_000 }, null, false],
    [
      "a test, which ends on the dot",
      aTask({ test: { outcome: "succeeded", delayMs: 600_000 } }),
      { nextPollAt: T0 + 300_000 },
      null,
      false,
    ],
  ])("opened later, the stream finds %s", (_what, task, overrides, firstMs, brought) => {
    const schedule = aSchedule(overrides);
    const next = streamedSchedule(task, schedule, { now: T0, random: 0, limits: { ...limits, firstMs } });
    if (brought) expect(next).toEqual({ ...schedule, nextPollAt: T0 + 15_000 });
    else expect(next).toBe(schedule);
    const sooner = streamedSchedule(task, schedule, {
      now: T0,
      random: 0.999,
      limits: { ...limits, firstMs },
    });
    expect(sooner.nextPollAt).toBeLessThanOrEqual(next.nextPollAt);
  });
});

describe("what the polls have shown", () => {
  const at = (seconds: number) => {
    const now = T0 + seconds * 1000;
    return { startedAt: now, now: now + 100, random: 0.5, limits };
  };
  const queued = read({ status: "queued" });

  it("travels with the schedule until the end and is what the forecast learns from", () => {
    let state: { task: Task; schedule: PollSchedule } = { task: aTask(), schedule: aSchedule() };
    for (const [seconds, answer] of [
      [10, queued],
      [20, queued],
      [30, NOTHING],
      [40, read({ status: "running", progress: 10 })],
      [60, read({ status: "running", progress: 50 })],
      [70, read({ status: "running", progress: 50 })],
      [80, read({ status: "succeeded", result: { url: "https://v", containsKey: false, needsKey: false } })],
    ] as const) {
      state = decidePoll(state.task, state.schedule, answer, at(seconds));
    }
    expect(state.schedule.observations).toEqual({
      aliveAt: T0 + 70_000,
      queuedAt: T0 + 20_000,
      progressAt: T0 + 60_100,
      midpoint: { at: T0 + 60_100, progress: 50 },
    });
    expect(finishSample(state.task, state.schedule.observations)).toEqual({
      end: { afterMs: 70_000, byMs: 80_100 },
      queuedMs: 20_000,
      runningMs: 40_100,
      midpoint: { atMs: 60_100, progress: 50 },
    });
  });

  it("teaches nothing when the task is a test, timed out, or never reached the upstream", () => {
    const done = { status: "succeeded", finishedAt: T0 + 1000 } as const;
    const test = { outcome: "succeeded", delayMs: 1 } as const;
    expect(finishSample(aTask(done), null)).not.toBeNull();
    expect(finishSample(aTask({ ...done, test }), null)).toBeNull();
    expect(finishSample(aTask({ ...done, submittedAt: null }), null)).toBeNull();
    expect(finishSample(timedOut(aTask(), T0 + 1000), null)).toBeNull();
    expect(finishSample(aTask(), null)).toBeNull();
  });
});
