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
  /** Null: nobody signs. */
  badSignatures: number | null;
  /** Neither delivered nor given up, as Ringback itself counts. */
  unsettled: number;
  rssMiB: number;
  peakRssMiB: number;
}

interface Processes {
  gateway: Child;
  receiver: Child;
  worker: BenchWorker;
}

/** One flight, with processes of its own: what the one before left in memory must not count. */
export async function fly(plan: FlightPlan): Promise<Flight> {
  const delay = ["--delay-ms", String(plan.upstreamMs)];
  const gateway = await startChild("./gateway-process.ts", import.meta.url, delay);
  const receiver = await startChild("./receiver-process.ts", import.meta.url, []);
  let worker: BenchWorker | null = null;
  try {
    const callbackUrl = await ask<string>(receiver, { ask: "url" });
    worker = plan.worker === "bare" ? await startBare(gateway, callbackUrl) : await startRingback(gateway);
    return await measure(plan, { gateway, receiver, worker });
  } finally {
    await worker?.close();
    await Promise.all([gateway.close(), receiver.close()]);
  }
}

async function measure(plan: FlightPlan, processes: Processes): Promise<Flight> {
  const { gateway, receiver, worker } = processes;
  const callbackUrl = plan.worker === "bare" ? null : await ask<string>(receiver, { ask: "url" });
  await fill(worker, plan.tasks, callbackUrl);
  await sleep(SETTLE_MS);
  const window = await watchPolls(plan.windowMs, worker, gateway);
  const rss = rssMiB(worker.pid);
  const cpuBefore = cpuMs(worker.pid);
  const readyAt = await ask<number>(gateway, { ask: "finish" });
  await allCalledBack(plan.tasks, receiver, readyAt + CALLBACKS_MAX_MS);
  const cpuOfEnds = cpuMs(worker.pid) - cpuBefore;
  if (plan.worker === "ringback") await allSettled(plan.tasks, worker, readyAt + CALLBACKS_MAX_MS);
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
    unsettled: plan.worker === "ringback" ? await unsettled(plan.tasks, worker) : 0,
    rssMiB: rss,
    peakRssMiB: peakRssMiB(worker.pid),
  };
}

type Verdict = Pick<Flight, "sinceReadyMs" | "sincePollMs" | "lost" | "doubled" | "badSignatures">;

async function judge(
  { tasks, worker: kind }: FlightPlan,
  { gateway, receiver, worker }: Processes,
  readyAt: number,
): Promise<Verdict> {
  const secret = kind === "bare" ? null : await secretOf(worker);
  const callbacks = await ask<ReceivedCallback[]>(receiver, { ask: "callbacks", secret });
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
      secret === null
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
async function allSettled(tasks: number, worker: BenchWorker, until: number): Promise<void> {
  while (Date.now() < until && (await unsettled(tasks, worker)) > 0) await sleep(500);
}

async function unsettled(tasks: number, worker: BenchWorker): Promise<number> {
  const { deliveries } = await read<{ deliveries: Record<string, number> }>(worker, "/v1/stats");
  const { delivered = 0, exhausted = 0, stopped = 0 } = deliveries;
  return tasks - delivered - exhausted - stopped;
}
