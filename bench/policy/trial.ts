import { forecastFor, learn, NO_FORECAST, type ForecastState } from "../../src/domain/polling/forecast.ts";
import type { TaskClass } from "../../src/domain/polling/class.ts";
import { PRIOR, type Prior } from "../../src/domain/polling/prior.ts";
import type { PollLimits } from "../../src/domain/polling/plan.ts";
import { T0 } from "../../test/support/builders.ts";
import { playPlan, type Played } from "./play.ts";
import { seeded, type Random } from "./random.ts";
import type { World } from "./worlds.ts";

/** Means over tasks, or medians of such means over seeds. */
export interface Cost {
  polls: number;
  delaySeconds: number;
}

/** The product's bounds: `POLL_MIN_SECONDS`, `POLL_MAX_SECONDS`. */
export const LIMITS: PollLimits = { firstMs: null, minMs: 1000, maxMs: 15_000 };

export function limitsAt(priceMs: number): PollLimits {
  return { ...LIMITS, priceMs };
}

export const SEEDS = [11, 23, 37, 41, 53] as const;

export const CLASS: TaskClass = { model: "a-model", resolution: "720p", seconds: 5, inputMode: "text" };
/** A task every ten minutes. */
const APART_MS = 600_000;

export function cost(played: readonly Played[]): Cost {
  const mean = (of: (one: Played) => number): number =>
    played.reduce((sum, one) => sum + of(one), 0) / played.length;
  return { polls: mean((one) => one.polls), delaySeconds: mean((one) => one.delaySeconds) };
}

export function medianOf(costs: readonly Cost[]): Cost {
  return {
    polls: middle(costs.map(({ polls }) => polls)),
    delaySeconds: middle(costs.map(({ delaySeconds }) => delaySeconds)),
  };
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

export interface Learner {
  state: ForecastState;
  now: number;
}

export interface Conditions {
  limits: PollLimits;
  prior?: Prior;
}

/** Plays tasks one after another, each with what was learned from those before it. */
export function playAndLearn(
  world: World,
  tasks: number,
  from: Learner,
  conditions: Conditions,
  random: Random,
): { learner: Learner; played: Played[] } {
  const prior = conditions.prior ?? PRIOR;
  let { state, now } = from;
  const played: Played[] = [];
  for (let count = 0; count < tasks; count += 1) {
    const forecast = forecastFor(state, CLASS, prior);
    const one = playPlan(world.draw(random), forecast, conditions.limits, random);
    if (one.sample) state = learn(state, CLASS, one.sample, now);
    now += APART_MS;
    played.push(one);
  }
  return { learner: { state, now }, played };
}

export const UNTAUGHT: Learner = { state: NO_FORECAST, now: T0 };

/** What tasks cost with the forecast as it stands, learning nothing more. */
export function costOf(
  world: World,
  tasks: number,
  { state }: Learner,
  { limits, prior = PRIOR }: Conditions,
  random: Random,
): Cost {
  const forecast = forecastFor(state, CLASS, prior);
  return cost(Array.from({ length: tasks }, () => playPlan(world.draw(random), forecast, limits, random)));
}

/** The median over the seeds of what a task costs after so many were learned. */
export function afterLearning(world: World, learned: number, tasks: number, conditions: Conditions): Cost {
  return medianOf(
    SEEDS.map((seed) => {
      const random = seeded(seed);
      const { learner } = playAndLearn(world, learned, UNTAUGHT, conditions, random);
      return costOf(world, tasks, learner, conditions, random);
    }),
  );
}
