import { startChild, type Child } from "../lib/child.ts";
import { cpuMs, median, sleep } from "../lib/measure.ts";
import type { BenchWorker } from "../lib/workerd.ts";
import {
  ask,
  fill,
  POLL_MS,
  spread,
  startBare,
  startRingback,
  watchPolls,
  type Spread,
} from "../flight/fleet.ts";

/**
 * CPU per poll, Ringback's beside that of a bare object. The same two processes in every round; a round creates its
 * tasks, lets them be polled, and ends them. Rounds alternate, so that what the machine does meanwhile meets both
 * alike.
 */

const SETTLE_MS = 1500;
const IDLE_MAX_MS = 10_000;

export interface PollCostPlan {
  rounds: number;
  tasks: number;
  windowMs: number;
}

export interface PollCost extends PollCostPlan {
  contenders: { name: string; cpuPerPollMs: number; pollsPerSecond: number; alarmLateMs: Spread }[];
  /** Within each round, so that a slow spell of the machine divides itself out. */
  ratios: number[];
}

interface Round {
  cpuPerPollMs: number;
  pollsPerSecond: number;
  alarmLateMs: number[];
}

export async function pollCost(plan: PollCostPlan): Promise<PollCost> {
  const gateway = await startChild("../flight/gateway-process.ts", import.meta.url, []);
  const workers: BenchWorker[] = [];
  try {
    workers.push(await startBare(gateway));
    workers.push(await startRingback(gateway));
    return await compare(plan, gateway, workers);
  } finally {
    await Promise.all(workers.map(async (worker) => worker.close()));
    await gateway.close();
  }
}

async function compare(
  plan: PollCostPlan,
  gateway: Child,
  workers: readonly BenchWorker[],
): Promise<PollCost> {
  const rounds = workers.map((): Round[] => []);
  for (let index = 0; index <= plan.rounds; index++) {
    for (const [at, worker] of workers.entries()) {
      const round = await play(plan, gateway, worker);
      // The first one warms the compiler up.
      if (index > 0) rounds[at]?.push(round);
    }
  }
  const [bare = [], ours = []] = rounds;
  return {
    ...plan,
    contenders: [summary("a bare object per task", bare), summary("Ringback", ours)],
    ratios: ours.map(({ cpuPerPollMs }, at) => cpuPerPollMs / (bare[at]?.cpuPerPollMs ?? Number.NaN)),
  };
}

function summary(name: string, played: readonly Round[]): PollCost["contenders"][number] {
  return {
    name,
    cpuPerPollMs: median(played.map(({ cpuPerPollMs }) => cpuPerPollMs)),
    pollsPerSecond: median(played.map(({ pollsPerSecond }) => pollsPerSecond)),
    alarmLateMs: spread(played.flatMap(({ alarmLateMs }) => alarmLateMs)),
  };
}

async function play(plan: PollCostPlan, gateway: Child, worker: BenchWorker): Promise<Round> {
  await fill([worker], plan.tasks, null);
  await sleep(SETTLE_MS);
  const { polls, ms, alarmLateMs, cpuMs: cpu } = await watchPolls(plan.windowMs, [worker], gateway);
  await ask<number>(gateway, { ask: "finish" });
  await idle(worker);
  return { cpuPerPollMs: cpu / polls.count, pollsPerSecond: polls.count / (ms / 1000), alarmLateMs };
}

/** Until every task has seen its end and the process has nothing to do: a round must not pay for the one before. */
async function idle(worker: BenchWorker): Promise<void> {
  await sleep(POLL_MS);
  for (let waitedMs = 0; waitedMs < IDLE_MAX_MS; waitedMs += 250) {
    const before = cpuMs(worker.pid);
    await sleep(250);
    if (cpuMs(worker.pid) - before <= 10) return;
  }
}
