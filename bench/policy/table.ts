import type { Cost } from "./trial.ts";

export interface Row {
  world: string;
  policy: string;
  /** Null for a policy without the knob. */
  priceMs: number | null;
  cost: Cost;
  /** What the issue asked for, in words, and whether it holds. */
  bar?: { text: string; met: boolean };
}

/** One Markdown table. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ world, policy, priceMs, cost, bar }) => {
    const verdict = bar ? `${bar.text}: ${bar.met ? "met" : "**missed**"}` : "";
    const numbers = [cost.polls.toFixed(2), cost.delaySeconds.toFixed(2)];
    return `| ${[world, policy, priceMs === null ? "" : String(priceMs), ...numbers, verdict].join(" | ")} |`;
  });
  return [
    "| tasks | policy | price of a poll, ms | polls per task | mean delay, s | bar |",
    "| --- | --- | ---: | ---: | ---: | --- |",
    ...lines,
  ].join("\n");
}
