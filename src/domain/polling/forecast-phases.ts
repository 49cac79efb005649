import type { Span } from "./forecast-histogram.ts";
import type { FinishSample } from "../task/observations.ts";

/**
 * The times that one finished task teaches. A span is how exactly polls know a time, not how long it was.
 *
 * whole  acceptance to end, of every task: what is known before anything has been seen
 * early  acceptance to end, of tasks that ran already when first seen: their start is unknown, but it was early
 * queue  acceptance to start
 * run    start to end, of tasks that were seen queued first: their start is known to within a gap
 */
export interface Phases {
  whole: Span;
  early: Span | null;
  queue: Span | null;
  run: Span | null;
  /** Seen queued and never running. */
  silent: boolean;
  /** The clock on which a progress is read: which phase, and from which age on. Null: never seen running. */
  clock: { phase: "early" | "run"; startMs: number } | null;
}

export function phasesOf({ end, queuedMs, runningMs }: FinishSample): Phases {
  const silent = queuedMs !== null && runningMs === null;
  if (runningMs === null) {
    return { whole: end, early: null, queue: null, run: null, silent, clock: null };
  }
  const queue = { afterMs: queuedMs ?? 0, byMs: runningMs };
  if (queuedMs === null) {
    return { whole: end, early: end, queue, run: null, silent, clock: { phase: "early", startMs: 0 } };
  }
  const startMs = (queuedMs + runningMs) / 2;
  const run = { afterMs: Math.max(end.afterMs - startMs, 0), byMs: Math.max(end.byMs - startMs, 0) };
  return { whole: end, early: null, queue, run, silent, clock: { phase: "run", startMs } };
}
