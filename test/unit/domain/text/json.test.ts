import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../../../src/domain/text/json.ts";

/*
 * scenario                                            requirement
 * any JSON, its numbers spelled in any way            written again, it has the same digits
 * text that only looks like such a number             a string like any other
 * text that is no JSON                                an error, however it is read
 */

const digits = fc.stringMatching(/^(0|[1-9]\d{0,20})$/);
const number = fc
  .tuple(
    fc.constantFrom("", "-"),
    digits,
    fc.option(fc.stringMatching(/^\.\d{1,20}$/), { nil: "" }),
    fc.option(fc.stringMatching(/^[eE][+-]?\d{1,3}$/), { nil: "" }),
  )
  .map((parts) => parts.join(""));
const space = fc.constantFrom("", " ", "\n", "\t ", " \r\n");
const scalar = fc.oneof(
  number,
  fc.string().map((text) => JSON.stringify(text)),
  fc.constantFrom("true", "false", "null"),
);
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(space, scalar, space).map((parts) => parts.join("")),
    fc
      .array(fc.tuple(space, tie("json"), space), { maxLength: 4 })
      .map((items) => `[${items.map((parts) => parts.join("")).join(",")}]`),
    fc
      .array(fc.tuple(fc.string(), space, tie("json")), { maxLength: 4 })
      .map(
        (entries) =>
          `{${entries.map(([key, gap, value]) => `${JSON.stringify(key)}${gap}:${value}`).join(",")}}`,
      ),
  ),
}));

/** Every number of a text as it is spelled, in order; strings left out. */
function numbersIn(text: string): string[] {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g) ?? [];
}

describe("JSON", () => {
  it("keeps the digits of every number", () => {
    fc.assert(
      fc.property(json, (text) => {
        const again = JSON.stringify(parseJson(text));
        // A repeated key drops its first value: then there are fewer numbers, and none to compare.
        const [before, after] = [numbersIn(text), numbersIn(again)];
        if (before.length === after.length) expect(after.toSorted()).toEqual(before.toSorted());
        expect(JSON.parse(again)).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000, seed: 20261123 },
    );
  });

  it.each(["-0", "1.0", "[1,-0]", '{"a": 1e2}', "12345678901234567890", " -1.50", "[\n0.10]"])(
    "writes %s again as it was spelled",
    (text) => {
      expect(numbersIn(JSON.stringify(parseJson(text)))).toEqual(numbersIn(text));
    },
  );

  it.each(["1.5", ":-0", "2026-11-23T10:00:00.5Z", ", 1234567890123456"])(
    "leaves a string with %s in it as it is",
    (text) => {
      expect(parseJson(JSON.stringify({ text }))).toEqual({ text });
    },
  );

  it.each(["", "{", "[1,]", "nul", '{"a":01}', "1 2", "'a'"])("refuses %j", (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});
