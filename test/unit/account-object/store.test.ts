import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Page } from "../../../src/account-object/page.ts";
import { AccountStore } from "../../../src/account-object/store.ts";
import { EVERY_TASK, type TaskFilter } from "../../../src/domain/account/filter.ts";
import { Counters } from "../../../src/domain/account/counters.ts";
import { fate, isOver } from "../../../src/domain/account/reconcile.ts";
import { deletionOf, type TaskReport } from "../../../src/domain/account/report.ts";
import type { ListPage, TaskSummary } from "../../../src/domain/account/summary.ts";
import { aQueuedSummary, aReport, aSummary, T0 } from "../../support/builders.ts";
import { SqlMemoryStorage } from "../../support/sql-storage.ts";

/*
 * An account's rows and counters, in plain Node.
 *
 * scenario                                      requirement
 * a life's reports in every order, some twice   the higher version wins; a deletion is the last word
 * anything, with processes that die between     the counters are those of the rows
 * a storage that fails                          memory is never ahead of the rows
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

async function listed(now: number, of = store): Promise<TaskSummary[]> {
  return (await of.list(ALL, { now, retentionMs: 100 * HOUR })).summaries;
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item].concat(rest)));
}

const QUEUED = aQueuedSummary();
const RUNNING = aQueuedSummary({ status: "running", polls: 1 });
const ENDED = aSummary({ delivery: "pending", settledAt: null, expiresAt: null });
const SETTLED = aSummary();
/** An upstream may put a running task back into its queue, so no status says which report is the newer one. */
const LIFE = [QUEUED, RUNNING, aQueuedSummary({ polls: 2 }), ENDED, SETTLED].map((summary, at) =>
  aReport(at + 1, summary),
);
const DELETED = deletionOf(SETTLED);

describe("the reports of a task's life", () => {
  it.each([
    { what: "that ends", reports: LIFE, is: LIFE[4]?.summary },
    { what: "that goes back into its queue", reports: LIFE.slice(0, 3), is: LIFE[2]?.summary },
    { what: "that is deleted at its end", reports: [...LIFE, DELETED], is: null },
    {
      what: "that is deleted while it runs",
      reports: [...LIFE.slice(0, 2), DELETED],
      is: null,
    },
  ])("$what come to the same in every order, each once or twice", async ({ reports, is }) => {
    const counters = new Counters();
    if (is) counters.add(is);
    for (const [index, order] of permutations(reports).entries()) {
      const each = new SqlMemoryStorage();
      const account = new AccountStore(each);
      const again = order[index % order.length];
      for (const [at, report] of [...order, ...(again ? [again] : [])].entries()) {
        account.receive([report], T0 + at);
        // Whether or not the counters are in memory already.
        if (index % 3 === at) account.stats();
      }
      expect(await listed(T0 + 10, account)).toEqual(is ? [is] : []);
      expect(account.stats()).toEqual(counters.stats());
      expect(new AccountStore(each).stats()).toEqual(counters.stats());
      each.close();
    }
  });

  it("come to the same in one call", async () => {
    store.receive([...LIFE, DELETED, ...LIFE.toReversed()], T0);
    expect(await listed(T0)).toEqual([]);
    expect(store.stats().tasks).toEqual({ queued: 0, running: 0, succeeded: 0, failed: 0 });
  });

  it("of a task that is created anew under the same name are not those of the deleted one", async () => {
    const anew = aSummary({ createdAt: T0 + 1 });
    store.receive([DELETED, aReport(1, anew)], T0 + 1);
    expect(await listed(T0 + 1)).toEqual([anew]);
  });

  it("teach once, with the first report of the end", () => {
    const sample = { end: { afterMs: 1, byMs: 2 }, queuedMs: null, runningMs: null, midpoint: null };
    const task = { model: "m", resolution: null, seconds: null, inputMode: null };
    const lesson = { cadence: "key:somebody", task, sample };
    const taught = [...LIFE, ...LIFE].map((report) => store.receive([{ ...report, lesson }], T0).length);
    expect(taught).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  });

  it("leave a mark of a deletion for an hour, and then nothing", async () => {
    store.receive([DELETED], T0);
    await store.endRun({ now: T0 + HOUR / 2, retentionMs: HOUR }, true);
    store.receive([aReport(5, SETTLED)], T0 + HOUR / 2);
    expect(await listed(T0 + HOUR / 2)).toEqual([]);
    await store.endRun({ now: T0 + HOUR, retentionMs: HOUR }, true);
    expect(storage.sql.exec("SELECT * FROM sqlite_master").toArray()).toEqual([]);
    expect(storage.alarm).toBeNull();
  });
});

