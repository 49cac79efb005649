import { BUCKETS, edgeMs, type Shares } from "./forecast-histogram.ts";

/** What is believed of a class about which nothing has been learned. */
export interface Prior {
  /** From acceptance to the end. */
  whole: Shares;
  /** From acceptance to the start of running. */
  queue: Shares;
  /** From the start of running to the end. */
  run: Shares;
}

interface Part {
  share: number;
  medianSeconds: number;
  /** Of the logarithm. */
  sigma: number;
}

/*
 * Figures of November 2026. Seedance clips of 5 s through a gateway, 8 runs: 83 to 253 s, median 105 s. Fast tiers:
 * 15 to 75 s. Slow models: median about 200 s. Queues: up to 15 minutes.
 */
const WHOLE: readonly Part[] = [
  { share: 0.15, medianSeconds: 35, sigma: 0.4 },
  { share: 0.6, medianSeconds: 110, sigma: 0.35 },
  { share: 0.25, medianSeconds: 200, sigma: 0.6 },
];
const QUEUE: readonly Part[] = [
  { share: 0.7, medianSeconds: 10, sigma: 1.2 },
  { share: 0.3, medianSeconds: 120, sigma: 1 },
];
const RUN: readonly Part[] = [
  { share: 0.4, medianSeconds: 35, sigma: 0.5 },
  { share: 0.6, medianSeconds: 95, sigma: 0.5 },
];

/** The prior with every time multiplied: 1 is the product's; others show what a wrong one costs. */
export function priorTimes(factor: number): Prior {
  return { whole: mixture(WHOLE, factor), queue: mixture(QUEUE, factor), run: mixture(RUN, factor) };
}

export const PRIOR: Prior = priorTimes(1);

function mixture(parts: readonly Part[], factor: number): Shares {
  const before = (ms: number): number =>
    parts.reduce((sum, { share, medianSeconds, sigma }) => {
      const z = Math.log(Math.max(ms, 1) / (medianSeconds * 1000 * factor)) / sigma;
      return sum + share * normalShare(z);
    }, 0);
  return Float64Array.from(
    { length: BUCKETS },
    (_, at) => (at === BUCKETS - 1 ? 1 : before(edgeMs(at + 1))) - before(edgeMs(at)),
  );
}

/** The normal distribution's share below `z` (logistic form of Bowling et al. 2009; off by 0.0002 at most). */
function normalShare(z: number): number {
  return 1 / (1 + Math.exp(-(1.5976 * z + 0.07056 * z ** 3)));
}
