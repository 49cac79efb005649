import { POLL_PRICE_MS } from "../../src/domain/polling/plan.ts";
import { percent, type Bar, type Table } from "../lib/report.ts";
import type { Cost } from "./trial.ts";

export interface Row {
  world: string;
  policy: string;
  /** Null for a policy without the knob. */
  priceMs: number | null;
  cost: Cost;
  /** What the issue asked for, in words, and by which shares it is exceeded. */
  bar?: { text: string; excess: readonly number[] } | undefined;
}

/** By which share a value is over its limit; negative below it. */
export function excess(value: number, limit: number): number {
  return value / limit - 1;
}

/** Polls and delay in one number, at the product's price of a poll. */
export function inSeconds({ polls, delaySeconds }: Cost): number {
  return delaySeconds + (polls * POLL_PRICE_MS) / 1000;
}

export function tableOf(rows: readonly Row[]): Table {
  return {
    columns: [":tasks", ":policy", "price of a poll, ms", "polls per task", "mean delay, s", "with polls, s"],
    rows: rows.map(({ world, policy, priceMs, cost }) => [
      world,
      policy,
      priceMs === null ? "" : String(priceMs),
      cost.polls.toFixed(2),
      cost.delaySeconds.toFixed(2),
      inSeconds(cost).toFixed(2),
    ]),
  };
}

export function barsOf(rows: readonly Row[]): Bar[] {
  return rows.flatMap(({ world, policy, cost, bar }) => {
    if (!bar) return [];
    const worst = Math.max(...bar.excess);
    return [
      {
        measure: `${world}: ${policy}`,
        bar: bar.text,
        measured: `${cost.polls.toFixed(2)} polls, ${cost.delaySeconds.toFixed(2)} s, ${inSeconds(cost).toFixed(2)} s with polls`,
        met: worst <= 0,
        missedBy: worst <= 0 ? null : percent(worst),
      },
    ];
  });
}
