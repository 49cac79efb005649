import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Recoveries } from "../../../src/account-object/recovery/recoveries.ts";
import type { AccountStorage } from "../../../src/account-object/storage.ts";
import { AccountStore } from "../../../src/account-object/store.ts";
import { EVERY_TASK } from "../../../src/domain/account/filter.ts";
import { reportOf } from "../../../src/domain/account/report.ts";
import type { TaskSummary } from "../../../src/domain/account/summary.ts";
import type { RecoveryAnswer, RecoveryOrder } from "../../../src/domain/recovery/order.ts";
import type { RecoveryRequest, RecoveryView } from "../../../src/domain/recovery/recovery.ts";
import { watchLog } from "../../support/log-lines.ts";
import { anEndpointSummary, aSummary, T0 } from "../../support/builders.ts";
import { SqlMemoryStorage } from "../../support/sql-storage.ts";

/*
 * An account's recoveries, in plain Node, with tasks that remember what they answered a recovery.
 *
 * scenario                                  requirement
 * an outage                                 each that fits is asked once, oldest first; the counts are deliveries
 * nothing fits                              it has ended at once
 * several receivers of a task               each has a delivery of its own, which is counted and asked once
 * two at a time                             the second is told which one runs
 * rows that change before their turn        delivered meanwhile counts; gone or unfit leaves the count; newly fit joins it
 * a process that dies                       another asks again from the stored cursor, and comes to the same
 * a seal that does not open                 it waits, asks nothing, and ends after a day
 * its alarm                                 comes at once for a run, within a minute after a death, and goes back at the end
 * more than memory holds                    ends all the same
 */

const ACCOUNT = "key:somebody";
const ROOTS = ["a root secret of a deployment that has many letters"] as const;
const HOUR = 3_600_000;

let storage: SqlMemoryStorage;
let store: AccountStore;
let recoveries: Recoveries;
/** Counts the account's processes. */
let process = 0;
/** What each task answers, by its name and endpoint; without an entry it takes what it is sent. */
const answers = new Map<string, RecoveryAnswer | Error>();
/** What tasks remember of the recovery. */
const remembered = new Map<string, Promise<RecoveryAnswer>>();
const asked: { name: string; order: RecoveryOrder }[] = [];
/** Where the registered endpoints are. */
const endpoints = new Map<string, string>();
let takesMs = 50;
/** Deliveries that take ten seconds. */
const slow = new Set<string>();
let mostAtOnce = 0;
let atOnce = 0;

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
  watchLog(() => undefined);
  storage = new SqlMemoryStorage();
  for (const memory of [answers, remembered, slow, endpoints]) memory.clear();
  asked.length = 0;
  takesMs = 50;
  mostAtOnce = 0;
  atOnce = 0;
  begin();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  storage.close();
});

/** A process of the account; one that was there before is gone, and what it asked goes on. */
function begin(): void {
  process += 1;
  store = new AccountStore(storageOf(process));
  recoveries = new Recoveries({
    account: ACCOUNT,
    store: store.recoveries,
    readTasks: (...range) => store.tasksBetween(...range),
    retention: () => ({ now: Date.now(), retentionMs: 720 * HOUR }),
    endpointHost: (id) => endpoints.get(id) ?? null,
    ask,
  });
}

/** The storage as a process sees it: one that is gone writes nothing any more. */
function storageOf(owner: number): AccountStorage {
  const alive = (): SqlMemoryStorage => {
    if (owner !== process) throw new Error("the process is gone");
    return storage;
  };
  return {
    sql: { exec: (query, ...bindings) => alive().sql.exec(query, ...bindings) },
    transactionSync: (act) => alive().transactionSync(act),
    setAlarm: async (instant) => alive().setAlarm(instant),
    getAlarm: async () => alive().getAlarm(),
    deleteAll: async () => alive().deleteAll(),
  };
}

