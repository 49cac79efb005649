import { TASK_STATUSES, type EventType } from "../../../../src/contract/words.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dueWork, alarmAt } from "../../../../src/domain/task/due-work.ts";
import { NOTHING_SYNCED } from "../../../../src/domain/task/state.ts";
import { eventsBetween } from "../../../../src/domain/task/events/event.ts";
import { copyUnderWay, decideCopy, type CopyOutcome } from "../../../../src/domain/task/keep.ts";
import { messageBody } from "../../../../src/domain/task/events/payload.ts";
import { decidePoll } from "../../../../src/domain/task/poll.ts";
import { beginSubmit, decideSubmit, submitLost } from "../../../../src/domain/task/submit.ts";
import type { PollSchedule, Task } from "../../../../src/domain/task/task.ts";
import type { PollAnswer, SubmitAnswer, TaskReading } from "../../../../src/domain/task/upstream-answer.ts";
import { plainText } from "../../../../src/domain/text/text.ts";
import { aKeep, anUnsubmittedTask, aSchedule, aTask, T0 } from "../../../support/builders.ts";

/*
 * Any sequence of answers, crashes and time through the pure core.
 *
 * property                                           requirement
 * one terminal transition, a terminal task is final  guarantee 3
 * one event per type, video.progress aside           guarantee 3
 * no second submit after an unknown outcome          guarantee 2
 * unfinished work is on the dueWork, with an alarm    guarantee 6
 * a task whose result is copied ends well             design.md, Kept files
 */

const limits = {
  firstMs: null,
  minMs: 1000,
  maxMs: 15_000,
  lostMs: 20_000,
  unauthorizedMs: 60_000,
  resultMissingMs: 20_000,
};

const reading: fc.Arbitrary<TaskReading> = fc.record({
  status: fc.constantFrom(...TASK_STATUSES, null),
  isAmbiguous: fc.boolean(),
  word: fc.constant(null),
  members: fc.constant([]),
  progress: fc.option(fc.integer({ min: 0, max: 100 })),
  result: fc.option(
    fc.record({
      url: fc.constant("https://cdn/v.mp4"),
      containsKey: fc.boolean(),
      needsKey: fc.boolean(),
    }),
  ),
  errorMessage: fc.option(fc.string({ maxLength: 5 })),
});
const bound = { json: fc.constant(null), notBeforeMs: fc.option(fc.integer({ min: 0, max: 3_600_000 })) };
const pollAnswer: fc.Arbitrary<PollAnswer> = fc.oneof(
  fc.record({ kind: fc.constant("read" as const), reading, ...bound }),
  fc.record({ kind: fc.constantFrom("not_found" as const, "slow_down" as const), ...bound }),
  fc.record({
    kind: fc.constant("unauthorized" as const),
    status: fc.constantFrom(401 as const, 403 as const),
    ...bound,
  }),
  fc.record({ kind: fc.constant("nothing" as const), why: fc.constant("http_500"), ...bound }),
);
const submitAnswer: fc.Arbitrary<SubmitAnswer> = fc.oneof(
  fc.record({
    kind: fc.constant("accepted" as const),
    ids: fc.constant(["up-1"] satisfies [string]),
    reading,
    json: fc.constant("{}"),
  }),
  fc.record({
    kind: fc.constant("refused" as const),
    status: fc.constant(400),
    upstreamStatus: fc.constant(400),
    body: fc.constant(""),
    message: fc.constant(null),
    json: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant("later" as const),
    status: fc.constant(429 as const),
    retryAfterMs: fc.option(fc.nat(5_000_000)),
  }),
  fc.record({
    kind: fc.constant("unknown" as const),
    why: fc.constant(""),
    completeServerError: fc.boolean(),
    json: fc.constant(null),
  }),
);
const copyResult: fc.Arbitrary<CopyOutcome> = fc.oneof(
  fc.record({ kind: fc.constant("failed" as const), reason: fc.constant("http_404" as const) }),
  fc.record({
    kind: fc.constant("kept" as const),
    bytes: fc.nat(),
    contentType: fc.constant("video/mp4" as const),
  }),
);
const move = fc.oneof(
  fc.record({ kind: fc.constant("submit" as const), answer: submitAnswer }),
  fc.record({ kind: fc.constant("poll" as const), answer: pollAnswer }),
  fc.record({ kind: fc.constant("crash" as const) }),
  fc.record({ kind: fc.constant("copy" as const), result: copyResult }),
);

/** In words of the contract, not of the code that is tested. */
function hasEnded({ status }: Task): boolean {
  return status === "succeeded" || status === "failed";
}

