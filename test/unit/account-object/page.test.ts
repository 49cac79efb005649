import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AccountStore } from "../../../src/account-object/store.ts";
import type { Page } from "../../../src/account-object/page.ts";
import {
  EVERY_TASK,
  type ListPage,
  matchesFilter,
  type TaskFilter,
} from "../../../src/domain/account/filter.ts";
import { isOver } from "../../../src/domain/account/reconcile.ts";
import type { TaskSummary } from "../../../src/domain/account/summary.ts";
import { wait } from "../../../src/net/wait.ts";
import { anEndpointSummary, aQueuedSummary, aReport, aSummary, T0 } from "../../support/builders.ts";
import { SqlMemoryStorage } from "./sql-storage.ts";

/*
 * scenario                               requirement
 * any filter, page by page               contract, GET /v1/videos: each task that fits, once, newest first
 * more tasks than one call may read      5,000 tasks or 8 MB, and the next page goes on there
 * a filter by time                       reads from the one instant down to the other
 * a search                               lets other calls in between
 */

const HOUR = 3_600_000;
const ALL = { filter: EVERY_TASK, before: null, limit: 100 } as const;

let storage: SqlMemoryStorage;
let store: AccountStore;

beforeEach(() => {
  storage = new SqlMemoryStorage();
  store = new AccountStore(storage);
});
afterEach(() => {
  storage.close();
});

/** Counts the rows that lists read. */
function rowsRead(): () => number {
  let count = 0;
  const { exec } = storage.sql;
  storage.sql.exec = (query, ...bindings) => {
    const cursor = exec<never>(query, ...bindings);
    if (query.includes("octet_length")) count += cursor.toArray().length;
    return cursor;
  };
  return () => count;
}

function fill(count: number, of: (index: number) => Partial<TaskSummary>): void {
  for (let from = 0; from < count; from += 500) {
    const reports = Array.from({ length: Math.min(500, count - from) }, (_, at) =>
      aReport(1, aQueuedSummary({ name: `t${from + at}`, createdAt: T0 + from + at, ...of(from + at) })),
    );
    store.receive(reports, T0 + count);
  }
}

const filters = fc.record<TaskFilter>({
  statuses: fc.constantFrom(null, ["running"], ["queued", "running"]),
  callbackStatuses: fc.constantFrom(null, ["none"], ["waiting"]),
  callbackHost: fc.constantFrom(null, "a.acme.com"),
  endpoint: fc.constantFrom(null, null, "ep_1", "ep_9"),
  model: fc.constantFrom(null, "m2"),
  upstreamName: fc.constantFrom(null, "aio"),
  test: fc.constantFrom(null, false),
  createdAfter: fc.constantFrom(null, T0, T0 + 11, T0 + 900),
  createdBefore: fc.constantFrom(null, T0 + 2, T0 + 450, T0 + 2000),
  upstreamTaskId: fc.constantFrom(null, "up-1"),
  metadata: fc.constantFrom([], [{ name: "n", value: "1" }]),
});

