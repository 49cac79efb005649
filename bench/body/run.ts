import { atMost, publish, round } from "../lib/report.ts";
import type { BenchWorkerOptions } from "../lib/workerd.ts";
import { flood } from "./flood.ts";
import { imageCost } from "./image-cost.ts";

/** `npm run bench:body`: what a large image costs, and what a request made of empty objects does. */

/** `--quick`: to see that it runs; the figures are of no use. */
const QUICK = process.argv.includes("--quick");
/** An isolate of the platform has so much in all. */
const ISOLATE_MIB = 128;

const PARSER: BenchWorkerOptions = { entry: "parser.ts", settings: {}, objects: {} };
const RINGBACK: BenchWorkerOptions = {
  entry: "ringback.ts",
  settings: {
    RINGBACK_SECRET: "a secret of the bench, long enough to count",
    AIO_BASE_URL: "http://127.0.0.1:9/v1",
    ALLOW_PRIVATE_CALLBACKS: "true",
  },
  objects: { TASKS: "TaskObject", ACCOUNTS: "AccountObject", CADENCES: "CadenceObject" },
};

const startedAt = performance.now();
const image = imageCost({ mib: 5, rounds: QUICK ? 3 : 51 });
const floods = [];
for (const [name, options] of [
  ["a plain JSON.parse", PARSER],
  ["Ringback", RINGBACK],
] as const) {
  for (const mib of QUICK ? [2] : [2, 16]) floods.push({ name, mib, ...(await flood(options, mib)) });
}
const ours = floods.filter(({ name }) => name === "Ringback");

publish({
  part: "body",
  title: "A large request",
  about:
    "A create with an image of 5 MiB, in one process of Node: parse, judge and encode, against `JSON.parse` of the same " +
    "text, decoded already; medians of the rounds. And one request of empty objects (`[{},{},…]`) with a made-up key, to a " +
    "Worker that parses what it is sent and to Ringback, each time in a new workerd: memory is the process's, at its most " +
    "beyond what it had before, the request's own bytes included.",
  bars: [
    atMost("parse, judge and encode 5 MiB against a plain JSON.parse", 3, image.ratio),
    ...ours.map(({ mib, grewMiB }) =>
      atMost(`memory for ${mib} MiB of empty objects`, ISOLATE_MIB, grewMiB, " MiB"),
    ),
  ],
  tables: [
    {
      caption: "A 5 MiB image:",
      columns: ["JSON.parse, ms", "parse, ms", "judge, ms", "encode, ms", "against JSON.parse"],
      rows: [
        [image.plainMs, image.parseMs, image.judgeMs, image.encodeMs, image.ratio].map((one) =>
          one.toFixed(2),
        ),
      ],
    },
    {
      caption: "Empty objects:",
      columns: [":sent to", "MiB", ":answer", "memory, MiB", "CPU, ms"],
      rows: floods.map(({ name, mib, status, grewMiB, cpuMs }) => [
        name,
        String(mib),
        status === null ? "none" : String(status),
        round(grewMiB),
        round(cpuMs),
      ]),
    },
  ],
  plots: [],
  notes: [],
  seconds: Math.round((performance.now() - startedAt) / 1000),
});
// Kept connections would keep the process.
process.exit(0);
