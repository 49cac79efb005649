import {
  abortAllDurableObjects,
  listDurableObjectIds,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountObject } from "../../../src/account-object/object.ts";
import { AccountStore } from "../../../src/account-object/store.ts";
import { EVERY_TASK } from "../../../src/domain/account/filter.ts";
import { reportOf, type KnownTask } from "../../../src/domain/account/report.ts";
import type { TaskSummary } from "../../../src/domain/account/summary.ts";
import { account, changeRows, summaries, untilSettled } from "../support/account.ts";
import { alarmOf, rowsByTable } from "../support/stored.ts";
import {
  callbacks,
  create,
  created,
  fakeNetwork,
  network,
  read,
  request,
  stubOf,
  until,
  upstream,
} from "../support/world.ts";

/*
 * What an account knows of its tasks, in workerd itself.
 *
 * scenario                                  requirement
 * a task's life                             shape: registers after it was accepted, settles after it ended
 * a definite no                             nothing is kept of it, not even an account
 * an account that does not answer           shape: never needed for progress, repeated until it succeeds
 * a deleted task                            contract: DELETE erases everything
 * a retention that is over                  guarantee 10: the account is emptied too
 * settings that do not parse                contract, Settings: nothing runs on a guess, so nothing expires
 */

const HOUR = 3_600_000;

beforeEach(fakeNetwork);

afterEach(async () => {
  vi.restoreAllMocks();
  // No object of one test goes on polling into the next.
  await reset();
});

/** As if it had come and gone a month ago. */
function isOver({ summary, ...task }: KnownTask): KnownTask {
  const ago = (at: number | null): number | null => at && at - 720 * HOUR;
  const createdAt = summary.createdAt - 720 * HOUR;
  return {
    ...task,
    summary: { ...summary, createdAt, settledAt: ago(summary.settledAt), expiresAt: Date.now() },
  };
}

/** Asks later which objects there are that were not there now. */
async function newObjects<T extends Rpc.DurableObjectBranded | undefined>(
  namespace: DurableObjectNamespace<T>,
): Promise<() => Promise<DurableObjectId[]>> {
  const before = new Set((await listDurableObjectIds(namespace)).map(String));
  return async () => (await listDurableObjectIds(namespace)).filter((id) => !before.has(String(id)));
}

describe("an account", () => {
  it("learns of a task when it is accepted, and when it has ended and was delivered, in three calls at most", async () => {
    const report = vi.spyOn(AccountObject.prototype, "sync");
    const secrets = vi.spyOn(AccountObject.prototype, "signingVersions");
    const task = await created();
    const summary = await untilSettled();
    expect(summary).toMatchObject({
      taskId: task.task_id,
      status: "succeeded",
      videoUrl: "https://cdn.test/v.mp4",
      delivery: "delivered",
    });
    expect(
      report.mock.calls.flatMap(([told]) => told).map(({ summary: is }) => `${is?.status} ${is?.delivery}`),
    ).toEqual(["queued waiting", "succeeded delivered"]);
    // A briefing of the last 250 ms says by which versions to sign.
    expect(secrets.mock.calls.length).toBeLessThanOrEqual(1);
  });

  it("keeps nothing of a definite no", async () => {
    const report = vi.spyOn(AccountObject.prototype, "sync");
    const newTasks = await newObjects(env.TASKS);
    const newAccounts = await newObjects(env.ACCOUNTS);
    network.answer = () => Response.json({ message: "no" }, { status: 400 });
    const refused = await create({}, { authorization: "Bearer sk-made-up" });
    expect(refused.status).toBe(400);
    // The answer's task is empty and has no alarm, so nothing is left that could report later.
    const tasks = await newTasks();
    expect(tasks.length).toBeLessThanOrEqual(1);
    for (const id of tasks) {
      const alarm = await runInDurableObject(env.TASKS.get(id), async (_object, state) =>
        state.storage.getAlarm(),
      );
      expect(alarm).toBeNull();
    }
    expect(report).not.toHaveBeenCalled();
    expect(await newAccounts()).toEqual([]);
  });

  it("that does not answer holds nothing up, and is told later", async () => {
    vi.spyOn(AccountObject.prototype, "sync").mockRejectedValue(new Error("down"));
    vi.spyOn(AccountObject.prototype, "signingVersions").mockRejectedValue(new Error("down"));
    const { task_id: id } = await created();
    await until(
      async () => read(id),
      ({ callback }) => callback.status === "delivered",
    );
    expect(callbacks()).toHaveLength(1);
    expect(await summaries()).toEqual([]);
    const alarm = async (): Promise<number | null> => alarmOf(stubOf(id));
    const retry = await until(alarm, (at) => at !== null);
    expect(retry).toBeLessThanOrEqual(Date.now() + 60_000);
    vi.restoreAllMocks();
    await runInDurableObject(stubOf(id), (_object, state) => state.storage.setAlarm(Date.now() + 1));
    // A new process has nothing but its rows to know that the account was never told.
    await abortAllDurableObjects();
    expect(await untilSettled()).toMatchObject({ status: "succeeded", delivery: "delivered" });
  });

  it("that never heard of a task is told of its end although the first report died with its process", async () => {
    const report = vi.spyOn(AccountObject.prototype, "sync").mockReturnValue(new Promise(() => undefined));
    const { task_id: id } = await created({ callback_url: undefined });
    await until(
      async () => read(id),
      ({ status }) => status === "succeeded",
    );
    await until(
      () => report.mock.calls.length,
      (count) => count > 0,
    );
    const alarm = async (): Promise<number | null> => alarmOf(stubOf(id));
    expect(await until(alarm, (at) => at !== null)).toBeLessThanOrEqual(Date.now() + 60_000);
    await abortAllDurableObjects();
    vi.restoreAllMocks();
    expect(await summaries()).toEqual([]);
    expect(await alarm()).toBeLessThanOrEqual(Date.now() + 60_000);
    await runInDurableObject(stubOf(id), async (_object, state) => state.storage.setAlarm(Date.now() + 1));
    expect(await untilSettled()).toMatchObject({ taskId: id, status: "succeeded" });
  });

  it("is told of ends that come together in calls that they share", async () => {
    // An object of the test before died in its call, which delays the first reports by a second.
    network.answer = upstream({ status: "running" });
    const tasks = await Promise.all(Array.from({ length: 20 }, async () => created()));
    const ids = tasks.map(({ task_id: id }) => id).toSorted();
    // The isolate may still tell of other tests' tasks, which were refused there.
    const own = async (): Promise<TaskSummary[]> =>
      (await summaries()).filter(({ taskId }) => ids.includes(taskId));
    await until(own, (all) => all.filter(({ status }) => status === "running").length === 20);
    const report = vi.spyOn(AccountObject.prototype, "sync");
    const secrets = vi.spyOn(AccountObject.prototype, "signingVersions");
    network.answer = upstream();
    const settled = await until(own, (all) => all.every(({ expiresAt }) => expiresAt !== null));
    expect(settled.map(({ taskId }) => taskId).toSorted()).toEqual(ids);
    expect(callbacks()).toHaveLength(20);
    expect(report.mock.calls.length).toBeLessThan(20);
    expect(secrets.mock.calls.length).toBeLessThan(20);
  });

  it("is not taken back by a report that comes late", async () => {
    await created();
    const settled = await untilSettled();
    const stub = await account();
    await stub.sync([reportOf({ ...settled, status: "running", version: settled.version - 1 })]);
    expect(await summaries()).toEqual([settled]);
  });
});

