import { describe, expect, it } from "vitest";
import { messageBody } from "../../../../src/domain/task/events/payload.ts";
import { decidePoll, idToAsk, isOdd } from "../../../../src/domain/task/poll.ts";
import { taskJson } from "../../../../src/domain/task/task-json.ts";
import { timedOut, type Task } from "../../../../src/domain/task/task.ts";
import type { PollAnswer } from "../../../../src/domain/task/upstream-answer.ts";
import { anUnsubmittedTask, aReading, aSchedule, aTask, T0 } from "../../../support/builders.ts";
import {
  limits,
  NO_URL,
  NOT_FOUND,
  NOTHING,
  plain,
  play,
  read,
  RUNNING,
  UNAUTHORIZED,
} from "./poll-answers.ts";

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
