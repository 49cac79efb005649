import { describe, expect, it } from "vitest";
import { applyReading } from "../../../../src/domain/task/apply-reading.ts";
import { dueWork, needsBriefing } from "../../../../src/domain/task/due-work.ts";
import { eventsBetween } from "../../../../src/domain/task/events/event.ts";
import {
  copyGivenUp,
  copyUnderWay,
  decideCopy,
  endedAtDeadline,
  type CopyOutcome,
} from "../../../../src/domain/task/keep.ts";
import { finishSample } from "../../../../src/domain/polling/observations.ts";
import { decidePoll, idToAsk, streamedSchedule } from "../../../../src/domain/task/poll.ts";
import { streamEvent } from "../../../../src/domain/task/events/stream-event.ts";
import { beginSubmit, decideSubmit, submitLost } from "../../../../src/domain/task/submit.ts";
import { failed, isCopying, taskError, type Task } from "../../../../src/domain/task/task.ts";
import type { PollAnswer, ResultUrl } from "../../../../src/domain/task/upstream-answer.ts";
import {
  aKeep,
  anUnsubmittedTask,
  aReading,
  aSchedule,
  aTask,
  aTaskState,
  FILE_ID,
  T0,
} from "../../../support/builders.ts";

/*
 * scenario                                             requirement (design.md, Kept files)
 * a success of a task whose result is kept             recorded first: progress 100, running, no event for it
 * whatever comes while the file is copied              the deadline no longer counts, and nothing else ends the task
 * the end, of whatever the copy came to                once, as succeeded; finished_at is that end
 * a copy that fails                                    repeated until the patience after the success is over
 */

const HOUR = 3_600_000;
const PATIENCE = 120_000;
const URL = "https://cdn.acme.com/v.mp4";
const plain: ResultUrl = { url: URL, containsKey: false, needsKey: false };
const limits = {
  firstMs: null,
  minMs: 1000,
  maxMs: 15_000,
  lostMs: 20_000,
  unauthorizedMs: 60_000,
  resultMissingMs: 20_000,
};
const at = (now: number, random = 0) => ({ now, random, retentionMs: HOUR, publicUrl: null });
const kept: CopyOutcome = { kind: "kept", bytes: 1234, contentType: "video/webm" };
const refusedBy = (reason: (CopyOutcome & { kind: "failed" })["reason"]): CopyOutcome => ({
  kind: "failed",
  reason,
});

function success(task: Task, result: ResultUrl = plain, now = T0 + 60_000): Task {
  return applyReading(task, aReading({ status: "succeeded", result, progress: 97 }), now, 20_000);
}

/** The task whose copy began a minute after T0. */
function copying(overrides: Partial<Task> = {}, result: ResultUrl = plain): Task {
  return success(aTask({ keep: aKeep(), ...overrides }), result);
}

function answer(read: Parameters<typeof aReading>[0]): PollAnswer {
  return { kind: "read", reading: aReading(read), json: null, notBeforeMs: null };
}