type Command =
  | { kind: "report"; task: number; to: "queued" | "running" | "ended" | "settled" | "redelivered" }
  | { kind: "late"; ageS: number }
  | { kind: "delete"; task: number }
  | { kind: "pass"; seconds: number }
  | { kind: "run" }
  | { kind: "stats" }
  | { kind: "fail" }
  | { kind: "restart" };

const commands = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("report" as const),
      task: fc.nat(12),
      to: fc.constantFrom("queued", "running", "ended", "settled", "redelivered"),
    }),
    fc.record({ kind: fc.constant("late" as const), ageS: fc.nat(200) }),
    fc.record({ kind: fc.constant("delete" as const), task: fc.nat(12) }),
    fc.record({ kind: fc.constant("pass" as const), seconds: fc.constantFrom(0, 1, 15, 30, 900, 3600) }),
    fc.constantFrom<Command>({ kind: "run" }, { kind: "stats" }, { kind: "fail" }, { kind: "restart" }),
  ),
  { maxLength: 60 },
) as fc.Arbitrary<Command[]>;

/** What an account must know, kept the simple way. */
class NaiveAccount {
  readonly tasks = new Map<string, TaskSummary>();
  readonly born = new Map<number, number>();
  now = T0;
  #versions = 0;

  report(task: number, to: string): TaskReport {
    const createdAt = this.born.get(task) ?? this.now;
    this.born.set(task, createdAt);
    this.#versions += 1;
    const about = { name: `task-${task}`, createdAt, model: `model-${task % 3}` };
    const end = {
      finishedAt: createdAt + 1000 * (task + 1),
      settledAt: this.now,
      expiresAt: this.now + HOUR,
    };
    const summary = {
      queued: aQueuedSummary(about),
      running: aQueuedSummary({ ...about, status: "running" }),
      ended: aSummary({ ...about, ...end, delivery: "pending", settledAt: null, expiresAt: null }),
      settled: aSummary({ ...about, ...end, delivery: "exhausted" }),
      redelivered: aSummary({ ...about, ...end }),
    }[to];
    if (!summary) throw new Error("unreachable");
    const report = aReport(this.#versions, summary);
    if (report.summary) this.tasks.set(about.name, report.summary);
    return report;
  }

  stats() {
    const counters = new Counters();
    for (const summary of this.tasks.values()) counters.add(summary);
    return counters.stats();
  }
}

describe("an account's counters", () => {
  it("are those of its rows, whatever happens, and in every process", async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        const disk = new SqlMemoryStorage();
        let account = new AccountStore(disk);
        const naive = new NaiveAccount();
        for (const command of all) act(command);
        expect(account.stats()).toEqual(naive.stats());
        expect(new AccountStore(disk).stats()).toEqual(naive.stats());
        const shown = (await listed(naive.now, account)).map(({ name }) => name);
        expect(shown.toSorted()).toEqual([...naive.tasks.keys()].toSorted());
        disk.close();

        function act(command: Command): void {
          switch (command.kind) {
            case "report":
              account.receive([naive.report(command.task, command.to)], naive.now);
              return undefined;
            case "late": {
              // A task whose first report comes after those of younger ones.
              naive.born.set(99, naive.born.get(99) ?? naive.now - command.ageS * 1000);
              account.receive([naive.report(99, "queued")], naive.now);
              return undefined;
            }
            case "delete": {
              const task = `task-${command.task}`;
              naive.tasks.delete(task);
              const createdAt = naive.born.get(command.task) ?? naive.now;
              naive.born.delete(command.task);
              // One that is created in the same millisecond would be the same.
              naive.now += 1;
              account.receive([deletionOf({ name: task, account: "key:somebody", createdAt })], naive.now);
              return undefined;
            }
            case "pass":
              naive.now += command.seconds * 1000;
              return undefined;
            case "run":
              return run();
            case "stats":
              expect(account.stats()).toEqual(naive.stats());
              return undefined;
            case "fail":
              return fail();
            case "restart":
              account = new AccountStore(disk);
              return undefined;
            default:
              return command satisfies never;
          }
        }

        function run(): void {
          const retention = { now: naive.now, retentionMs: HOUR };
          for (let after: string | null = ""; after !== null;) after = account.expire(after, retention).next;
          for (const [task, summary] of naive.tasks) {
            if (fate(summary, retention) === "drop") naive.tasks.delete(task);
          }
          void account.endRun(retention, true);
        }

        function fail(): void {
          const first = aReport(1_000_000, aSummary({ name: "task-0", createdAt: naive.now }));
          const broken = null as unknown as TaskReport;
          expect(() => account.receive([first, broken], naive.now)).toThrow(TypeError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("an account's list", () => {
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
