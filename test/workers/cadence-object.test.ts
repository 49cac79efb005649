import { env } from "cloudflare:workers";
import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountObject } from "../../src/account-object/object.ts";
import { CadenceObject } from "../../src/cadence-object/object.ts";
import { NOTHING_SYNCED, type TaskState } from "../../src/domain/task/due-work.ts";
import { PRIOR_FORECAST } from "../../src/domain/polling/forecast.ts";
import { ownKeyAccount } from "../../src/keys/ids.ts";
import { storedOf } from "./support/stored.ts";
import {
  AUTHORIZATION,
  callbacks,
  created,
  fakeNetwork,
  network,
  read,
  until,
  upstream,
} from "./support/world.ts";

/*
 * scenario                                   requirement
 * a task's life                              shape: joins after it was accepted, settles after it ended
 * the same task twice                        shape: idempotent calls
 * account and cadence that do not answer     shape: never needed for progress
 * no task comes any more                     guarantee 10: nothing is left for ever
 */

const DAY = 86_400_000;
const CLASS = { model: "m", resolution: null, seconds: null, inputMode: null };

beforeEach(fakeNetwork);

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

async function cadence() {
  const name = await ownKeyAccount(AUTHORIZATION.replace("Bearer ", ""));
  return env.CADENCES.get(env.CADENCES.idFromName(name));
}

async function syncOf(id: string): Promise<TaskState["sync"]> {
  return (await storedOf(id)).state?.sync ?? NOTHING_SYNCED;
}

/** A clip that took 100 seconds, seen by polls two seconds apart. */
function finish(atMs = 100_000) {
  return { end: { afterMs: atMs - 2000, byMs: atMs }, queuedMs: null, runningMs: null, midpoint: null };
}

describe("a cadence", () => {
  it("gives a task its forecast when the upstream has accepted it, and hears when it was finished", async () => {
    const settle = vi.spyOn(CadenceObject.prototype, "settle");
    const join = vi.spyOn(CadenceObject.prototype, "join");
    network.answer = upstream({ status: "running" });
    const { task_id: id } = await created({ resolution: "720p", duration_seconds: "5" });
    const joined = await until(
      async () => syncOf(id),
      (sync) => sync.cadence === "joined",
    );
    // Nothing is known yet: the prior counts, and need not be kept with each task.
    expect(joined.forecast).toBeNull();
    expect(join.mock.calls).toEqual([[{ ...CLASS, resolution: "720p", seconds: 5 }]]);
    network.answer = upstream();
    await until(
      () => settle.mock.calls.length,
      (count) => count === 1,
    );
    expect((await (await cadence()).join(CLASS)).forecast?.known).toBeGreaterThan(0);
    network.answer = upstream({ status: "running" });
    const { task_id: next } = await created();
    const warm = await until(
      async () => syncOf(next),
      (sync) => sync.cadence === "joined",
    );
    expect(warm.forecast?.known).toBeGreaterThan(0);
  });

  it("is told nothing of a task that says nothing about finish times", async () => {
    const settle = vi.spyOn(CadenceObject.prototype, "settle");
    network.answer = upstream({ status: "succeeded" });
    const { task_id: id } = await created({ timeout_seconds: 60 });
    // Success without a URL is borne for two minutes by default, and is no finish.
    await until(
      async () => syncOf(id),
      ({ cadence: how }) => how === "joined",
    );
    expect(settle).not.toHaveBeenCalled();
    expect((await (await cadence()).join(CLASS)).forecast).toBeNull();
  });

  it("learns from each task once", async () => {
    const stub = await cadence();
    await stub.settle([{ name: "a-task", task: CLASS, sample: finish() }]);
    const once = await stub.join(CLASS);
    await stub.settle([{ name: "a-task", task: CLASS, sample: finish() }]);
    expect(await stub.join(CLASS)).toEqual(once);
    await stub.settle([{ name: "another-task", task: CLASS, sample: finish() }]);
    expect(await stub.join(CLASS)).not.toEqual(once);
  });

  it("moves the first poll to where its tasks were finished", async () => {
    const stub = await cadence();
    const { forecast: cold } = await stub.join(CLASS);
    for (let index = 0; index < 60; index++)
      await stub.settle([{ name: `task-${index}`, task: CLASS, sample: finish() }]);
    const { forecast: warm } = await stub.join(CLASS);
    expect(cold).toBeNull();
    expect(warm?.known).toBeGreaterThan(0.8);
    expect(JSON.stringify(warm).length).toBeLessThan(2000);
    expect(warm?.whole).not.toEqual(PRIOR_FORECAST.whole);
    // Asked again without news, it is the same; asked for its like, it is what all tasks of the key have shown.
    expect((await stub.join(CLASS)).forecast).toEqual(warm);
    expect((await stub.join({ ...CLASS, model: "another" })).forecast?.known).toBeGreaterThan(0);
  });

  it("is emptied when no task has come for three months, and not before", async () => {
    const stub = await cadence();
    await stub.settle([{ name: "a-task", task: CLASS, sample: finish() }]);
    const alarm = async (): Promise<number | null> =>
      runInDurableObject(stub, async (_object, { storage }) => storage.getAlarm());
    expect(await alarm()).toBeGreaterThan(Date.now() + 89 * DAY);
    await runDurableObjectAlarm(stub);
    expect((await stub.join(CLASS)).forecast?.known).toBeGreaterThan(0);
    expect(await alarm()).toBeGreaterThan(Date.now() + 89 * DAY);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 90 * DAY });
    try {
      await runDurableObjectAlarm(stub);
    } finally {
      vi.useRealTimers();
    }
    expect((await stub.join(CLASS)).forecast).toBeNull();
    expect(await alarm()).toBeNull();
  });
});

describe("a task whose account and cadence do not answer", () => {
  it("is polled, ends and calls back all the same", async () => {
    const away = new Error("away");
    vi.spyOn(CadenceObject.prototype, "join").mockRejectedValue(away);
    vi.spyOn(CadenceObject.prototype, "settle").mockRejectedValue(away);
    vi.spyOn(AccountObject.prototype, "sync").mockRejectedValue(away);
    vi.spyOn(AccountObject.prototype, "signingVersions").mockRejectedValue(away);
    // Of a class that no task has asked for yet.
    const { task_id: id } = await created({ model: "unheard-of" });
    await until(
      async () => read(id),
      ({ callback }) => callback.status === "delivered",
    );
    expect(callbacks()).toHaveLength(1);
    expect(await syncOf(id)).toEqual(NOTHING_SYNCED);
  });
});
