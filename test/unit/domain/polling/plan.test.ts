import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PRIOR_FORECAST, type Forecast } from "../../../../src/domain/polling/forecast.ts";
import {
  firstPollGapMs,
  nextPollGapMs,
  type PollHistory,
  type PollLimits,
  type PollView,
} from "../../../../src/domain/polling/plan.ts";
import { bellCurve } from "./curves.ts";

const LIMITS: PollLimits = { firstMs: null, minMs: 1000, maxMs: 15_000 };
const LEARNED: Forecast = { ...PRIOR_FORECAST, known: 1 };

const view = (overrides: Partial<PollView> = {}): PollView => ({
  ageMs: 100_000,
  phase: "unseen",
  runAgeMs: null,
  progress: null,
  ...overrides,
});
const history = (overrides: Partial<PollHistory> = {}): PollHistory => ({
  view: view(),
  troubles: 0,
  slowDowns: 0,
  notBeforeMs: null,
  ...overrides,
});
const gap = (forecast: Forecast, seen: Partial<PollView>, limits = LIMITS, random = 0.5): number =>
  nextPollGapMs(limits, forecast, history({ view: view(seen) }), random);

const curve = fc
  .tuple(fc.double({ min: 1, max: 1e8, noNaN: true }), fc.double({ min: 0, max: 3, noNaN: true }))
  .map(([median, sigma]) => bellCurve(median, sigma));
const anyForecast: fc.Arbitrary<Forecast> = fc.record({
  whole: curve,
  phases: fc.option(fc.record({ early: curve, run: curve })),
  progress: fc.option(curve),
  known: fc.double({ min: 0, max: 1, noNaN: true }),
});
const ms = fc.double({ min: 0, max: 3e8, noNaN: true });
const anyView: fc.Arbitrary<PollView> = fc.record({
  ageMs: ms,
  phase: fc.constantFrom("unseen", "queued", "running"),
  runAgeMs: fc.option(ms),
  progress: fc.option(
    fc.record({ value: fc.double({ min: 0, max: 100, noNaN: true }), elapsedMs: ms, sinceMs: ms }),
  ),
});
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const bounds: fc.Arbitrary<PollLimits> = fc
  .tuple(fc.integer({ min: 10, max: 60_000 }), fc.integer({ min: 10, max: 600_000 }))
  .map(([a, b]) => ({ firstMs: null, minMs: Math.min(a, b), maxMs: Math.max(a, b) }));

describe("any gap", () => {
  it("lies within the bounds, whatever the forecast and the task say", () => {
    fc.assert(
      fc.property(anyForecast, anyView, bounds, fc.nat(40), random, (forecast, seen, limits, troubles, r) => {
        const planned = nextPollGapMs(limits, forecast, history({ view: seen, troubles }), r);
        expect(planned).toBeGreaterThanOrEqual(limits.minMs);
        expect(planned).toBeLessThanOrEqual(limits.maxMs);
      }),
      { numRuns: 2000 },
    );
  });

  it("is never shorter than the upstream asks", () => {
    fc.assert(
      fc.property(anyForecast, anyView, fc.nat(3_600_000), random, (forecast, seen, notBeforeMs, r) => {
        const planned = nextPollGapMs(LIMITS, forecast, history({ view: seen, notBeforeMs }), r);
        expect(planned).toBeGreaterThanOrEqual(notBeforeMs);
      }),
    );
  });

  it("stays within 10 % of the plan", () => {
    const plan = gap(LEARNED, {});
    expect(gap(LEARNED, {}, LIMITS, 0)).toBeCloseTo(plan * 0.9, 6);
    expect(gap(LEARNED, {}, LIMITS, 0.999)).toBeLessThan(plan * 1.1);
  });
});

