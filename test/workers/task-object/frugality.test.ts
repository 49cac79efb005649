import { env } from "cloudflare:workers";
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountObject } from "../../../src/account-object/object.ts";
import { CadenceObject } from "../../../src/cadence-object/object.ts";
import { nameInTaskId } from "../../../src/domain/task/task-id.ts";
import { ownAccount } from "../support/account.ts";
import { anotherAsks } from "../support/burst.ts";
import { callbacks, created, fakeNetwork, network, read, stubOf, until, upstream } from "../support/world.ts";

/*
 * What a task costs in rows written (each setAlarm is one) and in calls of the objects that are shared.
 *
 * scenario                                requirement
 * a life                                  at most 5 rows outside polls; 9 with a callback
 * a poll that changes nothing             one row: its alarm
 * a life with a callback                  at most 4 calls, and of the account alone
 */

/** By storage: every write of a key and every alarm, in order; each is one row. */
const written = new Map<object, string[]>();
const spies: { mockRestore: () => void }[] = [];

function note(of: object, what: string): void {
  written.set(of, [...(written.get(of) ?? []), what]);
}

/** Watches every object's storage, through the prototypes that they share. */
async function watch(): Promise<void> {
  await runInDurableObject(env.TASKS.get(env.TASKS.newUniqueId()), (_object, { storage }) => {
    const kv = Object.getPrototypeOf(storage.kv) as SyncKvStorage;
    const { put, delete: remove } = kv;
    const putSpy = vi.spyOn(kv, "put").mockImplementation(function (this: SyncKvStorage, key, value) {
      note(this, key);
      put.call(this, key, value);
    });
    const deleteSpy = vi.spyOn(kv, "delete").mockImplementation(function (this: SyncKvStorage, key) {
      note(this, `delete ${key}`);
      return remove.call(this, key);
    });
    const alarms = Object.getPrototypeOf(storage) as DurableObjectStorage;
    const { setAlarm } = alarms;
    const alarmSpy = vi.spyOn(alarms, "setAlarm").mockImplementation(async function (
      this: DurableObjectStorage,
      ...args
    ) {
      note(this.kv, "alarm");
      return setAlarm.apply(this, args);
    });
    spies.push(putSpy, deleteSpy, alarmSpy);
  });
}

beforeEach(async () => {
  fakeNetwork();
  written.clear();
  await watch();
});
afterEach(async () => {
  for (const spy of spies.splice(0)) spy.mockRestore();
  vi.restoreAllMocks();
  await reset();
});

/** The rows that this task's object has written so far. */
async function writesOf(id: string): Promise<string[]> {
  return runInDurableObject(stubOf(id), (_object, { storage }) => written.get(storage.kv) ?? []);
}

/** As another task of this account and model, in the same isolate. */
async function briefed(model: string): Promise<void> {
  await anotherAsks(await ownAccount(), model);
}

/**
 * Where a machine is so slow that the first poll is due before the first report has come back, the report arms the alarm
 * once more: of several lives, the cheapest counts.
 */
async function fewestOf(lives: number, live: () => Promise<number>): Promise<number> {
  const rows: number[] = [];
  for (let life = 0; life < lives; life += 1) rows.push(await live());
  return Math.min(...rows);
}

const polls = (): number => network.calls.filter(({ method }) => method === "GET").length;

