import { blended, curveOf, lastKnotMs, nextLookMs, type Curve } from "./curve.ts";
import type { Finish, Span } from "./finish.ts";

/** The work by its reported progress. `elapsedMs`: of the work, when it became that; `sinceMs`: since then. */
export interface ReportedProgress {
  value: number;
  elapsedMs: number;
  sinceMs: number;
}

const ENOUGH = 5;
/**
 * By how much it must narrow what is known of the rest: upstreams count to 99 and wait, or stand at 50 all the time.
 * Under a progress that says nothing both spreads are the same.
 */
const NARROWER = 0.7;
/** Outside of these a progress is a rounding of nothing, or of everything. */
const MIN = 5;
const MAX = 95;
/** A curve counts in tenths of a second: on it the rest that a progress foretells takes so long. */
const FORETOLD_MS = 100_000;

/** From a time behind a report to one on the curve: the rest takes as long as the part so far did, in proportion. */
function curveFactor(progress: number, elapsedMs: number): number {
  return (FORETOLD_MS * progress) / (elapsedMs * (100 - progress));
}

function isUsable(factor: number): boolean {
  return factor > 0 && Number.isFinite(factor);
}

/** How long the rest took, where progress foretold `FORETOLD_MS`; null while that tells no more than the time does. */
export function progressCurve(finishes: readonly Finish[]): Curve | null {
  const rests: Span[] = [];
  const scaled: Span[] = [];
  for (const [endAfterMs, endByMs, queuedMs, runningMs, midpoint] of finishes) {
    if (midpoint === null || runningMs === null) continue;
    const [atMs, progress] = midpoint;
    const startMs = queuedMs === null ? 0 : (queuedMs + runningMs) / 2;
    const factor = curveFactor(progress, atMs - startMs);
    const rest = { afterMs: Math.max(endAfterMs - atMs, 0), byMs: endByMs - atMs };
    if (!(isUsable(factor) && rest.byMs > 0)) continue;
    rests.push(rest);
    scaled.push({ afterMs: rest.afterMs * factor, byMs: rest.byMs * factor });
  }
  if (rests.length < ENOUGH || spread(scaled) > NARROWER * spread(rests)) return null;
  return curveOf(blended([], scaled));
}

/** The standard deviation of the logarithms: the same for a time and for a multiple of it. */
function spread(spans: readonly Span[]): number {
  const logs = spans.map(({ afterMs, byMs }) => Math.log((afterMs + byMs) / 2));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  return Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / logs.length);
}

/** The gap by the reported progress; null where it does not help, or the task has outlived what it promised. */
export function progressGapMs(
  curve: Curve | null,
  progress: ReportedProgress | null,
  priceMs: number,
): number | null {
  if (!curve || !progress || progress.value < MIN || progress.value > MAX) return null;
  const factor = curveFactor(progress.value, progress.elapsedMs);
  const ageMs = progress.sinceMs * factor;
  if (!(isUsable(factor) && ageMs < lastKnotMs(curve))) return null;
  return (nextLookMs(curve, ageMs, priceMs * factor) - ageMs) / factor;
}