async function ask(name: string, order: RecoveryOrder): Promise<RecoveryAnswer> {
  const delivery = deliveryOf(name, order.endpoint);
  const known = remembered.get(delivery);
  const answer = known?.then(repeated) ?? answerOf(name, order);
  remembered.set(delivery, answer);
  // An error is no answer: it is asked again.
  answer.catch(() => remembered.delete(delivery));
  return answer;
}

/** A failure that a task remembers tells nothing new about its host. */
function repeated(answer: RecoveryAnswer): RecoveryAnswer {
  return answer.kind === "failed" ? { kind: "interrupted" } : answer;
}

function deliveryOf(name: string, endpoint: string | null): string {
  return endpoint === null ? name : `${name} ${endpoint}`;
}

async function answerOf(name: string, order: RecoveryOrder): Promise<RecoveryAnswer> {
  asked.push({ name, order });
  atOnce += 1;
  mostAtOnce = Math.max(mostAtOnce, atOnce);
  await new Promise((resolve) =>
    setTimeout(resolve, slow.has(deliveryOf(name, order.endpoint)) ? 10_000 : takesMs),
  );
  atOnce -= 1;
  const answer = answers.get(deliveryOf(name, order.endpoint)) ?? { kind: "delivered" as const };
  if (answer instanceof Error) throw answer;
  return answer;
}

const nameOf = (index: number): string =>
  `task${String(index).padStart(22, "a")}`.replaceAll(/\d/g, letterOf);
const letterOf = (digit: string): string => "bcdefghijk"[Number(digit)] ?? "";

function anExhausted(index: number, overrides: Partial<TaskSummary> = {}): TaskSummary {
  return aSummary({
    name: nameOf(index),
    createdAt: T0 - 1_000_000 + index,
    delivery: "exhausted",
    callbackHost: "hooks.acme.com",
    settledAt: T0 - 1,
    expiresAt: T0 + 720 * HOUR,
    ...overrides,
  });
}

let version = 1;
function report(...summaries: TaskSummary[]): void {
  version += 1;
  store.receive(
    summaries.map((summary) => reportOf({ ...summary, version })),
    Date.now(),
  );
}

function outage(count: number): void {
  report(...Array.from({ length: count }, (_, index) => anExhausted(index)));
}

function request(overrides: Partial<RecoveryRequest> = {}): RecoveryRequest {
  return {
    filter: { statuses: ["exhausted"], tasks: EVERY_TASK, isElsewhere: false },
    target: null,
    ...overrides,
  };
}

/** Lets time pass until this has come. */
async function passing<T>(promise: Promise<T>): Promise<T> {
  const state = { isDone: false };
  const settled = (): void => {
    state.isDone = true;
  };
  promise.then(settled, settled);
  while (!state.isDone) await vi.advanceTimersByTimeAsync(10);
  return promise;
}

async function started(overrides: Partial<RecoveryRequest> = {}): Promise<RecoveryView> {
  const answer = await passing(recoveries.start(request(overrides), ROOTS));
  if (answer.kind !== "started") throw new Error(answer.kind);
  return answer.recovery;
}

/** Fires the alarm when it is due. */
async function fire(roots: readonly [string, ...string[]] = ROOTS): Promise<void> {
  await vi.advanceTimersByTimeAsync(Math.max((storage.alarm ?? 0) - Date.now(), 0));
  storage.alarm = null;
  store.alarmFired();
  await passing(recoveries.run(roots, 0, Date.now()));
}

async function ended(id: string): Promise<RecoveryView | null> {
  for (let run = 0; run < 100 && recoveries.find(id)?.status === "running"; run += 1) await fire();
  return recoveries.find(id);
}