describe("an account's list", () => {
  it("has each task that fits once, newest first, page by page", async () => {
    const of = (index: number): Partial<TaskSummary> => ({
      status: index % 3 === 0 ? "running" : "queued",
      model: `m${index % 4}`,
      metadata: `{"n":${index % 5}}`,
      endpoints: Array.from({ length: index % 3 }, (_, at) => anEndpointSummary({ id: `ep_${at}` })),
      ...(index % 2 === 0 ? { callbackHost: "a.acme.com" } : {}),
      ...(index % 7 === 0 ? { delivery: null, callbackHost: null } : {}),
    });
    fill(1000, of);
    const retention = { now: T0 + 1000, retentionMs: HOUR };
    const all = (await store.list({ ...ALL, limit: 1001 }, retention)).summaries;
    expect(all).toHaveLength(1000);
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 100 }), async (filter, limit) => {
        const found: TaskSummary[] = [];
        let before: string | null = null;
        do {
          const page: Page = await store.list({ filter, limit, before }, retention);
          expect(page.summaries.length).toBeLessThanOrEqual(limit);
          found.push(...page.summaries);
          before = page.next;
        } while (before !== null);
        expect(found).toEqual(all.filter((task) => matchesFilter(task, filter)));
      }),
      { numRuns: 60 },
    );
  });

  it("reads 8 MB at most, and goes on where a short page ended", async () => {
    const metadata = JSON.stringify({ note: "长".repeat(1300) });
    fill(2500, (index) => (index === 0 ? { metadata: '{"note":"short"}' } : { metadata }));
    const read = rowsRead();
    const filter: TaskFilter = { ...EVERY_TASK, metadata: [{ name: "note", value: "short" }] };
    const retention = { now: T0, retentionMs: HOUR };
    const short = await store.list({ ...ALL, filter }, retention);
    expect(short.summaries).toEqual([]);
    expect(short.next).not.toBeNull();
    // 4.5 kB each, and one statement more than it needs.
    expect(read()).toBeLessThan(8_000_000 / 4400 + 250);
    const rest = await store.list({ filter, limit: 9, before: short.next }, retention);
    expect(rest.summaries.map(({ name }) => name)).toEqual(["t0"]);
    expect(rest.next).toBeNull();
  });

  it("reads from the one instant down to the other", async () => {
    fill(3000, () => ({}));
    const read = rowsRead();
    const of = async (
      createdAfter: number | null,
      createdBefore: number | null,
      before: string | null = null,
    ) =>
      store.list(
        { filter: { ...EVERY_TASK, model: "none", createdAfter, createdBefore }, limit: 20, before },
        { now: T0, retentionMs: HOUR },
      );
    const nothing = { summaries: [], next: null };
    expect(await of(T0 + 2000, T0 + 2100)).toEqual(nothing);
    expect(read()).toBe(100);
    expect(await of(T0 + 2950, null)).toEqual(nothing);
    expect(read()).toBe(150);
    expect(await of(null, T0 + 50)).toEqual(nothing);
    expect(read()).toBe(200);
    expect(await of(T0 + 2100, T0 + 2000)).toEqual(nothing);
    expect(await of(T0 + 9000, null)).toEqual(nothing);
    expect(read()).toBe(200);
    // A cursor of a list without these filters.
    expect(await of(null, T0 + 3000, `${String(T0 + 30).padStart(15, "0")} t30`)).toEqual(nothing);
    expect(read()).toBe(230);
  });

  it("lets other calls in while it searches", async () => {
    fill(2000, () => ({}));
    const searched = store.list(
      { ...ALL, filter: { ...EVERY_TASK, model: "none" } },
      { now: T0, retentionMs: HOUR },
    );
    let turns = 0;
    const counting = (async () => {
      for (;;) {
        const isOverNow = await Promise.race([searched.then(() => true), wait(0).then(() => false)]);
        if (isOverNow) return;
        turns += 1;
      }
    })();
    await counting;
    expect(turns).toBeGreaterThanOrEqual(5);
  });

  it("leaves out what is over, reads 5,000 rows at most, and goes on where a short page ended", async () => {
    const old = aSummary({ settledAt: T0 - HOUR, expiresAt: T0 });
    expect(isOver(old, { now: T0, retentionMs: HOUR })).toBe(true);
    const of = (index: number): TaskSummary =>
      aQueuedSummary({
        name: `t${index}`,
        createdAt: T0 + index,
        status: index === 3 ? "running" : "queued",
      });
    store.receive([aReport(1, old)], T0);
    for (let from = 0; from < 6_000; from += 500) {
      store.receive(
        Array.from({ length: 500 }, (_, at) => aReport(1, of(from + at))),
        T0 + 6_000,
      );
    }
    const retention = { now: T0 + 6_000, retentionMs: HOUR };
    const list = async (page: Partial<ListPage>): Promise<Page> => store.list({ ...ALL, ...page }, retention);
    expect((await list({ limit: 2 })).summaries).toEqual([of(5999), of(5998)]);
    const running: TaskFilter = { ...EVERY_TASK, statuses: ["running"] };
    const short = await list({ filter: running, limit: 2 });
    expect(short.summaries).toEqual([]);
    const rest = await list({ filter: running, before: short.next, limit: 2 });
    expect(rest).toEqual({ summaries: [of(3)], next: null });
    const last = await list({ before: `${String(T0 + 2).padStart(15, "0")} t2` });
    expect(last).toEqual({ summaries: [of(1), of(0)], next: null });
  });
});
