import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  JSON_DEPTH_MAX,
  JSON_VALUES_MAX,
  jsonExcess,
  parseBoundedJson,
} from "../../../../src/domain/text/json-bounds.ts";

const excess = (text: string): string | null => jsonExcess(new TextEncoder().encode(text));

/** Members and elements, those of its members and elements included. */
function valuesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, item) => sum + 1 + valuesIn(item), 0);
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("the bounds of JSON", () => {
  it("count members and elements exactly, wherever they stand and however they are written", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom("", " ", "\n\t"), (json, blank) => {
        const value: unknown = JSON.parse(json);
        const left = JSON_VALUES_MAX - 1 - valuesIn(value);
        const filled = (zeros: number): string =>
          JSON.stringify([value, ...Array<number>(zeros).fill(0)], null, blank);
        expect(excess(filled(left))).toBeNull();
        expect(excess(filled(left + 1))).toBe("values");
      }),
      { numRuns: 200 },
    );
  });

  it("count levels exactly", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (json) => {
        const levels = JSON_DEPTH_MAX - depthOf(JSON.parse(json));
        const nested = (more: number): string => "[".repeat(more) + json + "]".repeat(more);
        expect(excess(nested(levels))).toBeNull();
        expect(excess(nested(levels + 1))).toBe("depth");
      }),
    );
  });

  it.each([
    ["2 MiB of empty objects", `[${"{},".repeat(700_000)}{}]`, "values"],
    ["2 MiB of empty lists in a member", `{"a":[${"[],".repeat(700_000)}[]]}`, "values"],
    ["members of one object", `{${'"":0,'.repeat(JSON_VALUES_MAX)}"":0}`, "values"],
    ["commas alone", ",".repeat(JSON_VALUES_MAX + 1), "values"],
    ["brackets that are never closed", "[".repeat(JSON_DEPTH_MAX + 1), "depth"],
    ["commas and brackets in a string", JSON.stringify([',[{"'.repeat(100_000)]), null],
    ["a string that ends in a backslash", `["\\\\",${"0,".repeat(JSON_VALUES_MAX)}0]`, "values"],
    ["nothing", "", null],
    ["blanks", " ".repeat(100_000), null],
  ])("say of %s", (_name, text, expected) => {
    expect(excess(text)).toBe(expected);
  });

  it("hold where text is parsed, which keeps its digits", () => {
    expect(() => parseBoundedJson(`[${"{},".repeat(JSON_VALUES_MAX)}{}]`)).toThrow(SyntaxError);
    expect(JSON.stringify(parseBoundedJson('{"a":[1.0]}'))).toBe('{"a":[1.0]}');
  });
});