describe("a recovery", () => {
  it("asks each task that fits once, oldest first, within its limits", async () => {
    outage(30);
    report(anExhausted(40, { delivery: "delivered" }), anExhausted(41, { delivery: "stopped" }));
    const { id, matched } = await started();
    expect(matched).toBe(30);
    expect(await ended(id)).toMatchObject({
      status: "done",
      matched: 30,
      delivered: 30,
      failed: 0,
      remaining: 0,
    });
    expect(asked.map(({ name }) => name)).toEqual(Array.from({ length: 30 }, (_, index) => nameOf(index)));
    expect(asked[0]?.order).toEqual({
      recoveryId: id,
      statuses: ["exhausted"],
      endpoint: null,
      target: null,
    });
    expect(mostAtOnce).toBe(5);
  });

  it("is previewed with the hosts and the oldest tasks, and nothing is asked", async () => {
    outage(12);
    report(anExhausted(20, { callbackHost: "other.acme.com" }));
    const preview = await passing(recoveries.preview(request().filter));
    expect(preview.matched).toBe(13);
    expect(preview.hosts).toEqual([
      { host: "hooks.acme.com", count: 12 },
      { host: "other.acme.com", count: 1 },
    ]);
    expect(preview.first.map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, (_, index) => nameOf(index)),
    );
    expect(asked).toEqual([]);
  });

  it("is previewed with the hundred hosts that have most", async () => {
    report(
      ...Array.from({ length: 150 }, (_, index) =>
        anExhausted(index, { callbackHost: `h${index}.acme.com` }),
      ),
    );
    report(anExhausted(200, { callbackHost: "h149.acme.com" }));
    const { matched, hosts } = await passing(recoveries.preview(request().filter));
    expect(matched).toBe(151);
    expect(hosts).toHaveLength(100);
    expect(hosts[0]).toEqual({ host: "h149.acme.com", count: 2 });
  });

  it("is previewed once for all who ask the same, one after the other for the others, and not beyond their patience", async () => {
    outage(1_600);
    const read = vi.spyOn(store, "tasksBetween");
    const other = { statuses: ["stopped" as const], tasks: EVERY_TASK, isElsewhere: false };
    const all = [request().filter, request().filter, other, request().filter, other].map(async (filter) =>
      recoveries.preview(filter),
    );
    const previews = await passing(Promise.all(all));
    expect(previews.map(({ matched }) => matched)).toEqual([1_600, 1_600, 0, 1_600, 0]);
    // Four chunks of 500 each.
    expect(read).toHaveBeenCalledTimes(8);
    read.mockClear();
    const late = recoveries.preview(request().filter);
    await vi.advanceTimersByTimeAsync(0);
    vi.setSystemTime(Date.now() + 60_000);
    await expect(passing(late)).rejects.toThrow("the count takes too long");
    expect(read.mock.calls.length).toBeLessThan(4);
    expect((await passing(recoveries.preview(request().filter))).matched).toBe(1_600);
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
    report(anExhausted(0, summary));
    const filter = {
      statuses: ["exhausted" as const],
      tasks: { ...EVERY_TASK, ...tasks },
      isElsewhere: false,
    };
    expect((await passing(recoveries.preview(filter))).matched).toBe(isMatch ? 1 : 0);
    const { id } = await started({ filter });
    await ended(id);
    expect(asked).toHaveLength(isMatch ? 1 : 0);
  });

  it("that fits nothing has ended when it is answered, and is kept", async () => {
    const answer = await started();
    expect(answer).toMatchObject({ status: "done", matched: 0, remaining: 0, finishedAt: T0 });
    expect(recoveries.list()).toEqual([answer]);
    expect(storage.alarm).not.toBeNull();
  });

  it("is one at a time, also while the first one counts", async () => {
    outage(3);
    const [first, second] = await passing(
      Promise.all([recoveries.start(request(), ROOTS), recoveries.start(request(), ROOTS)]),
    );
    if (first.kind !== "started") throw new Error("not started");
    expect(second).toEqual({ kind: "running", recoveryId: first.recovery.id });
    expect(await passing(recoveries.start(request(), ROOTS))).toEqual(second);
    await ended(first.recovery.id);
    expect((await started()).id).not.toBe(first.recovery.id);
  });

  it("can be read, listed and cancelled while it counts", async () => {
    outage(5_000);
    const start = recoveries.start(request(), ROOTS);
    const second = await recoveries.start(request(), ROOTS);
    if (second.kind !== "running") throw new Error("both run");
    const id = second.recoveryId;
    expect(recoveries.find(id)).toMatchObject({ id, status: "running", delivered: 0, failed: 0 });
    expect(recoveries.list().map((one) => one.id)).toEqual([id]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await recoveries.cancel(id)).toMatchObject({ id, status: "cancelled" });
    expect(await passing(start)).toMatchObject({ kind: "started", recovery: { id, status: "cancelled" } });
    expect(recoveries.find(id)).toMatchObject({ id, status: "cancelled" });
    expect(matchRows()).toBe(0);
    await fire();
    expect(asked).toEqual([]);
    begin();
    expect(recoveries.list()).toMatchObject([{ id, status: "cancelled" }]);
  });

  it("halts at a host after five failures in a row, and leaves the rest", async () => {
    for (let index = 0; index < 30; index += 1) answers.set(nameOf(index), { kind: "failed" });
    outage(30);
    const { id } = await started();
    expect(await ended(id)).toMatchObject({
      status: "halted",
      matched: 30,
      delivered: 0,
      failed: 5,
      remaining: 25,
    });
    expect(asked).toHaveLength(5);
  });

  it("asks a task again that does not answer; after the fourth time its outcome is unknown, and no failure of its host", async () => {
    outage(12);
    for (let index = 1; index < 8; index += 1) answers.set(nameOf(index), new Error("no answer"));
    const { id } = await started();
    expect(await ended(id)).toMatchObject({
      status: "done",
      matched: 12,
      delivered: 5,
      failed: 7,
      remaining: 0,
    });
    expect(asked.filter(({ name }) => name === nameOf(1))).toHaveLength(4);
  });
});

