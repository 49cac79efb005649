import { decayed, EMPTY, mixed, shares, type Histogram, type Shares } from "./forecast-histogram.ts";
import type { Prior } from "./forecast-prior.ts";
import { NO_RECORD, type ProgressRecord } from "./forecast-progress.ts";

/**
 * When tasks of a class finish, learned from what polls saw. Four times are learned apart, because they are known from
 * different moments on; see `forecast-phases.ts`.
 */
export interface ClassRecord {
  /** When it last learned. */
  at: number;
  whole: Histogram;
  early: Histogram;
  queue: Histogram;
  run: Histogram;
  /** Weight of tasks that were seen queued and ended without ever being seen running. */
  silent: number;
  /** How much the last finishes were against all expectation. */
  surprise: number;
  progress: ProgressRecord;
}

export type Phase = "whole" | "early" | "queue" | "run";
export type Shapes = Record<Phase, Shares>;

const HALF_LIFE_MS = 14 * 86_400_000;
/** So many observations weigh about as much as what the broader class says. */
export const TRUST = 5;

/** What is believed at each level, from the broadest on. */
export function shapesOf(
  classes: Record<string, ClassRecord>,
  keys: readonly string[],
  now: number,
  prior: Prior,
): Shapes[] {
  const records = keys.map((key) => {
    const record = classes[key];
    return record ? aged(record, now) : newRecord(now);
  });
  const first = firstShapes(prior);
  const beliefs: Shapes[] = [];
  for (const [level, record] of records.entries()) {
    const blend = (phase: Phase): Shares => {
      // A broader class that is made of the same tasks adds nothing: the nearest one with twice as many counts.
      const broader = records.findLastIndex(
        (other, at) => at < level && other[phase].total >= Math.max(2 * record[phase].total, 0.5),
      );
      return blended((beliefs[broader] ?? first)[phase], record[phase]);
    };
    beliefs.push({ whole: blend("whole"), early: blend("early"), queue: blend("queue"), run: blend("run") });
  }
  return beliefs;
}

export function firstShapes({ whole, queue, run }: Prior): Shapes {
  return { whole, early: whole, queue, run };
}

/** The broader class fades with the square: it is a start, not a belief to be kept against hundreds of observations. */
function blended(broader: Shares, own: Histogram): Shares {
  if (own.total === 0) return broader;
  const blur = Math.min(Math.max(6 / Math.sqrt(own.total), 0.3), 4);
  return mixed(shares(own, blur), broader, (TRUST / (TRUST + own.total)) ** 2);
}

/** What is left of a record's weight by now. */
export function fading({ at }: ClassRecord, now: number): number {
  return 0.5 ** (Math.max(now - at, 0) / HALF_LIFE_MS);
}

export function aged(record: ClassRecord, now: number): ClassRecord {
  const factor = fading(record, now);
  // Less than an hour apart, tasks are forgotten by their number alone.
  if (factor > 0.998) return record;
  const { whole, early, queue, run } = record;
  return {
    ...record,
    whole: decayed(whole, factor),
    early: decayed(early, factor),
    queue: decayed(queue, factor),
    run: decayed(run, factor),
    silent: Math.round(record.silent * factor * 1e4) / 1e4,
    at: now,
  };
}

export function newRecord(at: number): ClassRecord {
  return {
    at,
    whole: EMPTY,
    early: EMPTY,
    queue: EMPTY,
    run: EMPTY,
    silent: 0,
    surprise: 0,
    progress: NO_RECORD,
  };
}
