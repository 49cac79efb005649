import { atMost, publish, round, type Bar } from "../lib/report.ts";
import { fly, type Flight, type FlightPlan } from "./flight.ts";
import type { Spread } from "./fleet.ts";

/** `npm run bench:flight`: many tasks in flight at once, and then all of them at their end. */

const PLANS: readonly FlightPlan[] = [
  { worker: "ringback", tasks: 500, workerds: 1, upstreamMs: 0, windowMs: 5000 },
  { worker: "ringback", tasks: 2000, workerds: 1, upstreamMs: 0, windowMs: 6000 },
  { worker: "ringback", tasks: 2000, workerds: 1, upstreamMs: 250, windowMs: 6000 },
  { worker: "ringback", tasks: 5000, workerds: 2, upstreamMs: 0, windowMs: 6000 },
  { worker: "bare", tasks: 5000, workerds: 2, upstreamMs: 0, windowMs: 4000 },
];
/** `--quick`: to see that it runs; the figures are of no use. */
const QUICK: readonly FlightPlan[] = [
  { worker: "ringback", tasks: 50, workerds: 1, upstreamMs: 0, windowMs: 3000 },
  { worker: "ringback", tasks: 100, workerds: 2, upstreamMs: 250, windowMs: 3000 },
  { worker: "bare", tasks: 50, workerds: 1, upstreamMs: 0, windowMs: 3000 },
];

const startedAt = performance.now();
const flights: Flight[] = [];
for (const plan of process.argv.includes("--quick") ? QUICK : PLANS) flights.push(await fly(plan));

publish({
  part: "flight",
  title: "In flight",
  about:
    "Tasks with a callback are created at an even pace and polled every 2 s, exactly; the upstream says `running` " +
    "every time. After some seconds of that, all of them become ready at one instant. Gateway, receiver, load and " +
    "workerd are processes of their own; each line has new ones. The bare object is the floor: it writes a row, calls back " +
    "unsigned, writes a row, and reports to no object.",
  bars: bars(flights),
  tables: [
    {
      caption:
        "While they are polled. An alarm's lateness is the object's own view: from the time it was set for to its run. A poll's is the gateway's: from 2 s after the last answer to its arrival, so it holds both ways on the wire, too.",
      columns: [
        ":of",
        "tasks",
        "upstream, ms",
        "polls/s offered",
        "done",
        "alarm late p50, ms",
        "p99",
        "poll late p50, ms",
        "p99",
        "CPU per poll, ms",
        "of one core",
        "RSS, MiB",
      ],
      rows: flights.map((one) => [
        ...nameOf(one),
        round(one.pollsPerSecond.offered),
        round(one.pollsPerSecond.done),
        ...pick(one.alarmLateMs, ["p50", "p99"]),
        ...pick(one.pollLateMs, ["p50", "p99"]),
        one.cpuPerPollMs.toFixed(2),
        `${(100 * one.cpuShare).toFixed(0)} %`,
        round(one.rssMiB),
      ]),
    },
    {
      caption:
        "When all become ready at once. *From ready* counts from that instant, so it holds up to 2 s until the next poll; *from the poll* counts from the arrival of the first poll that could see it.",
      columns: [
        ":of",
        "tasks",
        "upstream, ms",
        "from ready p50, ms",
        "p95",
        "p99",
        "last",
        "from the poll p50, ms",
        "p95",
        "p99",
        "CPU per end, ms",
        "lost",
        "doubled",
        "bad signatures",
        "peak RSS, MiB",
      ],
      rows: flights.map((one) => [
        ...nameOf(one),
        ...pick(one.sinceReadyMs, ["p50", "p95", "p99", "max"]),
        ...pick(one.sincePollMs, ["p50", "p95", "p99"]),
        one.cpuPerEndMs.toFixed(2),
        String(one.lost),
        String(one.doubled),
        one.badSignatures === null ? "not signed" : String(one.badSignatures),
        round(one.peakRssMiB),
      ]),
    },
  ],
  plots: [],
  notes: flights.filter(({ unsettled }) => unsettled !== 0).map(unsettledNote),
  seconds: Math.round((performance.now() - startedAt) / 1000),
});
// Kept connections would keep the process.
process.exit(0);

function bars(flown: readonly Flight[]): Bar[] {
  const ours = flown.filter(({ worker }) => worker === "ringback");
  const atThousand = ours.find(({ tasks, upstreamMs }) => tasks === 2000 && upstreamMs === 0);
  const all = ours.find(({ tasks }) => tasks === 5000);
  const floor = flown.find(({ worker, tasks }) => worker === "bare" && tasks === 5000);
  return [
    ...(atThousand
      ? [atMost("alarm lateness p99 at 1,000 polls/s", 100, atThousand.alarmLateMs.p99, " ms")]
      : []),
    ...(all
      ? [
          atMost("5,000 ending at once: lost", 0, all.lost),
          atMost("5,000 ending at once: doubled", 0, all.doubled),
          atMost("5,000 ending at once: bad signatures", 0, all.badSignatures ?? Number.NaN),
        ]
      : []),
    ...(all && floor
      ? [
          atMost(
            "5,000 ending at once: CPU per end against the bare object's",
            1.6,
            all.cpuPerEndMs / floor.cpuPerEndMs,
          ),
          atMost(
            "5,000 ending at once: the last callback against the bare object's",
            1.4,
            all.sinceReadyMs.max / floor.sinceReadyMs.max,
          ),
        ]
      : []),
  ];
}

function nameOf({ worker, tasks, upstreamMs }: Flight): string[] {
  return [
    worker === "bare" ? "a bare object per task" : "Ringback",
    tasks.toLocaleString("en"),
    String(upstreamMs),
  ];
}

function pick(from: Spread, shares: readonly (keyof Spread)[]): string[] {
  return shares.map((share) => from[share].toFixed(0));
}

function unsettledNote({ tasks, unsettled }: Flight): string {
  return `Of ${tasks} tasks ${unsettled} had a callback under way when the watch ended.`;
}
