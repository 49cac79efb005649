import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePrefer, preferenceApplied } from "../../../../src/http/create/request-headers.ts";

describe("Prefer", () => {
  it.each<[header: string | undefined, respondAsync: boolean, waitSeconds: number | null]>([
    [undefined, false, null],
    ["", false, null],
    ["respond-async", true, null],
    ["wait=1", false, 1],
    ["wait=60", false, 60],
    ["respond-async, wait=10", true, 10],
    ["wait=10,respond-async", true, 10],
    ["WAIT = 10 , Respond-Async", true, 10],
    ['wait="10"', false, 10],
    ["wait=10; foo=bar, handling=lenient", false, 10],
    ['return=minimal; foo="a, wait=5; b", wait=7', false, 7],
    // Only the first of a name counts (RFC 7240, 2).
    ["wait=5, wait=10", false, 5],
    ["wait=0, wait=10", false, null],
    ["wait=0", false, null],
    ["wait=61", false, null],
    ["wait=-1", false, null],
    ["wait=1.5", false, null],
    ["wait=1e1", false, null],
    ["wait=999999999999999999999", false, null],
    ["wait=abc", false, null],
    ["wait=", false, null],
    ["wait", false, null],
    ["waits=5", false, null],
    ['wait="5', false, null],
    ["wait=5 6", false, null],
    [`${" ".repeat(1024)}wait=5`, false, null],
  ])("%j: respond-async %j, wait %j", (header, respondAsync, waitSeconds) => {
    expect(parsePrefer(header)).toEqual({ respondAsync, waitSeconds });
  });

  it("is read in no time and without a throw, whatever it is", () => {
    const piece = fc.constantFrom('"', "\\", ",", ";", "=", " ", "wait", "5", "respond-async", "é", "\0");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 400 }), (pieces) => {
        const startedAt = performance.now();
        const { waitSeconds } = parsePrefer(pieces.join(""));
        expect(waitSeconds === null || (waitSeconds >= 1 && waitSeconds <= 60)).toBe(true);
        expect(performance.now() - startedAt).toBeLessThan(250);
      }),
    );
    expect.hasAssertions();
  });
});

describe("Preference-Applied", () => {
  it.each<[respondAsync: boolean, waitSeconds: number | null, header: string | null]>([
    [false, null, null],
    [true, null, "respond-async"],
    [false, 5, "wait=5"],
    [true, 5, "respond-async, wait=5"],
  ])("names what was honoured: %j, %j", (respondAsync, waitSeconds, header) => {
    expect(preferenceApplied({ respondAsync, waitSeconds })).toBe(header);
  });
});
