import { describe, expect, it } from "vitest";
import { PRIOR_FORECAST, type Forecast } from "../../../../src/domain/polling/forecast.ts";
import {
  decidePoll,
  firstSchedule,
  idToAsk,
  isOdd,
  streamedSchedule,
} from "../../../../src/domain/task/poll.ts";
import { finishSample } from "../../../../src/domain/task/observations.ts";
import { timedOut, type PollSchedule, type Task } from "../../../../src/domain/task/task.ts";
import type { PollAnswer, TaskReading } from "../../../../src/domain/task/upstream-answer.ts";
import { messageBody } from "../../../../src/domain/task/events/payload.ts";
import { taskJson } from "../../../../src/domain/task/task-json.ts";
import { aReading, aSchedule, aTask, anUnsubmittedTask, T0 } from "../../../support/builders.ts";
import { bellCurve } from "../polling/curves.ts";

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
  let state: { task: Task; schedule: PollSchedule } = { task, schedule: aSchedule() };
  for (const [seconds, answer] of answers) {
    const now = T0 + seconds * 1000;
    state = decidePoll(state.task, state.schedule, answer, { startedAt: now, now, random: 0.5, limits });
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

describe("a failure that may have been the query's", () => {
  const doubtful = read({ status: "failed", isAmbiguous: true, errorMessage: "timeout" });
  const sure = read({ status: "failed", errorMessage: "no" });

  it.each<[string, PollAnswer[], Partial<Task>]>([
    ["once leaves the task as it is", [RUNNING, doubtful], { status: "running" }],
    [
      "twice is the end",
      [doubtful, doubtful],
      { status: "failed", error: { code: "generation_failed", message: "timeout", retryable: false } },
    ],
    ["twice with silence between is the end", [doubtful, NOTHING, doubtful], { status: "failed" }],
    ["once, then a sure one, is the end", [doubtful, sure], { status: "failed" }],
    ["with a readable answer between is not", [doubtful, RUNNING, doubtful], { status: "running" }],
    ["with an unknown word between is not", [doubtful, read({ word: "x" }), doubtful], { status: "queued" }],
    ["with a 404 between is not", [doubtful, NOT_FOUND, doubtful], { status: "queued" }],
    ["with a 401 between is not", [doubtful, UNAUTHORIZED, doubtful], { status: "queued" }],
    [
      "with a 429 between is not",
      [doubtful, { ...plain, kind: "slow_down" }, doubtful],
      { status: "queued" },
    ],
    [
      "ends the windows of other answers",
      [NOT_FOUND, doubtful],
      { notFoundSince: null, ambiguousFailure: true },
    ],
  ])("%s", (_name, answers, expected) => {
    expect(
      play(
        aTask(),
        answers.map((answer, index) => [10 + index, answer]),
      ),
    ).toMatchObject(expected);
  });

  it("does not outrank the deadline", () => {
    expect(play(aTask(), [[3600, doubtful]]).error?.code).toBe("timed_out");
  });
});

describe("the id to ask with", () => {
  const aliased = aTask({ upstreamAliases: ["vid-7"] });
  const asked = (task: Task): (string | null)[] => [0, 1, 2, 3].map((polls) => idToAsk(task, { polls }));

  it("is the first that the create named; while there is no such task, each of them in turn", () => {
    expect(asked(aliased)).toEqual(["up-1", "up-1", "up-1", "up-1"]);
    expect(asked({ ...aliased, notFoundSince: T0 })).toEqual(["up-1", "vid-7", "up-1", "vid-7"]);
    expect(asked(aTask({ notFoundSince: T0 }))).toEqual(["up-1", "up-1", "up-1", "up-1"]);
  });

  it("is none before the submit and after the end", () => {
    expect(idToAsk(anUnsubmittedTask("due"), { polls: 0 })).toBeNull();
    expect(idToAsk(timedOut(aliased, T0), { polls: 0 })).toBeNull();
  });
});

describe("a result that needs the upstream key", () => {
  const content = (url: string, containsKey = false) =>
    read({ status: "succeeded", result: { url, containsKey, needsKey: true } });
  const NEEDS_KEY = { status: "failed", reason: "needs_key" };

  it.each<[Task["mode"], boolean, Partial<Task>]>([
    ["own", false, { videoUrl: "https://v", file: null }],
    ["own", true, { videoUrl: null, file: { status: "failed", reason: "needs_key" } }],
    ["operator", false, { videoUrl: null, file: { status: "failed", reason: "needs_key" } }],
    ["operator", true, { videoUrl: null, file: { status: "failed", reason: "needs_key" } }],
  ])("with the %s key and, in its URL, the key (%j) ends well", (mode, containsKey, expected) => {
    expect(play(aTask({ mode }), [[10, content("https://v", containsKey)]])).toMatchObject({
      status: "succeeded",
      error: null,
      ...expected,
    });
  });

  it("is told in reads and callbacks", () => {
    const task = play(aTask({ mode: "operator" }), [[10, content("https://v")]]);
    const facts = {
      id: task.taskId,
      task_id: task.taskId,
      video_url: null,
      source_url: null,
      file: NEEDS_KEY,
    };
    expect(JSON.parse(taskJson(task, null, null))).toMatchObject(facts);
    const message = { messageId: "msg_1", type: "video.succeeded", occurredAt: T0 } as const;
    expect(JSON.parse(messageBody(task, "standard", message))).toMatchObject({ data: facts });
    expect(JSON.parse(messageBody(task, "flat", message))).toMatchObject({
      video_url: null,
      source_url: null,
      file_status: "failed",
      file_expires_at: null,
    });
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
    expect(
      play(aTask(), [
        [
          deadline,
          read({ status: "succeeded", result: { url: "https://v", containsKey: false, needsKey: false } }),
        ],
      ]).status,
    ).toBe("succeeded");
    expect(play(aTask(), [[deadline - 1, RUNNING]]).status).toBe("running");
  });

  it("still gets its poll when an earlier one is slow to answer", () => {
    const turn = { startedAt: T0 + 3_599_000, now: T0 + 3_601_000, random: 0.5, limits };
    const { task, schedule } = decidePoll(aTask(), aSchedule(), RUNNING, turn);
    expect(task.status).toBe("running");
    expect(schedule.nextPollAt).toBe(turn.now + 1);
  });
});

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

describe("an answer that only says that the task goes on", () => {
  const PENDING: PollAnswer = {
    ...plain,
    kind: "read",
    reading: aReading({ status: null }),
    isPending: true,
  };
  const at = { startedAt: T0, now: T0, random: 0.5, limits };

  it("leaves the task as it is, ends windows, and is no failure in a row", () => {
    const task = aTask({ status: "running", runningSince: T0, progress: 40 });
    const after = decidePoll(task, aSchedule({ failuresInARow: 3 }), PENDING, at);
    expect(after.task).toBe(task);
    expect(after.schedule.failuresInARow).toBe(0);
    expect(play(aTask({ notFoundSince: T0 }), [[1, PENDING]]).notFoundSince).toBeNull();
  });

  it("is not worth a line of the log, where its upstream foresees it", () => {
    expect(isOdd(PENDING)).toBe(false);
    expect(isOdd(read({ status: null }))).toBe(true);
    expect([RUNNING, NO_URL, NOT_FOUND, NOTHING].map(isOdd)).toEqual([false, true, true, true]);
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
    const ended = play(aTask(), [
      [10, read({ status: "succeeded", result: { url: "https://v", containsKey: false, needsKey: false } })],
    ]);
    for (const answer of [RUNNING, NOT_FOUND, UNAUTHORIZED, read({ status: "failed" }), NOTHING]) {
      expect(play(ended, [[4000, answer]])).toBe(ended);
    }
  });

  it("is the very same object when nothing changed, so that nothing is written", () => {
    const task = aTask({ status: "running", runningSince: T0, progress: 40, lastProgressEvent: 40 });
    expect(play(task, [[10, read({ status: "running", progress: 40 })]])).toBe(task);
  });
});
