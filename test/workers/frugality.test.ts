import { env } from "cloudflare:workers";
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountObject } from "../../src/account-object/object.ts";
import { CadenceObject } from "../../src/cadence-object/object.ts";
import { ownKeyAccount } from "../../src/keys/ids.ts";
import { joinCadence } from "../../src/cadence-object/client.ts";
import {
  AUTHORIZATION,
  callbacks,
  created,
  fakeNetwork,
  network,
  read,
  stubOf,
  until,
  upstream,
} from "./support/world.ts";

/*
 * What a task costs in rows written (each setAlarm is one) and in calls of the objects that are shared.
 *
 * scenario                                requirement
 * a life without news between             at most 7 rows outside polls and callbacks
 * a poll that changes nothing             one row: its alarm
 * a life with a callback                  at most 6 calls of the shared objects
 */

interface Written {
  what: string;
  rows: () => number;
}

/** By storage: every statement and every alarm, in order. */
const written = new Map<object, Written[]>();
const spies: { mockRestore: () => void }[] = [];

function note(of: object, what: string, rows: () => number): void {
  written.set(of, [...(written.get(of) ?? []), { what, rows }]);
}

/** Watches every object's storage, through the prototypes that they share. */
async function watch(): Promise<void> {
  await runInDurableObject(env.TASKS.get(env.TASKS.newUniqueId()), (_object, { storage }) => {
    const sql = Object.getPrototypeOf(storage.sql) as SqlStorage;
    const { exec } = sql;
    const execSpy = vi.spyOn(sql, "exec").mockImplementation(function (this: SqlStorage, ...args) {
      const cursor = exec.apply(this, args);
      note(this, args[0], () => cursor.rowsWritten);
      return cursor;
    });
    const alarms = Object.getPrototypeOf(storage) as DurableObjectStorage;
    const { setAlarm } = alarms;
    const alarmSpy = vi.spyOn(alarms, "setAlarm").mockImplementation(async function (
      this: DurableObjectStorage,
      ...args
    ) {
      note(this.sql, "setAlarm", () => 1);
      return setAlarm.apply(this, args);
    });
    spies.push(execSpy, alarmSpy);
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

/** What this task's object wrote so far: rows of each kind of write. */
async function writesOf(id: string): Promise<{ what: string; rows: number }[]> {
  const all = await runInDurableObject(stubOf(id), (_object, { storage }) => written.get(storage.sql) ?? []);
  return all.map(({ what, rows }) => ({ what, rows: rows() })).filter(({ rows }) => rows > 0);
}

/** As another task of this account and model, in the same isolate. */
async function joinAs(model: string): Promise<void> {
  const account = await ownKeyAccount(AUTHORIZATION.replace("Bearer ", ""));
  const traits = { resolution: null, seconds: null, inputMode: null };
  await joinCadence(env.CADENCES, { mode: "own", account, model, traits });
}

const total = (writes: { rows: number }[]): number => writes.reduce((sum, { rows }) => sum + rows, 0);
const polls = (): number => network.calls.filter(({ method }) => method === "GET").length;

describe("a task", () => {
  it("writes seven rows in its life outside of its polls: table, task and lease; submit and first poll; what it shares", async () => {
    network.answer = upstream({ status: "queued" });
    const { task_id: id } = await created({ callback_url: undefined });
    await until(polls, (count) => count >= 1);
    const before = await writesOf(id);
    const others = before.filter(({ what }) => what !== "setAlarm");
    expect(others.map(({ what, rows }) => `${rows} ${what.split(" ").slice(0, 2).join(" ")}`)).toEqual([
      "2 CREATE TABLE",
      "1 INSERT INTO",
      "1 UPDATE task",
      "1 UPDATE task",
    ]);
    network.answer = upstream();
    await until(
      async () => read(id),
      ({ status }) => status === "succeeded",
    );
    const all = await writesOf(id);
    // A poll arms the next one, or writes the end; everything else is the task's own.
    const ofPolls = polls() + 1;
    expect(total(all) - ofPolls).toBeLessThanOrEqual(7);
  });

  it("writes one row, its alarm, for a poll that changes nothing", async () => {
    network.answer = upstream({ status: "queued" });
    const { task_id: id } = await created({ callback_url: undefined });
    await until(polls, (count) => count >= 2);
    const [from, start] = [await writesOf(id), polls()];
    await until(polls, (count) => count >= start + 5);
    const [to, end] = [await writesOf(id), polls()];
    const between = to.slice(from.length);
    expect(new Set(between.map(({ what }) => what))).toEqual(new Set(["setAlarm"]));
    // The poll on the wire at either look may or may not have armed yet.
    expect(Math.abs(total(between) - (end - start))).toBeLessThanOrEqual(1);
  });

  it.each([
    { what: "alone", model: "alone", joins: 1 },
    { what: "in a burst, where another has asked for the forecast", model: "burst", joins: 0 },
  ])("$what calls the shared objects six times at most, callback and all", async ({ model, joins }) => {
    if (joins === 0) await joinAs(model);
    const calls = [
      vi.spyOn(AccountObject.prototype, "report"),
      vi.spyOn(AccountObject.prototype, "signingVersions"),
      vi.spyOn(CadenceObject.prototype, "join"),
      vi.spyOn(CadenceObject.prototype, "settle"),
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
    expect(calls.map(({ mock }) => mock.calls.length)).toEqual([3, 1, joins, 1]);
  });

  it("in a burst of fifty is told of with the others, and asks for its forecast with none of them", async () => {
    await joinAs("burst");
    const report = vi.spyOn(AccountObject.prototype, "report");
    const join = vi.spyOn(CadenceObject.prototype, "join");
    network.answer = upstream({ status: "queued" });
    const tasks = await Promise.all(Array.from({ length: 50 }, async () => created({ model: "burst" })));
    const told = (): Set<string> =>
      new Set(report.mock.calls.flatMap(([all]) => all.map(({ taskId }) => taskId)));
    await until(told, ({ size }) => size === 50);
    expect(told()).toEqual(new Set(tasks.map(({ task_id: id }) => id)));
    // On a slow machine first polls come in between, and their confirmations are told one by one.
    expect(Math.max(...report.mock.calls.map(([all]) => all.length))).toBeGreaterThanOrEqual(5);
    expect(join).not.toHaveBeenCalled();
  });

  it("says again with its first poll what it was told of with others, in case that was lost", async () => {
    await joinAs("burst");
    const report = vi.spyOn(AccountObject.prototype, "report").mockRejectedValueOnce(new Error("lost"));
    network.answer = upstream({ status: "queued" });
    const { task_id: id } = await created({ model: "burst" });
    await until(
      () => report.mock.calls.length,
      (count) => count >= 2,
    );
    expect(polls()).toBeGreaterThan(0);
    expect(report.mock.calls.map(([all]) => all.map(({ taskId, status }) => [taskId, status]))).toEqual([
      [[id, "queued"]],
      [[id, "queued"]],
    ]);
  });
});
