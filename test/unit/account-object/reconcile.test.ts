import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { reconcile } from "../../../src/account-object/reconcile.ts";
import { AccountStore } from "../../../src/account-object/store.ts";
import { reportOf } from "../../../src/domain/account/report.ts";
import type { TaskSummary } from "../../../src/domain/account/summary.ts";
import { aQueuedSummary, aReport, aSummary, T0 } from "../../support/builders.ts";
import { SqlMemoryStorage } from "./sql-storage.ts";

/*
 * scenario                              requirement
 * more tasks than one run can ask       guarantee 6: each is asked, and each once, before any is asked again
 * a retention that was made shorter     within an hour, however many tasks there are
 */

const HOUR = 3_600_000;

describe("an account's reconciliation", () => {
  let storage: SqlMemoryStorage;
  let store: AccountStore;
  let retentionMs = 720 * HOUR;
  const asked: string[] = [];
  const retention = () => ({ now: Date.now(), retentionMs });

  beforeEach(() => {
    vi.useFakeTimers({ now: T0 });
    storage = new SqlMemoryStorage();
    store = new AccountStore(storage);
    retentionMs = 720 * HOUR;
    asked.length = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
    storage.close();
  });

  /** Runs the alarm when it is due, and whatever it waits for. */
  async function run(answer: (task: TaskSummary) => TaskSummary | null, takesMs: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(Math.max((storage.alarm ?? 0) - Date.now(), 0));
    storage.alarm = null;
    store.alarmFired();
    const ask = async (task: TaskSummary) => {
      asked.push(task.name);
      await new Promise((resolve) => setTimeout(resolve, takesMs));
      const said = answer(task);
      return said && reportOf(said);
    };
    const passOn = () => undefined;
    const running = reconcile({ store, retention, ask, passOn });
    await vi.advanceTimersByTimeAsync(60_000);
    await running;
  }

  it("that takes more than one run asks every task once, and begins again an hour after it began", async () => {
    const names = Array.from({ length: 80 }, (_, index) => `task-${index}`);
    store.receive(
      names.map((name, index) => aReport(1, aQueuedSummary({ name, createdAt: T0 + index }))),
      T0 + 80,
    );
    const beganAt = storage.alarm ?? 0;
    await run((task) => task, 4_000);
    expect(asked).toHaveLength(30);
    await run((task) => task, 4_000);
    expect(asked).toHaveLength(60);
    await run((task) => task, 4_000);
    expect(asked.toSorted()).toEqual(names.toSorted());
    expect(storage.alarm).toBeLessThanOrEqual(beganAt + HOUR);
    await run((task) => task, 1);
    expect(asked).toHaveLength(160);
  });

  it("drops tasks that are gone, and those that a shorter retention ends once their objects know of it", async () => {
    const settled = Array.from({ length: 1_200 }, (_, index) =>
      aSummary({ name: `task-${index}`, createdAt: T0 - 2 * HOUR + index, expiresAt: T0 + 700 * HOUR }),
    );
    store.receive(
      settled.map((summary) => aReport(1, summary)),
      T0,
    );
    await run(() => null, 1);
    expect(asked).toEqual([]);
    retentionMs = HOUR;
    await run((task) => ({ ...task, expiresAt: (task.settledAt ?? 0) + HOUR }), 1);
    expect(asked).toHaveLength(1_200);
    expect(store.stats().tasks.succeeded).toBe(0);
    expect(storage.alarm).toBeNull();
  });
});
