import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EVERY_TASK } from "../../../../src/domain/account/filter.ts";
import type { TaskSummary } from "../../../../src/domain/account/summary.ts";
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
 * An account's recoveries, in plain Node, with tasks that remember what they answered a recovery.
 *
 * scenario                                  requirement
 * an outage                                 each that fits is asked once, oldest first; the counts are deliveries
 * nothing fits                              it has ended at once
 * two at a time                             the second is told which one runs
 */

let account: RecoveringAccount;
beforeEach(() => {
  account = new RecoveringAccount();
});
afterEach(() => account.close());

describe("a recovery", () => {
  it("asks each task that fits once, oldest first, within its limits", async () => {
    account.outage(30);
    account.report(anExhausted(40, { delivery: "delivered" }), anExhausted(41, { delivery: "stopped" }));
    const { id, matched } = await account.started();
    expect(matched).toBe(30);
    expect(await account.ended(id)).toMatchObject({
      status: "done",
      matched: 30,
      delivered: 30,
      failed: 0,
      remaining: 0,
    });
    expect(account.asked.map(({ name }) => name)).toEqual(
      Array.from({ length: 30 }, (_, index) => nameOf(index)),
    );
    expect(account.asked[0]?.order).toEqual({
      recoveryId: id,
      statuses: ["exhausted"],
      endpoint: null,
      target: null,
    });
    expect(account.mostAtOnce).toBe(5);
  });

  it("is previewed with the hosts and the oldest tasks, and nothing is asked", async () => {
    account.outage(12);
    account.report(anExhausted(20, { callbackHost: "other.acme.com" }));
    const preview = await passing(account.recoveries.preview(request().filter));
    expect(preview.matched).toBe(13);
    expect(preview.hosts).toEqual([
      { host: "hooks.acme.com", count: 12 },
      { host: "other.acme.com", count: 1 },
    ]);
    expect(preview.first.map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, (_, index) => nameOf(index)),
    );
    expect(account.asked).toEqual([]);
  });

  it("is previewed with the hundred hosts that have most", async () => {
    account.report(
      ...Array.from({ length: 150 }, (_, index) =>
        anExhausted(index, { callbackHost: `h${index}.acme.com` }),
      ),
    );
    account.report(anExhausted(200, { callbackHost: "h149.acme.com" }));
    const { matched, hosts } = await passing(account.recoveries.preview(request().filter));
    expect(matched).toBe(151);
    expect(hosts).toHaveLength(100);
    expect(hosts[0]).toEqual({ host: "h149.acme.com", count: 2 });
  });

  it("is previewed once for all who ask the same, one after the other for the others, and not beyond their patience", async () => {
    account.outage(1_600);
    const read = vi.spyOn(account.store, "tasksBetween");
    const other = { statuses: ["stopped" as const], tasks: EVERY_TASK, isElsewhere: false };
    const all = [request().filter, request().filter, other, request().filter, other].map(async (filter) =>
      account.recoveries.preview(filter),
    );
    const previews = await passing(Promise.all(all));
    expect(previews.map(({ matched }) => matched)).toEqual([1_600, 1_600, 0, 1_600, 0]);
    // Four chunks of 500 each.
    expect(read).toHaveBeenCalledTimes(8);
    read.mockClear();
    const late = account.recoveries.preview(request().filter);
    await vi.advanceTimersByTimeAsync(0);
    vi.setSystemTime(Date.now() + 60_000);
    await expect(passing(late)).rejects.toThrow("the count takes too long");
    expect(read.mock.calls.length).toBeLessThan(4);
    expect((await passing(account.recoveries.preview(request().filter))).matched).toBe(1_600);
  });

  it.each<{ what: string; summary: Partial<TaskSummary>; tasks?: object; isMatch: boolean }>([
    { what: "that fits", summary: {}, isMatch: true },
    {
      what: "created at that very time",
      summary: {},
      tasks: { createdAfter: T0 - 1_000_000 },
      isMatch: true,
    },
    { what: "created earlier", summary: {}, tasks: { createdAfter: T0 - 999_999 }, isMatch: false },
    { what: "created before", summary: {}, tasks: { createdBefore: T0 - 999_999 }, isMatch: true },
    { what: "not created before", summary: {}, tasks: { createdBefore: T0 - 1_000_000 }, isMatch: false },
    { what: "before the future", summary: {}, tasks: { createdBefore: T0 + HOUR }, isMatch: true },
    {
      what: "of the future",
      summary: { createdAt: T0 + 1000 },
      tasks: { createdBefore: T0 + HOUR },
      isMatch: false,
    },
    {
      what: "of another host",
      summary: { callbackHost: "b.acme.com" },
      tasks: { callbackHost: "a.acme.com" },
      isMatch: false,
    },
    { what: "of another model", summary: {}, tasks: { model: "n" }, isMatch: false },
    { what: "that waits", summary: { delivery: "waiting", status: "running" }, isMatch: false },
    { what: "whose newest event is no end", summary: { status: "running" }, isMatch: false },
    {
      what: "whose end its callback does not want",
      summary: { status: "failed", terminalDelivery: null },
      isMatch: false,
    },
    { what: "without a callback", summary: { delivery: null, callbackHost: null }, isMatch: false },
    { what: "whose retention is over", summary: { settledAt: T0 - 721 * HOUR }, isMatch: false },
  ])("is for a task $what: $isMatch", async ({ summary, tasks, isMatch }) => {
    account.report(anExhausted(0, summary));
    const filter = {
      statuses: ["exhausted" as const],
      tasks: { ...EVERY_TASK, ...tasks },
      isElsewhere: false,
    };
    expect((await passing(account.recoveries.preview(filter))).matched).toBe(isMatch ? 1 : 0);
    const { id } = await account.started({ filter });
    await account.ended(id);
    expect(account.asked).toHaveLength(isMatch ? 1 : 0);
  });

  it("that fits nothing has ended when it is answered, and is kept", async () => {
    const answer = await account.started();
    expect(answer).toMatchObject({ status: "done", matched: 0, remaining: 0, finishedAt: T0 });
    expect(account.recoveries.list()).toEqual([answer]);
    expect(account.storage.alarm).not.toBeNull();
  });

  it("is one at a time, also while the first one counts", async () => {
    account.outage(3);
    const [first, second] = await passing(
      Promise.all([account.recoveries.start(request(), ROOTS), account.recoveries.start(request(), ROOTS)]),
    );
    if (first.kind !== "started") throw new Error("not started");
    expect(second).toEqual({ kind: "running", recoveryId: first.recovery.id });
    expect(await passing(account.recoveries.start(request(), ROOTS))).toEqual(second);
    await account.ended(first.recovery.id);
    expect((await account.started()).id).not.toBe(first.recovery.id);
  });

  it("can be read, listed and cancelled while it counts", async () => {
    account.outage(5_000);
    const start = account.recoveries.start(request(), ROOTS);
    const second = await account.recoveries.start(request(), ROOTS);
    if (second.kind !== "running") throw new Error("both run");
    const id = second.recoveryId;
    expect(account.recoveries.find(id)).toMatchObject({ id, status: "running", delivered: 0, failed: 0 });
    expect(account.recoveries.list().map((one) => one.id)).toEqual([id]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await account.recoveries.cancel(id)).toMatchObject({ id, status: "cancelled" });
    expect(await passing(start)).toMatchObject({ kind: "started", recovery: { id, status: "cancelled" } });
    expect(account.recoveries.find(id)).toMatchObject({ id, status: "cancelled" });
    expect(account.matchRows()).toBe(0);
    await account.fire();
    expect(account.asked).toEqual([]);
    account.begin();
    expect(account.recoveries.list()).toMatchObject([{ id, status: "cancelled" }]);
  });

  it("halts at a host after five failures in a row, and leaves the rest", async () => {
    for (let index = 0; index < 30; index += 1) account.answers.set(nameOf(index), { kind: "failed" });
    account.outage(30);
    const { id } = await account.started();
    expect(await account.ended(id)).toMatchObject({
      status: "halted",
      matched: 30,
      delivered: 0,
      failed: 5,
      remaining: 25,
    });
    expect(account.asked).toHaveLength(5);
  });

  it("asks a task again that does not answer; after the fourth time its outcome is unknown, and no failure of its host", async () => {
    account.outage(12);
    for (let index = 1; index < 8; index += 1) account.answers.set(nameOf(index), new Error("no answer"));
    const { id } = await account.started();
    expect(await account.ended(id)).toMatchObject({
      status: "done",
      matched: 12,
      delivered: 5,
      failed: 7,
      remaining: 0,
    });
    expect(account.asked.filter(({ name }) => name === nameOf(1))).toHaveLength(4);
  });
});

