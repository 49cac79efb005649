import { ageAtShare, nextLookMs, type Curve } from "./curve.ts";
import type { Forecast } from "./forecast.ts";
import { progressGapMs, type ReportedProgress } from "./progress.ts";
import { jittered } from "../text/jitter.ts";

/** The settings that bound polling, in milliseconds. */
export interface PollLimits {
  /** `POLL_FIRST_SECONDS`: exactly the first poll; null while the plan decides. */
  firstMs: number | null;
  minMs: number;
  maxMs: number;
  /** The one knob: how much delay one poll less is worth. Absent: `POLL_PRICE_MS`. */
  priceMs?: number;
}

/**
 * A fifth of a second of delay is worth one poll: about 2 s of delay and 11 polls for a clip of 105 s. Four times as
 * much halves the polls and doubles the delay; four times as little the reverse.
 */
export const POLL_PRICE_MS = 200;
/**
 * However late the forecast: waiting on saves 20 polls in another five minutes, and makes every task that late once the
 * upstream has become faster.
 */
const FIRST_MAX_MS = 300_000;
const JITTER = 0.1;
/** 429 without a `Retry-After` to wait for: 1, 2, 4 … seconds up to this, beyond `POLL_MAX_SECONDS` if need be. */
const SLOW_DOWN_MAX_MS = 60_000;
/** Of a queue, at its begin. A learned one gained nothing: the gap grows with the third root of it. */
const MEAN_WAIT_MS = 30_000;

/** What is known of an accepted task at one moment. */
export interface PollView {
  /** Since acceptance. */
  ageMs: number;
  phase: "unseen" | "queued" | "running";
  /** Since running began; null while that is unknown. */
  runAgeMs: number | null;
  progress: ReportedProgress | null;
}

export interface PollHistory {
  view: PollView;
  /** Answers in a row without news of the task, and 429s in a row. */
  troubles: number;
  slowDowns: number;
  /** What the upstream asked for. */
  notBeforeMs: number | null;
}

/** From acceptance to the first poll. `watched`: a caller wants running or progress, so the cap counts here too. */
export function firstPollGapMs(
  limits: PollLimits,
  forecast: Forecast,
  { watched, random }: { watched: boolean; random: number },
): number {
  if (limits.firstMs !== null) return limits.firstMs;
  const priceMs = priceOf(limits, forecast);
  const endMs = Math.min(nextLookMs(forecast.whole, 0, priceMs), FIRST_MAX_MS);
  // Nearer to where a start is best looked for than to where an end is: the poll may see either.
  const startMs = forecast.phases ? queueGapMs(forecast.phases.run, 0, priceMs) : endMs;
  const lookMs = Math.min((2 * startMs + endMs) / 3, endMs);
  const planned = Math.max(watched ? Math.min(lookMs, limits.maxMs) : lookMs, limits.minMs);
  // A share of the whole wait would blur what is known to the second: it is a share of the gap that comes next.
  const nextMs = clamp(nextLookMs(forecast.whole, planned, priceMs) - planned, limits);
  const gap = planned + jittered(nextMs, JITTER, random) - nextMs;
  return watched ? clamp(gap, limits) : Math.max(gap, limits.minMs);
}

/** From one poll to the next, in milliseconds. */
export function nextPollGapMs(
  limits: PollLimits,
  forecast: Forecast,
  history: PollHistory,
  random: number,
): number {
  const planned = clamp(plannedGapMs(forecast, history.view, priceOf(limits, forecast)), limits);
  const troubled = clamp(planned * 2 ** Math.min(history.troubles, 10), limits);
  const gap = Math.max(clamp(jittered(troubled, JITTER, random), limits), slowDownMs(history, random));
  return Math.max(gap, history.notBeforeMs ?? 0);
}

function plannedGapMs(forecast: Forecast, view: PollView, priceMs: number): number {
  const { ageMs, phase, runAgeMs } = view;
  const byProgressMs = progressGapMs(forecast.progress, view.progress, priceMs);
  if (byProgressMs !== null) return byProgressMs;
  const { whole, phases } = forecast;
  if (phases && phase === "running") {
    if (runAgeMs !== null) return nextLookMs(phases.run, runAgeMs, priceMs) - runAgeMs;
    return nextLookMs(phases.early, ageMs, priceMs) - ageMs;
  }
  const endGapMs = nextLookMs(whole, ageMs, priceMs) - ageMs;
  if (!phases || phase === "unseen") return endGapMs;
  // Seen queued just now, it cannot end before the shortest run is over, whether its start is seen or not.
  const shortestRunMs = ageAtShare(phases.run, 0.95);
  return Math.min(queueGapMs(phases.run, ageMs, priceMs), Math.max(shortestRunMs, endGapMs));
}

/**
 * How often to look for the start of running. Looking for it rarely blurs the end: a start known to within w adds w²/12
 * to the variance σ² of the run, and the cost of watching for its end grows with √σ. Against the polls spent on it, at
 * a rate of starts 1/m, the best w is ∛(12·m·√(price·σ³)). The longer a task has been queued, the longer it will be.
 */
function queueGapMs(run: Curve, ageMs: number, priceMs: number): number {
  const waitMs = Math.max(ageMs, MEAN_WAIT_MS);
  const sigmaMs = (ageAtShare(run, 0.16) - ageAtShare(run, 0.84)) / 2;
  return Math.cbrt(12 * waitMs * Math.sqrt(priceMs * sigmaMs ** 3));
}

/** Half of it while nothing is known: a poll then also teaches, and gaps that are too long hide how wrong the prior is. */
function priceOf({ priceMs = POLL_PRICE_MS }: PollLimits, { known }: Forecast): number {
  return (priceMs * (1 + known)) / 2;
}

function clamp(gapMs: number, { minMs, maxMs }: PollLimits): number {
  return Math.min(Math.max(gapMs, minMs), maxMs);
}

function slowDownMs({ slowDowns, notBeforeMs }: PollHistory, random: number): number {
  // "At once" after a 429 (0, or a date that has passed by a clock that is off) does not ask for a call at once.
  if (slowDowns === 0 || (notBeforeMs ?? 0) > 0) return 0;
  return Math.min(jittered(1000 * 2 ** Math.min(slowDowns - 1, 10), JITTER, random), SLOW_DOWN_MAX_MS);
}
