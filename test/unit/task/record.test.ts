import { expect, it } from "vitest";
import type { TaskDeps } from "../../../src/task/deps.ts";
import { recordTask } from "../../../src/task/record.ts";
import type { Change } from "../../../src/task/rows.ts";
import { aTask, aTaskState, T0 } from "../../support/builders.ts";

it("two events of one step are a millisecond apart, so that a receiver can sort them by their timestamps", () => {
  const changes: Change[] = [];
  const deps = {
    now: () => T0,
    newMessageId: () => "msg_1",
    log: () => {},
    settings: { retentionMs: 1000 },
    store: { apply: (change: Change) => changes.push(change) },
  } as unknown as TaskDeps;
  const before = aTaskState({}, 1000);
  const running = aTask({ status: "running", runningSince: T0, progress: 15, progressTold: 15 });
  recordTask(deps, before, running);
  expect(changes[0]?.deliveries).toMatchObject([
    { type: "video.running", occurredAt: T0 },
    { type: "video.progress", occurredAt: T0 + 1 },
  ]);
});
