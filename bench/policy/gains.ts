import { POLL_PRICE_MS } from "../../src/domain/polling/plan.ts";
import { seeded } from "./random.ts";
import { excess, inSeconds, type Row } from "./table.ts";
import { cost, limitsAt, medianOf, playAndLearn, SEEDS, UNTAUGHT, type Cost } from "./trial.ts";
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

function row(world: string, policy: string, paid: Cost, bar?: Row["bar"]): Row {
  return { world, policy, priceMs: POLL_PRICE_MS, cost: paid, bar };
}
