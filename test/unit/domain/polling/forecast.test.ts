import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TaskClass } from "../../../../src/domain/polling/class.ts";
import { ageAtShare, type Curve } from "../../../../src/domain/polling/curve.ts";
import {
  CLASSES_MAX,
  forecastFor,
  learn,
  NO_FORECAST,
  PRIOR_FORECAST,
  type ForecastState,
} from "../../../../src/domain/polling/forecast.ts";
import type { FinishSample } from "../../../../src/domain/polling/observations.ts";
import { T0 } from "../../../support/builders.ts";

const DAY_MS = 86_400_000;
const CLIP: TaskClass = { model: "seedance", resolution: "720p", seconds: 5, inputMode: "text" };

const ended = (seconds: number, more: Partial<FinishSample> = {}): FinishSample => ({
  end: { afterMs: Math.max(seconds - 4, 0) * 1000, byMs: seconds * 1000 },
  queuedMs: null,
  runningMs: null,
  midpoint: null,
  ...more,
});

function taught(samples: readonly FinishSample[], task = CLIP, from: ForecastState = NO_FORECAST, at = T0) {
  return samples.reduce((state, sample, count) => learn(state, task, sample, at + count * 120_000), from);
}

const repeat = (sample: FinishSample, count: number): FinishSample[] =>
  Array.from({ length: count }, () => sample);
/** Half way between the knots around it. */
const medianOf = (curve: Curve | null = null): number =>
  (ageAtShare(curve ?? [], 0.57) + ageAtShare(curve ?? [], 0.5)) / 2;
const median = (state: ForecastState, task: TaskClass): number =>
  medianOf(forecastFor(state, task).whole) / 1000;

const anyClass: fc.Arbitrary<TaskClass> = fc.record({
  model: fc.oneof(fc.string({ maxLength: 200 }), fc.constantFrom("__proto__", "*", "constructor")),
  resolution: fc.option(fc.string({ maxLength: 300 })),
  seconds: fc.option(fc.double()),
  inputMode: fc.option(fc.string()),
});
const age = fc.double({ min: 0, max: 3e8, noNaN: true });
const anySample: fc.Arbitrary<FinishSample> = fc
  .tuple(age, age, fc.option(age), fc.option(age), fc.option(fc.tuple(age, fc.integer({ min: 0, max: 100 }))))
  .map(([a, b, queuedMs, runningMs, mark]) => ({
    end: { afterMs: Math.min(a, b), byMs: Math.max(a, b) },
    queuedMs,
    runningMs,
    midpoint: mark && { atMs: mark[0], progress: mark[1] },
  }));

