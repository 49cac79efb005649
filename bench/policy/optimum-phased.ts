import type { Cost } from "./trial.ts";
import { bestGaps, withIntegral, type Gaps } from "./optimum.ts";
import { QUEUE_MEAN_SECONDS, RUN_MEDIAN_SECONDS, RUN_MIN_SECONDS, RUN_SIGMA } from "./worlds.ts";

/**
 * The optimum of the queued world for polls that see queued or running. An exponential queue forgets its age, so
 * while queued there is one best gap; once running is seen, what is known is that it began within the last gap. That
 * gives a problem in two numbers, the gap before running was seen and the time since, which is solved exactly on a
 * grid.
 */

const STEP_SECONDS = 0.25;
const HORIZON_SECONDS = 180;
const STARTS = 30;

interface Followed extends Cost {
  /** Polls and delay in one currency. */
  total: number;
}

export function optimumPhased(priceSeconds: number, limits: Gaps): Cost {
  const known = new Map<number, Followed>();
  const follow = (gap: number): Followed => {
    const one = known.get(gap) ?? afterStart(gap, priceSeconds, limits);
    known.set(gap, one);
    return one;
  };
  let queued: Followed = { total: Infinity, polls: 0, delaySeconds: 0 };
  for (let gap = 4; gap <= limits.maxSeconds; gap += 1) {
    const seen = 1 - Math.exp(-gap / QUEUE_MEAN_SECONDS);
    const run = follow(gap);
    const total = priceSeconds / seen + run.total;
    if (total < queued.total) queued = { total, polls: 1 / seen + run.polls, delaySeconds: run.delaySeconds };
  }
  let best: Followed = { total: Infinity, polls: 0, delaySeconds: 0 };
  for (let first = 8; first <= 40; first += 1) {
    const seen = 1 - Math.exp(-first / QUEUE_MEAN_SECONDS);
    const run = follow(first);
    const blend = (of: (one: Followed) => number): number => seen * of(run) + (1 - seen) * of(queued);
    const total = priceSeconds + blend((one) => one.total);
    if (total < best.total) {
      best = { total, polls: 1 + blend((one) => one.polls), delaySeconds: blend((one) => one.delaySeconds) };
    }
  }
  return best;
}

/** From the poll that saw the start, or the end, of a task that was queued a gap before. */
function afterStart(gapSeconds: number, priceSeconds: number, limits: Gaps): Followed {
  // Equally likely moments of the start, as seconds before the poll.
  const ago = Array.from({ length: STARTS }, (_, at) => {
    const part = ((at + 0.5) / STARTS) * (1 - Math.exp(-gapSeconds / QUEUE_MEAN_SECONDS));
    return gapSeconds + QUEUE_MEAN_SECONDS * Math.log(1 - part);
  });
  const mean = (of: (seconds: number) => number): number =>
    ago.reduce((sum, seconds) => sum + of(seconds), 0) / STARTS;
  const alive = Array.from({ length: HORIZON_SECONDS / STEP_SECONDS + 1 }, (_, at) =>
    mean((seconds) => runs(seconds + at * STEP_SECONDS)),
  );
  const survival = withIntegral(alive);
  const { gaps, costs } = bestGaps(survival, priceSeconds, limits);
  const missed = mean(overdue);
  const walked = walk(survival, gaps);
  return {
    total: (alive[0] ?? 0) * (costs[0] ?? 0) + missed,
    polls: walked.polls,
    delaySeconds: walked.delaySeconds + missed,
  };
}

function walk({ alive, integral }: ReturnType<typeof withIntegral>, gaps: readonly number[]): Cost {
  let polls = 0;
  let delaySeconds = 0;
  let at = 0;
  while (at < alive.length - 1) {
    const next = Math.min(at + (gaps[at] ?? 1), alive.length - 1);
    const here = alive[at] ?? 0;
    polls += here;
    delaySeconds += here * (next - at) * STEP_SECONDS - ((integral[next] ?? 0) - (integral[at] ?? 0));
    at = next;
  }
  return { polls, delaySeconds };
}

/** How long, on average, a run that began so long ago is over already. */
function overdue(seconds: number): number {
  let sum = 0;
  for (let at = STEP_SECONDS / 2; at < seconds; at += STEP_SECONDS) sum += (1 - runs(at)) * STEP_SECONDS;
  return sum;
}

/** The share of runs that take longer. */
function runs(seconds: number): number {
  if (seconds <= RUN_MIN_SECONDS) return 1;
  return 1 - normalShare(Math.log((seconds - RUN_MIN_SECONDS) / RUN_MEDIAN_SECONDS) / RUN_SIGMA);
}

/** The normal distribution's share below `z` (Abramowitz and Stegun 26.2.17; off by less than 1e-7). */
function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return z < 0 ? tail : 1 - tail;
}