describe("a success of a task whose result is kept", () => {
  it("leaves it running, at 100 percent, with its copy to be made now", () => {
    expect(copying()).toEqual({
      ...aTask(),
      status: "running",
      progress: 100,
      keep: aKeep({
        succeededAt: T0 + 60_000,
        copy: { url: URL, needsKey: false, dueAt: T0 + 60_000, failures: 0, reason: null },
      }),
    });
  });

  it.each([
    ["a poll", (task: Task) => success(task)],
    [
      "the last poll, at the deadline",
      (task: Task) => {
        const turn = { startedAt: task.deadlineAt, now: task.deadlineAt + 40, random: 0, limits };
        return decidePoll(task, aSchedule(), answer({ status: "succeeded", result: plain }), turn).task;
      },
    ],
    [
      "the submit's own answer",
      (task: Task) => {
        const { submit, upstreamTaskId, submittedAt } = anUnsubmittedTask("due");
        const begun = beginSubmit({ ...task, submit, upstreamTaskId, submittedAt }, T0 + 25_000);
        const reading = aReading({ status: "succeeded", result: plain });
        const accepted = { kind: "accepted" as const, ids: ["up-1"] as [string], reading, json: null };
        const turn = { now: T0 + 40, random: 0, resultMissingMs: 20_000 };
        return begun && decideSubmit(begun, accepted, turn);
      },
    ],
  ])("is the same by %s", (_name, succeed) => {
    const task = succeed(aTask({ keep: aKeep() }));
    expect(task).toMatchObject({ status: "running", progress: 100, finishedAt: null, videoUrl: null });
    expect(task && isCopying(task)).toBe(true);
  });

  it.each([
    ["queued", aTask({ keep: aKeep() }), "video.running"],
    [
      "running",
      aTask({ keep: aKeep(), status: "running", runningSince: T0, progress: 40 }),
      "video.progress",
    ],
    ["running at 100", aTask({ keep: aKeep(), status: "running", runningSince: T0, progress: 100 }), null],
  ])("is no event for a receiver when it was %s, and a change for a stream", (_name, before, streamed) => {
    const after = success(before);
    expect(eventsBetween(before, after)).toEqual([]);
    // What a read answers from now on: a stream that is opened now begins with it.
    expect(streamEvent(before, after)).toBe(streamed);
    const end = decideCopy(after, kept, at(T0 + 90_000));
    expect(eventsBetween(after, end)).toEqual(["video.succeeded"]);
    expect(streamEvent(after, end)).toBe("video.succeeded");
  });

  it("without a usable URL waits for one, and is missing in the end", () => {
    const missing = applyReading(aTask({ keep: aKeep() }), aReading({ status: "succeeded" }), T0, 20_000);
    expect(isCopying(missing)).toBe(false);
    const end = applyReading(missing, aReading({ status: "succeeded" }), T0 + 20_000, 20_000);
    expect(end.error?.code).toBe("result_missing");
  });
});

describe("a task whose result is being copied", () => {
  const task = copying();

  it.each<[what: string, after: (task: Task) => Task]>([
    ["a failure", () => failed(task, taskError("generation_failed"), T0 + 61_000)],
    ["a submit that is found lost", () => submitLost(task, T0 + 61_000)],
    ["its deadline", () => endedAtDeadline(copying({ deadlineAt: T0 + 60_001 }), T0 + 61_000)],
    [
      "an answer of a poll that was on its way",
      () => applyReading(task, aReading({ status: "failed" }), T0 + 61_000, 0),
    ],
    [
      "another success",
      () => success(task, { ...plain, url: "https://elsewhere.example/v.mp4" }, T0 + 70_000),
    ],
    [
      "an answer at the deadline",
      () =>
        decidePoll(task, aSchedule(), answer({ status: "failed" }), {
          startedAt: task.deadlineAt,
          now: task.deadlineAt,
          random: 0,
          limits,
        }).task,
    ],
  ])("is neither ended nor changed by %s", (_name, after) => {
    const changed = after(task);
    expect({ ...changed, deadlineAt: task.deadlineAt }).toEqual(task);
  });

  it("is asked about no more, and learns nothing more of its forecast", () => {
    expect(idToAsk(task, { polls: 3 })).toBeNull();
    const schedule = aSchedule({ nextPollAt: T0 + 900_000 });
    expect(streamedSchedule(task, schedule, { now: T0, random: 0, limits })).toBe(schedule);
    const state = aTaskState({ task });
    expect(needsBriefing({ ...state, sync: { ...state.sync, isBriefed: false } })).toBe(false);
  });

  it.each([
    ["now", task, T0 + 60_000],
    ["after a failure", decideCopy(task, refusedBy("http_503"), at(T0 + 61_000)), T0 + 62_000],
    ["past its deadline", copying({ deadlineAt: T0 + 60_001 }), T0 + 60_000],
    [
      "at the end of its patience at last",
      decideCopy(task, refusedBy("timeout"), at(T0 + 179_900)),
      T0 + 180_000,
    ],
  ])("has its copy to do, and nothing else: %s", (_name, state, dueAt) => {
    expect(dueWork(aTaskState({ task: state }), HOUR)).toEqual([{ kind: "copy", dueAt }]);
  });
});