describe("the receivers of a task", () => {
  const AT_HOOKS = "hooks.acme.com";
  /** The callback and two endpoints, one of them at the callback's host. */
  function severalOf(index: number, overrides: Partial<TaskSummary> = {}): TaskSummary {
    const exhausted = { terminalDelivery: "exhausted" as const };
    return anExhausted(index, {
      endpoints: [
        anEndpointSummary({ id: "ep_a", host: "a.acme.com", ...exhausted }),
        anEndpointSummary({ id: "ep_b", host: AT_HOOKS, ...exhausted }),
      ],
      ...overrides,
    });
  }
  const all = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => nameOf(index)).flatMap((name) => [
      name,
      `${name} ep_a`,
      `${name} ep_b`,
    ]);
  const askedFor = (): string[] => asked.map(({ name, order }) => deliveryOf(name, order.endpoint));

  beforeEach(() => {
    endpoints.set("ep_c", "c.acme.com");
    endpoints.set("ep_a", "a.acme.com");
    endpoints.set("ep_b", AT_HOOKS);
    report(...Array.from({ length: 12 }, (_, index) => severalOf(index)));
  });

  it("are previewed each, and each task once among the oldest", async () => {
    const preview = await passing(recoveries.preview(request().filter));
    expect(preview).toMatchObject({
      matched: 36,
      hosts: [
        { host: AT_HOOKS, count: 24 },
        { host: "a.acme.com", count: 12 },
      ],
    });
    expect(preview.first.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, at) => nameOf(at)));
  });

  it("get each their own delivery, once", async () => {
    const { id, matched } = await started();
    expect(matched).toBe(36);
    expect(await ended(id)).toMatchObject({ status: "done", matched: 36, delivered: 36, remaining: 0 });
    expect(askedFor().toSorted()).toEqual(all(12).toSorted());
  });

  it("are sent to one URL instead, once for each delivery", async () => {
    const { id } = await started({ target: { url: "https://new.acme.com/", headers: [] } });
    expect(await ended(id)).toMatchObject({ status: "done", matched: 36, delivered: 36 });
    expect(askedFor()).toEqual(all(12));
    expect(asked.every(({ order }) => order.target?.url === "https://new.acme.com/")).toBe(true);
  });

  it("are halted by their own host", async () => {
    for (let index = 0; index < 12; index += 1) answers.set(`${nameOf(index)} ep_a`, { kind: "failed" });
    const { id } = await started();
    expect(await ended(id)).toMatchObject({
      status: "halted",
      matched: 36,
      delivered: 24,
      failed: 5,
      remaining: 7,
    });
  });

  it("are left out where the filter is for one endpoint, and where it was deleted before it was stopped", async () => {
    const stopped = [
      anEndpointSummary({ id: "ep_a", terminalDelivery: "stopped" }),
      anEndpointSummary({ id: "ep_gone", terminalDelivery: "stopped" }),
    ];
    report(severalOf(3, { endpoints: stopped }));
    const filter = {
      statuses: ["exhausted", "stopped"] as const,
      isElsewhere: false,
      tasks: { ...EVERY_TASK, endpoint: "ep_a" },
    };
    const first = await started({ filter });
    expect(await ended(first.id)).toMatchObject({ status: "done", matched: 12, delivered: 12 });
    expect(askedFor()).toEqual(Array.from({ length: 12 }, (_, index) => `${nameOf(index)} ep_a`));
    asked.length = 0;
    const gone = { statuses: ["stopped"] as const, tasks: EVERY_TASK, isElsewhere: false };
    const second = await started({ filter: gone });
    expect(await ended(second.id)).toMatchObject({ matched: 1 });
  });

  it("that change before their turn count as one that joins, one that leaves and one that was delivered", async () => {
    const { id } = await started();
    const exhausted = { terminalDelivery: "exhausted" as const };
    report(
      severalOf(9, {
        endpoints: [
          anEndpointSummary({ id: "ep_a", host: "a.acme.com", terminalDelivery: "delivered" }),
          anEndpointSummary({ id: "ep_b", host: AT_HOOKS, terminalDelivery: "pending" }),
          anEndpointSummary({ id: "ep_c", host: "c.acme.com", ...exhausted }),
        ],
      }),
    );
    answers.set(`${nameOf(9)} ep_b`, { kind: "unmatched" });
    expect(await ended(id)).toMatchObject({ status: "done", matched: 36, delivered: 36, remaining: 0 });
    expect(askedFor()).toContain(`${nameOf(9)} ep_c`);
  });

  it("of a task that was deleted leave the count", async () => {
    const { id } = await started();
    store.receive([{ ...reportOf(severalOf(9)), summary: null, lesson: null }], Date.now());
    expect(await ended(id)).toMatchObject({ status: "done", matched: 33, delivered: 33, remaining: 0 });
  });

  it.each([1, 60, 130, 330, 1_100, 2_500])(
    "are each counted once when a process dies after %d ms, in the middle of a task",
    async (ms) => {
      for (const delivery of [`${nameOf(2)} ep_a`, `${nameOf(4)} ep_b`])
        answers.set(delivery, { kind: "failed" });
      // The cursor waits in the middle of a task, while its other deliveries are made.
      slow.add(`${nameOf(1)} ep_a`);
      const { id } = await started();
      storage.alarm = null;
      store.alarmFired();
      recoveries.run(ROOTS, 0, Date.now()).catch(() => undefined);
      await vi.advanceTimersByTimeAsync(ms);
      begin();
      await store.watch(Date.now());
      expect(await ended(id)).toMatchObject({
        status: "done",
        matched: 36,
        delivered: 34,
        failed: 2,
        remaining: 0,
      });
      expect(askedFor().toSorted()).toEqual(all(12).toSorted());
    },
  );
});

