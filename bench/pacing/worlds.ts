import type { LaneKind } from "../../src/domain/pacing/pacing.ts";
import type { Limit } from "./limits.ts";
import type { PacingWorld } from "./simulation.ts";

/** Upstreams that limit in other ways than the bench's, for the simulation alone. */

export type NamedWorld = Omit<PacingWorld, "seed"> & { name: string };

function sliding(calls: number, perSeconds = 1): Limit {
  return { calls, perSeconds, kind: "sliding" };
}

function fixed(calls: number, perSeconds = 1): Limit {
  return { calls, perSeconds, kind: "fixed" };
}

function bucket(calls: number, burst: number): Limit {
  return { calls, perSeconds: 1, kind: { burst } };
}

function both(limit: (calls: number) => Limit): Record<LaneKind, Limit> {
  return { submit: limit(2), poll: limit(5) };
}

const CROWD = { tasks: 300, runSeconds: 60, limits: both(sliding) };

export const BENCH_WORLD: NamedWorld = {
  ...CROWD,
  name: "2 submits and 5 polls in any second, runs of 8 s",
  runSeconds: 8,
};

export const WORLDS: readonly NamedWorld[] = [
  BENCH_WORLD,
  { ...CROWD, name: "the same, runs of 60 s" },
  { ...CROWD, name: "the same, 5,000 tasks", tasks: 5_000 },
  { ...CROWD, name: "the same, calls of 300 ms", latencyMs: 300 },
  { ...CROWD, name: "the same, alarms up to 60 ms late", lateMs: 60 },
  {
    ...CROWD,
    name: "the same, refused calls count too",
    limits: both((calls) => ({ ...sliding(calls), countsRefused: true })),
  },
  { ...CROWD, name: "a bucket of 1", limits: both((calls) => bucket(calls, 1)) },
  { ...CROWD, name: "a bucket of 10", limits: both((calls) => bucket(calls, 10)) },
  { ...CROWD, name: "a second by the clock", limits: both((calls) => fixed(calls)) },
  { ...CROWD, name: "any 10 seconds", limits: both((calls) => sliding(calls * 10, 10)) },
  { ...CROWD, name: "a minute by the clock", limits: both((calls) => fixed(calls * 60, 60)) },
  {
    ...CROWD,
    name: "20 and 20 in any minute",
    tasks: 100,
    limits: { submit: sliding(20, 60), poll: sliding(20, 60) },
  },
  {
    ...CROWD,
    name: "50 and 100 a second, 2,000 tasks",
    tasks: 2_000,
    limits: { submit: sliding(50), poll: sliding(100) },
  },
  { ...CROWD, name: "5 a second for both together", limits: { shared: sliding(5) } },
  {
    ...CROWD,
    name: "2 submits a second, 3 creates a second",
    tasks: 600,
    createsPerSecond: 3,
    limits: { submit: sliding(2), poll: sliding(50) },
  },
];

/** Calls a second that a limit allows in the long run. */
export function perSecond(limits: PacingWorld["limits"], lane: LaneKind): number {
  const { calls, perSeconds } = "shared" in limits ? limits.shared : limits[lane];
  return calls / perSeconds;
}
