import type { FinishSample } from "../task/observations.ts";

/**
 * How well "the rest takes as long as the part so far did" has come true: errors as logarithms of actual over predicted
 * rest, decayed sums. `rival` is the squared error of the forecast without progress at the same moments.
 */
export interface ProgressRecord {
  total: number;
  error: number;
  square: number;
  rival: number;
}

/** What a snapshot carries of it, once it has proved to be better than the forecast alone. */
export interface ProgressTrust {
  /** The rest takes exp(bias) times what the progress says. */
  bias: number;
  /** Of the logarithm. */
  sigma: number;
}

export const NO_RECORD: ProgressRecord = { total: 0, error: 0, square: 0, rival: 0 };

const ENOUGH = 5;
/** It must at least halve the squared error: upstreams count to 99 and wait, or stand at 50 all the time. */
const BETTER = 0.5;
const MEMORY = 100;
const SIGMA_MIN = 0.05;
/** One absurd error is not to drown a hundred honest ones: off by a factor of 20 is as wrong as can be. */
const ERROR_MAX = 3;

/** The rest of the work by progress alone: a share `progress` took `elapsedMs`. */
export function restMs(progress: number, elapsedMs: number): number {
  return (elapsedMs * (100 - progress)) / progress;
}

/** Learns from a task that had a mark. `medianRestMs`: what the forecast without progress said at that moment. */
export function recordProgress(
  record: ProgressRecord,
  sample: FinishSample,
  at: { startMs: number; medianRestMs: number },
): ProgressRecord {
  const { mark, end } = sample;
  if (!mark) return record;
  const predicted = restMs(mark.progress, mark.atMs - at.startMs);
  const actual = (Math.max(end.afterMs, mark.atMs) + end.byMs) / 2 - mark.atMs;
  if (!(predicted > 0 && actual > 0 && at.medianRestMs > 0)) return record;
  const error = bounded(Math.log(actual / predicted));
  const rival = bounded(Math.log(actual / at.medianRestMs));
  const keep = 1 - 1 / MEMORY;
  return {
    total: round(record.total * keep + 1),
    error: round(record.error * keep + error),
    square: round(record.square * keep + error * error),
    rival: round(record.rival * keep + rival * rival),
  };
}

export function progressTrust({ total, error, square, rival }: ProgressRecord): ProgressTrust | null {
  if (total < ENOUGH) return null;
  const bias = error / total;
  const variance = square / total - bias * bias;
  if (!(variance < (BETTER * rival) / total)) return null;
  return { bias: round(bias), sigma: round(Math.max(Math.sqrt(Math.max(variance, 0)), SIGMA_MIN)) };
}

function bounded(error: number): number {
  return Math.min(Math.max(error, -ERROR_MAX), ERROR_MAX);
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
