import type { Child } from "../lib/child.ts";
import { cpuMs, paced, quantile, sleep } from "../lib/measure.ts";
import { startBenchWorker, type BenchWorker } from "../lib/workerd.ts";
import type { GatewayQuestion, Polls } from "./gateway-process.ts";
import type { ReceiverQuestion } from "./receiver-process.ts";

/** Many tasks of one Worker that are all polled at the same gap, and what their polling is like. */

export const POLL_MS = 2000;
/** Creates per second. With whole gaps to fill, the polls are spread evenly over the gap. */
const FILL_PER_SECOND = 250;
export const HEADERS = { authorization: "Bearer sk-bench-flight", "content-type": "application/json" };

export interface Spread {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export function spread(values: readonly number[]): Spread {
  const at = (share: number): number => quantile(values, share);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

export interface FleetOptions {
  pollMs?: number;
  isProfiled?: boolean;
}

export async function startRingback(
  gateway: Child,
  {
    pollMs = POLL_MS,
    isProfiled = false,
    settings = {},
  }: FleetOptions & { settings?: Record<string, string> } = {},
): Promise<BenchWorker> {
  const seconds = String(pollMs / 1000);
  return startBenchWorker({
    entry: "ringback.ts",
    settings: {
      AIO_BASE_URL: await ask<string>(gateway, { ask: "base url" }),
      RINGBACK_SECRET: "a secret of the bench, long enough to count",
      ALLOW_PRIVATE_CALLBACKS: "true",
      POLL_FIRST_SECONDS: seconds,
      POLL_MIN_SECONDS: seconds,
      POLL_MAX_SECONDS: seconds,
      ...settings,
    },
    objects: { TASKS: "TaskObject", ACCOUNTS: "AccountObject", CADENCES: "CadenceObject" },
    isProfiled,
  });
}

/** `callbackUrl`: one for all its tasks. */
export async function startBare(
  gateway: Child,
  callbackUrl: string | null = null,
  { pollMs = POLL_MS, isProfiled = false }: FleetOptions = {},
): Promise<BenchWorker> {
  return startBenchWorker({
    entry: "bare.ts",
    settings: {
      AIO_BASE_URL: await ask<string>(gateway, { ask: "base url" }),
      POLL_MS: String(pollMs),
      ...(callbackUrl === null ? {} : { CALLBACK_URL: callbackUrl }),
    },
    objects: { TASKS: "BareTask" },
    isProfiled,
  });
}

/** Creates tasks at an even pace over whole gaps, an equal share on each Worker. */
export async function fill(
  workers: readonly BenchWorker[],
  tasks: number,
  callbackUrl: string | null,
): Promise<void> {
  const overMs = Math.ceil(tasks / FILL_PER_SECOND / (POLL_MS / 1000)) * POLL_MS;
  const body = JSON.stringify({
    model: "doubao-seedance-2-0-260128",
    prompt: "A lighthouse at dusk, waves below, seen from a boat that passes slowly.",
    duration_seconds: 5,
    resolution: "720p",
    ...(callbackUrl === null ? {} : { callback_url: callbackUrl }),
  });
  const shares = workers.map(async ({ url }) =>
    paced(
      { url: `${url}/v1/videos`, headers: HEADERS, body, expect: 202 },
      { count: tasks / workers.length, overMs },
    ),
  );
  const failed = (await Promise.all(shares)).reduce((total, share) => total + share.failed, 0);
  if (failed > 0) throw new Error(`${failed} of ${tasks} creates were not answered 202`);
}

export interface Window {
  polls: Polls;
  alarmLateMs: number[];
  cpuMs: number;
  ms: number;
}

/** What polling is like for a while. */
export async function watchPolls(
  ms: number,
  workers: readonly BenchWorker[],
  gateway: Child,
): Promise<Window> {
  const used = (): number => workers.reduce((total, { pid }) => total + cpuMs(pid), 0);
  await Promise.all(workers.map(lateness));
  const from = Date.now();
  const cpuBefore = used();
  await sleep(ms);
  const cpu = used() - cpuBefore;
  const to = Date.now();
  const alarmLateMs = (await Promise.all(workers.map(lateness))).flat();
  const polls = await ask<Polls>(gateway, { ask: "polls", from, to, gapMs: POLL_MS });
  return { polls, alarmLateMs, cpuMs: cpu, ms: to - from };
}

async function lateness(worker: BenchWorker): Promise<number[]> {
  return (await (await fetch(`${worker.url}/_bench/lateness`)).json()) as number[];
}

/** The account's own answer to a read. */
export async function read<T>(worker: BenchWorker, path: string): Promise<T> {
  return (await (await fetch(`${worker.url}${path}`, { headers: HEADERS })).json()) as T;
}

export function ask<T>(child: Child, question: GatewayQuestion | ReceiverQuestion): Promise<T> {
  return child.ask<T>(question);
}
