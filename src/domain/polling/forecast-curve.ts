import { BUCKETS, edgeMs, type Shares } from "./forecast-histogram.ts";

/** Which share is still unfinished at each knot of a curve. Dense at both ends: there the polls are decided. */
const LEVELS = [
  0.9995, 0.998, 0.995, 0.99, 0.98, 0.965, 0.945, 0.92, 0.89, 0.85, 0.8, 0.74, 0.67, 0.6, 0.5, 0.4, 0.3, 0.22,
  0.16, 0.11, 0.07, 0.04, 0.02, 0.01,
] as const;

/** The hazard summed between one knot and the next. Before the first, the earliest plausible finish, nothing is expected. */
const STEPS = LEVELS.map((level, at) =>
  at === 0 ? 0 : Math.log((at === 1 ? 1 : (LEVELS[at - 1] ?? 1)) / level),
);

/** The standard normal's quantiles for the same levels. */
const NORMAL = [
  -3.291, -2.878, -2.576, -2.326, -2.054, -1.812, -1.598, -1.405, -1.227, -1.036, -0.842, -0.643, -0.44,
  -0.253, 0, 0.253, 0.524, 0.772, 0.994, 1.227, 1.476, 1.751, 2.054, 2.326,
] as const;

/**
 * Behind the last knot the hazard falls as 1/age: the longer it has taken, the longer it will. Never steeper than this,
 * because a task that outlives a tight forecast has proved it wrong.
 */
const TAIL_SHAPE_MAX = 3;
const TAIL_SHAPE_MIN = 0.5;

/** When each level is reached, in tenths of a second, never falling: plain JSON of about 130 bytes. */
export type Curve = readonly number[];

export function curveOf(shares: Shares): Curve {
  const curve: number[] = [];
  let alive = 1;
  let bucket = 0;
  for (const level of LEVELS) {
    while (bucket < BUCKETS - 1 && alive - (shares[bucket] ?? 0) > level) {
      alive -= shares[bucket] ?? 0;
      bucket += 1;
    }
    const share = shares[bucket] ?? 0;
    const part = share > 0 ? Math.min(Math.max((alive - level) / share, 0), 1) : 0;
    const ms = edgeMs(bucket) + part * (edgeMs(bucket + 1) - edgeMs(bucket));
    curve.push(Math.max(Math.round(ms / 100), curve.at(-1) ?? 0));
  }
  return curve;
}

/** The curve of a time that is log-normal around `medianMs`. */
export function logNormalCurve(medianMs: number, sigma: number): Curve {
  return NORMAL.map((z) => Math.round((medianMs * Math.exp(sigma * z)) / 100));
}

/** Pieces of constant hazard (per ms), from 0 on; the last one is the tail, whose hazard is `shape / age`. */
interface Piece {
  fromMs: number;
  toMs: number;
  hazard: number;
}

function pieces(curve: Curve): { pieces: Piece[]; tailMs: number; shape: number } {
  const out: Piece[] = [];
  let fromMs = 0;
  for (let at = 0; at < STEPS.length; at += 1) {
    // Knots that fell on each other: at least the resolution apart, so that a hazard stays finite.
    const toMs = Math.max((curve[at] ?? 0) * 100, fromMs + 100);
    out.push({ fromMs, toMs, hazard: (STEPS[at] ?? 0) / (toMs - fromMs) });
    fromMs = toMs;
  }
  return { pieces: out, tailMs: fromMs, shape: tailShape(curve) };
}

function tailShape(curve: Curve): number {
  const from = LEVELS.length - 4;
  const ratio = (curve.at(-1) ?? 0) / Math.max(curve[from] ?? 0, 1);
  const shape = Math.log((LEVELS[from] ?? 0) / (LEVELS.at(-1) ?? 1)) / Math.log(Math.max(ratio, 1.01));
  return Math.min(Math.max(shape, TAIL_SHAPE_MIN), TAIL_SHAPE_MAX);
}

/** The share of tasks that take longer than this. */
export function survival(curve: Curve, ageMs: number): number {
  const { pieces: all, tailMs, shape } = pieces(curve);
  let alive = 1;
  for (const { fromMs, toMs, hazard: rate } of all) {
    if (ageMs <= fromMs) return alive;
    alive *= Math.exp(-rate * (Math.min(ageMs, toMs) - fromMs));
  }
  return ageMs <= tailMs ? alive : alive * (tailMs / ageMs) ** shape;
}

/** The chance per millisecond that it finishes at this age, having lasted so long. */
export function hazard(curve: Curve, ageMs: number): number {
  const { pieces: all, shape } = pieces(curve);
  return all.find(({ toMs }) => ageMs < toMs)?.hazard ?? shape / ageMs;
}

/** The age at which only `share` of those alive at `ageMs` are left. */
export function ageAtShare(curve: Curve, ageMs: number, share: number): number {
  let left = -Math.log(share);
  const { pieces: all, tailMs, shape } = pieces(curve);
  for (const { fromMs, toMs, hazard: rate } of all) {
    if (ageMs >= toMs) continue;
    const start = Math.max(fromMs, ageMs);
    if (rate * (toMs - start) >= left) return start + left / rate;
    left -= rate * (toMs - start);
  }
  return Math.max(tailMs, ageMs) * Math.exp(left / shape);
}

/**
 * Keller's rule: the best density of polls at an age is √(hazard / 2·price), in polls per ms, where the price is what
 * one poll may cost in milliseconds of delay. The next poll is where that density, summed from `ageMs` on, reaches one.
 * Summed rather than read off at one point, it waits through the times at which nothing finishes: the first poll and
 * the gaps come from the same rule, and are within 1 % of the optimum by dynamic programming.
 */
export function nextLookMs(curve: Curve, ageMs: number, priceMs: number): number {
  let left = 1;
  const { pieces: all, tailMs, shape } = pieces(curve);
  for (const { fromMs, toMs, hazard: rate } of all) {
    if (ageMs >= toMs) continue;
    const start = Math.max(fromMs, ageMs);
    const density = Math.sqrt(rate / (2 * priceMs));
    if (density * (toMs - start) >= left) return start + left / density;
    left -= density * (toMs - start);
  }
  // In the tail the density is √(shape / 2·price·age), whose sum is 2·√(shape·age / 2·price).
  const root = Math.sqrt(Math.max(tailMs, ageMs)) + left / (2 * Math.sqrt(shape / (2 * priceMs)));
  return root * root;
}