describe("a task", () => {
  it("without a callback writes five rows outside of its polls: begun, accepted, and what it shares", async () => {
    const rows = await fewestOf(3, async () => {
      network.answer = upstream({ status: "queued" });
      const before = polls();
      const { task_id: id } = await created({ callback_url: undefined });
      await until(polls, (count) => count > before);
      const begun = await writesOf(id);
      expect(begun.filter((what) => what !== "alarm")).toEqual(["document", "document", "document"]);
      network.answer = upstream();
      await until(
        async () => read(id),
        ({ status }) => status === "succeeded",
      );
      // A poll arms the next one, or writes the end with its alarm.
      return (await writesOf(id)).length - (polls() - before) - 1;
    });
    expect(rows).toBeLessThanOrEqual(5);
  });

  it("with a callback writes nine at most, its first running included", async () => {
    const rows = await fewestOf(3, async () => {
      network.answer = upstream({ status: "running" });
      const before = polls();
      const { task_id: id } = await created();
      await until(
        async () => read(id),
        ({ status }) => status === "running",
      );
      network.answer = upstream();
      await until(
        async () => read(id),
        ({ callback }) => callback.status === "delivered",
      );
      const writes = await writesOf(id);
      expect(new Set(writes)).toEqual(new Set(["alarm", "document"]));
      return writes.length - (polls() - before);
    });
    expect(rows).toBeLessThanOrEqual(9);
  });

  it("writes one row, its alarm, for a poll that changes nothing", async () => {
    network.answer = upstream({ status: "queued" });
    const { task_id: id } = await created({ callback_url: undefined });
    await until(polls, (count) => count >= 2);
    const [from, start] = [await writesOf(id), polls()];
    await until(polls, (count) => count >= start + 5);
    const [to, end] = [await writesOf(id), polls()];
    const between = to.slice(from.length);
    expect(new Set(between)).toEqual(new Set(["alarm"]));
    // The poll on the wire at either look may or may not have armed yet.
    expect(Math.abs(between.length - (end - start))).toBeLessThanOrEqual(1);
  });

  it("seals nothing for a poll that changes nothing, whatever else the answer says", async () => {
    let count = 0;
    network.answer = async (call) =>
      call.method === "GET"
        ? Response.json({ task_id: "up-1", status: "queued", asked: (count += 1) })
        : upstream({ status: "queued" })(call);
    const { task_id: id } = await created({ callback_url: undefined });
    await until(polls, (polled) => polled >= 2);
    const encrypt = vi.spyOn(crypto.subtle, "encrypt");
    const start = polls();
    await until(polls, (polled) => polled >= start + 5);
    expect(encrypt).not.toHaveBeenCalled();
    // A read shows the newest answer all the same.
    const { upstream: shown } = (await read(id)) as unknown as { upstream: { asked: number } };
    expect(shown.asked).toBeGreaterThan(start);
  });

  it.each([
    { what: "alone", model: "alone", asks: 1 },
    { what: "in a burst, where another has asked for the forecast", model: "burst", asks: 0 },
  ])("$what calls its account four times, and no other object, callback and all", async ({ model, asks }) => {
    if (asks === 0) await briefed(model);
    const calls = [
      vi.spyOn(AccountObject.prototype, "sync"),
      vi.spyOn(AccountObject.prototype, "attemptBriefing"),
      // The account's own calls.
      vi.spyOn(CadenceObject.prototype, "outlook"),
      vi.spyOn(CadenceObject.prototype, "learn"),
    ];
    network.answer = upstream({ status: "running" });
    const { task_id: id } = await created({ model });
    await until(
      async () => read(id),
      ({ status }) => status === "running",
    );
    await until(polls, (count) => count >= 10);
    network.answer = upstream();
    await until(
      async () => read(id),
      ({ callback }) => callback.status === "delivered",
    );
    expect(callbacks()).toHaveLength(1);
    await until(
      () => calls[3]?.mock.calls.length,
      (count) => count === 1,
    );
    expect(calls.map(({ mock }) => mock.calls.length)).toEqual([3, 1, asks, 1]);
  });

  it("in a burst of fifty is told of with the others, and asks for its forecast with none of them", async () => {
    await briefed("burst");
    const report = vi.spyOn(AccountObject.prototype, "sync");
    const asked = vi.spyOn(CadenceObject.prototype, "outlook");
    network.answer = upstream({ status: "queued" });
    const tasks = await Promise.all(Array.from({ length: 50 }, async () => created({ model: "burst" })));
    const told = (): Set<string> =>
      new Set(report.mock.calls.flatMap(([all]) => all.map(({ name }) => name)));
    await until(told, ({ size }) => size === 50);
    expect(told()).toEqual(new Set(tasks.map(({ task_id: id }) => nameInTaskId(id))));
    // On a slow machine first polls come in between, and their confirmations are told one by one.
    expect(Math.max(...report.mock.calls.map(([all]) => all.length))).toBeGreaterThanOrEqual(5);
    expect(asked).not.toHaveBeenCalled();
  });

  it("says again with its first poll what it was told of with others, in case that was lost", async () => {
    await briefed("burst");
    const report = vi.spyOn(AccountObject.prototype, "sync").mockRejectedValueOnce(new Error("lost"));
    network.answer = upstream({ status: "queued" });
    const { task_id: id } = await created({ model: "burst" });
    await until(
      () => report.mock.calls.length,
      (count) => count >= 2,
    );
    expect(polls()).toBeGreaterThan(0);
    expect(
      report.mock.calls.map(([all]) => all.map(({ summary }) => [summary?.taskId, summary?.status])),
    ).toEqual([[[id, "queued"]], [[id, "queued"]]]);
  });
});