describe("a copy that fails", () => {
  it("is repeated, with longer and longer waits, and remembers the newest reason", () => {
    let task = copying();
    const waits: number[] = [];
    for (let tries = 1; tries <= 7; tries++) {
      task = decideCopy(task, refusedBy(`http_${500 + tries}`), at(T0 + 61_000));
      expect(task.keep?.copy).toMatchObject({ url: URL, failures: tries, reason: `http_${500 + tries}` });
      waits.push((task.keep?.copy?.dueAt ?? 0) - (T0 + 61_000));
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 16_000, 16_000]);
  });

  it("waits up to a quarter less by chance, in whole milliseconds", () => {
    const retried = decideCopy(copying(), refusedBy("timeout"), at(T0 + 61_000, 0.9999));
    expect(retried.keep?.copy?.dueAt).toBe(T0 + 61_751);
  });

  it("is given up when the patience after the success is over", () => {
    expect(copyUnderWay(copying())?.until).toBe(T0 + 60_000 + PATIENCE);
    const last = T0 + 60_000 + PATIENCE;
    expect(isCopying(decideCopy(copying(), refusedBy("http_500"), at(last - 1)))).toBe(true);
    const end = decideCopy(copying(), refusedBy("http_500"), at(last));
    expect(end).toMatchObject({
      status: "succeeded",
      progress: 100,
      videoUrl: URL,
      sourceUrl: null,
      file: { status: "failed", reason: "http_500" },
      finishedAt: last,
    });
    expect(isCopying(end)).toBe(false);
  });

  it("has taken too long if no try has failed", () => {
    const end = copyGivenUp(copying(), T0 + 180_000);
    expect(end.file).toEqual({ status: "failed", reason: "timeout" });
  });

  it("ends its task without any settings once both its patience and the deadline are over", () => {
    const early = copying({ deadlineAt: T0 + 70_000 });
    expect(endedAtDeadline(early, T0 + 179_999)).toBe(early);
    expect(endedAtDeadline(early, T0 + 180_000)).toMatchObject({
      status: "succeeded",
      file: { status: "failed" },
    });
    const late = copying({ deadlineAt: T0 + HOUR });
    expect(endedAtDeadline(late, T0 + HOUR - 1)).toBe(late);
    expect(endedAtDeadline(late, T0 + HOUR)).toMatchObject({ status: "succeeded", error: null });
    expect(endedAtDeadline(aTask(), T0 + HOUR).error?.code).toBe("timed_out");
  });
});

describe("the end of a task whose result was copied", () => {
  it("has the address of the copy, the source, and what is known of the file", () => {
    const now = T0 + 90_000;
    expect(decideCopy(copying(), kept, at(now))).toEqual({
      ...aTask(),
      status: "succeeded",
      progress: 100,
      finishedAt: now,
      videoUrl: `https://ringback.acme.com/v1/files/${FILE_ID}.webm`,
      sourceUrl: URL,
      file: {
        status: "kept",
        bytes: 1234,
        content_type: "video/webm",
        expires_at: new Date(now + HOUR).toISOString(),
      },
      keep: aKeep({ succeededAt: T0 + 60_000 }),
    });
  });

  it("has the address at the deployment's public URL, if there is one", () => {
    const publicUrl = "https://videos.example.com";
    const end = decideCopy(copying(), kept, { ...at(T0 + 90_000), publicUrl });
    expect(end.videoUrl).toBe(`${publicUrl}/v1/files/${FILE_ID}.webm`);
  });

  it("counts even if the last try came back after the patience", () => {
    expect(decideCopy(copying(), kept, at(T0 + 200_000)).file?.status).toBe("kept");
  });

  it("is final: neither a late twin of the copy nor its giving up changes it", () => {
    const end = decideCopy(copying(), refusedBy("http_500"), at(T0 + 180_000));
    expect(decideCopy(end, kept, at(T0 + 181_000))).toBe(end);
    expect(copyGivenUp(end, T0 + 181_000)).toBe(end);
    expect(success(end)).toBe(end);
  });

  it("teaches the forecast when the upstream succeeded, not when the copy was made", () => {
    const end = decideCopy(copying(), kept, at(T0 + 170_000));
    expect(finishSample(end, null)?.end).toEqual({ afterMs: 0, byMs: 60_000 });
  });
});
