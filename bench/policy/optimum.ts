import { seeded } from "./random.ts";
import type { World } from "./worlds.ts";

/** The cheapest schedules by dynamic programming, knowing the true distribution. Bounds, not policies. */

const STEP_SECONDS = 0.25;
const DRAWS = 200_000;
/** What is rarer is left to the longest gap. */
const RARE = 1e-4;
const FIRST_MAX_SECONDS = 300;

export interface Gaps {
  minSeconds: number;
  maxSeconds: number;
}

/** The share of tasks that take longer than `at * STEP_SECONDS`, and the mean of what is left of its integral. */
interface Survival {
  alive: number[];
  integral: number[];
}

export function survivalOf(world: World): Survival {
  const random = seeded(97);
  const ends = Array.from({ length: DRAWS }, () => world.draw(random).endSeconds).toSorted((a, b) => a - b);
  const alive: number[] = [];
  let done = 0;
  while (ends.length - done > RARE * DRAWS) {
    while ((ends[done] ?? Infinity) <= alive.length * STEP_SECONDS) done += 1;
    alive.push(1 - done / DRAWS);
  }
  return withIntegral(alive);
}

export function withIntegral(alive: number[]): Survival {
  const integral = [0];
  for (let at = 1; at < alive.length; at += 1) {
    const mean = ((alive[at - 1] ?? 0) + (alive[at] ?? 0)) / 2;
    integral.push((integral[at - 1] ?? 0) + mean * STEP_SECONDS);
  }
  return { alive, integral };
}

/** Gaps in steps and cost-to-go in seconds at each step, having just polled; `firstMax` bounds the one from step 0. */
export function bestGaps(
  { alive, integral }: Survival,
  priceSeconds: number,
  { minSeconds, maxSeconds }: Gaps,
  firstMaxSeconds = maxSeconds,
): { gaps: number[]; costs: number[] } {
  const end = alive.length - 1;
  const gaps = alive.map(() => Math.round(maxSeconds / STEP_SECONDS));
  const costs = alive.map(() => priceSeconds);
  for (let at = end - 1; at >= 0; at -= 1) {
    const here = alive[at] ?? 0;
    let best = Infinity;
    const longest = Math.round((at === 0 ? firstMaxSeconds : maxSeconds) / STEP_SECONDS);
    for (let gap = Math.round(minSeconds / STEP_SECONDS); gap <= longest && at + gap <= end; gap += 1) {
      const next = at + gap;
      const late = here * gap * STEP_SECONDS - ((integral[next] ?? 0) - (integral[at] ?? 0));
      const total = priceSeconds + (late + (alive[next] ?? 0) * (costs[next] ?? 0)) / here;
      if (total >= best) continue;
      best = total;
      gaps[at] = gap;
    }
    if (best < Infinity) costs[at] = best;
  }
  return { gaps, costs };
}

/** The gap before the nth poll of the best schedule that knows the age alone. */
export function optimumByAge(survival: Survival, priceSeconds: number, gaps: Gaps): (poll: number) => number {
  const best = bestGaps(survival, priceSeconds, gaps, FIRST_MAX_SECONDS).gaps;
  const schedule: number[] = [];
  for (let at = 0; at < best.length; at += schedule.at(-1) ?? 1) schedule.push(best[at] ?? 1);
  return (poll) => (schedule[poll - 1] ?? gaps.maxSeconds / STEP_SECONDS) * STEP_SECONDS;
}
