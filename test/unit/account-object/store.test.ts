import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AccountStore } from "../../../src/account-object/store.ts";
import { EVERY_TASK } from "../../../src/domain/account/filter.ts";
import { NO_ATTEMPTS } from "../../../src/domain/account/attempts.ts";
import { Counters, type Counted } from "../../../src/domain/account/counters.ts";
import { fate } from "../../../src/domain/account/reconcile.ts";
import { deletionOf, type TaskReport } from "../../../src/domain/account/report.ts";
import type { AccountStats } from "../../../src/domain/account/stats.ts";
import type { EndpointSummary, TaskSummary } from "../../../src/domain/account/summary.ts";
import {
  anEndpointSummary,
  aQueuedSummary,
  aReport,
  aSummary,
  failedAttempts,
  T0,
} from "../../support/builders.ts";
import { permutations } from "./permutations.ts";
import { SqlMemoryStorage } from "./sql-storage.ts";

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

const QUEUED = aQueuedSummary();
const RUNNING = aQueuedSummary({ status: "running", polls: 1, attempts: failedAttempts(1) });
const AGAIN = aQueuedSummary({ polls: 2, attempts: failedAttempts(1, 6) });
const ENDED = aSummary({
  delivery: "pending",
  settledAt: null,
  expiresAt: null,
  attempts: failedAttempts(1, 6, 36),
});
const SETTLED = aSummary({
  attempts: { ...failedAttempts(1, 6, 36), delivered: 1, deliveredAt: T0 + 61_000, failedAt: [] },
});
/** An upstream may put a running task back into its queue, so no status says which report is the newer one. */
const LIFE = [QUEUED, RUNNING, AGAIN, ENDED, SETTLED].map((summary, at) => aReport(at + 1, summary));
/** One host, at which something has failed, and which is not failing. */
function withHealth({ hosts, ...counted }: Counted): AccountStats {
  return {
    ...counted,
    hosts: hosts.map((host) => ({ ...host, failingSince: null, lastReason: "http_503" as const })),
  };
}

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
    const expected = withHealth(counters.stats());
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
      expect(account.stats()).toEqual(expected);
      expect(new AccountStore(each).stats()).toEqual(expected);
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
    const taught = [...LIFE, ...LIFE].map(
      (report) => store.receive([{ ...report, lesson }], T0).lessons.length,
    );
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

/** Without what no row tells: how a host did lately, and when it was tried last, which its place in the list follows. */
function countsOf({ hosts, ...counted }: Counted) {
  const counts = hosts.map(({ host, delivered, failed: failures }) => ({ host, delivered, failures }));
  return { ...counted, hosts: counts.toSorted((a, b) => (a.host < b.host ? -1 : 1)) };
}

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
    const about = {
      name: `task-${task}`,
      createdAt,
      model: `model-${task % 3}`,
      callbackHost: `host-${task % 4}.acme.com`,
    };
    const endpoints = this.#endpoints(task, to);
    const tried = { ...failedAttempts(1), delivered: 1, deliveredAt: T0 + 9, failedAt: [] };
    const end = {
      finishedAt: createdAt + 1000 * (task + 1),
      settledAt: this.now,
      expiresAt: this.now + HOUR,
    };
    const summary = {
      queued: aQueuedSummary(about),
      running: aQueuedSummary({ ...about, status: "running", attempts: failedAttempts(1) }),
      ended: aSummary({
        ...about,
        ...end,
        delivery: "pending",
        settledAt: null,
        expiresAt: null,
        attempts: failedAttempts(1, 6),
      }),
      settled: aSummary({ ...about, ...end, delivery: "exhausted", attempts: failedAttempts(1, 6, 100) }),
      redelivered: aSummary({ ...about, ...end, attempts: tried }),
    }[to];
    if (!summary) throw new Error("unreachable");
    const report = aReport(this.#versions, { ...summary, endpoints });
    if (report.summary) this.tasks.set(about.name, report.summary);
    return report;
  }

  /** None, one, or two; some at the host of the callback, too. */
  #endpoints(task: number, to: string): EndpointSummary[] {
    const attempts = to === "queued" ? NO_ATTEMPTS : failedAttempts(1, 7);
    const terminalDelivery = to === "queued" || to === "running" ? null : "delivered";
    return Array.from({ length: task % 3 }, (_, at) =>
      anEndpointSummary({ id: `ep_${at}`, host: `host-${at}.acme.com`, attempts, terminalDelivery }),
    );
  }

  stats(): unknown {
    const counters = new Counters();
    for (const summary of this.tasks.values()) counters.add(summary);
    return countsOf(counters.stats());
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
        expect(countsOf(account.stats())).toEqual(naive.stats());
        expect(countsOf(new AccountStore(disk).stats())).toEqual(naive.stats());
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
              expect(countsOf(account.stats())).toEqual(naive.stats());
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
