import { startChild, type Child } from "../lib/child.ts";
import { cpuMs, peakRssMiB, rssMiB, sleep } from "../lib/measure.ts";
import type { BenchWorker } from "../lib/workerd.ts";
import {
  ask,
  fill,
  POLL_MS,
  read,
  spread,
  startBare,
  startRingback,
  watchPolls,
  type Spread,
} from "./fleet.ts";
import type { ReceivedCallback } from "./receiver-process.ts";

/** Tasks that are polled every two seconds, and then all end at one instant. */

/** After the last create: until first polls, reports and the compiler have settled. */
const SETTLE_MS = 4000;
/** What has not come within this is lost. */
const CALLBACKS_MAX_MS = 30_000;

export interface FlightPlan {
  /** `bare`: an object per task that does the least that a callback needs. */
  worker: "ringback" | "bare";
  tasks: number;
  /** workerd processes that share the tasks: each has three files open per object awake, and a machine sets a limit. */
  workerds: number;
  /** How long the upstream takes to answer a poll. */
  upstreamMs: number;
  /** How long polls are measured. */
  windowMs: number;
}

export interface Flight extends FlightPlan {
  pollsPerSecond: { offered: number; done: number };
  /** From an alarm's time to its run, as the object sees it. */
  alarmLateMs: Spread;
  /** From a poll's planned time to its arrival, as the gateway sees it: alarm, request and answer in one. */
  pollLateMs: Spread;
  cpuPerPollMs: number;
  /** Of one core. */
  cpuShare: number;
  /** From the instant at which all videos became ready to each callback's arrival. */
  sinceReadyMs: Spread;
  /** From the arrival of the first poll that could see it. */
  sincePollMs: Spread;
  /** From that instant until the last callback came, per task. */
  cpuPerEndMs: number;
  lost: number;
  doubled: number;
  /** Null: callbacks are not signed. */
  badSignatures: number | null;
  /** Neither delivered nor given up, as Ringback itself counts. */
  unsettled: number;
  rssMiB: number;
  peakRssMiB: number;
}

interface Processes {
  gateway: Child;
  receiver: Child;
  workers: readonly BenchWorker[];
}

/** One flight, with processes of its own: what the one before left in memory must not count. */
export async function fly(plan: FlightPlan): Promise<Flight> {
  const delay = ["--delay-ms", String(plan.upstreamMs)];
  const gateway = await startChild("./gateway-process.ts", import.meta.url, delay);
  const receiver = await startChild("./receiver-process.ts", import.meta.url, []);
  const workers: BenchWorker[] = [];
  try {
    const callbackUrl = await ask<string>(receiver, { ask: "url" });
    for (let nth = 0; nth < plan.workerds; nth++) {
      workers.push(
        plan.worker === "bare" ? await startBare(gateway, callbackUrl) : await startRingback(gateway),
      );
    }
    return await measure(plan, { gateway, receiver, workers });
  } finally {
    await Promise.all([...workers, gateway, receiver].map(async (one) => one.close()));
  }
}

async function measure(plan: FlightPlan, processes: Processes): Promise<Flight> {
  const { gateway, receiver, workers } = processes;
  const callbackUrl = plan.worker === "bare" ? null : await ask<string>(receiver, { ask: "url" });
  const total = (of: (pid: number) => number): number => sum(workers.map(({ pid }) => of(pid)));
  await fill(workers, plan.tasks, callbackUrl);
  await sleep(SETTLE_MS);
  const window = await watchPolls(plan.windowMs, workers, gateway);
  const rss = total(rssMiB);
  const cpuBefore = total(cpuMs);
  const readyAt = await ask<number>(gateway, { ask: "finish" });
  await allCalledBack(plan.tasks, receiver, readyAt + CALLBACKS_MAX_MS);
  const cpuOfEnds = total(cpuMs) - cpuBefore;
  if (plan.worker === "ringback") await allSettled(plan.tasks, workers, readyAt + CALLBACKS_MAX_MS);
  return {
    ...plan,
    pollsPerSecond: {
      offered: plan.tasks / ((POLL_MS + plan.upstreamMs) / 1000),
      done: window.polls.count / (window.ms / 1000),
    },
    alarmLateMs: spread(window.alarmLateMs),
    pollLateMs: spread(window.polls.lateMs),
    cpuPerPollMs: window.cpuMs / window.polls.count,
    cpuShare: window.cpuMs / window.ms,
    ...(await judge(plan, processes, readyAt)),
    cpuPerEndMs: cpuOfEnds / plan.tasks,
    unsettled: plan.worker === "ringback" ? await unsettled(plan.tasks, workers) : 0,
    rssMiB: rss,
    peakRssMiB: total(peakRssMiB),
  };
}

type Verdict = Pick<Flight, "sinceReadyMs" | "sincePollMs" | "lost" | "doubled" | "badSignatures">;

async function judge(
  { tasks, worker: kind }: FlightPlan,
  { gateway, receiver, workers }: Processes,
  readyAt: number,
): Promise<Verdict> {
  const secrets = kind === "bare" ? null : await Promise.all(workers.map(secretOf));
  const callbacks = await ask<ReceivedCallback[]>(receiver, { ask: "callbacks", secrets });
  const seenAt = new Map(await ask<[string, number][]>(gateway, { ask: "seen" }));
  const calledBack = new Set(callbacks.map(({ upstreamTaskId }) => upstreamTaskId));
  return {
    sinceReadyMs: spread(callbacks.map(({ at }) => at - readyAt)),
    sincePollMs: spread(
      callbacks.map(({ at, upstreamTaskId }) => at - (seenAt.get(upstreamTaskId) ?? Number.NaN)),
    ),
    lost: tasks - calledBack.size,
    doubled: callbacks.length - calledBack.size,
    badSignatures:
      secrets === null
        ? null
        : callbacks.filter(({ valid, type }) => !valid || type !== "video.succeeded").length,
  };
}

async function secretOf(worker: BenchWorker): Promise<string> {
  return (await read<{ secret: string }>(worker, "/v1/webhooks/secret")).secret;
}

async function allCalledBack(tasks: number, receiver: Child, until: number): Promise<void> {
  while (Date.now() < until && (await ask<number>(receiver, { ask: "count" })) < tasks) await sleep(50);
}

/** Until nothing more is under way: then no callback can come twice any more. */
async function allSettled(tasks: number, workers: readonly BenchWorker[], until: number): Promise<void> {
  while (Date.now() < until && (await unsettled(tasks, workers)) > 0) await sleep(500);
}

async function unsettled(tasks: number, workers: readonly BenchWorker[]): Promise<number> {
  const stats = await Promise.all(
    workers.map(async (worker) => read<{ deliveries: Record<string, number> }>(worker, "/v1/stats")),
  );
  return (
    tasks -
    sum(
      stats.flatMap(({ deliveries: { delivered = 0, exhausted = 0, stopped = 0 } }) => [
        delivered,
        exhausted,
        stopped,
      ]),
    )
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
