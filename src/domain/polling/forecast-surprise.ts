import type { Curve } from "./forecast-curve.ts";
import { survival } from "./forecast-curve.ts";
import type { Span } from "./forecast-histogram.ts";

/**
 * An upstream that got much faster or slower shows in a row of finishes that were hardly to be expected. One in ten is
 * such by chance; four running are one in ten thousand, and then what was learned is wrong rather than they.
 */

const EARLY = 0.8;
const LATE = 0.05;
const FADE = 0.6;
/** Four in a row make 2.18; three with a gap do not reach it. */
const ALARM = 2.1;

/** The running score with one more finish; `whole` is what was believed before it. */
export function surprise(score: number, whole: Curve, { afterMs, byMs }: Span): number {
  // Only a finish that the first poll found can have been far earlier than anybody looked.
  const early = afterMs === 0 && survival(whole, byMs) > EARLY;
  const late = survival(whole, afterMs) < LATE;
  return Math.round(1e3 * (score * FADE + (early || late ? 1 : 0))) / 1e3;
}

export function isRefuted(score: number): boolean {
  return score > ALARM;
}
