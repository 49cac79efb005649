import { readFileSync } from "node:fs";
import type { Costs } from "./count.ts";
import type { BucketCounts } from "./counts.ts";

/**
 * The platform's list, in dollars beyond what a plan includes, as published in November 2026:
 * https://developers.cloudflare.com/durable-objects/platform/pricing, …/workers/platform/pricing,
 * …/workers/observability/logs/workers-logs and …/r2/pricing.
 */
const PRICES = {
  workerRequest: 0.3e-6,
  objectRequest: 0.15e-6,
  rowWritten: 1e-6,
  rowRead: 0.001e-6,
  /** 12.50 per million GB-s; an object counts as 128 MB. */
  awakeSecond: (12.5e-6 * 128) / 1000,
  /** Per GB and month. */
  stored: 0.2,
  /** Until logs are counted in bytes (docs/deploy.md). */
  logEvent: 0.6e-6,
  bucketWrite: 4.5e-6,
  bucketRead: 0.36e-6,
  /** Per GB and month. */
  bucketStored: 0.015,
};
/** `RETENTION_HOURS`, by default. */
const KEPT_MONTHS = 1;

/** Unless the deployment leaves it out, each request and alarm is a log event of the platform's own. */
const HAS_INVOCATION_LOGS = !/^invocation_logs = false$/m.test(
  readFileSync(new URL("../../wrangler.toml", import.meta.url), "utf8"),
);

/** A line of the bill for one task. */
export interface Item {
  name: string;
  amount: number;
  dollars: number;
}

/** One task that is created, polled so often, and called back once. */
export function bill({ life, poll }: { life: Costs; poll: Costs }, polls: number): Item[] {
  const amount = (pick: (costs: Costs["task"]) => number): number =>
    [life, poll]
      .map(({ task, account, cadence }) => pick(task) + pick(account) + pick(cadence))
      .reduce((sum, value, index) => sum + (index === 0 ? value : value * polls), 0);
  const requests = amount((costs) => costs.requests);
  const rowsWritten = amount((costs) => costs.rowsWritten);
  const rowsRead = amount((costs) => costs.rowsRead);
  const awakeSeconds = amount((costs) => costs.awakeSeconds);
  const logEvents = amount((costs) => costs.logLines) + (HAS_INVOCATION_LOGS ? requests + 1 : 0);
  const storedGb = (life.task.storedBytes / 1e9) * KEPT_MONTHS;
  return [
    item("rows written, alarms included", rowsWritten, PRICES.rowWritten),
    item("requests to objects, alarms included", requests, PRICES.objectRequest),
    item("seconds awake", awakeSeconds, PRICES.awakeSecond),
    item("requests to the Worker", 1, PRICES.workerRequest),
    item("rows read", rowsRead, PRICES.rowRead),
    item(
      HAS_INVOCATION_LOGS ? "log events" : "log events, without the platform's own",
      logEvents,
      PRICES.logEvent,
    ),
    { name: "kB kept for a month", amount: storedGb * 1e6, dollars: storedGb * PRICES.stored },
  ];
}

/** What the bucket adds for one task whose result is kept; the deletion is free. */
export function bucketBill({ writes, reads, bytes }: BucketCounts): Item[] {
  const storedGb = (bytes / 1e9) * KEPT_MONTHS;
  return [
    item("writes of the bucket (class A)", writes, PRICES.bucketWrite),
    item("reads of the bucket (class B)", reads, PRICES.bucketRead),
    {
      name: "MB in the bucket for a month",
      amount: storedGb * 1e3,
      dollars: storedGb * PRICES.bucketStored,
    },
  ];
}

function item(name: string, amount: number, price: number): Item {
  return { name, amount, dollars: amount * price };
}

export function total(items: readonly Item[]): number {
  return items.reduce((sum, { dollars }) => sum + dollars, 0);
}
