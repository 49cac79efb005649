import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeRange } from "../../../../src/domain/files/byte-range.ts";

/*
 * scenario                            requirement (contract, Kept files; RFC 9110, 14)
 * first and last, open, suffix        one satisfiable range is a part
 * a last byte beyond the end          is cut at the end
 * a first byte beyond the end, `-0`   unsatisfiable
 * several, another unit, malformed    everything
 */

const SIZE = 1000;

describe("a range of a file of 1,000 bytes", () => {
  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=0-499", 0, 500],
    ["bytes=500-999", 500, 500],
    ["bytes=999-999", 999, 1],
    ["bytes=999-", 999, 1],
    ["bytes=0-", 0, 1000],
    ["bytes=10-1000", 10, 990],
    ["bytes=10-99999999999999999999999999999999", 10, 990],
    ["bytes=-1", 999, 1],
    ["bytes=-500", 500, 500],
    ["bytes=-1000", 0, 1000],
    ["bytes=-1001", 0, 1000],
    ["bytes=-99999999999999999999999999999999", 0, 1000],
    ["bytes=00005-00009", 5, 5],
    ["Bytes=5-9", 5, 5],
    ["bytes= 5-9 ", 5, 5],
    ["bytes=,5-9, ,", 5, 5],
  ])("%s is the part from %i, %i bytes long", (header, offset, length) => {
    expect(judgeRange(header, SIZE)).toEqual({ kind: "part", offset, length });
  });

  it.each([
    "bytes=1000-",
    "bytes=1000-1000",
    "bytes=1000-2000",
    "bytes=-0",
    "bytes=99999999999999999999999999999999-",
  ])("%s is unsatisfiable", (header) => {
    expect(judgeRange(header, SIZE)).toEqual({ kind: "unsatisfiable" });
  });

  it.each([
    null,
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=,",
    "bytes=5",
    "bytes=5-4",
    "bytes=a-b",
    "bytes=0x0-0x9",
    "bytes=1.5-3",
    "bytes=+1-3",
    "bytes=--5",
    "bytes=1--5",
    "bytes=1-5-9",
    "bytes=1 - 5",
    "bytes 1-5",
    "bytes:1-5",
    "items=1-5",
    "bytes=0-4,6-9",
    "bytes=0-0,-1",
    "bytes=0-4,5-9,",
    "bytes=0-4,x",
    "bytes=٠-٩",
  ])("%j is the whole file", (header) => {
    expect(judgeRange(header, SIZE)).toEqual({ kind: "whole" });
  });

  it("is always inside the file, whatever was asked for", () => {
    const header = fc.oneof(
      fc.string().map((text) => `bytes=${text}`),
      fc
        .tuple(fc.option(fc.nat()), fc.option(fc.nat()))
        .map(([from, to]) => `bytes=${from ?? ""}-${to ?? ""}`),
    );
    fc.assert(
      fc.property(header, fc.nat(), (text, size) => {
        const verdict = judgeRange(text, size);
        const { offset, length } = verdict.kind === "part" ? verdict : { offset: 0, length: 1 };
        expect(Math.min(offset, length - 1)).toBeGreaterThanOrEqual(0);
        if (verdict.kind === "part") expect(offset + length).toBeLessThanOrEqual(size);
      }),
    );
  });
});

it("of an empty file cannot be satisfied", () => {
  expect(["bytes=0-", "bytes=0-0", "bytes=-1"].map((header) => judgeRange(header, 0).kind)).toEqual(
    Array(3).fill("unsatisfiable"),
  );
});
