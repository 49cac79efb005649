import { env } from "cloudflare:workers";
import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TaskReport } from "../../../src/domain/account/report.ts";
import { EVERY_TASK } from "../../../src/domain/account/filter.ts";
import { aQueuedSummary, aReport, aSummary, T0 } from "../../support/builders.ts";
import { fakeNetwork } from "../support/world.ts";

/*
 * What an account of some thousand tasks reads and writes, counted by the runtime. The clock is a fake one.
 *
 * scenario                            requirement
 * every statement that it ever made   names its keys, or a range of them with a limit: none scans the tasks
 * statistics                          constant time: no row, once their counters are in memory
 * a page of the list                  its rows, and one more
 * a report                            the row of its task
 * a run of the alarm                  what is due, and what came since the last snapshot
 */

const HOUR = 3_600_000;
const TASKS = 4_000;
const APART_MS = 60_000;
/** As `RETENTION_HOURS` has it. */
const RETENTION_MS = 720 * HOUR;

interface Statement {
  query: string;
  read: () => number;
  written: () => number;
}

const statements: Statement[] = [];
let now = T0;

/** A new account each time, because its tasks are made up. */
let name = 0;

function account() {
  return env.ACCOUNTS.get(env.ACCOUNTS.idFromName(`made up ${name}`));
}

