import { expect, it } from "vitest";
import { leave } from "../../../src/task-object/alarm.ts";
import type { TaskDeps } from "../../../src/task-object/deps.ts";
import { TaskStore } from "../../../src/task-object/store.ts";
import { aSchedule, aTask, T0 } from "../../support/builders.ts";
import { MemoryStorage } from "../../support/model/memory-storage.ts";

/*
 * scenario                                            requirement
 * a create under a deleted task's idempotency key,    a task that was accepted is never lost
 * while the account is being told of the delete
 */

it("a create that comes while the account is told of a delete keeps its task", async () => {
  const storage = new MemoryStorage(() => undefined);
  const store = new TaskStore(storage);
  const at = { now: T0, retentionMs: 1000 };
  const farewell = { name: "a", account: "key:somebody", createdAt: T0 - 90_000_000 };
  await store.erase(T0, { digest: null, farewell });
  const created = aTask({ createId: "create-2" });
  const told: unknown[] = [];
  const deps = {
    store,
    now: () => T0,
    forget: async (whom: unknown) => {
      told.push(whom);
      store.apply({ task: created, schedule: aSchedule() }, at);
    },
  } as unknown as TaskDeps;
  await leave(deps, new Map());
  expect(told).toEqual([farewell]);
  // As a process would find it that knows nothing yet.
  expect(new TaskStore(storage).load()?.task).toEqual(created);
  expect(storage.alarm).not.toBeNull();
  storage.close();
});

it("without one, nothing is left", async () => {
  const storage = new MemoryStorage(() => undefined);
  const store = new TaskStore(storage);
  await store.erase(T0, { digest: null, farewell: { name: "a", account: "key:somebody", createdAt: T0 } });
  const deps = { store, now: () => T0, forget: async () => undefined } as unknown as TaskDeps;
  await leave(deps, new Map());
  expect(store.rows.farewell()).toBeNull();
  expect(storage.alarm).toBeNull();
  storage.close();
});
