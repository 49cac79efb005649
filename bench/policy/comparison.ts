import { POLL_PRICE_MS } from "../../src/domain/polling/plan.ts";
import { optimumByAge, survivalOf } from "./optimum.ts";
import { playGaps } from "./play.ts";
import type { Panel } from "./plot.ts";
import { seeded } from "./random.ts";
import { dearestWithin } from "./search.ts";
import type { Row } from "./table.ts";
import { afterLearning, cost, LIMITS, limitsAt, medianOf, SEEDS, type Cost } from "./trial.ts";
import { WORLDS, type World } from "./worlds.ts";

const TASKS = 600;
const PRICES = [50, 100, POLL_PRICE_MS, 400, 800] as const;
const GAPS = { minSeconds: LIMITS.minMs / 1000, maxSeconds: LIMITS.maxMs / 1000 };

/** Policies that know nothing but the number of the poll. */
const BLIND: { name: string; gap: (poll: number) => number }[] = [
  ...[2, 5, 10].map((seconds) => ({ name: `fixed ${seconds} s`, gap: () => seconds })),
  { name: "backoff 1, 2, 4 … 60 s", gap: (poll) => Math.min(2 ** (poll - 1), 60) },
];

/** Every policy in every world. */
export function comparison(): { rows: Row[]; panels: Panel[] } {
  const rows: Row[] = [];
  const panels: Panel[] = [];
  for (const world of WORLDS) {
    const name = world.name.split(":")[0] ?? world.name;
    const points = BLIND.map((policy) => ({ name: policy.name, cost: blindCost(world, policy.gap) }));
    rows.push(...points.map((one) => ({ world: name, policy: one.name, priceMs: null, cost: one.cost })));
    const lines = [0, 50, 500].map((learned) => ({
      name: learned === 0 ? "plan, cold" : `plan, ${learned} learned`,
      costs: PRICES.map((priceMs) => afterLearning(world, learned, TASKS, { limits: limitsAt(priceMs) })),
    }));
    for (const line of lines) {
      const at = PRICES.indexOf(POLL_PRICE_MS);
      const here = line.costs[at];
      if (here) rows.push({ world: name, policy: line.name, priceMs: POLL_PRICE_MS, cost: here });
    }
    const survival = survivalOf(world);
    const optimum = (priceMs: number): Cost => blindCost(world, optimumByAge(survival, priceMs / 1000, GAPS));
    const learnedDelay = rows.at(-1)?.cost.delaySeconds ?? 0;
    const same = dearestWithin(learnedDelay, optimum);
    rows.push({ world: name, policy: "optimum by age at that delay", priceMs: null, cost: same.cost });
    lines.push({ name: "optimum by age", costs: PRICES.map((priceMs) => optimum(priceMs)) });
    panels.push({ title: world.name, lines, points });
  }
  return { rows, panels };
}

export function blindCost(world: World, gap: (poll: number) => number, tasks = 4000): Cost {
  return medianOf(
    SEEDS.map((seed) => {
      const random = seeded(seed + 1);
      return cost(Array.from({ length: tasks }, () => playGaps(world.draw(random), gap)));
    }),
  );
}
