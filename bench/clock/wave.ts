import { startChild, type Child } from "../lib/child.ts";
import { paced, sleep } from "../lib/measure.ts";
import { startBenchWorker, type BenchWorker } from "../lib/workerd.ts";
import { read } from "../flight/fleet.ts";
import type { ClockQuestion, Life } from "./gateway-process.ts";

/** Tasks through the real Worker, in waves: each wave has learned from those before it. */

const WAVE_MAX_MS = 60_000;
const HEADERS = { authorization: "Bearer sk-bench-clock", "content-type": "application/json" };

export interface ClockPlan {
  /** How many times faster the clock runs. */
  speed: number;
  tasks: number;
  /** How long the creates of a wave take. */
  overMs: number;
  /** One per wave. */
  seeds: readonly number[];
}

export interface Wave {
  lives: Life[];
  /** Per poll, from its planned time to the plan of the next one, in seconds of their world. */
  lateSeconds: number[];
}

export async function waves(plan: ClockPlan): Promise<Wave[]> {
  const gateway = await startChild("./gateway-process.ts", import.meta.url, ["--speed", String(plan.speed)]);
  const worker = await startBenchWorker({
    entry: "hurried.ts",
    settings: {
      AIO_BASE_URL: await ask<string>(gateway, { ask: "base url" }),
      RINGBACK_SECRET: "a secret of the bench, long enough to count",
      // The gateway speaks plain HTTP.
      ALLOW_PRIVATE_CALLBACKS: "true",
      BENCH_SPEED: String(plan.speed),
    },
    objects: { TASKS: "TaskObject", ACCOUNTS: "AccountObject", CADENCES: "CadenceObject" },
  });
  try {
    const done: Wave[] = [];
    for (const seed of plan.seeds) done.push(await wave(plan, seed, gateway, worker));
    return done;
  } finally {
    await worker.close();
    await gateway.close();
  }
}

async function wave(plan: ClockPlan, seed: number, gateway: Child, worker: BenchWorker): Promise<Wave> {
  await ask<null>(gateway, { ask: "wave", seed });
  await read<number[]>(worker, "/_bench/lateness");
  const body = JSON.stringify({
    model: "doubao-seedance-2-0-260128",
    prompt: "A lighthouse at dusk, waves below, seen from a boat that passes slowly.",
    duration_seconds: 5,
    resolution: "720p",
  });
  const send = { url: `${worker.url}/v1/videos`, headers: HEADERS, body, expect: 202 };
  const { failed } = await paced(send, { count: plan.tasks, overMs: plan.overMs });
  if (failed > 0) throw new Error(`${failed} of ${plan.tasks} creates were not answered 202`);
  const until = Date.now() + WAVE_MAX_MS;
  for (;;) {
    const lives = await ask<Life[]>(gateway, { ask: "lives" });
    const open = lives.filter(({ delaySeconds }) => delaySeconds === null).length;
    if (open === 0 && lives.length === plan.tasks) {
      // Its end is told to the cadence right after: the next wave shall know it.
      await sleep(500);
      const late = await read<number[]>(worker, "/_bench/lateness");
      return { lives, lateSeconds: late.map((ms) => ms / 1000) };
    }
    if (Date.now() > until) throw new Error(`${open} of ${plan.tasks} tasks have not been seen to end`);
    await sleep(250);
  }
}

function ask<T>(child: Child, question: ClockQuestion): Promise<T> {
  return child.ask<T>(question);
}
