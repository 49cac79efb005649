import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JSON_DEPTH_MAX, JSON_VALUES_MAX } from "../../../../src/domain/text/json-bounds.ts";
import { repeatedNames, type JsonName } from "../../../../src/domain/text/json-names.ts";

/*
 * scenario                                              requirement (design.md, Other upstreams)
 * a name twice at the top and one level below           a field given twice is 400, a name given twice misconfigured
 * JSON of any shape, spelling and layout                nothing else is taken for a name, and no name is missed
 */

const repeated = (text: string): JsonName[] | null => repeatedNames(new TextEncoder().encode(text));

/** A name as JSON text: all of it escaped, or nothing that need not be. */
const spelled = (name: string, isEscaped: boolean): string =>
  isEscaped
    ? `"${Array.from({ length: name.length }, (_, at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, "0")}`).join("")}"`
    : JSON.stringify(name);

/** No object here has the name `\`: once V8 has parsed one, it reads escaped names of others as that (Node 24.21). */
const name = fc.oneof(
  fc.constantFrom("ringback", "test", "a", "", "__proto__", "é", "😀", '"', "a\\", ":", '":', "{"),
  fc.string({ unit: "binary", maxLength: 5 }).filter((text) => !text.startsWith("\\")),
);
const blank = fc.constantFrom("", " ", "\n\t", "\r\n ");
const leaf = fc.oneof(
  fc.json({ maxDepth: 4 }).filter((text) => !text.includes("\\")),
  name.map((text) => JSON.stringify(text)),
);
const member = (value: fc.Arbitrary<string>): fc.Arbitrary<[string, string]> =>
  fc
    .tuple(name, fc.boolean(), blank, blank, value)
    .map(([key, isEscaped, before, after, text]) => [
      key,
      `${before}${spelled(key, isEscaped)}${after}:${before}${text}${after}`,
    ]);
const objectOf = (value: fc.Arbitrary<string>): fc.Arbitrary<{ names: string[]; text: string }> =>
  fc.array(member(value), { maxLength: 6 }).map((members) => ({
    names: members.map(([key]) => key),
    text: `{${members.map(([, text]) => text).join(",")}}`,
  }));

/** Those that stand there already. */
const twice = (names: readonly string[]): string[] =>
  names.filter((one, index) => names.indexOf(one) !== index);
const sorted = (names: readonly JsonName[] | null): string[] | undefined =>
  names?.map((one) => JSON.stringify(one)).toSorted();

describe("the names that stand twice", () => {
  it("at the top are those of which the parser drops one", () => {
    fc.assert(
      fc.property(objectOf(leaf), ({ names, text }) => {
        const top = repeated(text)?.filter(([, inner]) => inner === undefined);
        expect(sorted(top ?? null)).toEqual(sorted(twice(names).map((one) => [one])));
        expect(top?.length === 0).toBe(Object.keys(JSON.parse(text)).length === names.length);
      }),
      { numRuns: 2000 },
    );
  });

  it("one level below come with the name above, and with none of a list's or a deeper object's", () => {
    const inner = objectOf(leaf);
    fc.assert(
      fc.property(inner, inner, name, (one, other, above) => {
        const key = JSON.stringify(above);
        // `x` is longer than any name that is made here.
        const text = `{"xxxxxxxx":[${one.text},{"b":${one.text}}],${key}:${other.text}}`;
        expect(sorted(repeated(text))).toEqual(sorted(twice(other.names).map((two) => [above, two])));
      }),
      { numRuns: 2000 },
    );
  });

  it("are none in JSON that was written by a program, however it is laid out", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), blank, (value, indent) => {
        expect(repeated(JSON.stringify(value, null, indent))).toEqual([]);
      }),
    );
  });

  it.each<[text: string, expected: JsonName[]]>([
    ['{"ringback":{"test":"failed"},"a":{"ringback":1},"ringback":null}', [["ringback"]]],
    ['{"ringback":{},"\\u0072ingback":{}}', [["ringback"]]],
    ['{"ringback":{"test":"failed","test":null}}', [["ringback", "test"]]],
    ['{"ringback":{"a":1},"b":{"a":1},"c":["a","a"],"d":"a\\":"}', []],
    ['{"a":1,"a":2,"a":3}', [["a"], ["a"]]],
    [`{"a":"${"\\\\".repeat(1000)}","a":1}`, [["a"]]],
  ])("of %.60s are %j", (text, expected) => {
    expect(repeated(text)).toEqual(expected);
  });

  it("are not looked for beyond the bounds of JSON", () => {
    expect(repeated(`{"a":[${"0,".repeat(JSON_VALUES_MAX)}0]}`)).toBeNull();
    expect(repeated(`{"a":${"[".repeat(JSON_DEPTH_MAX)}${"]".repeat(JSON_DEPTH_MAX)}}`)).toBeNull();
  });
});
