import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TaskClass } from "../../../../src/domain/polling/forecast-class.ts";
import { ageAtShare, survival } from "../../../../src/domain/polling/forecast-curve.ts";
import {
  CLASSES_MAX,
  forecastFor,
  learn,
  NO_FORECAST,
  PRIOR_FORECAST,
  type ForecastState,
} from "../../../../src/domain/polling/forecast.ts";
import type { FinishSample } from "../../../../src/domain/task/observations.ts";
import { T0 } from "../../../support/builders.ts";

const DAY_MS = 86_400_000;
const CLIP: TaskClass = { model: "seedance", resolution: "720p", seconds: 5, inputMode: "text" };

const ended = (seconds: number, more: Partial<FinishSample> = {}): FinishSample => ({
  end: { afterMs: Math.max(seconds - 4, 0) * 1000, byMs: seconds * 1000 },
  queuedMs: null,
  runningMs: null,
  mark: null,
  ...more,
});

function taught(samples: readonly FinishSample[], task = CLIP, from: ForecastState = NO_FORECAST) {
  return samples.reduce((state, sample, at) => learn(state, task, sample, T0 + at * 60_000), from);
}

const repeat = (sample: FinishSample, count: number): FinishSample[] =>
  Array.from({ length: count }, () => sample);
const median = (state: ForecastState, task: TaskClass, now = T0): number =>
  ageAtShare(forecastFor(state, task, now).whole, 0, 0.5) / 1000;

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
    mark: mark && { atMs: mark[0], progress: mark[1] },
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
            const forecast = forecastFor(state, task, now);
            expect(JSON.parse(JSON.stringify(forecast))).toEqual(forecast);
            expect(JSON.stringify(forecast).length).toBeLessThan(1024);
            for (const curve of [forecast.whole, forecast.early, forecast.queue, forecast.run]) {
              expect(curve).toEqual(curve.toSorted((a, b) => a - b));
              expect(curve.every((knot) => Number.isFinite(knot) && knot >= 0)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("stays under 10 KB a class after a thousand tasks of any length", () => {
    const wide = Array.from({ length: 1000 }, (_, at) => ended(4 + ((at * 7919) % 20_000)));
    const state = taught(wide);
    for (const record of Object.values(state.classes)) {
      expect(JSON.stringify(record).length).toBeLessThan(10_000);
    }
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

  it("forgets with time and with newer tasks", () => {
    const old = taught(repeat(ended(300), 30));
    expect(median(old, CLIP, T0 + 400 * DAY_MS)).toBeLessThan(150);
    expect(median(taught(repeat(ended(50), 300), CLIP, old), CLIP)).toBeLessThan(52);
  });

  it("is refuted by a row of finishes that nobody expected, sooner than it is forgotten", () => {
    const slow = taught(repeat(ended(300), 200));
    const found = ended(280, { end: { afterMs: 0, byMs: 280_000 } });
    const earliest = (times: number): number =>
      ageAtShare(forecastFor(taught(repeat(found, times), CLIP, slow), CLIP, T0).whole, 0, 0.9) / 1000;
    expect(earliest(3)).toBeGreaterThan(270);
    expect(earliest(12)).toBeLessThan(240);
    expect(earliest(40)).toBeLessThan(150);
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
    ["a model that nobody has seen", { ...CLIP, model: "new" }, 30, 410],
  ])("borrows from the nearest one: %s", (_name, task, from, to) => {
    expect(median(state, task)).toBeGreaterThan(from);
    expect(median(state, task)).toBeLessThan(to);
  });

  it("has the prior when nothing at all was learned", () => {
    expect(forecastFor(NO_FORECAST, CLIP, T0)).toEqual(PRIOR_FORECAST);
  });
});

describe("the number of classes", () => {
  it("is bounded: the lightest goes, so made-up ones push out one another and none that is in use", () => {
    let state = taught(repeat(ended(300), 20));
    for (let count = 0; count < 300; count += 1) {
      state = learn(state, { ...CLIP, model: `made-up-${count}` }, ended(10), T0 + 2_000_000);
    }
    expect(Object.keys(state.classes)).toHaveLength(CLASSES_MAX);
    expect(median(state, CLIP)).toBeGreaterThan(280);
  });

  it("is not grown in bytes by long names", () => {
    const long = (model: string): TaskClass => ({ ...CLIP, model, resolution: "x".repeat(100_000) });
    const state = learn(NO_FORECAST, long("m".repeat(200)), ended(10), T0);
    expect(Object.keys(state.classes).every((key) => key.length <= 64)).toBe(true);
    const both = learn(state, long(`${"m".repeat(199)}n`), ended(10), T0);
    expect(Object.keys(both.classes).length).toBe(Object.keys(state.classes).length + 3);
  });
});

describe("the phases", () => {
  it("are learned apart: queue and run of a task seen queued, the early time of one seen running at once", () => {
    const queuedFirst = ended(120, { queuedMs: 58_000, runningMs: 62_000 });
    const forecast = forecastFor(taught(repeat(queuedFirst, 60)), CLIP, T0);
    expect(ageAtShare(forecast.queue, 0, 0.5)).toBeCloseTo(60_000, -4);
    expect(ageAtShare(forecast.run, 0, 0.5)).toBeCloseTo(58_000, -4);
    expect(forecast.phased).toBeGreaterThan(0.9);
    expect(forecast.early).toEqual(PRIOR_FORECAST.early);
    const early = forecastFor(taught(repeat(ended(120, { runningMs: 70_000 }), 60)), CLIP, T0);
    expect(survival(early.early, 126_000)).toBeLessThan(0.1);
    expect(early.run).toEqual(PRIOR_FORECAST.run);
  });

  it("do not count on an upstream that says queued until the end", () => {
    const silent = taught(repeat(ended(120, { queuedMs: 116_000 }), 20));
    expect(forecastFor(silent, CLIP, T0).phased).toBe(0);
  });
});

describe("progress", () => {
  const withMark = (progress: number, seconds: number): FinishSample =>
    ended(seconds, { runningMs: 1000, mark: { atMs: 60_000, progress } });

  it("counts once it has foretold the end better than the forecast alone", () => {
    const ends = [90, 120, 240, 150, 100, 300, 180, 200];
    const honest = taught(ends.map((seconds) => withMark(6000 / seconds, seconds)));
    expect(forecastFor(honest, CLIP, T0).progress?.sigma).toBeLessThan(0.2);
    expect(forecastFor(taught([withMark(50, 120)]), CLIP, T0).progress).toBeNull();
    const standing = taught(ends.map((seconds) => withMark(50, seconds)));
    expect(forecastFor(standing, CLIP, T0).progress).toBeNull();
  });
});