describe("a candidate whose row changes before its turn", () => {
  it.each<{ what: string; change: () => void; answer?: RecoveryAnswer; counts: object }>([
    {
      what: "delivered by hand",
      change: () => report(anExhausted(9, { delivery: "delivered" })),
      answer: { kind: "delivered" },
      counts: { matched: 10, delivered: 10 },
    },
    {
      what: "no longer exhausted",
      change: () => report(anExhausted(9, { delivery: "pending" })),
      answer: { kind: "unmatched" },
      counts: { matched: 9, delivered: 9 },
    },
    {
      what: "deleted",
      change: () => store.receive([{ ...reportOf(anExhausted(9)), summary: null, lesson: null }], Date.now()),
      counts: { matched: 9, delivered: 9 },
    },
    {
      what: "joined by one that is exhausted now",
      change: () => report(anExhausted(20)),
      counts: { matched: 11, delivered: 11 },
    },
  ])("is $what", async ({ change, answer, counts }) => {
    outage(10);
    report(anExhausted(20, { delivery: "pending", settledAt: null }));
    if (answer) answers.set(nameOf(9), answer);
    const { id } = await started();
    change();
    expect(await ended(id)).toMatchObject({ status: "done", ...counts, failed: 0, remaining: 0 });
  });
});

function matchRows(): number {
  return storage.sql.exec("SELECT last FROM recovery_match").toArray().length;
}

