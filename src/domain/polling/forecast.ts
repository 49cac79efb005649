import { classKey, modelKey, type TaskClass } from "./class.ts";
import { blended, curveOf, evenly, type Curve, type WeightedTime } from "./curve.ts";
import {
  earlyOf,
  finishOf,
  isOutdated,
  OUTDATED,
  runOf,
  tellPhases,
  wholeOf,
  type Finish,
  type Span,
} from "./finish.ts";
import { PRIOR, type Prior } from "./prior.ts";
import { progressCurve } from "./progress.ts";
import type { FinishSample } from "./observations.ts";

/** The last finishes of each class of one upstream key. Plain JSON: about 6 KB for a class in full use. */
export interface ForecastState {
  classes: Record<string, ClassRecord>;
}

interface ClassRecord {
  /** When it last learned. */
  at: number;
  /** How many finishes the remembered ones stand for. */
  seen: number;
  /** The newest last. */
  finishes: readonly Finish[];
}

/** The forecast that a task keeps from its acceptance on: plain JSON of about 300 bytes at most. */
export interface Forecast {
  /** From acceptance to the end. */
  whole: Curve;
  /** Null while the upstream does not show when a queued task begins to run. */
  phases: { early: Curve; run: Curve } | null;
  /** Null while a reported progress does not help; see `progress.ts`. */
  progress: Curve | null;
  /** From 0, the prior alone, towards 1, hundreds of tasks. */
  known: number;
}

export const NO_FORECAST: ForecastState = { classes: {} };
export const CLASSES_MAX = 40;

/** Half as many cost 2 % more; more follow an upstream that becomes slower too late. */
const FINISHES_MAX = 200;
/**
 * Finishes nearer to each other than this come in a burst, and each of its tasks is remembered with the same chance: of a
 * thousand tasks that were created at once the last to end are the slowest, and must not be all that is remembered.
 */
const BURST_MS = 60_000;
/** A burst that goes on for more tasks than this is a steady stream. */
const BURST_MAX = 1000;
/** So many make half of a known class. */
const KNOWN = 10;
/** A class without a finish for a week counts half as much. */
const FADE_MS = 7 * 86_400_000;

/** The forecast of a class: its own finishes, where they are few those of broader classes, at last the prior. */
export function forecastFor({ classes }: ForecastState, task: TaskClass, prior: Prior = PRIOR): Forecast {
  const groups = relatives(classes, task);
  const nearest = groups.findLast((finishes) => finishes.length > 0) ?? [];
  const curve = (of: (finish: Finish) => Span | null, first: readonly number[]): Curve =>
    curveOf(
      groups.reduce<readonly WeightedTime[]>(
        (broader, finishes) =>
          blended(
            broader,
            finishes.map(of).filter((span) => span !== null),
          ),
        evenly(first),
      ),
    );
  return {
    whole: curve(wholeOf, prior.whole),
    phases: tellPhases(nearest) ? { early: curve(earlyOf, prior.whole), run: curve(runOf, prior.run) } : null,
    progress: progressCurve(nearest),
    known: Math.round((100 * nearest.length) / (nearest.length + KNOWN)) / 100,
  };
}

/** The finishes of other models, of other classes of the model, and of the class itself. */
function relatives(classes: ForecastState["classes"], task: TaskClass): Finish[][] {
  const key = classKey(task);
  const sameModel = modelKey(task.model);
  const groups: [Finish[], Finish[], Finish[]] = [[], [], []];
  for (const [name, { finishes }] of Object.entries(classes)) {
    const nearness = name === key ? 2 : name.startsWith(sameModel) ? 1 : 0;
    groups[nearness].push(...finishes);
  }
  return groups;
}

/** Of a task that took nothing along: the prior alone, which is the same for every class. */
export const PRIOR_FORECAST: Forecast = forecastFor(NO_FORECAST, {
  model: "",
  resolution: null,
  seconds: null,
  inputMode: null,
});

/** The same state with one more finished task in it. */
export function learn(
  { classes }: ForecastState,
  task: TaskClass,
  sample: FinishSample,
  now: number,
): ForecastState {
  const key = classKey(task);
  return {
    classes: withinBounds({ ...classes, [key]: taught(classes[key], finishOf(sample), now) }, key, now),
  };
}

function taught(
  { at, seen, finishes }: ClassRecord = { at: 0, seen: 0, finishes: [] },
  finish: Finish,
  now: number,
): ClassRecord {
  const all = [...finishes, finish];
  if (isOutdated(all)) return { at: now, seen: OUTDATED, finishes: all.slice(-OUTDATED) };
  if (all.length <= FINISHES_MAX) return { at: now, seen: all.length, finishes: all };
  if (now - at > BURST_MS) return { at: now, seen: FINISHES_MAX, finishes: all.slice(1) };
  // A reservoir: the last digits of its time draw which one it replaces, if any.
  const [, byMs] = finish;
  const drawn = Math.floor(byMs) % (seen + 1);
  const kept = drawn < FINISHES_MAX ? all.toSpliced(drawn, 1) : finishes;
  return { at: now, seen: Math.min(seen + 1, BURST_MAX), finishes: kept };
}

/**
 * Over the bound the class with the fewest finishes goes, old ones counting less, but not the one that just learned:
 * classes that a caller makes up by the hundred weigh one each and push out one another.
 */
function withinBounds(
  classes: ForecastState["classes"],
  fresh: string,
  now: number,
): ForecastState["classes"] {
  const keys = Object.keys(classes);
  if (keys.length <= CLASSES_MAX) return classes;
  const weight = (key: string): number => {
    const { at = 0, finishes = [] } = classes[key] ?? {};
    return key === fresh ? Infinity : finishes.length / (1 + Math.max(now - at, 0) / FADE_MS);
  };
  const lightest = keys.reduce((light, key) => (weight(key) < weight(light) ? key : light));
  return Object.fromEntries(Object.entries(classes).filter(([key]) => key !== lightest));
}
