import { POLL_PRICE_MS } from "../../src/domain/polling/plan.ts";
import { blindCost } from "../policy/comparison.ts";
import { afterLearning, limitsAt } from "../policy/trial.ts";
import { CLIP } from "../policy/worlds.ts";
import { atMost, publish, round, type Table } from "../lib/report.ts";
import { count, type Costs, type Counted } from "./count.ts";
import type { Counts, Kind } from "./counts.ts";
import { bill, bucketBill, total, type Item } from "./prices.ts";

/** `npm run bench:cost`: what a task costs on the platform, counted and then priced. */

const PLAN = { tasks: 20, upstreamMs: 250, livesMs: [2000, 12_000] } as const;
/** `--quick`: to see that it runs. */
const QUICK = { tasks: 3, upstreamMs: 250, livesMs: [2000, 5000] } as const;

const startedAt = performance.now();
const counted = await count(process.argv.includes("--quick") ? QUICK : PLAN);
const plan = afterLearning(CLIP, 500, 600, { limits: limitsAt(POLL_PRICE_MS) });
const rows = counted.life.task.rowsWritten;
const items = bill(counted, plan.polls);

publish({
  part: "cost",
  title: "What a task costs",
  about:
    `Counted in the runtime's own calls: batches of ${counted.tasks} tasks with a callback, polled ` +
    `${counted.pollsPerTask.map((polls) => polls.toFixed(1)).join(" and ")} times each; the difference is the polls', the ` +
    `rest the life's. Batches of 4 compare a task whose result is copied into a bucket with one whose is not: the source begins ` +
    "after 250 ms and takes a second for 10 MB, the bucket 50 ms for each call. Two more batches are of the same account once it " +
    `has registered an endpoint. The upstream takes ${counted.upstreamMs} ms to answer, which an object spends awake. Priced by ` +
    "the published list, beyond what a plan includes; without the Worker's CPU time (0.02 dollars per million ms).",
  bars: [
    atMost("rows written by a task's object, outside polls", 12, rows),
    atMost(
      "rows written by account and cadence, per task",
      3,
      shared((costs) => costs.rowsWritten),
    ),
    atMost(
      "requests to the shared objects per task",
      4,
      shared((costs) => costs.requests),
    ),
    atMost("rows per poll without news", 1, counted.poll.task.rowsWritten),
    atMost(
      "rows read per task, an account's housekeeping (bench:account) aside",
      20,
      items.find(({ name }) => name === "rows read")?.amount ?? Number.NaN,
    ),
    atMost("kB kept per task", 12, counted.life.task.storedBytes / 1000),
    atMost("dollars per million tasks", 45, total(items) * 1e6),
  ],
  tables: [amounts(counted), prices(), keptPrices(counted), endpointPrices(counted), totals(counted)],
  plots: [],
  notes: [],
  seconds: Math.round((performance.now() - startedAt) / 1000),
});
// Kept connections would keep the process.
process.exit(0);

function shared(pick: (costs: Counts) => number): number {
  return pick(counted.life.account) + pick(counted.life.cadence);
}

function amounts({ life, poll }: Counted): Table {
  return {
    caption: "Counted, per task without its polls, and per poll that brings no news:",
    columns: [":object", ":per", "requests", "rows written", "rows read", "seconds awake", "log lines"],
    rows: (["task", "account", "cadence"] as const).flatMap((kind) => [
      amountsRow(kind, "task", life),
      amountsRow(kind, "poll", poll),
    ]),
  };
}

function amountsRow(kind: Kind, per: string, costs: Costs): string[] {
  const { requests, rowsWritten, rowsRead: read, awakeSeconds, logLines } = costs[kind];
  return [kind, per, ...[requests, rowsWritten, read, awakeSeconds, logLines].map(plain)];
}

function prices(): Table {
  return {
    caption: `A million tasks with ${plan.polls.toFixed(1)} polls each, which is what the plan makes of a clip of 105 s after 500 learned:`,
    columns: [":item", "per task", "dollars per million tasks"],
    rows: [
      ...items.map(({ name, amount, dollars }) => [name, round(amount), (dollars * 1e6).toFixed(2)]),
      ["all", "", (total(items) * 1e6).toFixed(2)],
    ],
  };
}

function keptPrices({ life, poll, kept: { known, unknown } }: Counted): Table {
  const none = { life, bucket: { writes: 0, reads: 0, bytes: 0 } };
  const bills = [none, known, unknown].map((one) =>
    bill({ life: one.life, poll }, plan.polls).concat(bucketBill(one.bucket)),
  );
  return {
    caption:
      "The same where the result, of 10 MB, is kept for 30 days, by whether its source says how long it is; without fetches of " +
      "the file:",
    columns: [":per task", "not kept", "kept, length known", "kept, length not known"],
    rows: rowsOf(bills),
  };
}

function endpointPrices({ life, poll, withEndpoint: { alone, beside } }: Counted): Table {
  return {
    caption: "The same where the account has one registered endpoint, by where a task's end is sent:",
    columns: [":per task", "callback_url, no endpoint", "the endpoint", "callback_url and the endpoint"],
    rows: rowsOf([life, alone, beside].map((one) => bill({ life: one, poll }, plan.polls))),
  };
}

/** Bills of the same items, side by side. */
function rowsOf(bills: readonly Item[][]): string[][] {
  const [first = []] = bills;
  const amountsOf = (index: number): string[] => bills.map((one) => round(one[index]?.amount ?? Number.NaN));
  const dollars = bills.map((one) => (total(one) * 1e6).toFixed(2));
  return first
    .map(({ name }, index) => [name].concat(amountsOf(index)))
    .concat([["dollars per million tasks", ...dollars]]);
}

function totals(from: Counted): Table {
  const rivals = [
    { name: "the plan", cost: plan },
    ...[5, 2].map((seconds) => ({ name: `fixed ${seconds} s`, cost: blindCost(CLIP, () => seconds) })),
  ];
  return {
    caption: "The same tasks under other ways of polling:",
    columns: [":policy", "polls", "mean delay, s", "dollars per million tasks"],
    rows: rivals.map(({ name, cost }) => [
      name,
      round(cost.polls),
      cost.delaySeconds.toFixed(2),
      (total(bill(from, cost.polls)) * 1e6).toFixed(2),
    ]),
  };
}

/** Two batches differ by chance in the third digit. */
function plain(value: number): string {
  return (Math.round(value * 100) / 100 + 0).toString();
}