describe("a process that dies", () => {
  it("while it counts leaves nothing of that beyond the next run of the alarm", async () => {
    outage(25_000);
    const start = recoveries.start(request(), ROOTS);
    start.catch(() => undefined);
    while (
      storage.sql.exec("SELECT 1 AS n FROM sqlite_master WHERE name = 'recovery_match'").toArray().length ===
      0
    ) {
      await vi.advanceTimersByTimeAsync(1);
    }
    begin();
    expect(matchRows()).toBeGreaterThan(0);
    await store.watch(Date.now());
    await fire();
    expect(matchRows()).toBe(0);
    expect(recoveries.list()).toEqual([]);
  });

  it("loses no count of a host that was halted while an older candidate of another one was slow", async () => {
    outage(40);
    // The oldest one takes its time at a host of its own; the other host takes two and fails then.
    report(anExhausted(0, { callbackHost: "slow.acme.com" }));
    for (let index = 3; index < 40; index += 1) answers.set(nameOf(index), { kind: "failed" });
    slow.add(nameOf(0));
    const { id } = await started();
    storage.alarm = null;
    store.alarmFired();
    recoveries.run(ROOTS, 0, Date.now()).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(5_000);
    const before = recoveries.find(id);
    expect(before).toMatchObject({ delivered: 2, status: "running" });
    expect(before?.failed).toBeGreaterThanOrEqual(5);
    begin();
    await store.watch(Date.now());
    const after = await ended(id);
    expect(after).toMatchObject({ status: "halted", matched: 40, delivered: 3, failed: before?.failed });
    expect(new Set(asked.map(({ name }) => name)).size).toBe(asked.length);
  });

  it("loses no count of what fitted only after the start", async () => {
    outage(10);
    report(anExhausted(20, { delivery: "pending", settledAt: null }));
    slow.add(nameOf(0));
    report(anExhausted(0, { callbackHost: "slow.acme.com" }));
    const { id } = await started();
    report(anExhausted(20));
    storage.alarm = null;
    store.alarmFired();
    recoveries.run(ROOTS, 0, Date.now()).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(recoveries.find(id)).toMatchObject({ matched: 11, delivered: 10 });
    report(anExhausted(20, { delivery: "delivered" }));
    begin();
    await store.watch(Date.now());
    expect(await ended(id)).toMatchObject({ status: "done", matched: 11, delivered: 11, remaining: 0 });
  });

  it.each([1, 7, 40, 200, 1_100, 2_000])(
    "after %d ms of a run is followed by one that comes to the same",
    async (ms) => {
      outage(60);
      takesMs = 200;
      for (const index of [3, 4, 5, 30]) answers.set(nameOf(index), { kind: "failed" });
      const { id } = await started();
      storage.alarm = null;
      store.alarmFired();
      recoveries.run(ROOTS, 0, Date.now()).catch(() => undefined);
      await vi.advanceTimersByTimeAsync(ms);
      expect(storage.alarm).toBeLessThanOrEqual(Date.now() + 60_000);
      expect(storage.alarm).toBeGreaterThan(Date.now());
      // What it has asked goes on at the tasks.
      begin();
      await store.watch(Date.now());
      expect(await ended(id)).toMatchObject({
        status: "done",
        matched: 60,
        delivered: 56,
        failed: 4,
        remaining: 0,
      });
      expect(new Set(asked.map(({ name }) => name)).size).toBe(asked.length);
    },
  );
});

