import { abortAllDurableObjects, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { reportOf } from "../../../src/domain/account/report.ts";
import { account, changeRows, summaries, untilSettled } from "../support/account.ts";
import { alarmOf, loseAlarm } from "../support/stored.ts";
import { callbacks, created, fakeNetwork, network, stubOf, until, upstream } from "../support/world.ts";

/*
 * The hourly alarm of an account, in workerd itself.
 *
 * scenario                                  requirement
 * a task whose alarm is gone                guarantee 6: the account asks every unsettled task once an hour
 * a process without the account's name      the same: the platform does not promise the name to an alarm
 */

const HOUR = 3_600_000;

beforeEach(fakeNetwork);

afterEach(async () => {
  vi.restoreAllMocks();
  // No object of one test goes on polling into the next.
  await reset();
});

/** A new process of the account, which has heard of its tasks so long ago, and its alarm. */
async function reconcile(heardAgoMs: number): Promise<void> {
  await changeRows((task) => ({ ...task, heardAt: Date.now() - heardAgoMs }));
  await runDurableObjectAlarm(await account());
}

describe("the account's hourly reconciliation", () => {
  it("wakes a task whose alarm is gone, without a request", async () => {
    network.answer = upstream({ status: "running" });
    const { task_id: id } = await created();
    await until(summaries, ([summary]) => summary?.status === "running");
    await loseAlarm(stubOf(id));
    network.answer = upstream();
    const polls = network.calls.length;
    // Heard of a moment ago: it waits for the next run.
    await reconcile(1_000);
    expect(network.calls).toHaveLength(polls);
    await reconcile(HOUR);
    await until(callbacks, (sent) => sent.length === 1);
    expect(await untilSettled()).toMatchObject({ taskId: id, status: "succeeded", delivery: "delivered" });
  });

  it("asks its tasks as before in a process that the platform has woken without the account's name", async () => {
    network.answer = upstream({ status: "running" });
    const { task_id: id } = await created();
    await until(summaries, ([summary]) => summary?.status === "running");
    await loseAlarm(stubOf(id));
    network.answer = upstream();
    await changeRows((task) => ({ ...task, heardAt: Date.now() - HOUR }));
    await runInDurableObject(await account(), (_object, state) => {
      Object.defineProperty(state, "id", { value: { toString: () => "an id without a name" } });
    });
    await runDurableObjectAlarm(await account());
    expect((await summaries()).map(({ taskId }) => taskId)).toEqual([id]);
    await until(callbacks, (sent) => sent.length === 1);
    expect(await untilSettled()).toMatchObject({ taskId: id, status: "succeeded", delivery: "delivered" });
  });

  it("drops what is no task any more, and is set again for those that are", async () => {
    network.answer = upstream({ status: "running" });
    const kept = await created();
    const [summary] = await until(summaries, (all) => all[0]?.status === "running");
    const stub = await account();
    if (!summary) throw new Error("unreachable");
    await stub.sync([reportOf({ ...summary, createdAt: summary.createdAt - 1 })]);
    expect(await summaries()).toHaveLength(2);
    await reconcile(HOUR);
    expect((await summaries()).map(({ taskId }) => taskId)).toEqual([kept.task_id]);
    const alarm = await alarmOf(stub);
    expect(alarm).toBeGreaterThan(Date.now() + HOUR - 2 * 60_000);
    expect(alarm).toBeLessThanOrEqual(Date.now() + HOUR + 60_000);
  });

  it("is set again by any request when it is lost, and survives a task that cannot answer", async () => {
    network.answer = upstream({ status: "running" });
    await created();
    await until(summaries, ([only]) => only?.status === "running");
    const stub = await account();
    await runInDurableObject(stub, async (_object, state) => state.storage.deleteAlarm());
    await abortAllDurableObjects();
    await (await account()).signingVersions();
    const alarm = await alarmOf(await account());
    expect(alarm).toBeGreaterThan(Date.now());

    const task = await import("../../../src/task-object/object.ts");
    vi.spyOn(task.TaskObject.prototype, "reconcile").mockRejectedValue(new Error("down"));
    await reconcile(HOUR);
    expect(await summaries()).toHaveLength(1);
    vi.restoreAllMocks();
  });
});
