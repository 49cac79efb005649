import { describe, expect, it } from "vitest";
import { decidePoll, firstRhythm } from "../../../src/domain/poll.ts";
import { nextPollGapMs } from "../../../src/domain/poll-plan.ts";
import type { PollRhythm, Task } from "../../../src/domain/task.ts";
import type { PollAnswer, TaskReading } from "../../../src/domain/upstream-answer.ts";
import { aReading, aRhythm, aTask, T0 } from "../../support/builders.ts";

const limits = {
  firstMs: null,
  minMs: 1000,
  maxMs: 15_000,
  lostMs: 120_000,
  unauthorizedMs: 600_000,
  resultMissingMs: 120_000,
};

const plain = { json: null, notBeforeMs: null };
const read = (reading: Partial<TaskReading>): PollAnswer => ({
  ...plain,
  kind: "read",
  reading: aReading(reading),
});
const NOT_FOUND: PollAnswer = { ...plain, kind: "not_found" };
const UNAUTHORIZED: PollAnswer = { ...plain, kind: "unauthorized", status: 401 };
const NOTHING: PollAnswer = { ...plain, kind: "nothing", why: "http_500" };
const RUNNING = read({ status: "running", word: "running" });
const NO_URL = read({ status: "succeeded", word: "succeeded" });

/** Plays answers at seconds after the start, each to the state that the one before left. */
function play(task: Task, answers: readonly (readonly [seconds: number, answer: PollAnswer])[]): Task {
  let state: { task: Task; rhythm: PollRhythm } = { task, rhythm: aRhythm() };
  for (const [seconds, answer] of answers) {
    const now = T0 + seconds * 1000;
    state = decidePoll(state.task, state.rhythm, answer, { startedAt: now, now, random: 0.5, limits });
  }
  return state.task;
}

describe("a window of bad answers", () => {
  const windows = [
    { name: "nothing but 404", answer: NOT_FOUND, seconds: 120, code: "upstream_lost" },
    { name: "nothing but 401 or 403", answer: UNAUTHORIZED, seconds: 600, code: "upstream_unauthorized" },
    { name: "success without a URL", answer: NO_URL, seconds: 120, code: "result_missing" },
  ] as const;

  it.each(windows)(
    "of $name ends the task $seconds s after its first answer",
    ({ answer, seconds, code }) => {
      expect(
        play(aTask(), [
          [10, answer],
          [10 + seconds - 1, answer],
        ]).status,
      ).toBe("queued");
      expect(
        play(aTask(), [
          [10, answer],
          [10 + seconds, answer],
        ]),
      ).toMatchObject({ status: "failed", error: { code } });
    },
  );

  it.each(windows)("of $name starts anew after any readable other answer", ({ answer, seconds }) => {
    const other = answer === NOT_FOUND ? RUNNING : NOT_FOUND;
    expect(
      play(aTask(), [
        [10, answer],
        [60, other],
        [10 + seconds, answer],
      ]).error,
    ).toBeNull();
  });

  it.each(windows)("of $name goes on through 5xx and silence", ({ answer, seconds, code }) => {
    expect(
      play(aTask(), [
        [10, answer],
        [60, NOTHING],
        [10 + seconds, answer],
      ]).error?.code,
    ).toBe(code);
    expect(
      play(aTask(), [
        [10, NOTHING],
        [10 + seconds, answer],
      ]).error,
    ).toBeNull();
  });
});

describe("the deadline", () => {
  const deadline = 3600;

  it("is decided by the poll that left at it or later", () => {
    expect(play(aTask(), [[deadline, RUNNING]])).toMatchObject({
      status: "failed",
      error: { code: "timed_out" },
    });
    expect(play(aTask(), [[deadline, NOTHING]]).error?.code).toBe("timed_out");
    expect(play(aTask(), [[deadline, read({ status: "succeeded", videoUrl: "https://v" })]]).status).toBe(
      "succeeded",
    );
    expect(play(aTask(), [[deadline - 1, RUNNING]]).status).toBe("running");
  });

  it("still gets its poll when an earlier one is slow to answer", () => {
    const turn = { startedAt: T0 + 3_599_000, now: T0 + 3_601_000, random: 0.5, limits };
    const { task, rhythm } = decidePoll(aTask(), aRhythm(), RUNNING, turn);
    expect(task.status).toBe("running");
    expect(rhythm.dueAt).toBe(turn.now + 1);
  });
});

