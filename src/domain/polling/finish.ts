import type { FinishSample } from "./observations.ts";

/** An instant as polls see it: after the poll that did not see it, not after the one that did. */
export interface Span {
  afterMs: number;
  byMs: number;
}

/** A `FinishSample` without the names, which would be most of its bytes. */
export type Finish = readonly [
  afterMs: number,
  byMs: number,
  queuedMs: number | null,
  runningMs: number | null,
  midpoint: readonly [atMs: number, progress: number] | null,
];

/** Where a task that the first poll found finished may have ended, as a share of the time until that poll. */
const FOUND_FROM = 0.9;
/** In a row. The first poll finds one task in a hundred finished, so this many are no chance. */
export const OUTDATED = 2;

export function finishOf({ end, queuedMs, runningMs, midpoint }: FinishSample): Finish {
  return [end.afterMs, end.byMs, queuedMs, runningMs, midpoint && [midpoint.atMs, midpoint.progress]];
}

/** The last two were found finished by their first polls: the upstream has become much faster, and only they still count. */
export function isOutdated(finishes: readonly Finish[]): boolean {
  return finishes.length > OUTDATED && finishes.slice(-OUTDATED).every(isFoundFinished);
}

function isFoundFinished([afterMs]: Finish): boolean {
  return afterMs === 0;
}

/** From acceptance to the end. */
export function wholeOf(finish: Finish): Span {
  const [afterMs, byMs] = finish;
  return { afterMs: isFoundFinished(finish) ? byMs * FOUND_FROM : afterMs, byMs };
}

/** The same, of a task that was running already when first seen: its start is unknown, but it was early. */
export function earlyOf(finish: Finish): Span | null {
  const [, , queuedMs, runningMs] = finish;
  return queuedMs === null && runningMs !== null ? wholeOf(finish) : null;
}

/** From the start of running to the end, of a task that was seen queued first: its start is known to within a gap. */
export function runOf([afterMs, byMs, queuedMs, runningMs]: Finish): Span | null {
  if (queuedMs === null || runningMs === null) return null;
  const startMs = (queuedMs + runningMs) / 2;
  return { afterMs: Math.max(afterMs - startMs, 0), byMs: Math.max(byMs - startMs, 0) };
}

/** Whether tasks that are seen queued are mostly seen running, too: some upstreams say "queued" until the end. */
export function tellPhases(finishes: readonly Finish[]): boolean {
  const queued = finishes.filter(([, , queuedMs]) => queuedMs !== null);
  return 2 * queued.filter((finish) => runOf(finish) !== null).length > queued.length + 1;
}
