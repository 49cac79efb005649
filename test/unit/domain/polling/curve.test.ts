import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ageAtShare,
  blended,
  curveOf,
  evenly,
  nextLookMs,
  type Curve,
} from "../../../../src/domain/polling/curve.ts";
import { PRIOR } from "../../../../src/domain/polling/prior.ts";
import { bellCurve } from "./curves.ts";

const curves: fc.Arbitrary<Curve> = fc.oneof(
  fc
    .tuple(fc.double({ min: 1, max: 1e8, noNaN: true }), fc.double({ min: 0, max: 3, noNaN: true }))
    .map(([median, sigma]) => bellCurve(median, sigma)),
  fc.array(fc.nat(864_000), { minLength: 16, maxLength: 16 }).map((knots) => knots.toSorted((a, b) => a - b)),
  fc.constant(curveOf(evenly(PRIOR.whole))),
  fc.constant([]),
);
const ages = fc.double({ min: 0, max: 3e8, noNaN: true });
const spans = fc.tuple(ages, ages).map(([a, b]) => ({ afterMs: Math.min(a, b), byMs: Math.max(a, b) }));

describe("a curve", () => {
  it("never falls, whatever spans it is made of", () => {
    fc.assert(
      fc.property(fc.array(fc.array(spans, { maxLength: 20 }), { maxLength: 3 }), (groups) => {
        const curve = curveOf(groups.reduce(blended, evenly(PRIOR.whole)));
        expect(curve).toEqual(curve.toSorted((a, b) => a - b));
        expect(curve.every((knot) => Number.isFinite(knot) && knot >= 0)).toBe(true);
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

  it("says by when a share is left", () => {
    const curve = curveOf(evenly(Array.from({ length: 1000 }, (_, at) => 100_000 + at * 100)));
    expect(ageAtShare(curve, 0.84)).toBeCloseTo(116_000, -3);
    expect(ageAtShare(curve, 0.16)).toBeCloseTo(184_000, -3);
    // To the next knot, so never too early.
    expect(ageAtShare(curve, 0.5)).toBeGreaterThanOrEqual(150_000);
    expect(ageAtShare(curve, 0.5)).toBeLessThan(160_000);
  });

  it("polls a steady hazard at √(2 · price / hazard), as Keller has it", () => {
    const memoryless = Array.from({ length: 1000 }, (_, at) => -60_000 * Math.log(1 - (at + 0.5) / 1000));
    const gap = nextLookMs(curveOf(evenly(memoryless)), 60_000, 200) - 60_000;
    expect(gap / Math.sqrt(2 * 200 * 60_000)).toBeCloseTo(1, 1);
  });

  it("waits through the time in which nothing finishes", () => {
    const tight = bellCurve(100_000, 0.02);
    expect(nextLookMs(tight, 0, 200)).toBeGreaterThan(93_000);
    expect(nextLookMs(tight, 0, 200)).toBeLessThan(100_000);
  });

  it("backs off behind its last knot, however tight it was", () => {
    const tight = bellCurve(10_000, 0.01);
    const gaps = [20_000, 100_000, 1_000_000].map((age) => nextLookMs(tight, age, 200) - age);
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
    expect(gaps[0]).toBeGreaterThan(1000);
    expect(gaps[2]).toBeGreaterThan(10_000);
  });
});

describe("a broader class", () => {
  const shareBeside = (count: number): number => {
    const own = Array.from({ length: count }, () => ({ afterMs: 98_000, byMs: 100_000 }));
    const times = blended(evenly([10_000, 20_000]), own);
    const weight = (upToMs: number): number =>
      times.filter(({ ms }) => ms <= upToMs).reduce((sum, one) => sum + one.weight, 0);
    return weight(20_000) / weight(Infinity);
  };

  it("counts alone without finishes, less with each, and next to nothing beside hundreds", () => {
    expect(shareBeside(0)).toBe(1);
    expect(shareBeside(1)).toBeCloseTo(9 / 13, 6);
    expect(shareBeside(10)).toBeLessThan(0.1);
    expect(shareBeside(200)).toBeLessThan(0.001);
  });
});
