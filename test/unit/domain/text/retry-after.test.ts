import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePollAfterMs, parseRetryAfter } from "../../../../src/domain/text/retry-after.ts";
import { T0 } from "../../../support/builders.ts";

const http = (at: number): string => new Date(at).toUTCString();

describe("Retry-After", () => {
  it.each([
    ["7", 7000],
    ["120.1", 120_100],
    ["0", 0],
    [" 3 ", 3000],
    ["1e9", null],
    ["1000000000", 3_600_000],
    ["-5", null],
    ["abc", null],
    ["", null],
    ["5 seconds", null],
    ["2026", 2_026_000],
    [http(T0 + 9000), 9000],
    [http(T0 - 9000), 0],
    [http(T0 + 86_400_000), 3_600_000],
    ["Monday, 23-Nov-26 12:00:09 GMT", 9000],
    ["Mon Nov 23 12:00:09 2026", 9000],
    ["Mon, 99 Foo 2026 12:00:00 GMT", null],
  ])("%j is %j ms", (header, expected) => {
    expect(parseRetryAfter(header, null, T0)).toBe(expected);
  });

  it("as a date is read against the answer's own clock", () => {
    const skew = 3_600_000;
    expect(parseRetryAfter(http(T0 + skew + 7000), http(T0 + skew), T0)).toBe(7000);
    expect(parseRetryAfter(http(T0 - skew + 7000), http(T0 - skew), T0)).toBe(7000);
    expect(parseRetryAfter(http(T0 + 7000), "no date", T0)).toBe(7000);
  });

  it("absent says nothing", () => {
    expect(parseRetryAfter(null, http(T0), T0)).toBeNull();
  });
});

it("whatever is said and by whatever clock, a wait is none or a number from 0 to an hour", () => {
  const date = fc.date({ noInvalidDate: true }).map((at) => at.toUTCString());
  const text = fc.oneof(
    date,
    fc.string(),
    fc.double().map(String),
    fc.bigInt().map(String),
    fc.stringMatching(/^\d{1,30}(\.\d{1,5})?$/),
  );
  fc.assert(
    fc.property(fc.option(text), fc.option(text), fc.maxSafeNat(), (header, answerDate, now) => {
      for (const wait of [parseRetryAfter(header, answerDate, now), parsePollAfterMs(header)]) {
        if (wait === null) continue;
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(3_600_000);
      }
    }),
    { numRuns: 5000 },
  );
});

it("openai-poll-after-ms is milliseconds, at most an hour", () => {
  expect(["2500", "0", "1e3", "-1", "soon", "99999999", null].map(parsePollAfterMs)).toEqual([
    2500,
    0,
    null,
    null,
    null,
    3_600_000,
    null,
  ]);
});
