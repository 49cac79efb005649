import { quantile } from "../lib/measure.ts";
import { atMost, publish, round } from "../lib/report.ts";
import { startBenchWorker, type BenchWorker } from "../lib/workerd.ts";
import type { CountsByKind } from "../cost/counts.ts";

/** `npm run bench:account`: what an account with many tasks costs, for its answers and for its housekeeping. */

const QUICK = process.argv.includes("--quick");
/** How long its answers take. */
const LARGE = QUICK ? 2000 : 200_000;
/** How much it reads to keep itself in order. */
const KEPT = QUICK ? 1000 : 100_000;
const HOURS = QUICK ? 48 : 6;
const ROUNDS = QUICK ? 3 : 15;
/** What one call of a search reads. */
const PAGE_ROWS = 5000;
/** Fits no task. */
const NONE = filtered({ metadata: [{ name: "order", value: "none" }] });
/** Fits the oldest one alone. */
const OLDEST = filtered({ metadata: [{ name: "order", value: "0" }] });

interface Page {
  summaries: unknown[];
  next: string | null;
}

interface Timed {
  name: string;
  path: string;
  ms: number;
  rowsRead: number;
}

const startedAt = performance.now();
const timed = await withAccount(LARGE, answers);
const kept = await withAccount(KEPT, housekeeping);
const slowest = (names: string): number =>
  Math.max(...timed.filter(({ name }) => name.startsWith(names)).map(({ ms }) => ms));

publish({
  part: "account",
  title: "An account with many tasks",
  about:
    `An account's object with ${LARGE.toLocaleString("en")} settled tasks of the last 30 days; times are those of a call of ` +
    `that object less those of a call that does nothing, medians of ${ROUNDS} interleaved rounds. And one that keeps ` +
    `${KEPT.toLocaleString("en")} tasks, under a clock of its own, for ${HOURS} hours at the rate at which they came: each ` +
    "task is reported when it is accepted and when it is settled, and asks for the signing versions once.",
  bars: [
    atMost("statistics", 20, slowest("statistics"), " ms"),
    atMost("a page of the list", 20, slowest("page"), " ms"),
    atMost("one call of a search", 100, slowest("search"), " ms"),
    atMost("another call during a search", 20, slowest("another"), " ms"),
    atMost("rows read a task, reports and housekeeping", 40, kept.rowsReadEach),
  ],
  tables: [
    {
      columns: [":call", "ms", "rows read"],
      rows: timed.map(({ name, ms, rowsRead }) => [name, round(ms), round(rowsRead)]),
    },
    {
      columns: ["tasks that came", "rows read a task", "rows written a task"],
      rows: [[String(kept.tasks), round(kept.rowsReadEach), round(kept.rowsWrittenEach)]],
    },
  ],
  plots: [],
  notes: [],
  seconds: Math.round((performance.now() - startedAt) / 1000),
});
// Kept connections would keep the process.
process.exit(0);

async function withAccount<T>(tasks: number, act: (worker: BenchWorker) => Promise<T>): Promise<T> {
  const worker = await startBenchWorker({
    entry: "account.ts",
    settings: { RINGBACK_SECRET: "a secret of the bench, long enough to count" },
    objects: { TASKS: "TaskObject", ACCOUNTS: "AccountObject", CADENCES: "CadenceObject" },
    flags: ["nodejs_als"],
  });
  try {
    await ask(worker, `/fill?tasks=${tasks}`);
    return await act(worker);
  } finally {
    await worker.close();
  }
}

async function answers(worker: BenchWorker): Promise<Timed[]> {
  const middle = await pageAfter(worker, LARGE / 2);
  const end = await lastSearch(worker);
  const failed = filtered({ statuses: ["failed"] });
  const calls: { name: string; path: string; beside?: string }[] = [
    { name: "nothing", path: "/nothing" },
    { name: "statistics", path: "/stats" },
    { name: "page, the first", path: "/page?" },
    { name: "page, one in the middle", path: `/page?before=${middle}` },
    { name: "page of those that failed, the first", path: `/page?${failed}` },
    { name: "page of those that failed, one in the middle", path: `/page?${failed}&before=${middle}` },
    {
      name: "search for those that run, of which there are none",
      path: `/page?${filtered({ statuses: ["running"] })}`,
    },
    { name: "search by metadata that finds nothing", path: `/page?${NONE}` },
    { name: "search by metadata that finds the last task", path: `/page?${OLDEST}&before=${end}` },
    {
      name: "search of an hour by its metadata",
      path: `/page?${filtered({ metadata: [{ name: "order", value: "none" }], createdAfter: Date.now() - 3_600_000 })}`,
    },
    { name: "another call during a search", path: "/versions", beside: `/page?${NONE}` },
    { name: "a run of the alarm with nothing due", path: "/alarm" },
  ];
  const times = calls.map((): number[] => []);
  const reads = calls.map((): number[] => []);
  for (let nth = 0; nth <= ROUNDS; nth++) {
    for (const [index, { path, beside }] of calls.entries()) {
      const before = await read(worker);
      const other = beside && ask(worker, beside);
      const from = performance.now();
      await ask(worker, path);
      const ms = performance.now() - from;
      await other;
      // The first one warms up.
      if (nth > 0) times[index]?.push(ms);
      reads[index]?.push((await read(worker)).rowsRead - before.rowsRead);
    }
  }
  const medians = times.map((values) => quantile(values, 0.5));
  return calls.map((call, index) =>
    Object.assign(call, {
      ms: Math.max((medians[index] ?? Number.NaN) - (medians[0] ?? 0), 0),
      rowsRead: quantile(reads[index] ?? [], 0.5),
    }),
  );
}

/** A place in the list that so many tasks stand before: a cursor is the key of a task. */
async function pageAfter(worker: BenchWorker, tasks: number): Promise<string> {
  let before: string | null = null;
  for (let passed = 0; passed < tasks; passed += 100) {
    const path: string = before === null ? "/page?" : `/page?before=${before}`;
    const { next } = await ask<Page>(worker, path);
    before = next === null ? before : encodeURIComponent(next);
  }
  return before ?? "";
}

/** Where the last call of a search through all tasks begins. */
async function lastSearch(worker: BenchWorker): Promise<string> {
  let before = encodeURIComponent("~");
  for (let left = LARGE; left > PAGE_ROWS; left -= PAGE_ROWS) {
    const { next } = await ask<Page>(worker, `/page?${NONE}&before=${before}`);
    before = encodeURIComponent(next ?? "");
  }
  return before;
}

function filtered(filter: object): string {
  return `filter=${encodeURIComponent(JSON.stringify(filter))}`;
}

async function housekeeping(
  worker: BenchWorker,
): Promise<{ tasks: number; rowsReadEach: number; rowsWrittenEach: number }> {
  const before = await read(worker);
  const tasks = await ask<number>(worker, `/live?tasks=${KEPT}&hours=${HOURS}`);
  const after = await read(worker);
  return {
    tasks,
    rowsReadEach: (after.rowsRead - before.rowsRead) / tasks,
    rowsWrittenEach: (after.rowsWritten - before.rowsWritten) / tasks,
  };
}

async function read(worker: BenchWorker) {
  return (await ask<CountsByKind>(worker, "/_bench/counts")).account;
}

async function ask<T>({ url }: BenchWorker, path: string): Promise<T> {
  const response = await fetch(url + path);
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}
