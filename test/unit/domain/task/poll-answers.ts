import { decidePoll } from "../../../../src/domain/task/poll.ts";
import type { PollSchedule, Task } from "../../../../src/domain/task/task.ts";
import type { PollAnswer, TaskReading } from "../../../../src/domain/task/upstream-answer.ts";
import { aReading, aSchedule, T0 } from "../../../support/builders.ts";

export const limits = {
  firstMs: null,
  minMs: 1000,
  maxMs: 15_000,
  lostMs: 120_000,
  unauthorizedMs: 600_000,
  resultMissingMs: 120_000,
};

export const plain = { json: null, notBeforeMs: null };
export const read = (reading: Partial<TaskReading>): PollAnswer => ({
  ...plain,
  kind: "read",
  reading: aReading(reading),
});
export const NOT_FOUND: PollAnswer = { ...plain, kind: "not_found" };
export const UNAUTHORIZED: PollAnswer = { ...plain, kind: "unauthorized", status: 401 };
export const NOTHING: PollAnswer = { ...plain, kind: "nothing", why: "http_500" };
export const RUNNING = read({ status: "running", word: "running" });
export const NO_URL = read({ status: "succeeded", word: "succeeded" });

/** Plays answers at seconds after the start, each to the state that the one before left. */
export function play(task: Task, answers: readonly (readonly [seconds: number, answer: PollAnswer])[]): Task {
  let state: { task: Task; schedule: PollSchedule } = { task, schedule: aSchedule() };
  for (const [seconds, answer] of answers) {
    const now = T0 + seconds * 1000;
    state = decidePoll(state.task, state.schedule, answer, { startedAt: now, now, random: 0.5, limits });
  }
  return state.task;
}
