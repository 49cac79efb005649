import { atMost, publish, type Bar } from "../lib/report.ts";
import { CLIP } from "../policy/worlds.ts";
import type { Cost } from "../policy/trial.ts";
import { mean, simulate } from "./simulation.ts";
import { waves, type Wave } from "./wave.ts";

/** `npm run bench:clock`: the real Worker under a clock that runs faster, beside the simulation of the same tasks. */

const PLAN = { speed: 20, tasks: 300, overMs: 6000, seeds: [7, 8] } as const;
/** `--quick`: to see that it runs; the figures are of no use. */
const QUICK = { speed: 60, tasks: 20, overMs: 500, seeds: [7, 8] } as const;
/** No bar but our own: by how much the simulation may be wrong before its tables are worth nothing. */
const POLLS_OFF_MAX = 5;
const DELAY_OFF_MAX = 10;

const startedAt = performance.now();
const plan = process.argv.includes("--quick") ? QUICK : PLAN;
const real = await waves(plan);
const ideal = simulate(real, { late: false });
const simulated = simulate(real, { late: true });
const UNKNOWN: Cost = { polls: Number.NaN, delaySeconds: Number.NaN };
const rows = real.map((wave, index) => ({
  name: index === 0 ? "cold" : `after ${plan.tasks * index}`,
  late: mean(wave.lateSeconds),
  real: costOf(wave),
  simulated: simulated[index] ?? UNKNOWN,
  ideal: ideal[index] ?? UNKNOWN,
}));

publish({
  part: "clock",
  title: "The simulation beside the real Worker",
  about:
    `${plan.tasks} tasks of “${CLIP.name}” at a time through workerd and the gateway, under a clock that runs ${plan.speed} ` +
    "times faster: `Date.now` and alarms, so that settings, prices and priors mean what they mean. The simulation " +
    "plays the same tasks: the same draws, created at the same times, taught in the order of their ends. The network and " +
    `the machine do not run faster: a millisecond of theirs counts as ${plan.speed}, so the simulation is also played with ` +
    "polls that are as late as the Worker's were, drawn from what it noted; the bars are by that one, and our own.",
  bars: rows.flatMap(barsOf),
  tables: [
    {
      columns: [":wave", ":", "polls per task", "mean delay, s", "a poll is late by, s"],
      rows: rows.flatMap(({ name, late, real: one, simulated: two, ideal: three }) => [
        [name, "real", ...numbers(one), late.toFixed(2)],
        [name, "simulated, as late", ...numbers(two), late.toFixed(2)],
        [name, "simulated", ...numbers(three), "0"],
      ]),
    },
  ],
  plots: [],
  notes: [
    "Tasks that all start together teach in the order of their ends, the slowest last, so the second wave is not what " +
      "bench:policy shows after as many tasks one after another.",
  ],
  seconds: Math.round((performance.now() - startedAt) / 1000),
});
// Kept connections would keep the process.
process.exit(0);

function costOf({ lives }: Wave): Cost {
  return {
    polls: mean(lives.map(({ polls }) => polls)),
    delaySeconds: mean(lives.map(({ delaySeconds }) => delaySeconds ?? Number.NaN)),
  };
}

function numbers({ polls, delaySeconds }: Cost): string[] {
  return [polls.toFixed(2), delaySeconds.toFixed(2)];
}

function barsOf({ name, real: one, simulated: other }: (typeof rows)[number]): Bar[] {
  return [
    atMost(`${name}: polls off the simulation`, POLLS_OFF_MAX, off(one.polls, other.polls), " %"),
    atMost(
      `${name}: mean delay off the simulation`,
      DELAY_OFF_MAX,
      off(one.delaySeconds, other.delaySeconds),
      " %",
    ),
  ];
}

function off(value: number, from: number): number {
  return 100 * Math.abs(value / from - 1);
}