describe("a task that the upstream puts back into its queue", () => {
  it("stands so in its account's list", async () => {
    network.answer = upstream({ status: "running" });
    await created();
    await until(summaries, ([only]) => only?.status === "running");
    network.answer = upstream({ status: "pending" });
    await until(summaries, ([only]) => only?.status === "queued");
    const stub = await account();
    expect((await stub.stats()).tasks).toEqual({ queued: 1, running: 0, succeeded: 0, failed: 0 });
  });
});

describe("an account's statistics", () => {
  it("leave out a task whose retention is over, from the next run on", async () => {
    await created();
    await untilSettled();
    const stub = await account();
    expect(await stub.stats()).toMatchObject({ tasks: { succeeded: 1 }, deliveries: { delivered: 1 } });
    await stub.rotate(0);
    await changeRows(isOver);
    await runDurableObjectAlarm(stub);
    expect(await stub.stats()).toEqual({
      tasks: { queued: 0, running: 0, succeeded: 0, failed: 0 },
      models: [],
      deliveries: { pending: 0, delivered: 0, exhausted: 0, stopped: 0 },
      hosts: [],
      files: { kept: 0, bytes: 0 },
      pollsPerTask: null,
    });
  });
});

describe("a task that is gone", () => {
  it("leaves its account when it is deleted, even if the account was away", async () => {
    const { task_id: id } = await created();
    await untilSettled();
    const forget = vi.spyOn(AccountObject.prototype, "sync").mockRejectedValue(new Error("down"));
    expect(await request("DELETE", `/v1/videos/${id}`)).toMatchObject({ status: 204 });
    await until(
      () => forget.mock.calls.length,
      (count) => count === 1,
    );
    expect(await summaries()).toHaveLength(1);
    forget.mockRestore();
    await abortAllDurableObjects();
    await runDurableObjectAlarm(stubOf(id));
    expect(await summaries()).toEqual([]);
    expect(await runInDurableObject(stubOf(id), (_object, { storage }) => rowsByTable(storage))).toEqual({});
  });

  it("leaves its account when its retention is over, and the account is emptied with its last task", async () => {
    await created();
    await untilSettled();
    const stub = await account();
    await changeRows(isOver);
    await runDurableObjectAlarm(stub);
    expect(await summaries()).toEqual([]);
    expect(await runInDurableObject(stub, (_object, { storage }) => rowsByTable(storage))).toEqual({});
    expect(await alarmOf(stub)).toBeNull();
  });

  it("never is over while the settings do not parse, and the account stays set to look again", async () => {
    await created();
    const settled = await untilSettled();
    const stub = await account();
    const seen = await runInDurableObject(stub, async (_object, { storage }) => {
      await storage.deleteAlarm();
      const store = new AccountStore(storage);
      const now = (settled.expiresAt ?? 0) + 10_000 * HOUR;
      const retention = { now, retentionMs: Infinity };
      await store.watch(now);
      store.expire("", retention);
      const { summaries: listed } = await store.list(
        { filter: EVERY_TASK, before: null, limit: 10 },
        retention,
      );
      const counted = store.stats().tasks.succeeded;
      await store.endRun(retention, true);
      return { listed: listed.length, counted, alarmInMs: ((await storage.getAlarm()) ?? 0) - now };
    });
    expect(seen).toMatchObject({ listed: 1, counted: 1 });
    expect(seen.alarmInMs).toBeGreaterThan(0);
    expect(seen.alarmInMs).toBeLessThanOrEqual(HOUR);
    expect(await summaries()).toHaveLength(1);
  });

  it("does not take a rotated secret with it", async () => {
    await created();
    await untilSettled();
    const stub = await account();
    const rotated = await stub.rotate(0);
    await changeRows(isOver);
    await runDurableObjectAlarm(stub);
    expect(await summaries()).toEqual([]);
    expect(await stub.signingVersions()).toEqual(rotated?.slice(0, 1));
  });
});
