import { expect, it } from "vitest";
import type { TaskDeps } from "../../../src/task-object/deps.ts";
import { RunningSteps } from "../../../src/task-object/running-steps.ts";
import { finishRemoval } from "../../../src/task-object/steps/remove.ts";
import { TaskStore } from "../../../src/task-object/document/store.ts";
import { aDocument, aTask, T0 } from "../../support/builders.ts";
import { MemoryStorage } from "../../support/model/simulated/memory-storage.ts";

/*
 * scenario                                            requirement
 * a create under a deleted task's idempotency key,    a task that was accepted is never lost
 * while the account is being told of the delete
 */

const OPTIONS = { now: () => T0, retentionMs: () => 1000 };
const tombstone = { name: "a", account: "key:somebody", createdAt: T0 - 90_000_000 };

/** An object whose task was deleted, and what it tells its account. */
async function aDeletedTask(onTold: (store: TaskStore) => void = () => undefined) {
  const storage = new MemoryStorage(() => undefined);
  const store = new TaskStore(storage, OPTIONS);
  await store.erase({ tombstone });
  const told: unknown[] = [];
  const deps: Pick<TaskDeps, "store" | "running" | "sendTombstone" | "deleteFile"> = {
    store,
    running: new RunningSteps(),
    sendTombstone: async (what) => {
      told.push(what);
      onTold(store);
    },
    deleteFile: async () => undefined,
  };
  return { storage, deps, told };
}

it("a create that comes while the account is told of a delete keeps its task", async () => {
  const created = aTask({ createId: "create-2" });
  const { storage, deps, told } = await aDeletedTask((store) => {
    store.create(aDocument({ task: created }), null);
  });
  await finishRemoval(deps);
  expect(told).toEqual([tombstone]);
  // As a process would find it that knows nothing yet.
  expect(new TaskStore(storage, OPTIONS).load()?.task).toEqual(created);
  expect(storage.alarm).not.toBeNull();
});

it("without one, nothing is left", async () => {
  const { storage, deps, told } = await aDeletedTask();
  await finishRemoval(deps);
  expect(told).toEqual([tombstone]);
  expect([...storage.kv.list()]).toEqual([]);
  expect(storage.alarm).toBeNull();
});