beforeEach(async () => {
  fakeNetwork();
  name += 1;
  statements.length = 0;
  now = T0;
  vi.useFakeTimers({ toFake: ["Date"], now });
  await runInDurableObject(account(), (_object, { storage }) => {
    const sql = Object.getPrototypeOf(storage.sql) as SqlStorage;
    const { exec } = sql;
    vi.spyOn(sql, "exec").mockImplementation(function (this: SqlStorage, ...args) {
      const cursor = exec.apply(this, args);
      statements.push({ query: args[0], read: () => cursor.rowsRead, written: () => cursor.rowsWritten });
      return cursor;
    });
  });
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

/** What a call read and wrote. */
async function counted(call: () => Promise<unknown>): Promise<{ read: number; written: number }> {
  statements.length = 0;
  await call();
  const sum = (rows: (statement: Statement) => number): number =>
    statements.reduce((total, statement) => total + rows(statement), 0);
  return { read: sum(({ read }) => read()), written: sum(({ written }) => written()) };
}

function pass(ms: number): void {
  now += ms;
  vi.setSystemTime(now);
}

/** Settled tasks, a minute apart, the last one a minute ago. */
async function filled(): Promise<void> {
  const reports = Array.from({ length: TASKS }, (_, at) => aReport(1, of(at, now - (TASKS - at) * APART_MS)));
  for (let from = 0; from < TASKS; from += 500) await account().sync(reports.slice(from, from + 500));
}

function of(at: number, createdAt: number) {
  const settledAt = createdAt + 61_000;
  return aSummary({ name: `task-${at}`, createdAt, settledAt, expiresAt: settledAt + RETENTION_MS });
}

function life(at: number): TaskReport[] {
  const about = { name: `one-${at}`, createdAt: now };
  return [
    aReport(1, aQueuedSummary(about)),
    aReport(2, aQueuedSummary({ ...about, status: "running" })),
    aReport(3, { ...of(at, now), ...about }),
  ];
}

describe("an account of some thousand tasks", () => {
  it("scans them in no statement", async () => {
    await filled();
    await account().stats();
    await account().list({ filter: EVERY_TASK, limit: 20, before: null });
    await account().list({ filter: { ...EVERY_TASK, statuses: ["failed"] }, limit: 20, before: null });
    const search = { ...EVERY_TASK, model: "none", createdAfter: T0 - TASKS * APART_MS, createdBefore: T0 };
    expect(await account().list({ filter: search, limit: 20, before: null })).toEqual({
      summaries: [],
      next: null,
    });
    await account().sync([{ ...aReport(2, of(9, T0)), summary: null }]);
    await evictDurableObject(account());
    await runDurableObjectAlarm(account());
    pass(RETENTION_MS);
    await runDurableObjectAlarm(account());
    const queries = new Set(statements.map(({ query }) => query).filter((query) => / task\b/.test(query)));
    const plans = await runInDurableObject(account(), (_object, { storage: { sql } }) =>
      [...queries]
        .filter((query) => !query.startsWith("CREATE"))
        .map((query) => ({
          query,
          plan: sql
            .exec<{ detail: string }>(
              `EXPLAIN QUERY PLAN ${query}`,
              ...Array.from(query.matchAll(/\?/g), () => 1),
            )
            .toArray()
            .map(({ detail }) => detail),
        })),
    );
    expect(plans.length).toBeGreaterThanOrEqual(4);
    for (const { query, plan } of plans) {
      if (query.startsWith("INSERT")) continue;
      expect(plan, query).toEqual([
        expect.stringMatching(/^SEARCH task USING (COVERING )?(INDEX|PRIMARY KEY)/),
      ]);
      // A range is read as far as its limit.
      expect(/key = \?|LIMIT \?/.test(query), query).toBe(true);
    }
  });

  it("reads nothing for its statistics, and a page's rows for a page", async () => {
    await filled();
    expect((await account().stats()).tasks.succeeded).toBe(TASKS);
    expect(await counted(async () => account().stats())).toEqual({ read: 0, written: 0 });
    const page = await counted(async () => account().list({ filter: EVERY_TASK, limit: 20, before: null }));
    expect(page.read).toBeLessThanOrEqual(2 * 21);
  });

  it("writes a row for each report, and one for each 500 of them", async () => {
    await account().sync([aReport(1, of(0, now))]);
    const lives = Array.from({ length: 500 }, (_, at) => life(at));
    const reports = lives.flat();
    const { read, written } = await counted(async () => {
      for (const each of lives) await account().sync(each);
    });
    // And the table of the snapshot is created.
    expect(written).toBeLessThanOrEqual(reports.length + Math.floor(reports.length / 500) + 2);
    expect(written / lives.length).toBeLessThan(3.02);
    expect(read / lives.length).toBeLessThan(10);
  });

  it("reads what came since the last snapshot when it wakes, whatever it keeps", async () => {
    await filled();
    pass(HOUR);
    await runDurableObjectAlarm(account());
    for (let at = 0; at < 40; at++) await account().sync(life(at));
    await evictDurableObject(account());
    const report = await counted(async () => account().sync([life(41)[0] ?? aReport(1, aSummary())]));
    expect(report.read).toBeLessThanOrEqual(10);
    const stats = await counted(async () => account().stats());
    expect(stats.read).toBeLessThanOrEqual(150);
    expect((await account().stats()).tasks).toEqual({
      queued: 1,
      running: 0,
      succeeded: TASKS + 40,
      failed: 0,
    });
  });

  it("reads 60 rows a task at most, though each finds a new process, and what is due in a run of its alarm", async () => {
    await filled();
    await runDurableObjectAlarm(account());
    // The oldest task's retention is over.
    pass(RETENTION_MS - TASKS * APART_MS);
    await runDurableObjectAlarm(account());
    let read = 0;
    const hours = 3;
    for (let hour = 0; hour < hours; hour++) {
      pass(HOUR);
      for (let at = 0; at < 60; at++) {
        const reports = life(1_000 * hour + at);
        const cost = await counted(async () => {
          for (const report of reports) await account().sync([report]);
          await evictDurableObject(account());
        });
        read += cost.read;
      }
      read += (await counted(async () => runDurableObjectAlarm(account()))).read;
    }
    expect(Math.abs((await account().stats()).tasks.succeeded - TASKS)).toBeLessThanOrEqual(1);
    expect(read / (hours * 60)).toBeLessThan(60);
  });
});