describe("what is learned", () => {
  it("is plain JSON of bounded size, and gives curves that fall, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyClass, anySample, fc.nat(40 * DAY_MS)), { maxLength: 60 }),
        (lessons) => {
          let state = NO_FORECAST;
          let now = T0;
          for (const [task, sample, elapsed] of lessons) {
            now += elapsed;
            state = learn(state, task, sample, now);
            expect(JSON.parse(JSON.stringify(state))).toEqual(state);
            expect(Object.keys(state.classes).length).toBeLessThanOrEqual(CLASSES_MAX);
            const forecast = forecastFor(state, task);
            expect(JSON.parse(JSON.stringify(forecast))).toEqual(forecast);
            expect(JSON.stringify(forecast).length).toBeLessThan(600);
            const { whole, phases, progress } = forecast;
            for (const curve of [whole, phases?.early ?? [], phases?.run ?? [], progress ?? []]) {
              expect(curve).toEqual(curve.toSorted((a, b) => a - b));
              expect(curve.every((knot) => Number.isFinite(knot) && knot >= 0)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("stays under 10 KB a class, and a forecast about 300 bytes, after a thousand tasks of any length", () => {
    const wide = Array.from({ length: 1000 }, (_, at) =>
      ended(100 + ((at * 7919) % 900), { queuedMs: 10_123, runningMs: 20_456 }),
    );
    const state = taught(wide);
    for (const record of Object.values(state.classes)) {
      expect(JSON.stringify(record).length).toBeLessThan(10_000);
    }
    expect(JSON.stringify(forecastFor(state, CLIP)).length).toBeLessThan(310);
  });

  it("moves the forecast from the prior to what was seen", () => {
    const prior = median(NO_FORECAST, CLIP);
    expect(prior).toBeGreaterThan(80);
    expect(prior).toBeLessThan(140);
    const medians = [1, 5, 20, 100].map((count) => median(taught(repeat(ended(300), count)), CLIP));
    expect(medians).toEqual(medians.toSorted((a, b) => a - b));
    expect(medians.at(-1)).toBeGreaterThan(290);
    expect(medians.at(-1)).toBeLessThan(302);
  });

  it("does not change the state that it was given", () => {
    const before = taught(repeat(ended(100), 3));
    const copy = structuredClone(before);
    learn(before, CLIP, ended(200), T0 + DAY_MS);
    expect(before).toEqual(copy);
  });

  it("forgets all but the last tasks", () => {
    const old = taught(repeat(ended(300), 100));
    expect(median(taught(repeat(ended(350), 200), CLIP, old, T0 + DAY_MS), CLIP)).toBeGreaterThan(340);
  });

  it("remembers all of a burst alike, though its slowest tasks end last", () => {
    let state = NO_FORECAST;
    for (let count = 0; count < 2000; count += 1) {
      const seconds = 100 + count / 10;
      state = learn(state, CLIP, ended(seconds + 0.001 * (count % 199)), T0 + seconds * 1000);
    }
    const { whole } = forecastFor(state, CLIP);
    expect(ageAtShare(whole, 0.9) / 1000).toBeLessThan(265);
  });

  it("starts anew when the first poll finds two tasks in a row finished, but not for one", () => {
    const slow = taught(repeat(ended(300), 200));
    const found = ended(280, { end: { afterMs: 0, byMs: 280_000 } });
    const earliest = (samples: readonly FinishSample[]): number =>
      ageAtShare(forecastFor(taught(samples, CLIP, slow), CLIP).whole, 0.9) / 1000;
    expect(earliest([found])).toBeGreaterThan(270);
    expect(earliest([found, ended(300), found])).toBeGreaterThan(270);
    expect(earliest([found, found])).toBeLessThan(90);
    expect(median(taught([found, found], CLIP, taught(repeat(ended(100), 20))), CLIP)).toBeGreaterThan(150);
  });
});

describe("a class without tasks of its own", () => {
  const state = taught(
    [...repeat(ended(40), 40)],
    { ...CLIP, model: "fast" },
    taught(repeat(ended(400), 40)),
  );

  it.each([
    ["the same but for the resolution", { ...CLIP, resolution: "480p" }, 380, 410],
    ["the same but for the input mode", { ...CLIP, inputMode: "single_image" }, 380, 410],
    ["another duration of the model", { ...CLIP, seconds: 15 }, 380, 410],
    ["the other model", { ...CLIP, model: "fast" }, 30, 45],
    ["a model without a finish", { ...CLIP, model: "new" }, 30, 410],
  ])("borrows from the nearest one: %s", (_name, task, from, to) => {
    expect(median(state, task)).toBeGreaterThan(from);
    expect(median(state, task)).toBeLessThan(to);
  });

  it("has the prior when nothing at all was learned", () => {
    expect(forecastFor(NO_FORECAST, CLIP)).toEqual(PRIOR_FORECAST);
  });
});

describe("the number of classes", () => {
  it("is bounded: the lightest goes, so made-up ones push out one another and none that is in use", () => {
    let state = taught(repeat(ended(300), 20));
    for (let count = 0; count < 300; count += 1) {
      state = learn(state, { ...CLIP, model: `made-up-${count}` }, ended(10), T0 + 3_000_000);
    }
    expect(Object.keys(state.classes)).toHaveLength(CLASSES_MAX);
    expect(median(state, CLIP)).toBeGreaterThan(280);
  });

  it("lets a class that has not been heard of for months go before one that is in use", () => {
    let state = taught(repeat(ended(300), 20));
    const fresh = (count: number): TaskClass => ({ ...CLIP, model: `fresh-${count}` });
    for (let count = 0; count < CLASSES_MAX; count += 1) {
      state = taught(repeat(ended(10), 3), fresh(count), state, T0 + 90 * DAY_MS);
    }
    expect(median(state, CLIP)).toBeLessThan(20);
    expect(Object.keys(state.classes)).toHaveLength(CLASSES_MAX);
  });

  it("is not grown in bytes by long names", () => {
    const long = (model: string): TaskClass => ({ ...CLIP, model, resolution: "x".repeat(100_000) });
    const state = learn(NO_FORECAST, long("m".repeat(200)), ended(10), T0);
    expect(Object.keys(state.classes).every((key) => key.length <= 64)).toBe(true);
    const both = learn(state, long(`${"m".repeat(199)}n`), ended(10), T0);
    expect(Object.keys(both.classes)).toHaveLength(2);
  });
});

describe("the phases", () => {
  it("are learned apart: the run of a task seen queued, the early time of one seen running at once", () => {
    const queuedFirst = ended(120, { queuedMs: 58_000, runningMs: 62_000 });
    const atOnce = ended(200, { runningMs: 70_000 });
    const { phases } = forecastFor(taught([...repeat(queuedFirst, 60), ...repeat(atOnce, 20)]), CLIP);
    expect(medianOf(phases?.run)).toBeCloseTo(58_000, -4);
    expect(medianOf(phases?.early)).toBeCloseTo(198_000, -4);
  });

  it("do not count on an upstream that says queued until the end, or that never says it", () => {
    expect(forecastFor(taught(repeat(ended(120, { queuedMs: 116_000 }), 20)), CLIP).phases).toBeNull();
    expect(forecastFor(taught(repeat(ended(120, { runningMs: 70_000 }), 20)), CLIP).phases).toBeNull();
  });
});

describe("progress", () => {
  const withMidpoint = (progress: number, seconds: number): FinishSample =>
    ended(seconds, { runningMs: 1000, midpoint: { atMs: 60_000, progress } });
  const ends = [90, 120, 240, 150, 100, 300, 180, 200];
  const progressOf = (samples: readonly FinishSample[]) => forecastFor(taught(samples), CLIP).progress;

  it("counts once it has foretold the end better than the time alone", () => {
    const honest = progressOf(ends.map((seconds) => withMidpoint(6000 / seconds, seconds)));
    expect(medianOf(honest) / 100_000).toBeCloseTo(1, 0);
    expect(progressOf([withMidpoint(50, 120)])).toBeNull();
    expect(progressOf(ends.map((seconds) => withMidpoint(50, seconds)))).toBeNull();
  });

  it("is none where it stands at 0 or at 100", () => {
    for (const progress of [0, 100]) {
      expect(progressOf(ends.map((seconds) => withMidpoint(progress, seconds)))).toBeNull();
    }
  });
});
