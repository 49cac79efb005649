/**
 * Times as weights in log-wide buckets: 5 % wide everywhere, so that seconds and hours take the same room.
 * Bucket 0 is everything under a second; the last one is everything from 5.8 h on, where polls are at the cap anyway.
 */

const FIRST_EDGE_MS = 1000;
const RATIO = 1.05;
export const BUCKETS = 205;

const EDGES = Float64Array.from({ length: BUCKETS + 1 }, (_, at) =>
  at === 0 ? 0 : FIRST_EDGE_MS * RATIO ** (at - 1),
);

/** The earlier edge of a bucket. */
export function edgeMs(bucket: number): number {
  return EDGES[bucket] ?? 0;
}

export function bucketOf(ms: number): number {
  if (!(ms >= FIRST_EDGE_MS)) return 0;
  return Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms / FIRST_EDGE_MS) / Math.log(RATIO) + 1e-9));
}

/** A share for each of the buckets; they add up to 1. */
export type Shares = Float64Array;

/** Plain JSON: `weights` are those of the buckets from `from` on. `total` is their sum. */
export interface Histogram {
  total: number;
  from: number;
  weights: number[];
}

/** What polls know of an instant: later than the one that did not see it, not later than the one that did. */
export interface Span {
  afterMs: number;
  byMs: number;
}

export const EMPTY: Histogram = { total: 0, from: 0, weights: [] };

/** Lighter ones are forgotten: a histogram holds what carries weight. */
const LIGHTEST = 0.0005;
/** Of the width of a bucket: what was never seen stays possible, so that a span always has somewhere to go. */
const FLOOR = 1e-6;

export function decayed(histogram: Histogram, factor: number): Histogram {
  if (histogram.total === 0 || factor >= 1) return histogram;
  return pack(unpack(histogram).map((weight) => weight * factor));
}

/**
 * One more observation. The true instant is somewhere in the span, so one unit of weight is laid over it as `density`
 * has it: what is known already says where in the span it was likely to be.
 */
export function observed(histogram: Histogram, span: Span, density: Shares): Histogram {
  const first = bucketOf(span.afterMs);
  const likely: number[] = [];
  let sum = 0;
  for (let bucket = first; bucket <= bucketOf(span.byMs); bucket += 1) {
    const weight = overlap(bucket, span) * ((density[bucket] ?? 0) + FLOOR);
    likely.push(weight);
    sum += weight;
  }
  if (!(sum > 0)) return histogram;
  const all = unpack(histogram);
  for (const [at, weight] of likely.entries()) all[first + at] = (all[first + at] ?? 0) + weight / sum;
  return pack(all);
}

/** The share of a bucket that lies in the span; a span without width still lies in its bucket. */
function overlap(bucket: number, { afterMs, byMs }: Span): number {
  if (bucket === BUCKETS - 1) return 1;
  const start = edgeMs(bucket);
  const end = edgeMs(bucket + 1);
  return Math.max(Math.min(end, byMs) - Math.max(start, afterMs), 1) / (end - start);
}

/** The histogram's own shares, blurred by a bell of `blur` buckets: few observations say little about their neighbours. */
export function shares({ total, from, weights }: Histogram, blur: number): Shares {
  const radius = Math.min(Math.ceil(blur * 3), 12);
  const bell = Array.from({ length: 2 * radius + 1 }, (_, at) =>
    Math.exp(-0.5 * ((at - radius) / blur) ** 2),
  );
  const norm = total * bell.reduce((sum, b) => sum + b, 0);
  const out = new Float64Array(BUCKETS);
  for (let at = 0; at < weights.length; at += 1) {
    const weight = (weights[at] ?? 0) / norm;
    for (let tap = weight > 0 ? -radius : radius + 1; tap <= radius; tap += 1) {
      const to = Math.min(Math.max(from + at + tap, 0), BUCKETS - 1);
      out[to] = (out[to] ?? 0) + weight * (bell[tap + radius] ?? 0);
    }
  }
  return out;
}

export function mixed(a: Shares, b: Shares, shareOfB: number): Shares {
  return a.map((value, bucket) => value * (1 - shareOfB) + (b[bucket] ?? 0) * shareOfB);
}

function unpack({ from, weights }: Histogram): Float64Array {
  const all = new Float64Array(BUCKETS);
  all.set(weights.slice(0, BUCKETS - from), from);
  return all;
}

function pack(all: Float64Array): Histogram {
  const weights: number[] = [];
  let from = -1;
  let total = 0;
  let kept = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const weight = Math.round((all[bucket] ?? 0) * 1e4) / 1e4;
    const heavy = weight >= LIGHTEST;
    if (heavy && from < 0) from = bucket;
    if (from >= 0) weights.push(heavy ? weight : 0);
    if (heavy) kept = weights.length;
    total += heavy ? weight : 0;
  }
  weights.length = kept;
  return kept === 0 ? EMPTY : { total: Math.round(total * 1e4) / 1e4, from, weights };
}
