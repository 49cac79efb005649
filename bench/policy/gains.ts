import { forecastFor, learn } from "../../src/domain/polling/forecast.ts";
import { POLL_PRICE_MS } from "../../src/domain/polling/plan.ts";
import { playPlan, type Played } from "./play.ts";
import { seeded, type Random } from "./random.ts";
import { excess, inSeconds, type Row } from "./table.ts";
import { CLASS, cost, limitsAt, medianOf, playAndLearn, SEEDS, UNTAUGHT, type Cost } from "./trial.ts";
import { CLIP, FAST, QUEUED, REPORTS, reporting, SLOW, type World } from "./worlds.ts";

const LEARNED = 500;
const TASKS = 1000;

/** What the forecast that was replaced cost, by the same measure: a histogram of weights for each class. */
const BEFORE: readonly [World, seconds: number][] = [
  [CLIP, 4.49],
  [QUEUED, 3.53],
  [FAST, 2.5],
  [SLOW, 8.17],
];

/** What the tasks after the first 500 cost while each goes on teaching: polls and delay in one number. */
export function costs(): Row[] {
  return BEFORE.map(([world, before]) => {
    const paid = whileLearning(world);
    const most = before * 1.03;
    return row(world.name.split(":")[0] ?? world.name, `plan, after ${LEARNED} learned`, paid, {
      text: `≤ ${most.toFixed(2)} s with polls`,
      excess: [excess(inSeconds(paid), most)],
    });
  });
}

/** What a reported progress gains, and what a false one loses. */
export function progress(): Row[] {
  const silent = whileLearning(CLIP);
  const told = REPORTS.map(({ name, honest, report }) => {
    const paid = whileLearning(reporting(CLIP, name, report));
    const most = inSeconds(silent) * (honest ? 0.9 : 1.03);
    return row("clip", `plan, progress ${name}`, paid, {
      text: `≤ ${most.toFixed(2)} s with polls`,
      excess: [excess(inSeconds(paid), most)],
    });
  });
  return [row("clip", "plan, no progress", silent), ...told];
}

function whileLearning(world: World): Cost {
  return medianOf(
    SEEDS.map((seed) => {
      const random = seeded(seed);
      const conditions = { limits: limitsAt(POLL_PRICE_MS) };
      const { learner } = playAndLearn(world, LEARNED, UNTAUGHT, conditions, random);
      return cost(playAndLearn(world, TASKS, learner, conditions, random).played);
    }),
  );
}

const BURST = 1000;
const WAVES = 4;
const APART_MS = 3_600_000;
/** What the histograms paid. */
const BURST_MAX_SECONDS = 8.2;

/** Tasks created at one instant: they teach in the order of their ends, the slowest last. */
export function bursts(): Row[] {
  const paid = medianOf(SEEDS.map((seed) => cost(playBursts(CLIP, seeded(seed)).slice(BURST))));
  const bar = {
    text: `≤ ${BURST_MAX_SECONDS} s with polls`,
    excess: [excess(inSeconds(paid), BURST_MAX_SECONDS)],
  };
  return [row("clip", `plan, bursts of ${BURST} after the first, an hour apart`, paid, bar)];
}

function playBursts(world: World, random: Random): Played[] {
  let { state, now } = UNTAUGHT;
  const all: Played[] = [];
  for (let wave = 0; wave < WAVES; wave += 1) {
    const forecast = forecastFor(state, CLASS);
    const tasks = Array.from({ length: BURST }, () =>
      playPlan(world.draw(random), forecast, limitsAt(POLL_PRICE_MS), random),
    );
    const samples = tasks.map(({ sample }) => sample).filter((sample) => sample !== null);
    for (const sample of samples.toSorted((a, b) => a.end.byMs - b.end.byMs)) {
      state = learn(state, CLASS, sample, now + sample.end.byMs);
    }
    all.push(...tasks);
    now += APART_MS;
  }
  return all;
}

function row(world: string, policy: string, paid: Cost, bar?: Row["bar"]): Row {
  return { world, policy, priceMs: POLL_PRICE_MS, cost: paid, bar };
}
