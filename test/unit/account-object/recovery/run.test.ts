import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { T0 } from "../../../support/builders.ts";
import {
  anExhausted,
  HOUR,
  nameOf,
  passing,
  RecoveringAccount,
  request,
  ROOTS,
} from "./recovering-account.ts";

/*
 * A recovery's runs by the account's alarm, and processes that die in them.
 *
 * scenario                                  requirement
 * a process that dies                       another asks again from the stored cursor, and comes to the same
 * its alarm                                 comes at once for a run, within a minute after a death, and goes back at the end
 * more than memory holds                    ends all the same
 */

let account: RecoveringAccount;
beforeEach(() => {
  account = new RecoveringAccount();
});
afterEach(() => account.close());

describe("a process that dies", () => {
  it("while it counts leaves nothing of that beyond the next run of the alarm", async () => {
    account.outage(25_000);
    const start = account.recoveries.start(request(), ROOTS);
    start.catch(() => undefined);
    while (
      account.storage.sql.exec("SELECT 1 AS n FROM sqlite_master WHERE name = 'recovery_match'").toArray()
        .length === 0
    ) {
      await vi.advanceTimersByTimeAsync(1);
    }
    account.begin();
    expect(account.matchRows()).toBeGreaterThan(0);
    await account.store.watch(Date.now());
    await account.fire();
    expect(account.matchRows()).toBe(0);
    expect(account.recoveries.list()).toEqual([]);
  });

  it("loses no count of a host that was halted while an older candidate of another one was slow", async () => {
    account.outage(40);
    // The oldest one takes its time at a host of its own; the other host takes two and fails then.
    account.report(anExhausted(0, { callbackHost: "slow.acme.com" }));
    for (let index = 3; index < 40; index += 1) account.answers.set(nameOf(index), { kind: "failed" });
    account.slow.add(nameOf(0));
    const { id } = await account.started();
    account.fireNow().catch(() => undefined);
    await vi.advanceTimersByTimeAsync(5_000);
    const before = account.recoveries.find(id);
    expect(before).toMatchObject({ delivered: 2, status: "running" });
    expect(before?.failed).toBeGreaterThanOrEqual(5);
    account.begin();
    await account.store.watch(Date.now());
    const after = await account.ended(id);
    expect(after).toMatchObject({ status: "halted", matched: 40, delivered: 3, failed: before?.failed });
    expect(new Set(account.asked.map(({ name }) => name)).size).toBe(account.asked.length);
  });

  it("loses no count of what fitted only after the start", async () => {
    account.outage(10);
    account.report(anExhausted(20, { delivery: "pending", settledAt: null }));
    account.slow.add(nameOf(0));
    account.report(anExhausted(0, { callbackHost: "slow.acme.com" }));
    const { id } = await account.started();
    account.report(anExhausted(20));
    account.fireNow().catch(() => undefined);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(account.recoveries.find(id)).toMatchObject({ matched: 11, delivered: 10 });
    account.report(anExhausted(20, { delivery: "delivered" }));
    account.begin();
    await account.store.watch(Date.now());
    expect(await account.ended(id)).toMatchObject({
      status: "done",
      matched: 11,
      delivered: 11,
      remaining: 0,
    });
  });

  it.each([1, 7, 40, 200, 1_100, 2_000])(
    "after %d ms of a run is followed by one that comes to the same",
    async (ms) => {
      account.outage(60);
      account.takesMs = 200;
      for (const index of [3, 4, 5, 30]) account.answers.set(nameOf(index), { kind: "failed" });
      const { id } = await account.started();
      account.fireNow().catch(() => undefined);
      await vi.advanceTimersByTimeAsync(ms);
      expect(account.storage.alarm).toBeLessThanOrEqual(Date.now() + 60_000);
      expect(account.storage.alarm).toBeGreaterThan(Date.now());
      // What it has asked goes on at the tasks.
      account.begin();
      await account.store.watch(Date.now());
      expect(await account.ended(id)).toMatchObject({
        status: "done",
        matched: 60,
        delivered: 56,
        failed: 4,
        remaining: 0,
      });
      expect(new Set(account.asked.map(({ name }) => name)).size).toBe(account.asked.length);
    },
  );
});

describe("the account's alarm", () => {
  it("goes back to the reconciliation, at the time that was set before", async () => {
    account.outage(3);
    const before = account.storage.alarm;
    expect(before).toBeGreaterThan(T0);
    const { id } = await account.started();
    expect(account.storage.alarm).toBeLessThanOrEqual(Date.now() + 1);
    await account.ended(id);
    expect(account.storage.alarm).toBe(before);
  });

  it("ends a run in 30 seconds, and the next one goes on with what is on its way", async () => {
    account.outage(3);
    account.takesMs = 40_000;
    const { id } = await account.started();
    const began = Date.now();
    await account.fire();
    expect(Date.now() - began).toBeLessThanOrEqual(30_000);
    expect(account.storage.alarm).toBeLessThanOrEqual(Date.now() + 1);
    account.takesMs = 10;
    expect(await account.ended(id)).toMatchObject({ status: "done", delivered: 3 });
    expect(account.asked).toHaveLength(3);
  });

  it("ends a run in 30 seconds of its beginning, whatever the account has done before in it", async () => {
    account.outage(3);
    account.takesMs = 40_000;
    const { id } = await account.started();
    await vi.advanceTimersByTimeAsync(1);
    account.store.alarmFired();
    const began = Date.now() - 20_000;
    await passing(account.recoveries.run(ROOTS, 0, began));
    expect(Date.now() - began).toBeLessThanOrEqual(30_000);
    account.store.alarmFired();
    const late = Date.now();
    await passing(account.recoveries.run(ROOTS, 0, late - 31_000));
    expect(Date.now() - late).toBeLessThanOrEqual(10);
    expect(account.storage.alarm).toBeLessThanOrEqual(Date.now() + 1);
    account.takesMs = 10;
    expect(await account.ended(id)).toMatchObject({ status: "done", delivered: 3 });
  });

  it("does not empty an account that has a recovery of the last 30 days", async () => {
    const { id } = await account.started();
    const retention = () => ({ now: Date.now(), retentionMs: 720 * HOUR });
    for (let day = 0; day < 29; day += 1) {
      vi.setSystemTime(Date.now() + 24 * HOUR);
      account.store.alarmFired();
      await account.store.endRun(retention(), true);
      expect(account.recoveries.find(id)).not.toBeNull();
    }
    expect(account.storage.alarm).toBe(T0 + 30 * 24 * HOUR);
    vi.setSystemTime(account.storage.alarm ?? 0);
    account.store.alarmFired();
    await account.store.endRun(retention(), true);
    expect(account.recoveries.find(id)).toBeNull();
    expect(account.storage.alarm).toBeNull();
  });
});

describe("25,000 tasks", () => {
  it("are recovered, with a process that dies on the way", async () => {
    account.takesMs = 10;
    account.outage(25_000);
    const { id, matched } = await account.started();
    expect(matched).toBe(25_000);
    await account.fire();
    const half = account.recoveries.find(id)?.delivered ?? 0;
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(25_000);
    account.begin();
    expect(await account.ended(id)).toMatchObject({
      status: "done",
      matched: 25_000,
      delivered: 25_000,
      remaining: 0,
    });
    expect(account.asked).toHaveLength(25_000);
  });
});