describe("the next poll", () => {
  const next = (answer: PollAnswer, seconds = 50, rhythm = aRhythm()): number => {
    const now = T0 + seconds * 1000;
    return (
      decidePoll(aTask(), rhythm, answer, { startedAt: now, now, random: 0.5, limits }).rhythm.dueAt - now
    );
  };

  it("comes after a tenth of the age, between the bounds", () => {
    expect(next(read({ status: "queued" }), 2)).toBe(1000);
    expect(next(read({ status: "queued" }), 50)).toBe(5000);
    expect(next(read({ status: "queued" }), 3000)).toBe(15_000);
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
    expect(next(slow, 10, aRhythm({ slowDowns: 0 }))).toBe(1000);
    expect(next(slow, 10, aRhythm({ slowDowns: 5 }))).toBe(32_000);
    expect(next(slow, 10, aRhythm({ slowDowns: 30 }))).toBe(60_000);
    // A Retry-After of nothing is none; any other one is what the upstream wants.
    expect(next({ ...slow, notBeforeMs: 0 }, 10, aRhythm({ slowDowns: 5 }))).toBe(32_000);
    expect(next({ ...slow, notBeforeMs: 3000 }, 10, aRhythm({ slowDowns: 5 }))).toBe(3000);
  });

  it("doubles with each answer that says nothing, up to the maximum", () => {
    expect(next(NOTHING, 20, aRhythm({ troubles: 0 }))).toBe(4000);
    expect(next(NOTHING, 20, aRhythm({ troubles: 9 }))).toBe(15_000);
  });

  it("stays within 10 % of the plan", () => {
    const history = { ageMs: 50_000, troubles: 0, slowDowns: 0, notBeforeMs: null };
    expect([0, 0.5, 0.999].map((random) => Math.round(nextPollGapMs(limits, history, random)))).toEqual([
      4500, 5000, 5499,
    ]);
  });
});

describe("the first poll", () => {
  it("is exactly where POLL_FIRST_SECONDS puts it, else at 10 s, sooner if somebody watches", () => {
    const first = (task: Task, firstMs: number | null): number =>
      firstRhythm(task, { now: T0, random: 0.5, limits: { ...limits, firstMs, maxMs: 4000 } }).dueAt - T0;
    const unwatched = aTask({ callback: null });
    expect(first(unwatched, 333)).toBe(333);
    expect(first(unwatched, null)).toBe(10_000);
    expect(first(aTask(), null)).toBe(4000);
  });
});

describe("what is told about the task", () => {
  it("follows the upstream back to queued, and keeps an unknown word from changing anything", () => {
    const running = play(aTask(), [[10, RUNNING]]);
    expect(running).toMatchObject({ status: "running", runningSince: T0 + 10_000 });
    expect(play(running, [[11, read({ word: "reviewing" })]])).toBe(running);
    expect(play(running, [[11, read({ status: "queued" })]]).status).toBe("queued");
  });

  it("never changes after the end", () => {
    const ended = play(aTask(), [[10, read({ status: "succeeded", videoUrl: "https://v" })]]);
    for (const answer of [RUNNING, NOT_FOUND, UNAUTHORIZED, read({ status: "failed" }), NOTHING]) {
      expect(play(ended, [[4000, answer]])).toBe(ended);
    }
  });

  it("is the very same object when nothing changed, so that nothing is written", () => {
    const task = aTask({ status: "running", runningSince: T0, progress: 40, progressTold: 40 });
    expect(play(task, [[10, read({ status: "running", progress: 40 })]])).toBe(task);
  });
});
