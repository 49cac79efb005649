import { abortAllDurableObjects, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EVERY_TASK } from "../../../src/domain/account/filter.ts";
import type { TaskSummary } from "../../../src/domain/account/summary.ts";
import { TaskObject } from "../../../src/task-object/object.ts";
import { account, summaries, ownAccount } from "../support/account.ts";
import { alarmOf, storedOf } from "../support/stored.ts";
import { created, fakeNetwork, network, stubOf, until } from "../support/world.ts";

/*
 * `RETENTION_HOURS` is changed while tasks lie there that have ended. The clock is a fake one, a day ahead, so that no
 * alarm fires by itself.
 *
 * scenario                                     requirement
 * a shorter one                                guarantee 10: within an hour they are erased
 * a longer one                                 they are kept, and stay in the list
 * none                                         an hour costs the account its alarm, and a task nothing
 * settings that do not parse                   nothing is dropped on a guess; looked at again in a minute
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

beforeEach(() => {
  fakeNetwork();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY });
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

/** As a deployment does it: new processes with another setting, of the account and of the tasks that are named. */
async function deploy(hours: string, ids: string[]): Promise<void> {
  await abortAllDurableObjects();
  for (const stub of [await account(), ...ids.map(stubOf)]) {
    await runInDurableObject<DurableObject, void>(stub, (object) => {
      (object as unknown as { env: object }).env = { ...env, RETENTION_HOURS: hours };
    });
  }
}

/** The one task that the account knows. */
async function onlyTask(): Promise<TaskSummary | null> {
  return (await summaries())[0] ?? null;
}

/** A task that has ended and was delivered, as its account knows. */
async function settled(): Promise<{ id: string; summary: TaskSummary }> {
  const { task_id: id } = await created();
  const task = stubOf(id);
  for (let alarm = 0; alarm < 5 && ((await onlyTask())?.settledAt ?? null) === null; alarm++) {
    vi.setSystemTime((await alarmOf(task)) ?? 0);
    await runDurableObjectAlarm(task);
  }
  const summary = await until(onlyTask, (row) => row !== null && row.settledAt !== null);
  if (summary === null) throw new Error("unreachable");
  return { id, summary };
}

/** The account has run by the retention before. */
async function hourPassed(): Promise<void> {
  vi.setSystemTime((await alarmOf(await account())) ?? 0);
  await runDurableObjectAlarm(await account());
}

describe("a retention that is made shorter", () => {
  it("holds within an hour for a task that has ended: it is erased, and gone from its account", async () => {
    const { id, summary } = await settled();
    expect(await alarmOf(stubOf(id))).toBe((summary.settledAt ?? 0) + 720 * HOUR);
    await deploy("0.5", [id]);
    const alarm = (await alarmOf(await account())) ?? Infinity;
    expect(alarm - Date.now()).toBeLessThanOrEqual(HOUR);
    expect(
      (await (await account()).list({ filter: EVERY_TASK, limit: 9, before: null })).summaries,
    ).toHaveLength(1);
    vi.setSystemTime(alarm);
    // Out of the list from the moment at which it is over, whatever its object knows.
    expect((await (await account()).list({ filter: EVERY_TASK, limit: 9, before: null })).summaries).toEqual(
      [],
    );
    await runDurableObjectAlarm(await account());
    expect(await onlyTask()).toBeNull();
    expect(await alarmOf(stubOf(id))).toBeLessThanOrEqual(Date.now() + 1);
    vi.setSystemTime(Date.now() + 1);
    await runDurableObjectAlarm(stubOf(id));
    expect((await storedOf(id)).state).toBeNull();
    expect(await alarmOf(stubOf(id))).toBeNull();
  });

  it("holds at once for a task that any request reaches", async () => {
    const { id } = await settled();
    vi.setSystemTime(Date.now() + HOUR);
    await deploy("0.5", [id]);
    await stubOf(id).read(await ownAccount());
    expect(await alarmOf(stubOf(id))).toBeLessThanOrEqual(Date.now() + 1);
  });

  it("waits for a task that cannot be asked, and asks it again in an hour", async () => {
    const { id } = await settled();
    await deploy("0.5", [id]);
    const look = vi.spyOn(TaskObject.prototype, "reconcile").mockRejectedValue(new Error("away"));
    vi.setSystemTime(Date.now() + HOUR);
    await runDurableObjectAlarm(await account());
    expect(look).toHaveBeenCalledTimes(1);
    expect(await onlyTask()).not.toBeNull();
    const alarm = (await alarmOf(await account())) ?? 0;
    expect(alarm).toBeGreaterThan(Date.now() + HOUR / 2);
    look.mockRestore();
    vi.setSystemTime(alarm);
    await runDurableObjectAlarm(await account());
    expect(await onlyTask()).toBeNull();
  });
});

describe("a retention that is made longer", () => {
  it("keeps a task that has ended, and its place in the list", async () => {
    const { id, summary } = await settled();
    await hourPassed();
    await deploy("1440", [id]);
    const settledAt = summary.settledAt ?? 0;
    // Its alarm was set by the retention before.
    vi.setSystemTime(settledAt + 720 * HOUR);
    await runDurableObjectAlarm(stubOf(id));
    expect(await alarmOf(stubOf(id))).toBe(settledAt + 1440 * HOUR);
    await runDurableObjectAlarm(await account());
    const row = await until(
      onlyTask,
      (known) => known !== null && known.expiresAt === settledAt + 1440 * HOUR,
    );
    expect(row).toEqual({ ...summary, expiresAt: settledAt + 1440 * HOUR });
    expect(
      (await (await account()).list({ filter: EVERY_TASK, limit: 9, before: null })).summaries,
    ).toHaveLength(1);
  });

  it("leaves no row of a task that was erased by the one before", async () => {
    const { id, summary } = await settled();
    await hourPassed();
    await deploy("1440", []);
    vi.setSystemTime((summary.expiresAt ?? 0) + 1);
    await runDurableObjectAlarm(stubOf(id));
    expect((await storedOf(id)).state).toBeNull();
    await runDurableObjectAlarm(await account());
    expect(await onlyTask()).toBeNull();
  });
});

describe("a retention that stays as it is", () => {
  it("costs an account its alarm each hour, and a task that has ended nothing", async () => {
    const { id, summary } = await settled();
    const look = vi.spyOn(TaskObject.prototype, "reconcile");
    const methods = await runInDurableObject(
      await account(),
      (_object, { storage }) => Object.getPrototypeOf(storage) as DurableObjectStorage,
    );
    const setAlarm = vi.spyOn(methods, "setAlarm");
    for (let hour = 0; hour < 5; hour++) {
      vi.setSystemTime((await alarmOf(await account())) ?? 0);
      await runDurableObjectAlarm(await account());
    }
    expect(look).not.toHaveBeenCalled();
    expect(setAlarm).toHaveBeenCalledTimes(5);
    expect(Date.now() - (summary.settledAt ?? 0)).toBeGreaterThan(4 * HOUR);
    expect(await alarmOf(stubOf(id))).toBe(summary.expiresAt);
    expect(await onlyTask()).toEqual(summary);
  });
});

describe("settings that do not parse", () => {
  it("let nothing expire: the account looks again in a minute", async () => {
    const { id, summary } = await settled();
    await deploy("soon", [id]);
    vi.setSystemTime((summary.expiresAt ?? 0) + HOUR);
    const asked = network.calls.length;
    await runDurableObjectAlarm(await account());
    expect(await onlyTask()).toEqual(summary);
    expect(await alarmOf(await account())).toBe(Date.now() + 60_000);
    expect(network.calls).toHaveLength(asked);
  });
});
