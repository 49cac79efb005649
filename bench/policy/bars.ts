import { POLL_PRICE_MS } from "../../src/domain/polling/plan.ts";
import { blindCost } from "./comparison.ts";
import { optimumByAge, survivalOf } from "./optimum.ts";
import { optimumPhased } from "./optimum-phased.ts";
import { dearestWithin } from "./search.ts";
import { excess, type Row } from "./table.ts";
import { afterLearning, LIMITS, limitsAt, type Cost } from "./trial.ts";
import { CLIP, QUEUED } from "./worlds.ts";

const TASKS = 1500;
const LEARNED = 500;
const GAPS = { minSeconds: LIMITS.minMs / 1000, maxSeconds: LIMITS.maxMs / 1000 };
const WIDE_MAX_MS = 30_000;

/** What the plan has to show, each at the knob that just keeps the delay, beside what is possible at all. */
export function bars(): Row[] {
  return [...clipBar(2.5, 10.5), ...clipBar(1, 26), ...queuedBars(), coldBar()];
}

function clipBar(delaySeconds: number, polls: number): Row[] {
  const { priceMs, cost } = dearestWithin(delaySeconds, (price) =>
    afterLearning(CLIP, LEARNED, TASKS, { limits: limitsAt(price) }),
  );
  const survival = survivalOf(CLIP);
  const optimum = dearestWithin(delaySeconds, (price) =>
    blindCost(CLIP, optimumByAge(survival, price / 1000, GAPS)),
  );
  return [
    {
      world: "clip",
      policy: `plan, ${LEARNED} learned, delay ≤ ${delaySeconds} s`,
      priceMs,
      cost,
      bar: {
        text: `≤ ${polls} polls`,
        excess: [excess(cost.polls, polls), excess(cost.delaySeconds, delaySeconds)],
      },
    },
    { world: "clip", policy: `optimum, delay ≤ ${delaySeconds} s`, priceMs: null, cost: optimum.cost },
  ];
}

function queuedBars(): Row[] {
  const delaySeconds = 1.1;
  const polls = 12;
  return [LIMITS.maxMs, WIDE_MAX_MS].flatMap((maxMs) => {
    const name = maxMs === LIMITS.maxMs ? "" : `, POLL_MAX_SECONDS ${maxMs / 1000}`;
    const found = dearestWithin(delaySeconds, (price) =>
      afterLearning(QUEUED, LEARNED, TASKS, { limits: { ...limitsAt(price), maxMs } }),
    );
    const optimum = dearestWithin(delaySeconds, (price) =>
      optimumPhased(price / 1000, { ...GAPS, maxSeconds: maxMs / 1000 }),
    );
    const over = [excess(found.cost.polls, polls), excess(found.cost.delaySeconds, delaySeconds)];
    const row: Row = {
      world: "queued",
      policy: `plan, ${LEARNED} learned, delay ≤ ${delaySeconds} s${name}`,
      ...found,
    };
    return [
      maxMs === LIMITS.maxMs ? { ...row, bar: { text: `≤ ${polls} polls`, excess: over } } : row,
      {
        world: "queued",
        policy: `optimum that sees phases${name}`,
        priceMs: null,
        cost: optimum.cost,
      },
    ];
  });
}

function coldBar(): Row {
  const fixed: Cost = blindCost(CLIP, () => 5);
  const plan = afterLearning(CLIP, 0, TASKS, { limits: limitsAt(POLL_PRICE_MS) });
  const over = [excess(plan.polls, fixed.polls), excess(plan.delaySeconds, fixed.delaySeconds)];
  const text = `< fixed 5 s (${fixed.polls.toFixed(1)} polls, ${fixed.delaySeconds.toFixed(2)} s) on both axes`;
  return {
    world: "clip",
    policy: "plan, cold",
    priceMs: POLL_PRICE_MS,
    cost: plan,
    bar: { text, excess: over },
  };
}