describe("a cancelled recovery", () => {
  it("asks nothing more; what was on its way counts", async () => {
    outage(20);
    takesMs = 1_000;
    const { id } = await started();
    storage.alarm = null;
    store.alarmFired();
    const run = recoveries.run(ROOTS, 0, Date.now());
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await recoveries.cancel(id)).toMatchObject({
      status: "cancelled",
      matched: 20,
      delivered: 1,
      remaining: 19,
    });
    await passing(run);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(recoveries.find(id)).toMatchObject({ status: "cancelled", delivered: 6, remaining: 14 });
    expect(asked).toHaveLength(6);
    begin();
    expect(recoveries.find(id)).toMatchObject({ status: "cancelled", delivered: 6, remaining: 14 });
    expect(await recoveries.cancel(id)).toMatchObject({ status: "cancelled", delivered: 6 });
    expect(await recoveries.cancel("rec_none")).toBeNull();
  });
});

describe("a recovery after a cancelled one", () => {
  it("begins at once, and waits for what the other has on its way", async () => {
    outage(20);
    takesMs = 8_000;
    const { id } = await started();
    storage.alarm = null;
    store.alarmFired();
    const run = recoveries.run(ROOTS, 0, Date.now());
    await vi.advanceTimersByTimeAsync(8_500);
    expect(atOnce).toBe(5);
    await recoveries.cancel(id);
    const cancelled = Date.now();
    await passing(run);
    // It does not sleep until an answer comes.
    expect(Date.now() - cancelled).toBeLessThan(100);
    remembered.clear();
    const next = await started();
    expect(await ended(next.id)).toMatchObject({ status: "done", delivered: 20 });
    expect(mostAtOnce).toBe(5);
    expect(recoveries.find(id)).toMatchObject({ status: "cancelled", delivered: 6 });
  });
});

describe("a receiver of its own", () => {
  const target = {
    url: "https://new.acme.com/hook?token=canary-query",
    headers: [["x-key", "canary-value"]],
  } as const;
  const elsewhere = {
    target: { ...target, headers: target.headers.map(([name, value]): [string, string] => [name, value]) },
  };
  const rows = (): string =>
    storage.sql
      .exec<{ doc: string }>("SELECT doc FROM recovery")
      .toArray()
      .map(({ doc }) => doc)
      .join();

  it("gets all of it; it is stored sealed, and erased at the end", async () => {
    outage(3);
    report(anExhausted(5, { callbackHost: "other.acme.com" }));
    const { id } = await started(elsewhere);
    expect(rows()).not.toContain("canary");
    expect(rows()).toMatch(/"target":"[A-Za-z0-9+/=]{100,}"/);
    expect(await ended(id)).toMatchObject({ status: "done", delivered: 4 });
    expect(asked.map(({ order }) => order.target)).toEqual(asked.map(() => elsewhere.target));
    expect(rows()).toContain('"target":null');
  });

  it("whose seal does not open is waited for, and given up after a day", async () => {
    outage(3);
    const { id } = await started(elsewhere);
    const others = ["another root secret that has as many letters as the first"] as const;
    for (let run = 0; run < 3; run += 1) {
      await fire(others);
      expect((storage.alarm ?? 0) - Date.now()).toBeGreaterThan(58_900);
      expect((storage.alarm ?? 0) - Date.now()).toBeLessThanOrEqual(60_001);
    }
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(24 * HOUR);
    await fire(others);
    expect(recoveries.find(id)).toMatchObject({ status: "halted", matched: 3, delivered: 0, remaining: 3 });
    expect(rows()).toContain('"target":null');
  });

  it("whose seal opens again goes on", async () => {
    outage(3);
    const { id } = await started(elsewhere);
    await fire(["another root secret that has as many letters as the first"]);
    expect(await ended(id)).toMatchObject({ status: "done", delivered: 3 });
  });
});

