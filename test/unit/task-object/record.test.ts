import { describe, expect, it } from "vitest";
import type { TaskState } from "../../../src/domain/task/due-work.ts";
import type { Task } from "../../../src/domain/task/task.ts";
import type { TaskDeps } from "../../../src/task-object/deps.ts";
import { recordTask } from "../../../src/task-object/steps/record.ts";
import type { Change } from "../../../src/task-object/rows.ts";
import { aTask, aTaskState, T0 } from "../../support/builders.ts";

const HOLD_MS = 2000;

/** What is written for a step from one task to the next. */
function recorded(before: TaskState, after: Task): Change {
  const changes: Change[] = [];
  const deps = {
    now: () => T0,
    newMessageId: () => "msg_1",
    log: () => {},
    settings: { retentionMs: 1000, callback: { holdMs: HOLD_MS } },
    store: { apply: (change: Change) => changes.push(change) },
  } as unknown as TaskDeps;
  recordTask(deps, before, after);
  expect(changes).toHaveLength(1);
  return changes[0] ?? {};
}

it("two events of one step are a millisecond apart, so that a receiver can sort them by their timestamps", () => {
  const running = aTask({ status: "running", runningSince: T0, progress: 15, lastProgressEvent: 15 });
  expect(recorded(aTaskState({}, 1000), running).deliveries).toMatchObject([
    { type: "video.running", occurredAt: T0 },
    { type: "video.progress", occurredAt: T0 + 1 },
  ]);
});

describe("the hold of a create that waits", () => {
  const heldUntil = (instant: number, overrides: Partial<Task> = {}): Task => {
    const { callback } = aTask();
    return aTask({ ...overrides, callback: callback && { ...callback, holdUntil: instant } });
  };

  it("counts from the end of its task, which is when it is answered", () => {
    const waiting = heldUntil(T0 + 60_000);
    const end = { ...waiting, status: "succeeded", finishedAt: T0 } as const;
    const { task, deliveries } = recorded(aTaskState({ task: waiting }, 1000), end);
    expect(task?.callback?.holdUntil).toBe(T0 + HOLD_MS);
    expect(deliveries).toMatchObject([{ type: "video.succeeded", nextAttemptAt: T0 + HOLD_MS }]);
  });

  it("stays what it is while the task goes on: the caller is not listening yet", () => {
    const waiting = heldUntil(T0 + 60_000);
    const running = { ...waiting, status: "running", runningSince: T0 } as const;
    const { task, deliveries } = recorded(aTaskState({ task: waiting }, 1000), running);
    expect(task).toBe(running);
    expect(deliveries).toMatchObject([{ type: "video.running", nextAttemptAt: T0 + 60_000 }]);
  });

  it("is not made longer by an end", () => {
    const answered = heldUntil(T0 + 500);
    const { task } = recorded(aTaskState({ task: answered }, 1000), { ...answered, status: "failed" });
    expect(task?.callback?.holdUntil).toBe(T0 + 500);
  });
});
