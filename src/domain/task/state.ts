import type { Delivery } from "../delivery/delivery.ts";
import type { Forecast } from "../polling/forecast.ts";
import type { LeftFile } from "./keep.ts";
import type { PollSchedule, Task } from "./task.ts";

/** The part of a task's document that decides what is to be done. */
export interface TaskState {
  task: Task;
  schedule: PollSchedule;
  /** In order of `seq`. */
  deliveries: readonly Delivery[];
  sync: SyncState;
  /** Grows with each change that the account would see: of two reports of one task the one with more counts. */
  version: number;
  /** Copies of deleted tasks of the same idempotency key that are still to go. Absent: none. */
  leftFiles?: readonly LeftFile[];
}

/** What the task and its account know of each other. */
export interface SyncState {
  /** The version that the account has taken; 0: none that is known of. */
  lastReported: number;
  /** Whether the task knows what to expect: from a briefing, or from another object of its isolate. */
  isBriefed: boolean;
  /** What the task took along from its briefing; null: nothing, so the prior counts. */
  forecast: Forecast | null;
  /** The upstream has answered 429 to tasks of this key: the cadence is asked for a slot before each call. */
  paced: boolean;
}

export const NOTHING_SYNCED: SyncState = { lastReported: 0, isBriefed: false, forecast: null, paced: false };