/** Whether the upstream has not said yet how it ends. */
function isOpen(task: Task): boolean {
  return !hasEnded(task) && copyUnderWay(task) === null;
}

/** Work with an alarm for it, in time. */
function expectNextStep(task: Task, schedule: PollSchedule, now: number): void {
  const steps = dueWork({ task, schedule, deliveries: [], sync: NOTHING_SYNCED, version: 1 }, 1000);
  const alarm = alarmAt(steps, now);
  const latest = copyUnderWay(task)?.until ?? task.deadlineAt;
  expect(steps.length).toBeGreaterThan(0);
  expect(alarm).toBeGreaterThan(now);
  expect(Number.isFinite(alarm)).toBe(true);
  if (!hasEnded(task)) expect(alarm).toBeLessThanOrEqual(Math.max(latest, now + 25_001));
}

/** What a step of the submit makes of the task: its answer, or the death of its process. */
function submitted(task: Task, answer: SubmitAnswer | null, at: { now: number; random: number }): Task {
  const begun = beginSubmit(task, at.now + 25_000);
  if (begun === null) return task;
  if (answer !== null) return decideSubmit(begun, answer, { ...at, resultMissingMs: limits.resultMissingMs });
  const lost = submitLost(begun, at.now);
  expect(lost.error?.code).toBe("submit_unknown");
  return lost;
}

describe("the life of a task", () => {
  it("has one end, one event per type, and always a next step, whatever happens", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(move, fc.integer({ min: 1, max: 600_000 }), fc.double({ min: 0, max: 1, noNaN: true })),
          { maxLength: 40 },
        ),
        fc.boolean(),
        fc.boolean(),
        (moves, repeatServerErrors, isKept) => {
          const keep = isKept ? aKeep() : null;
          let task: Task = { ...anUnsubmittedTask("due", { repeatServerErrors }), keep };
          let schedule: PollSchedule = aSchedule();
          let now = T0;
          let ends = 0;
          let unknownSubmits = 0;
          const events: EventType[] = [];
          for (const [step, elapsed, random] of moves) {
            now += elapsed;
            const before = task;
            if (step.kind === "submit") {
              task = submitted(task, step.answer, { now, random });
              if (task !== before) {
                expect(unknownSubmits === 0 || repeatServerErrors).toBe(true);
                if (step.answer.kind === "unknown") unknownSubmits += 1;
              }
            } else if (step.kind === "crash") {
              task = submitted(task, null, { now, random });
            } else if (step.kind === "copy") {
              const { result } = step;
              task = decideCopy(task, result, { now, random, retentionMs: 1000, publicUrl: null });
              if (task !== before) expect(task.error).toBeNull();
            } else if (task.submit.phase === "done") {
              ({ task, schedule } = decidePoll(task, schedule, step.answer, {
                startedAt: now,
                now,
                random,
                limits,
              }));
              if (isOpen(before)) expect(schedule.nextPollAt).toBeGreaterThan(now);
            }
            if (hasEnded(before)) expect(task).toBe(before);
            else if (hasEnded(task)) ends += 1;
            events.push(...eventsBetween(before, task));
            expectNextStep(task, schedule, now);
          }
          expect(ends).toBeLessThanOrEqual(1);
          expect(unknownSubmits).toBeLessThanOrEqual(repeatServerErrors ? 4 : 1);
          for (const type of ["video.succeeded", "video.failed", "video.running"] as const) {
            expect(events.filter((event) => event === type).length).toBeLessThanOrEqual(1);
          }
          expect(events.filter((event) => event === "video.progress").length).toBeLessThanOrEqual(10);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe("a message's body", () => {
  it("is under 20 KB in both formats, whatever the upstream says and the caller keeps", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "binary", maxLength: 3000 }),
      fc.constantFrom('"', "\\", "\u0001", "灯", "🌊", "\ud800").map((unit) => unit.repeat(2500)),
    );
    fc.assert(
      fc.property(anyText, fc.constantFrom("standard" as const, "flat" as const), (text, format) => {
        const words = plainText(text, 2000);
        const metadata = JSON.stringify({ note: "é".repeat(2000) });
        const task = aTask({
          status: "failed",
          error: { code: "generation_failed", message: words, retryable: false },
          model: "模".repeat(200),
          upstreamTaskId: "识".repeat(256),
          metadata,
        });
        const message = { messageId: "msg_1", type: "video.failed", occurredAt: T0 } as const;
        const body = messageBody(task, format, message);
        expect(new TextEncoder().encode(body).byteLength).toBeLessThan(20_000);
        expect(JSON.parse(body)).toBeTypeOf("object");
      }),
      { numRuns: 300 },
    );
  });
});