describe("the first gap", () => {
  it("is a time, not under the minimum, within the maximum if a caller follows the task, and at most five minutes and a bit", () => {
    fc.assert(
      fc.property(anyForecast, bounds, fc.boolean(), random, (forecast, limits, watched, r) => {
        const first = firstPollGapMs(limits, forecast, { watched, random: r });
        expect(first).toBeGreaterThanOrEqual(limits.minMs);
        expect(first).toBeLessThanOrEqual(watched ? limits.maxMs : 300_000 + limits.maxMs);
      }),
      { numRuns: 2000 },
    );
  });

  it("is blurred by a share of the next gap, not of the whole wait", () => {
    const tight = { ...LEARNED, whole: bellCurve(100_000, 0.05) };
    const [soonest, latest] = [0, 0.999].map((r) =>
      firstPollGapMs(LIMITS, tight, { watched: false, random: r }),
    );
    expect((latest ?? 0) - (soonest ?? 0)).toBeGreaterThan(100);
    expect((latest ?? 0) - (soonest ?? 0)).toBeLessThan(1500);
  });
});

describe("the gap", () => {
  it("grows with the root of the price, and is shorter while nothing is known", () => {
    const at = (priceMs: number, forecast = LEARNED): number => gap(forecast, {}, { ...LIMITS, priceMs });
    expect(at(400) / at(100)).toBeCloseTo(2, 0);
    expect(at(200, { ...LEARNED, known: 0 })).toBeLessThan(at(200));
  });

  it("backs off to the cap for a task that has been queued for hours", () => {
    const phases = { early: LEARNED.whole, run: LEARNED.whole };
    expect(gap(LEARNED, { ageMs: 7_200_000, phase: "queued" })).toBeGreaterThan(13_500);
    expect(gap({ ...LEARNED, phases }, { ageMs: 7_200_000, phase: "queued" })).toBeGreaterThan(13_500);
  });

  it("is taken from the clock of the run once its start was seen", () => {
    const phases = { run: bellCurve(50_000, 0.1), early: bellCurve(200_000, 0.1) };
    const forecast = { ...LEARNED, phases };
    const ageMs = 900_000;
    expect(gap(forecast, { ageMs, phase: "running", runAgeMs: 50_000 })).toBeLessThan(3000);
    expect(gap(forecast, { ageMs, phase: "running", runAgeMs: 5000 })).toBeGreaterThan(13_500);
    expect(gap(forecast, { ageMs: 200_000, phase: "running" })).toBeLessThan(6000);
  });

  it("looks for the start, not the end, while a class that tells of its phases is queued", () => {
    const whole = bellCurve(100_000, 0.1);
    const queued = (sigma: number, ageMs = 100_000): number => {
      const phases = { early: whole, run: bellCurve(60_000, sigma) };
      return gap({ ...LEARNED, whole, phases }, { phase: "queued", ageMs });
    };
    expect(queued(0.05)).toBeGreaterThan(gap({ ...LEARNED, whole }, { phase: "queued" }));
    expect(queued(0.01)).toBeLessThan(queued(0.05));
    expect(queued(0.01, 7_200_000)).toBeGreaterThan(2 * queued(0.01));
  });

  it("follows the progress where that is trusted, until it stands still", () => {
    const forecast = { ...LEARNED, progress: bellCurve(100_000, 0.1) };
    const running = { phase: "running", ageMs: 100_000 } as const;
    const progress = (value: number, elapsedMs: number, sinceMs: number): Partial<PollView> => ({
      ...running,
      progress: { value, elapsedMs, sinceMs },
    });
    expect(gap(forecast, progress(50, 100_000, 0))).toBeGreaterThan(13_500);
    expect(gap(forecast, progress(50, 100_000, 100_000))).toBeLessThan(6000);
    expect(gap(forecast, progress(90, 40_000, 4500))).toBeLessThan(2000);
    const without = gap(LEARNED, running);
    expect(gap(forecast, progress(90, 40_000, 60_000))).toBe(without);
    expect(gap(forecast, progress(99, 40_000, 100))).toBe(without);
    expect(gap(LEARNED, progress(50, 100_000, 0))).toBe(without);
  });
});
