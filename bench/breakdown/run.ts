import type { WorkerModule } from "../../dev/bundle.ts";
import { startChild, type Child } from "../lib/child.ts";
import { load, sleep } from "../lib/measure.ts";
import { publish, type Table } from "../lib/report.ts";
import type { BenchWorker } from "../lib/workerd.ts";
import { ask, fill, POLL_MS, startBare, startRingback, type FleetOptions } from "../flight/fleet.ts";
import { partsOf, type Part } from "./parts.ts";
import { sample, type Sampled } from "./samples.ts";

/**
 * `npm run bench:breakdown`: on what the CPU of a create and of an end goes, beside the bare object's. Needs perf, and
 * root for what the kernel does.
 */

const QUICK = process.argv.includes("--quick");
/** So few that no object is put to sleep meanwhile, which is after 10 s. */
const CREATES = QUICK ? 200 : 1500;
const ENDS = QUICK ? 100 : 1500;
const WARM_UP = QUICK ? 50 : 500;
const AT_ONCE = 32;
const SETTLE_MS = 4000;
/** No poll falls into the creates. */
const NEVER_MS = 600_000;
const LISTED = 40;

type Contender = "bare" | "ringback";

/** Milliseconds of CPU a task, by part and by place. */
interface Breakdown {
  totalMs: number;
  parts: Map<string, number>;
  files: Map<string, number>;
  functions: Map<string, number>;
}

const startedAt = performance.now();
const gateway = await startChild("../flight/gateway-process.ts", import.meta.url, []);
const receiver = await startChild("../flight/receiver-process.ts", import.meta.url, []);
const callbackUrl = await ask<string>(receiver, { ask: "url" });
try {
  const creates = { bare: await create("bare"), ringback: await create("ringback") };
  const ends = { bare: await end("bare"), ringback: await end("ringback") };
  publish({
    part: "breakdown",
    title: "On what a create and an end spend CPU",
    about:
      `Samples of workerd's stacks while it serves ${CREATES} creates, and while ${ENDS} tasks that were polled every ` +
      `${POLL_MS / 1000} s end at once, each with its last poll. In ms of CPU a task. A part holds what is not of another ` +
      "one further in; a file holds whatever it calls that is not another file of the Worker. The Worker is not minified.",
    bars: [],
    tables: [...tables("create", creates), ...tables("end", ends)],
    plots: [],
    notes: [],
    seconds: Math.round((performance.now() - startedAt) / 1000),
  });
} finally {
  await Promise.all([gateway.close(), receiver.close()]);
}
// Kept connections would keep the process.
process.exit(0);

async function start(contender: Contender, options: FleetOptions): Promise<BenchWorker> {
  const profiled = { ...options, isProfiled: true };
  return contender === "bare" ? startBare(gateway, callbackUrl, profiled) : startRingback(gateway, profiled);
}

async function create(contender: Contender): Promise<Breakdown> {
  const worker = await start(contender, { pollMs: NEVER_MS });
  try {
    const send = createRequest(worker, contender);
    const creates = async (count: number): Promise<void> => {
      const { failed } = await load(send, { count, atOnce: AT_ONCE });
      if (failed > 0) throw new Error(`${failed} of ${count} creates were not answered 202`);
    };
    await creates(WARM_UP);
    return breakdown(await sample(worker.pid, async () => creates(CREATES)), worker.modules, CREATES);
  } finally {
    await worker.close();
  }
}

function createRequest({ url }: BenchWorker, contender: Contender) {
  const body = {
    model: "doubao-seedance-2-0-260128",
    prompt: "A lighthouse at dusk, waves below, seen from a boat that passes slowly.",
    duration_seconds: 5,
    resolution: "720p",
    ...(contender === "bare" ? {} : { callback_url: callbackUrl }),
  };
  return {
    url: `${url}/v1/videos`,
    headers: { authorization: "Bearer sk-bench-breakdown", "content-type": "application/json" },
    body: JSON.stringify(body),
    expect: 202,
  };
}

async function end(contender: Contender): Promise<Breakdown> {
  const worker = await start(contender, {});
  try {
    const before = await callbacks(receiver);
    await fill([worker], ENDS, contender === "bare" ? null : callbackUrl);
    await sleep(SETTLE_MS);
    const sampled = await sample(worker.pid, async () => {
      await ask<number>(gateway, { ask: "finish" });
      while ((await callbacks(receiver)) < before + ENDS) await sleep(50);
      // What follows a callback: its record, and the report.
      await sleep(1000);
    });
    return breakdown(sampled, worker.modules, ENDS);
  } finally {
    await worker.close();
  }
}

async function callbacks(of: Child): Promise<number> {
  return ask<number>(of, { ask: "count" });
}

function breakdown({ cpuMs, stacks }: Sampled, modules: readonly WorkerModule[], tasks: number): Breakdown {
  const partOf = partsOf(modules);
  const eachMs = cpuMs / stacks.length / tasks;
  const found: Breakdown = {
    totalMs: cpuMs / tasks,
    parts: new Map(),
    files: new Map(),
    functions: new Map(),
  };
  const add = (sums: Map<string, number>, key: string): void => {
    sums.set(key, (sums.get(key) ?? 0) + eachMs);
  };
  for (const stack of stacks) {
    const { name, source }: Part = partOf(stack);
    add(found.parts, name);
    if (source === null) continue;
    add(found.files, source.file);
    add(found.functions, `${source.name || "(anonymous)"} of ${source.file}`);
  }
  return found;
}

function ms(value = 0): string {
  return value.toFixed(3);
}

function tables(of: "create" | "end", { bare, ringback }: Record<Contender, Breakdown>): Table[] {
  const names = [...new Set([...bare.parts.keys(), ...ringback.parts.keys()])];
  const more = (name: string): number => (ringback.parts.get(name) ?? 0) - (bare.parts.get(name) ?? 0);
  return [
    {
      caption: `${of === "create" ? "A create" : "An end"}, by part:`,
      columns: [":part", "bare, ms", "Ringback, ms", "more, ms"],
      rows: [
        ["all", ms(bare.totalMs), ms(ringback.totalMs), ms(ringback.totalMs - bare.totalMs)],
        ...names
          .toSorted((a, b) => more(b) - more(a))
          .map((name) => [name, ms(bare.parts.get(name)), ms(ringback.parts.get(name)), ms(more(name))]),
      ],
    },
    listTable(`Ringback's files in ${of === "create" ? "a create" : "an end"}:`, "file", ringback.files),
    listTable("Its functions:", "function", ringback.functions),
  ];
}

function listTable(caption: string, column: string, sums: Map<string, number>): Table {
  const listed = [...sums].toSorted(([, a], [, b]) => b - a).slice(0, LISTED);
  return {
    caption,
    columns: [`:${column}`, "ms"],
    rows: listed.map(([name, value]) => [name, ms(value)]),
  };
}
