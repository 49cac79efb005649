import type { AttemptReason, DeliveryStatus, TaskStatus } from "../../contract/words.ts";

/** The attempts at a host of callbacks. */
export interface HostCount {
  host: string;
  delivered: number;
  failed: number;
}

export interface HostStats extends HostCount {
  /** Null: it is not failing. */
  failingSince: number | null;
  /** Of the newest attempt that failed. */
  lastReason: AttemptReason | null;
}

/**
 * What an account says of all its tasks, those of `test` left out. Running counters: a task whose retention is over is
 * counted until its row is dropped, an hour at most.
 */
export interface AccountStats {
  tasks: Record<TaskStatus, number>;
  /** Most used first; from the submit to the end, of those that succeeded, to 2 %. */
  models: { model: string; count: number; p50Ms: number; p95Ms: number }[];
  /** Of terminal events. */
  deliveries: Record<DeliveryStatus, number>;
  /** Those with the newest attempts first. */
  hosts: HostStats[];
  /** Copies of results that are kept now. */
  files: { kept: number; bytes: number };
  /** Null before the first end. */
  pollsPerTask: number | null;
}
