import type { Span } from "./finish.ts";

/** The share of tasks that is unfinished at each knot of a curve. Dense at both ends, which decide the polls. */
const LEVELS = [
  0.998, 0.99, 0.97, 0.94, 0.9, 0.84, 0.76, 0.67, 0.57, 0.46, 0.35, 0.25, 0.16, 0.09, 0.04, 0.015,
] as const;

/** The hazard summed between one knot and the next. Before the first, the earliest plausible finish, nothing is expected. */
const STEPS = LEVELS.map((level, at) =>
  at === 0 ? 0 : Math.log((at === 1 ? 1 : (LEVELS[at - 1] ?? 1)) / level),
);

/**
 * Behind the last knot the hazard is this by age: the longer a task has taken, the longer it will. However tight the
 * curve was, a task that outlives it has proved it wrong.
 */
const TAIL_SHAPE = 3;

/** When each level is reached, in tenths of a second, never falling: plain JSON of about 80 bytes. */
export type Curve = readonly number[];

export interface WeightedTime {
  ms: number;
  weight: number;
}

/** So many finishes weigh as much as what broader classes say. */
const TRUST = 3;
/** A finish alone stands for times up to 40 % away from it, each of n finishes for √n times less. */
const BLUR = 0.4;

export function evenly(times: readonly number[]): WeightedTime[] {
  return times.map((ms) => ({ ms, weight: 1 }));
}

/**
 * What a broader class says, and some finishes beside it. The broader one fades faster than its share: it is a start, not
 * a belief to be kept against hundreds of observations.
 */
export function blended(broader: readonly WeightedTime[], spans: readonly Span[]): readonly WeightedTime[] {
  const count = spans.length;
  if (count === 0) return broader;
  const blur = BLUR / Math.sqrt(count);
  const total = broader.reduce((sum, { weight }) => sum + weight, 0);
  const scale = TRUST ** 2 / (TRUST + count) / total;
  return [
    ...broader.map(({ ms, weight }) => ({ ms, weight: weight * scale })),
    // The true instant is anywhere in the span: a half stands for each of its halves.
    ...spans.flatMap(({ afterMs, byMs }) => [
      { ms: ((3 * afterMs + byMs) / 4) * (1 - blur), weight: 0.5 },
      { ms: ((afterMs + 3 * byMs) / 4) * (1 + blur), weight: 0.5 },
    ]),
  ];
}

/** The curve through the quantiles of some times, with straight lines between the middles of their weights. */
export function curveOf(times: readonly WeightedTime[]): Curve {
  const sorted = times.toSorted((a, b) => a.ms - b.ms);
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  let before = 0;
  const middles = sorted.map(({ ms, weight }) => {
    before += weight;
    return { ms, share: (before - weight / 2) / total };
  });
  return LEVELS.map((level) => Math.round(quantile(middles, 1 - level) / 100));
}

function quantile(middles: readonly { ms: number; share: number }[], share: number): number {
  const at = middles.findIndex((middle) => middle.share >= share);
  const right = middles.at(at);
  const left = at > 0 ? middles[at - 1] : right;
  if (!left || !right) return 0;
  const part = right.share > left.share ? (share - left.share) / (right.share - left.share) : 0;
  return left.ms + part * (right.ms - left.ms);
}

/** By when only this share is left, to the next knot. */
export function ageAtShare(curve: Curve, share: number): number {
  const at = LEVELS.findIndex((level) => level <= share);
  return (curve.at(at) ?? 0) * 100;
}

/** The last age on the curve. */
export function lastKnotMs(curve: Curve): number {
  return (curve.at(-1) ?? 0) * 100;
}

/**
 * Keller's rule: the best density of polls at an age is √(hazard / 2·price), in polls per ms, where the price is what
 * one poll may cost in milliseconds of delay. The next poll is where that density, summed from `ageMs` on, reaches one.
 * Summed rather than read off at one point, it waits through the times at which nothing finishes: the first poll and
 * the gaps come from the same rule, and are within 1 % of the optimum by dynamic programming.
 */
export function nextLookMs(curve: Curve, ageMs: number, priceMs: number): number {
  let left = 1;
  let fromMs = 0;
  for (const [at, step] of STEPS.entries()) {
    // Knots that fell on each other: at least the resolution apart, so that a hazard stays finite.
    const toMs = Math.max((curve[at] ?? 0) * 100, fromMs + 100);
    const startMs = Math.max(fromMs, ageMs);
    const density = Math.sqrt(step / (toMs - fromMs) / (2 * priceMs));
    const polls = density * Math.max(toMs - startMs, 0);
    if (polls >= left) return startMs + left / density;
    left -= polls;
    fromMs = toMs;
  }
  // In the tail the density is √(shape / 2·price·age), whose sum is 2·√(shape·age / 2·price).
  const root = Math.sqrt(Math.max(fromMs, ageMs)) + left / (2 * Math.sqrt(TAIL_SHAPE / (2 * priceMs)));
  return root * root;
}
