import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ageAtShare,
  curveOf,
  hazard,
  logNormalCurve,
  nextLookMs,
  survival,
} from "../../../../src/domain/polling/forecast-curve.ts";
import {
  bucketOf,
  BUCKETS,
  EMPTY,
  edgeMs,
  observed,
  shares,
} from "../../../../src/domain/polling/forecast-histogram.ts";
import { PRIOR } from "../../../../src/domain/polling/forecast-prior.ts";

const curves = fc.oneof(
  fc
    .tuple(fc.double({ min: 1, max: 1e8, noNaN: true }), fc.double({ min: 0, max: 3, noNaN: true }))
    .map(([median, sigma]) => logNormalCurve(median, sigma)),
  fc.array(fc.nat(864_000), { minLength: 24, maxLength: 24 }).map((knots) => knots.toSorted((a, b) => a - b)),
  fc.constant(curveOf(PRIOR.whole)),
  fc.constant([]),
);
const ages = fc.double({ min: 0, max: 3e8, noNaN: true });

describe("a curve", () => {
  it("starts at 1, falls and stays a share, with a hazard that is finite and not negative", () => {
    fc.assert(
      fc.property(curves, ages, ages, (curve, a, b) => {
        const [sooner, later] = [Math.min(a, b), Math.max(a, b)];
        const [before, after] = [survival(curve, sooner), survival(curve, later)];
        expect(survival(curve, 0)).toBe(1);
        expect(after).toBeGreaterThanOrEqual(0);
        expect(before).toBeLessThanOrEqual(1);
        expect(after).toBeLessThanOrEqual(before);
        expect(hazard(curve, a)).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(hazard(curve, a))).toBe(true);
      }),
    );
  });

  it("has its next look after the age, sooner at a lower price", () => {
    fc.assert(
      fc.property(curves, ages, fc.double({ min: 1, max: 10_000, noNaN: true }), (curve, age, price) => {
        const look = nextLookMs(curve, age, price);
        expect(look).toBeGreaterThan(age);
        expect(Number.isFinite(look)).toBe(true);
        expect(nextLookMs(curve, age, price / 4)).toBeLessThanOrEqual(look);
      }),
    );
  });

  it("agrees with itself about when a share is left", () => {
    fc.assert(
      fc.property(curves, ages, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (curve, age, share) => {
        const alive = survival(curve, age);
        fc.pre(alive > 1e-9);
        expect(survival(curve, ageAtShare(curve, age, share)) / alive).toBeCloseTo(share, 5);
      }),
    );
  });

  it("polls a steady hazard at √(2 · price / hazard), as Keller has it", () => {
    const memoryless = curveOf(
      Float64Array.from(
        { length: BUCKETS },
        (_, at) => Math.exp(-edgeMs(at) / 60_000) - Math.exp(-edgeMs(at + 1) / 60_000),
      ),
    );
    const gap = nextLookMs(memoryless, 60_000, 200) - 60_000;
    expect(gap / Math.sqrt(2 * 200 * 60_000)).toBeCloseTo(1, 1);
  });

  it("waits through the time in which nothing finishes", () => {
    const tight = logNormalCurve(100_000, 0.02);
    expect(nextLookMs(tight, 0, 200)).toBeGreaterThan(94_000);
    expect(nextLookMs(tight, 0, 200)).toBeLessThan(100_000);
  });

  it("backs off behind its last knot, however tight it was", () => {
    const tight = logNormalCurve(10_000, 0.01);
    const gaps = [20_000, 100_000, 1_000_000].map((age) => nextLookMs(tight, age, 200) - age);
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
    expect(gaps[0]).toBeGreaterThan(1000);
    expect(gaps[2]).toBeGreaterThan(10_000);
  });
});

describe("a histogram", () => {
  it("puts each time between the edges of its bucket", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (ms) => {
        const bucket = bucketOf(ms);
        expect(edgeMs(bucket)).toBeLessThanOrEqual(ms * (1 + 1e-9));
        if (bucket < BUCKETS - 1) expect(edgeMs(bucket + 1)).toBeGreaterThan(ms * (1 - 1e-9));
      }),
    );
  });

  it("lays one unit over a span, where the density has it", () => {
    const even = Float64Array.from({ length: BUCKETS }, () => 1 / BUCKETS);
    const one = observed(EMPTY, { afterMs: 60_000, byMs: 120_000 }, even);
    expect(one.total).toBeCloseTo(1, 2);
    expect(edgeMs(one.from + 1)).toBeGreaterThan(60_000);
    expect(edgeMs(one.from + one.weights.length - 1)).toBeLessThan(120_000);
    const tight = shares(observed(EMPTY, { afterMs: 80_000, byMs: 81_000 }, even), 0.3);
    const narrowed = observed(EMPTY, { afterMs: 60_000, byMs: 120_000 }, tight);
    expect(narrowed.weights.length).toBeLessThan(5);
  });

  it("takes a span without width, or one that begins after its end", () => {
    for (const span of [
      { afterMs: 5000, byMs: 5000 },
      { afterMs: 0, byMs: 0 },
      { afterMs: 1e12, byMs: 1e12 },
    ]) {
      expect(observed(EMPTY, span, PRIOR.whole).total).toBeCloseTo(1, 3);
    }
    expect(observed(EMPTY, { afterMs: 9000, byMs: 5000 }, PRIOR.whole)).toEqual(EMPTY);
  });
});
