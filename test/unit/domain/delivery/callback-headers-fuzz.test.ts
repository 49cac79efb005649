import fc from "fast-check";
import { expect, it } from "vitest";
import { problem, problemText } from "../../../../src/contract/problems.ts";
import { headerProblems } from "../../../../src/domain/delivery/callback-headers.ts";

/*
 * The header policy against generated sets. The tables of known ones stand in callback-headers.test.ts.
 *
 * scenario                                            requirement
 * whatever is accepted                                contract, callback_headers; threats T14: it arrives as it is
 * every refused name and prefix, in any case          contract, callback_headers
 * one sign that a name or a value may not have        the same: token names, visible ASCII
 * a name given twice, whatever its case               the same: once each
 */

const RUNS = { numRuns: 3000 };
const TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");
const VISIBLE = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));
const REFUSED =
  /^(?:webhook-.*|ringback-.*|user-agent|host|content-.*|connection|transfer-encoding|te|trailer|upgrade|expect|via|forwarded|proxy-.*|cookie|cf-.*|x-forwarded-.*|x-real-ip)$/i;

const goodName = fc.string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 20 });
const goodValue = fc.string({ unit: fc.constantFrom(...VISIBLE), minLength: 1, maxLength: 40 });
const famousName = fc.constantFrom(
  ..."Host Content-Length Webhook-Id Cookie CF-Ray TE Via Authorization X-Api-Key Accept Date __proto__ x-forwarded".split(
    " ",
  ),
);
const anyName = fc.oneof(
  { weight: 6, arbitrary: goodName },
  famousName,
  fc.string({ unit: "binary", maxLength: 10 }),
  fc.string({ maxLength: 10 }),
);
const anyValue = fc.oneof(
  goodValue,
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ maxLength: 20 }),
  fc.anything({ withNullPrototype: true }),
  fc.constant({ toString: null, valueOf: null }),
);
const sets = fc.array(
  fc.tuple(anyName, fc.oneof({ weight: 6, arbitrary: goodValue }, { weight: 1, arbitrary: anyValue })),
  { maxLength: 12 },
);

/** The same letters in some other case. */
function recased(names: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(names, fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }))
    .map(([name, upper]) =>
      Array.from(name, (letter, index) => (upper[index % upper.length] ? letter.toUpperCase() : letter)).join(
        "",
      ),
    );
}

it("what is accepted is a set that arrives as it is, and holds nothing of ours or of the platform's", () => {
  let accepted = 0;
  fc.assert(
    fc.property(sets, (set) => {
      const problems = headerProblems(set);
      for (const found of problems) expect(problemText(found.problem)).toMatch(/^\S.*\S$/);
      if (problems.length > 0) return;
      accepted += set.length > 0 ? 1 : 0;
      const entries = set as [string, string][];
      const sent = new Headers(entries);
      expect(Array.from(sent.keys())).toHaveLength(entries.length);
      for (const [name, value] of entries) {
        expect([name, sent.get(name)]).toEqual([name, value]);
        expect(name).not.toMatch(REFUSED);
        expect(`${name}: ${value}`).toMatch(/^[\x20-\x7e]+$/);
      }
      expect(entries.length).toBeLessThanOrEqual(10);
      expect(entries.flat().join("").length).toBeLessThanOrEqual(8192);
    }),
    RUNS,
  );
  // Or nothing above has been looked at.
  expect(accepted).toBeGreaterThan(200);
});

it("good sets are accepted", () => {
  const good = fc.uniqueArray(
    fc.tuple(
      goodName.filter((name) => !REFUSED.test(name)),
      goodValue,
    ),
    {
      maxLength: 10,
      selector: ([name]) => name.toLowerCase(),
    },
  );
  fc.assert(
    fc.property(good, (set) => {
      expect([set, headerProblems(set)]).toEqual([set, []]);
    }),
    RUNS,
  );
});

it("a name of ours, of the connection or of the platform is refused in any case", () => {
  const whole = fc.constantFrom(
    ..."user-agent host connection transfer-encoding te trailer upgrade expect via forwarded cookie x-real-ip".split(
      " ",
    ),
  );
  const prefixed = fc
    .tuple(
      fc.constantFrom("webhook-", "ringback-", "content-", "proxy-", "cf-", "x-forwarded-"),
      fc.oneof(fc.constant(""), goodName),
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(recased(fc.oneof(whole, prefixed)), goodValue, (name, value) => {
      expect(headerProblems([[name, value]])).toEqual([{ name, problem: problem("reserved_header") }]);
    }),
    RUNS,
  );
});

it("one bad sign anywhere spoils a name or a value", () => {
  const notInToken = fc
    .string({ unit: "binary", minLength: 1, maxLength: 1 })
    .filter((sign) => !TOKEN.includes(sign));
  const notVisible = fc
    .string({ unit: "binary", minLength: 1, maxLength: 1 })
    .filter((sign) => !/^[\x20-\x7e]$/.test(sign));
  const at = fc.nat(20);
  fc.assert(
    fc.property(goodName, goodValue, notInToken, notVisible, at, (name, value, inName, inValue, index) => {
      const bad = (text: string, sign: string) => text.slice(0, index) + sign + text.slice(index);
      expect(headerProblems([[`x${bad(name, inName)}`, value]])).toHaveLength(1);
      expect(headerProblems([["x-key", bad(value, inValue)]])).toHaveLength(1);
      expect(headerProblems([["x-key", ` ${value}`]])).toHaveLength(1);
      expect(headerProblems([["x-key", `${value} `]])).toHaveLength(1);
    }),
    RUNS,
  );
});

it("a name is given once, whatever its case", () => {
  const name = goodName.filter((text) => !REFUSED.test(text));
  fc.assert(
    fc.property(name, goodValue, (first, value) => {
      const again = Array.from(first, (letter, index) =>
        index % 2 === 0 ? letter.toUpperCase() : letter.toLowerCase(),
      ).join("");
      expect(
        headerProblems([
          [first, value],
          ["x-between", value],
          [again, value],
        ]).length,
      ).toBeGreaterThan(0);
    }),
    RUNS,
  );
});
