import type { Cost } from "./trial.ts";

export interface Found {
  priceMs: number;
  cost: Cost;
}

const STEPS = 8;

/** The highest price of a poll whose mean delay stays within the target, by bisection: delay grows with the price. */
export function dearestWithin(targetSeconds: number, costAt: (priceMs: number) => Cost): Found {
  let low = 20;
  let high = 800;
  let found: Found = { priceMs: low, cost: costAt(low) };
  for (let step = 0; step < STEPS; step += 1) {
    const priceMs = Math.round(Math.sqrt(low * high));
    const cost = costAt(priceMs);
    if (cost.delaySeconds <= targetSeconds) {
      found = { priceMs, cost };
      low = priceMs;
    } else {
      high = priceMs;
    }
  }
  return found;
}
