import { expect, it } from "vitest";
import { CadenceStore } from "../../../src/cadence-object/store.ts";
import { T0 } from "../../support/builders.ts";
import { MemoryStorage } from "../../support/model/simulated/memory-storage.ts";

/*
 * scenario                      requirement
 * lessons that come one by one  a row for each would cost as much as the task's own
 * a process that ends           a tenth of what is known is lost at most, or ten minutes' lessons
 */

const KNOWS = (lessons: number) => ({ classes: { lessons } }) as never;

function counted() {
  const storage = new MemoryStorage(() => undefined);
  const { put } = storage.kv;
  const writes = { count: 0 };
  storage.kv.put = (...args: Parameters<typeof put>) => {
    writes.count += 1;
    put.apply(storage.kv, args);
  };
  return { storage, writes };
}

it("a cadence writes ever fewer of its lessons, and a process that ends loses a tenth of them", () => {
  const { storage, writes } = counted();
  const store = new CadenceStore(storage);
  for (let lessons = 1; lessons <= 1000; lessons++) {
    store.learned(KNOWS(lessons), 1, T0 + lessons);
    const kept = new CadenceStore(storage).forecast() as unknown as { classes: { lessons: number } };
    expect(kept.classes.lessons).toBeGreaterThanOrEqual(Math.floor((lessons * 10) / 11));
    expect(store.forecast()).toEqual(KNOWS(lessons));
  }
  expect(writes.count).toBeLessThan(65);
});

it("a cadence writes what it has learned ten minutes after the last time, in whatever process", () => {
  const { storage, writes } = counted();
  const first = new CadenceStore(storage);
  first.learned(KNOWS(500), 500, T0);
  first.learned(KNOWS(501), 1, T0 + 599_999);
  expect(writes.count).toBe(1);
  new CadenceStore(storage).learned(KNOWS(501), 1, T0 + 600_000);
  expect(writes.count).toBe(2);
});
