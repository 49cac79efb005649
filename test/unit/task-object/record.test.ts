import { describe, expect, it } from "vitest";
import type { Task } from "../../../src/domain/task/task.ts";
import type { TaskDeps } from "../../../src/task-object/deps.ts";
import type { Change, TaskDocument } from "../../../src/task-object/document/document.ts";
import { changeOf } from "../../../src/task-object/steps/record.ts";
import { aDocument, aTask, T0 } from "../../support/builders.ts";

const HOLD_MS = 2000;

/** What is written for a step from one task to the next. */
function recorded(before: TaskDocument, after: Task): Change {
  const deps = {
    newMessageId: () => "msg_1",
    settings: { callback: { holdMs: HOLD_MS } },
  } as unknown as TaskDeps;
  return changeOf(deps, before, { task: after }, T0);
}

it("two events of one step are a millisecond apart, so that a receiver can sort them by their timestamps", () => {
  const running = aTask({ status: "running", runningSince: T0, progress: 15, lastProgressEvent: 15 });
  expect(recorded(aDocument(), running).deliveries).toMatchObject([
    { type: "video.running", occurredAt: T0 },
    { type: "video.progress", occurredAt: T0 + 1 },
  ]);
});

describe("the hold of a create that waits", () => {
  const heldUntil = (instant: number, overrides: Partial<Task> = {}): Task => {
    return aTask({ ...overrides, holdUntil: instant });
  };

  it("counts from the end of its task, which is when it is answered", () => {
    const waiting = heldUntil(T0 + 60_000);
    const end = { ...waiting, status: "succeeded", finishedAt: T0 } as const;
    const { task, deliveries } = recorded(aDocument({ task: waiting }), end);
    expect(task?.holdUntil).toBe(T0 + HOLD_MS);
    expect(deliveries).toMatchObject([{ type: "video.succeeded", nextAttemptAt: T0 + HOLD_MS }]);
  });

  it("stays what it is while the task goes on: the caller is not listening yet", () => {
    const waiting = heldUntil(T0 + 60_000);
    const running = { ...waiting, status: "running", runningSince: T0 } as const;
    const { task, deliveries } = recorded(aDocument({ task: waiting }), running);
    expect(task).toBe(running);
    expect(deliveries).toMatchObject([{ type: "video.running", nextAttemptAt: T0 + 60_000 }]);
  });

  it("is not made longer by an end", () => {
    const answered = heldUntil(T0 + 500);
    const { task } = recorded(aDocument({ task: answered }), { ...answered, status: "failed" });
    expect(task?.holdUntil).toBe(T0 + 500);
  });
});
