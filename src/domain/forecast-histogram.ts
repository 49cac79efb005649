/**
 * Times as weights in log-wide buckets: 5 % wide everywhere, so that seconds and hours take the same room.
 * Bucket 0 is everything under a second; the last one is everything from 5.8 h on, where polls are at the cap anyway.
 */

const FIRST_EDGE_MS = 1000;
const RATIO = 1.05;
export const BUCKETS = 205;

/** The earlier edge of a bucket. */
export function edgeMs(bucket: number): number {
  return bucket <= 0 ? 0 : FIRST_EDGE_MS * RATIO ** (bucket - 1);
}

export function bucketOf(ms: number): number {
  if (!(ms >= FIRST_EDGE_MS)) return 0;
  return Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms / FIRST_EDGE_MS) / Math.log(RATIO) + 1e-9));
}

/** A share for each of the buckets; they add up to 1. */
export type Shares = readonly number[];

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
  return histogram.total === 0 || factor >= 1 ? histogram : pack(unpack(histogram).map((w) => w * factor));
}

/**
 * One more observation. The true instant is somewhere in the span, so one unit of weight is laid over it as `density`
 * has it: what is known already says where in the span it was likely to be.
 */
export function observed(histogram: Histogram, span: Span, density: Shares): Histogram {
  const likely = Array.from({ length: BUCKETS }, () => 0);
  let sum = 0;
  for (let bucket = bucketOf(span.afterMs); bucket <= bucketOf(span.byMs); bucket += 1) {
    const weight = overlap(bucket, span) * ((density[bucket] ?? 0) + FLOOR);
    likely[bucket] = weight;
    sum += weight;
  }
  if (!(sum > 0)) return histogram;
  const before = unpack(histogram);
  return pack(likely.map((weight, bucket) => (before[bucket] ?? 0) + weight / sum));
}

/** The share of a bucket that lies in the span; a span without width still lies in its bucket. */
function overlap(bucket: number, { afterMs, byMs }: Span): number {
  if (bucket === BUCKETS - 1) return 1;
  const start = edgeMs(bucket);
  const end = edgeMs(bucket + 1);
  return Math.max(Math.min(end, byMs) - Math.max(start, afterMs), 1) / (end - start);
}

/** The histogram's own shares, blurred by a bell of `blur` buckets: few observations say little about their neighbours. */
export function shares(histogram: Histogram, blur: number): Shares {
  const weights = unpack(histogram);
  const radius = Math.min(Math.ceil(blur * 3), 12);
  const bell = Array.from({ length: 2 * radius + 1 }, (_, at) =>
    Math.exp(-0.5 * ((at - radius) / blur) ** 2),
  );
  const out = Array.from({ length: BUCKETS }, () => 0);
  const norm = histogram.total * bell.reduce((sum, b) => sum + b, 0);
  for (const [bucket, weight] of weights.entries()) {
    if (weight === 0) continue;
    for (const [at, b] of bell.entries()) {
      const to = Math.min(Math.max(bucket + at - radius, 0), BUCKETS - 1);
      out[to] = (out[to] ?? 0) + (weight * b) / norm;
    }
  }
  return out;
}

export function mixed(a: Shares, b: Shares, shareOfB: number): Shares {
  return a.map((value, bucket) => value * (1 - shareOfB) + (b[bucket] ?? 0) * shareOfB);
}

function unpack({ from, weights }: Histogram): number[] {
  const all = Array.from({ length: BUCKETS }, () => 0);
  for (const [at, weight] of weights.entries()) all[from + at] = weight;
  return all;
}

function pack(all: readonly number[]): Histogram {
  const kept = all.map((weight) => (weight < LIGHTEST ? 0 : Math.round(weight * 1e4) / 1e4));
  const from = kept.findIndex((weight) => weight > 0);
  if (from < 0) return EMPTY;
  const weights = kept.slice(from, kept.findLastIndex((weight) => weight > 0) + 1);
  return { total: Math.round(weights.reduce((sum, w) => sum + w, 0) * 1e4) / 1e4, from, weights };
}
