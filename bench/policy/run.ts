import { publish } from "../lib/report.ts";
import { bars } from "./bars.ts";
import { comparison } from "./comparison.ts";
import { bursts, costs, progress } from "./gains.ts";
import { mistakes } from "./mistakes.ts";
import { plot } from "./plot.ts";
import { barsOf, tableOf } from "./table.ts";
import { SEEDS } from "./trial.ts";

/** `npm run bench:policy`: the poll plan and its rivals over the same tasks, in plain Node. */

const startedAt = performance.now();
const { rows, panels } = comparison();
const held = [...bars(), ...costs(), ...bursts()];
const told = progress();
const wrong = mistakes();

publish({
  part: "policy",
  title: "When to look",
  about:
    "The product's own decisions over simulated tasks; only the network takes no time. Medians over the seeds " +
    `${SEEDS.join(", ")} of means over tasks. A row with “delay ≤” is at the highest price of a poll that keeps the delay; ` +
    "all others are at the product's own. “With polls” is the mean delay and that price for each poll. [bench/README.md](../bench/README.md) says what the tasks are.",
  bars: barsOf([...held, ...wrong, ...told]),
  tables: [
    { caption: "Every policy on every kind of task:", ...tableOf(rows) },
    { caption: "At a given delay, beside what is possible at all:", ...tableOf(held) },
    { caption: "Forecasts that are wrong:", ...tableOf(wrong) },
    { caption: "Upstreams that report progress, after 500 learned:", ...tableOf(told) },
  ],
  plots: [
    {
      name: "policy.svg",
      alt: "Mean delay against polls per task, on logarithmic axes, a panel for each kind of task",
      svg: plot(panels),
    },
  ],
  notes: [],
  seconds: Math.round((performance.now() - startedAt) / 1000),
});
