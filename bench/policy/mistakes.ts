import { PRIOR, type Prior } from "../../src/domain/polling/prior.ts";
import { POLL_PRICE_MS } from "../../src/domain/polling/plan.ts";
import { blindCost } from "./comparison.ts";
import { seeded } from "./random.ts";
import { excess, inSeconds, type Row } from "./table.ts";
import {
  afterLearning,
  cost,
  limitsAt,
  medianOf,
  playAndLearn,
  SEEDS,
  UNTAUGHT,
  type Conditions,
  type Cost,
} from "./trial.ts";
import { CLIP, times } from "./worlds.ts";

const limits = limitsAt(POLL_PRICE_MS);
const FACTORS = [0.5, 2] as const;
/** Of the first ten tasks of an upstream that has become twice as fast: the very first is 20 s late. */
const SURPRISED_MAX = 10.5;

/** Forecasts that are wrong: from the start, and from one task to the next. */
export function mistakes(): Row[] {
  return [...FACTORS.flatMap(wrongPrior), ...FACTORS.flatMap(drift)];
}

/** The product's prior with every time multiplied. */
function priorTimes(factor: number): Prior {
  const scaled = (from: readonly number[]): number[] => from.map((ms) => ms * factor);
  return { whole: scaled(PRIOR.whole), run: scaled(PRIOR.run) };
}

function wrongPrior(factor: number): Row[] {
  const conditions: Conditions = { limits, prior: priorTimes(factor) };
  const most = blindCost(CLIP, () => 2).polls;
  const cold = afterLearning(CLIP, 0, 1500, conditions);
  const first = medianOf(
    SEEDS.map((seed) => cost(playAndLearn(CLIP, 50, UNTAUGHT, conditions, seeded(seed)).played)),
  );
  const row = (policy: string, paid: Cost): Row => ({
    world: "clip",
    policy: `plan, ${policy}, prior × ${factor}`,
    priceMs: POLL_PRICE_MS,
    cost: paid,
    bar: {
      text: `≤ ${most.toFixed(1)} polls, ≤ 5 s`,
      excess: [excess(paid.polls, most), excess(paid.delaySeconds, 5)],
    },
  });
  return [row("cold", cold), row("first 50 while learning", first)];
}

/** 500 tasks at one pace, then 200 at another. */
function drift(factor: number): Row[] {
  const windows = [
    [0, 10],
    [10, 50],
    [50, 200],
  ] as const;
  const runs = SEEDS.map((seed) => {
    const random = seeded(seed);
    const { learner } = playAndLearn(CLIP, 500, UNTAUGHT, { limits }, random);
    return playAndLearn(times(CLIP, factor), 200, learner, { limits }, random).played;
  });
  return windows.map(([from, to]) => {
    const paid = medianOf(runs.map((played) => cost(played.slice(from, to))));
    const bar = { text: `≤ ${SURPRISED_MAX} s with polls`, excess: [excess(inSeconds(paid), SURPRISED_MAX)] };
    return {
      world: `clip, then all times × ${factor}`,
      policy: `plan, tasks ${from + 1} to ${to} after the change`,
      priceMs: POLL_PRICE_MS,
      cost: paid,
      bar: factor < 1 && from === 0 ? bar : undefined,
    };
  });
}
