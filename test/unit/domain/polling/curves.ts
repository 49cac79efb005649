import { curveOf, evenly, type Curve } from "../../../../src/domain/polling/curve.ts";

/** Around a median, `sigma` wide in its logarithm: nearly log-normal, with tails a little heavier. */
export function bellCurve(medianMs: number, sigma: number): Curve {
  const shares = Array.from({ length: 200 }, (_, at) => (at + 0.5) / 200);
  return curveOf(evenly(shares.map((share) => medianMs * (share / (1 - share)) ** (sigma / 1.7))));
}