describe("the account's alarm", () => {
  it("goes back to the reconciliation, at the time that was set before", async () => {
    outage(3);
    const before = storage.alarm;
    expect(before).toBeGreaterThan(T0);
    const { id } = await started();
    expect(storage.alarm).toBeLessThanOrEqual(Date.now() + 1);
    await ended(id);
    expect(storage.alarm).toBe(before);
  });

  it("ends a run in 30 seconds, and the next one goes on with what is on its way", async () => {
    outage(3);
    takesMs = 40_000;
    const { id } = await started();
    const began = Date.now();
    await fire();
    expect(Date.now() - began).toBeLessThanOrEqual(30_000);
    expect(storage.alarm).toBeLessThanOrEqual(Date.now() + 1);
    takesMs = 10;
    expect(await ended(id)).toMatchObject({ status: "done", delivered: 3 });
    expect(asked).toHaveLength(3);
  });

  it("ends a run in 30 seconds of its beginning, whatever the account has done before in it", async () => {
    outage(3);
    takesMs = 40_000;
    const { id } = await started();
    await vi.advanceTimersByTimeAsync(1);
    store.alarmFired();
    const began = Date.now() - 20_000;
    await passing(recoveries.run(ROOTS, 0, began));
    expect(Date.now() - began).toBeLessThanOrEqual(30_000);
    store.alarmFired();
    const late = Date.now();
    await passing(recoveries.run(ROOTS, 0, late - 31_000));
    expect(Date.now() - late).toBeLessThanOrEqual(10);
    expect(storage.alarm).toBeLessThanOrEqual(Date.now() + 1);
    takesMs = 10;
    expect(await ended(id)).toMatchObject({ status: "done", delivered: 3 });
  });

  it("does not empty an account that has a recovery of the last 30 days", async () => {
    const { id } = await started();
    const retention = () => ({ now: Date.now(), retentionMs: 720 * HOUR });
    for (let day = 0; day < 29; day += 1) {
      vi.setSystemTime(Date.now() + 24 * HOUR);
      store.alarmFired();
      await store.endRun(retention(), true);
      expect(recoveries.find(id)).not.toBeNull();
    }
    expect(storage.alarm).toBe(T0 + 30 * 24 * HOUR);
    vi.setSystemTime(storage.alarm ?? 0);
    store.alarmFired();
    await store.endRun(retention(), true);
    expect(recoveries.find(id)).toBeNull();
    expect(storage.alarm).toBeNull();
  });
});

describe("many of them", () => {
  it("are kept to the last 20", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 23; index += 1) {
      ids.push((await started()).id);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(recoveries.list().map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 20));
    begin();
    expect(recoveries.list().map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 20));
  });
});

describe("25,000 tasks", () => {
  it("are recovered, with a process that dies on the way", async () => {
    takesMs = 10;
    outage(25_000);
    const { id, matched } = await started();
    expect(matched).toBe(25_000);
    await fire();
    const half = recoveries.find(id)?.delivered ?? 0;
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(25_000);
    begin();
    expect(await ended(id)).toMatchObject({
      status: "done",
      matched: 25_000,
      delivered: 25_000,
      remaining: 0,
    });
    expect(asked).toHaveLength(25_000);
  });
});
