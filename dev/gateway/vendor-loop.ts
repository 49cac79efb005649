import { setTimeout as pause } from "node:timers/promises";
import type { GatewayTask } from "./task.ts";

/** The family rests for 15 s between its rounds, and for 1 s between the tasks of one round. */
const TASKS_REST_SHARE = 1 / 15;

export interface VendorLoopOptions {
  /** The rest between two rounds. */
  roundSeconds: number;
  unfinished: () => readonly GatewayTask[];
  visit: (task: GatewayTask) => void;
}

export interface VendorLoop {
  stop(): void;
}

/**
 * How a gateway of the family learns of its tasks: it asks its vendor for one after the other, so a status shows when
 * this loop reaches the task, and later with more tasks.
 */
export function startVendorLoop({ roundSeconds, unfinished, visit }: VendorLoopOptions): VendorLoop {
  const stopping = new AbortController();
  const rest = (seconds: number): Promise<void> =>
    pause(seconds * 1000, undefined, { ref: false, signal: stopping.signal });

  async function run(): Promise<void> {
    for (;;) {
      await rest(roundSeconds);
      for (const task of unfinished()) {
        visit(task);
        await rest(roundSeconds * TASKS_REST_SHARE);
      }
    }
  }

  run().catch((error: unknown) => {
    // A rest that is stopped rejects. Anything else is a bug of ours.
    if (!stopping.signal.aborted) throw error;
  });
  return { stop: () => stopping.abort() };
}
