import { reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountObject } from "../../../src/account-object/object.ts";
import { CadenceObject } from "../../../src/cadence-object/object.ts";
import { reportOf } from "../../../src/domain/account/report.ts";
import { PRIOR_FORECAST } from "../../../src/domain/polling/forecast.ts";
import type { Lesson } from "../../../src/domain/task/cadence.ts";
import { NOTHING_SYNCED, type TaskState } from "../../../src/domain/task/state.ts";
import { aSummary } from "../../support/builders.ts";
import { ownAccount } from "../support/account.ts";
import { alarmOf, storedOf } from "../support/stored.ts";
import { callbacks, created, fakeNetwork, network, read, until, upstream } from "../support/world.ts";

/*
 * scenario                                   requirement
 * a task's life                              shape: its account asks for a forecast, and tells of its end
 * accounts under one operator's key          learn together
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
  const name = await ownAccount();
  return env.CADENCES.get(env.CADENCES.idFromName(name));
}

async function syncOf(id: string): Promise<TaskState["sync"]> {
  return (await storedOf(id)).state?.sync ?? NOTHING_SYNCED;
}

/** A clip that took 100 seconds, seen by polls two seconds apart. */
function finish(atMs = 100_000) {
  return { end: { afterMs: atMs - 2000, byMs: atMs }, queuedMs: null, runningMs: null, midpoint: null };
}

function lesson(): Lesson {
  return { cadence: "a key", task: CLASS, sample: finish() };
}

describe("a cadence", () => {
  it("gives a task its forecast when the upstream has accepted it, and hears when it was finished", async () => {
    const learn = vi.spyOn(CadenceObject.prototype, "learn");
    const outlook = vi.spyOn(CadenceObject.prototype, "outlook");
    network.answer = upstream({ status: "running" });
    const { task_id: id } = await created({ resolution: "720p", duration_seconds: "5" });
    const joined = await until(
      async () => syncOf(id),
      ({ isBriefed }) => isBriefed,
    );
    // Nothing is known yet: the prior counts, and need not be kept with each task.
    expect(joined.forecast).toBeNull();
    expect(outlook.mock.calls).toEqual([[{ ...CLASS, resolution: "720p", seconds: 5 }]]);
    network.answer = upstream();
    await until(
      () => learn.mock.calls.length,
      (count) => count === 1,
    );
    expect((await (await cadence()).outlook(CLASS)).forecast?.known).toBeGreaterThan(0);
    network.answer = upstream({ status: "running" });
    const { task_id: next } = await created();
    const warm = await until(
      async () => syncOf(next),
      ({ isBriefed }) => isBriefed,
    );
    expect(warm.forecast?.known).toBeGreaterThan(0);
  });

  it("is told nothing of a task that says nothing about finish times", async () => {
    const learn = vi.spyOn(CadenceObject.prototype, "learn");
    network.answer = upstream({ status: "succeeded" });
    const { task_id: id } = await created({ timeout_seconds: 60 });
    // Success without a URL is borne for two minutes by default, and is no finish.
    await until(
      async () => syncOf(id),
      ({ isBriefed }) => isBriefed,
    );
    expect(learn).not.toHaveBeenCalled();
    expect((await (await cadence()).outlook(CLASS)).forecast).toBeNull();
  });

  it("teaches every account of one upstream key what the tasks of the others have shown", async () => {
    const asked = { cadence: "operator", task: CLASS };
    const first = env.ACCOUNTS.get(env.ACCOUNTS.idFromName("first"));
    const second = env.ACCOUNTS.get(env.ACCOUNTS.idFromName("second"));
    expect(await second.sync([], asked)).toMatchObject({ outlook: { forecast: null, paced: false } });
    const ended = reportOf(aSummary({ account: "first", version: 2 }), { ...asked, sample: finish() });
    await first.sync([ended]);
    const outlook = async () => (await second.sync([], asked)).outlook;
    const warm = await until(outlook, (is) => is !== null && is.forecast !== null);
    // Said again, and with a later redelivery, it is the same lesson.
    await first.sync([ended]);
    await first.sync([reportOf(aSummary({ account: "first", version: 3 }), ended.lesson)]);
    expect(await outlook()).toEqual(warm);
  });

  it("moves the first poll to where its tasks were finished", async () => {
    const stub = await cadence();
    const { forecast: cold } = await stub.outlook(CLASS);
    for (let index = 0; index < 60; index++) await stub.learn([lesson()]);
    const { forecast: warm } = await stub.outlook(CLASS);
    expect(cold).toBeNull();
    expect(warm?.known).toBeGreaterThan(0.8);
    expect(JSON.stringify(warm).length).toBeLessThan(2000);
    expect(warm?.whole).not.toEqual(PRIOR_FORECAST.whole);
    // Asked again without news, it is the same; asked for its like, it is what all tasks of the key have shown.
    expect((await stub.outlook(CLASS)).forecast).toEqual(warm);
    expect((await stub.outlook({ ...CLASS, model: "another" })).forecast?.known).toBeGreaterThan(0);
  });

  it("is emptied when no task has come for three months, and not before", async () => {
    const stub = await cadence();
    await stub.learn([lesson()]);
    const alarm = async (): Promise<number | null> => alarmOf(stub);
    expect(await alarm()).toBeGreaterThan(Date.now() + 89 * DAY);
    await runDurableObjectAlarm(stub);
    expect((await stub.outlook(CLASS)).forecast?.known).toBeGreaterThan(0);
    expect(await alarm()).toBeGreaterThan(Date.now() + 89 * DAY);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 90 * DAY });
    try {
      await runDurableObjectAlarm(stub);
    } finally {
      vi.useRealTimers();
    }
    expect((await stub.outlook(CLASS)).forecast).toBeNull();
    expect(await alarm()).toBeNull();
  });
});

describe("a task whose cadence does not answer", () => {
  it("is reported all the same, and asks its account again in a minute", async () => {
    vi.spyOn(CadenceObject.prototype, "outlook").mockRejectedValue(new Error("away"));
    network.answer = upstream({ status: "running" });
    const { task_id: id } = await created({ model: "silent" });
    const sync = await until(
      async () => syncOf(id),
      ({ lastReported }) => lastReported > 0,
    );
    expect(sync).toMatchObject({ isBriefed: false, forecast: null });
    network.answer = upstream();
    await until(
      async () => read(id),
      ({ callback }) => callback.status === "delivered",
    );
  });
});

describe("a task whose account and cadence do not answer", () => {
  it("is polled, ends and calls back all the same", async () => {
    const away = new Error("away");
    vi.spyOn(CadenceObject.prototype, "outlook").mockRejectedValue(away);
    vi.spyOn(CadenceObject.prototype, "learn").mockRejectedValue(away);
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
