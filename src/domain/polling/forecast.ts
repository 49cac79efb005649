import {
  aged,
  fading,
  firstShapes,
  newRecord,
  shapesOf,
  TRUST,
  type ClassRecord,
  type Shapes,
} from "./forecast-belief.ts";
import { classKeys, EVERYTHING, type TaskClass } from "./forecast-class.ts";
import { ageAtShare, curveOf, type Curve } from "./forecast-curve.ts";
import { decayed, observed } from "./forecast-histogram.ts";
import { PRIOR } from "./forecast-prior.ts";
import { progressTrust, recordProgress, type ProgressTrust } from "./forecast-progress.ts";
import { phasesOf } from "./forecast-phases.ts";
import { isRefuted, surprise } from "./forecast-surprise.ts";
import type { FinishSample } from "../task/observations.ts";

/** Plain JSON. At most `CLASSES_MAX` records of at most four histograms: 300 KB at worst, a tenth of it in practice. */
export interface ForecastState {
  classes: Record<string, ClassRecord>;
}

/** What a task takes along from its acceptance: plain JSON under 1 KB. */
export interface Forecast {
  whole: Curve;
  early: Curve;
  queue: Curve;
  run: Curve;
  /** The share of tasks seen queued that were seen running later: whether the upstream tells of its phases at all. */
  phased: number;
  /** From 0, the prior alone, towards 1, hundreds of tasks. */
  known: number;
  progress: ProgressTrust | null;
}

/** What a task hears when it joins the others of its upstream key. */
export interface Joined {
  /** Null: nothing is known yet, so the prior counts. */
  forecast: Forecast | null;
  /** Polls of this key are paced right now. */
  paced: boolean;
}

export const NO_FORECAST: ForecastState = { classes: {} };
export const CLASSES_MAX = 40;

/** Of tasks: a drift is half learned after some 140. */
const MEMORY = 200;
/** So many make half of a known class. */
const KNOWN = 10;
const FORGET = 1 - 1 / MEMORY;
/** For a belief that has been refuted. */
const FORGET_FAST = 0.75;

/** The forecast of a class: its own observations, where they are few those of broader classes, at last the prior. */
export function forecastFor(state: ForecastState, task: TaskClass, now: number, prior = PRIOR): Forecast {
  const chain = shapesOf(state.classes, classKeys(task), now, prior);
  const shapes = chain.at(-1) ?? firstShapes(prior);
  const { whole, run, silent, progress } = heaviest(state, task, now);
  return {
    whole: curveOf(shapes.whole),
    early: curveOf(shapes.early),
    queue: curveOf(shapes.queue),
    run: curveOf(shapes.run),
    phased: Math.round((100 * run.total) / (run.total + silent + 1)) / 100,
    known: Math.round((100 * whole.total) / (whole.total + KNOWN)) / 100,
    progress: progressTrust(progress),
  };
}

/** Of a task that took nothing along: the prior alone, which is the same for every class. */
export const PRIOR_FORECAST: Forecast = forecastFor(
  NO_FORECAST,
  { model: "", resolution: null, seconds: null, inputMode: null },
  0,
);

/** The same state with one more finished task in it. */
export function learn(
  state: ForecastState,
  task: TaskClass,
  sample: FinishSample,
  now: number,
  prior = PRIOR,
): ForecastState {
  const keys = classKeys(task);
  const chain = shapesOf(state.classes, keys, now, prior);
  const classes = { ...state.classes };
  for (const [level, key] of keys.entries()) {
    const belief = chain[level];
    if (!belief) continue;
    const known = aged(classes[key] ?? newRecord(now), now);
    // A span is laid out by what was believed before it: by the level's own belief, broader ones included.
    classes[key] = learned(known, sample, { own: belief, first: firstShapes(prior) }, now);
  }
  return { classes: withinBounds(classes, keys, now) };
}

function learned(
  record: ClassRecord,
  sample: FinishSample,
  beliefs: { own: Shapes; first: Shapes },
  now: number,
): ClassRecord {
  const phases = phasesOf(sample);
  const score = surprise(record.surprise, curveOf(beliefs.own.whole), phases.whole);
  const refuted = isRefuted(score);
  const forget = refuted ? FORGET_FAST : FORGET;
  // A belief that has been refuted cannot say either where in a long span the end was.
  const shapes = refuted ? beliefs.first : beliefs.own;
  const next = { ...record, at: Math.max(record.at, now), surprise: score };
  for (const phase of ["whole", "early", "queue", "run"] as const) {
    const span = phases[phase];
    if (span) next[phase] = observed(decayed(record[phase], forget), span, shapes[phase]);
  }
  if (phases.silent || phases.run) next.silent = round(record.silent * forget + (phases.silent ? 1 : 0));
  if (sample.mark && phases.clock) {
    const { phase, startMs } = phases.clock;
    const ageMs = sample.mark.atMs - startMs;
    const medianRestMs = ageAtShare(curveOf(beliefs.own[phase]), ageMs, 0.5) - ageMs;
    next.progress = recordProgress(record.progress, sample, { startMs, medianRestMs });
  }
  return next;
}

/** Counts come from the narrowest class that has enough of them. */
function heaviest(state: ForecastState, task: TaskClass, now: number): ClassRecord {
  const records = classKeys(task).map((key) => state.classes[key]);
  const enough = records.findLast((record) => record && record.whole.total >= TRUST);
  return aged(enough ?? state.classes[EVERYTHING] ?? newRecord(now), now);
}

/**
 * Over the bound the class with the least weight goes, as decayed until now, but none of the task just learned and never
 * the one of all tasks: classes that somebody makes up by the hundred weigh one each and push out one another.
 */
function withinBounds(
  classes: Record<string, ClassRecord>,
  fresh: readonly string[],
  now: number,
): Record<string, ClassRecord> {
  const entries = Object.entries(classes);
  const excess = entries.length - CLASSES_MAX;
  if (excess <= 0) return classes;
  const weight = (record: ClassRecord): number => record.whole.total * fading(record, now);
  const lightest = entries
    .filter(([key]) => !fresh.includes(key))
    .toSorted(([, a], [, b]) => weight(a) - weight(b));
  const doomed = new Set(lightest.slice(0, excess).map(([key]) => key));
  return Object.fromEntries(entries.filter(([key]) => !doomed.has(key)));
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