describe("a cancelled recovery", () => {
  it("asks nothing more; what was on its way counts", async () => {
    account.outage(20);
    account.takesMs = 1_000;
    const { id } = await account.started();
    const run = account.fireNow();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await account.recoveries.cancel(id)).toMatchObject({
      status: "cancelled",
      matched: 20,
      delivered: 1,
      remaining: 19,
    });
    await passing(run);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(account.recoveries.find(id)).toMatchObject({ status: "cancelled", delivered: 6, remaining: 14 });
    expect(account.asked).toHaveLength(6);
    account.begin();
    expect(account.recoveries.find(id)).toMatchObject({ status: "cancelled", delivered: 6, remaining: 14 });
    expect(await account.recoveries.cancel(id)).toMatchObject({ status: "cancelled", delivered: 6 });
    expect(await account.recoveries.cancel("rec_none")).toBeNull();
  });
});

describe("a recovery after a cancelled one", () => {
  it("begins at once, and waits for what the other has on its way", async () => {
    account.outage(20);
    account.takesMs = 8_000;
    const { id } = await account.started();
    const run = account.fireNow();
    await vi.advanceTimersByTimeAsync(8_500);
    expect(account.atOnce).toBe(5);
    await account.recoveries.cancel(id);
    const cancelled = Date.now();
    await passing(run);
    // It does not sleep until an answer comes.
    expect(Date.now() - cancelled).toBeLessThan(100);
    account.remembered.clear();
    const next = await account.started();
    expect(await account.ended(next.id)).toMatchObject({ status: "done", delivered: 20 });
    expect(account.mostAtOnce).toBe(5);
    expect(account.recoveries.find(id)).toMatchObject({ status: "cancelled", delivered: 6 });
  });
});

describe("many of them", () => {
  it("are kept to the last 20", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 23; index += 1) {
      ids.push((await account.started()).id);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(account.recoveries.list().map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 20));
    account.begin();
    expect(account.recoveries.list().map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 20));
  });
});
