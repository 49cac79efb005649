import { median } from "../lib/measure.ts";
import { atMost, publish, round } from "../lib/report.ts";
import { pollCost } from "./poll-cost.ts";

/** `npm run bench:poll`: what a poll costs, beside the poll of an object that does nothing else. */

const PLAN = { rounds: 5, tasks: 1000, windowMs: 3500 };
/** `--quick`: to see that it runs; the figures are of no use. */
const QUICK = { rounds: 1, tasks: 100, windowMs: 2000 };

const startedAt = performance.now();
const cost = await pollCost(process.argv.includes("--quick") ? QUICK : PLAN);
const ratio = median(cost.ratios);

publish({
  part: "poll",
  title: "A poll",
  about:
    `${cost.tasks} objects each, polled every 2 s by the same gateway; ${cost.rounds} rounds, one Worker after the other, ` +
    "after one to warm up; medians. The bare object's alarm asks the same status, parses the answer and sets the next " +
    "alarm: no deadline, no patience with bad answers, no plan. CPU is that of the workerd process, from `/proc`.",
  bars: [atMost("CPU per poll against the bare object's", 1.2, ratio)],
  tables: [
    {
      columns: [":polls of", "polls/s", "CPU per poll, ms", "alarm late p50, ms", "p99"],
      rows: cost.contenders.map(({ name, pollsPerSecond, cpuPerPollMs, alarmLateMs }) => [
        name,
        round(pollsPerSecond),
        cpuPerPollMs.toFixed(3),
        alarmLateMs.p50.toFixed(0),
        alarmLateMs.p99.toFixed(0),
      ]),
    },
  ],
  plots: [],
  notes: [`Ratios by round: ${cost.ratios.map((one) => one.toFixed(2)).join(", ")}.`],
  seconds: Math.round((performance.now() - startedAt) / 1000),
});
// Kept connections would keep the process.
process.exit(0);
