import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { problemText } from "../../../../src/contract/problems.ts";
import { judgeNames } from "../../../../src/http/body/field-names.ts";
import type { RequestValue } from "../../../../src/http/body/json-body.ts";
import { RINGBACK_FIELDS, UPSTREAM_FIELDS } from "../../../../src/http/create/video-schema.ts";

const FIELDS = [...UPSTREAM_FIELDS, ...RINGBACK_FIELDS];

function judged(name: string, value: RequestValue = "x"): string {
  const { fields, issues } = judgeNames([[name, value]]);
  if (issues.length === 0) return fields.length === 1 ? "taken" : "absent";
  expect(fields).toEqual([]);
  expect(issues[0]?.path).toBe(name.slice(0, 100));
  return issues[0] ? problemText(issues[0]) : "";
}

/** Spellings that a reader without case, blanks, `-`, `_` and invisible characters takes for the name. */
function spellings(name: string): string[] {
  return [
    name.toUpperCase(),
    name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    name.replaceAll("_", "-"),
    name.replaceAll("_", " "),
    name.replaceAll("_", "\u2011"),
    `${name} `,
    ` ${name}`,
    `_${name}`,
    `${name}_`,
    `__${name}`,
    `${name}-`,
    `\ufeff${name}`,
    `${name}\u200b`,
    `${name.slice(0, 2)}\u00ad${name.slice(2)}`,
    `${name}\u3164`,
    `\u2800${name}`,
    `${name}\u0000`,
    `\n${name}\t`,
    name.replace("s", "\u017f"),
  ].filter((spelling) => spelling !== name);
}

describe("the names of a create's fields", () => {
  it.each(FIELDS)("take %s as it is spelled, and no other spelling", (name) => {
    expect(judged(name)).toBe("taken");
    for (const spelling of spellings(name))
      expect([spelling, judged(spelling)]).toEqual([spelling, `must be spelled ${name}`]);
  });

  it("do so however many of these slips are made at once", () => {
    const unread = fc.constantFrom("", " ", "-", "_", "\u200b", "\u00a0", "\u2013", "\ufe0f", "\u2060");
    fc.assert(
      fc.property(
        fc
          .constantFrom(...FIELDS)
          .chain((name) =>
            fc.tuple(
              fc.constant(name),
              fc.tuple(
                ...Array.from(name.replaceAll("_", ""), (letter) =>
                  fc
                    .tuple(fc.constantFrom(letter, letter.toUpperCase()), unread)
                    .map((pieces) => pieces.join("")),
                ),
              ),
            ),
          ),
        ([name, letters]) => {
          const spelling = letters.join("");
          fc.pre(spelling !== name);
          expect(judged(spelling)).toBe(`must be spelled ${name}`);
        },
      ),
    );
  });

  it.each([
    "callback",
    "callback_uri",
    "callbackURI",
    "Callback-Method",
    "callback.url",
    "callback[url]",
    "webhook",
    "webhook_url",
    "webhookUrl",
    "WEB-HOOK",
    "call_back_up",
    "\u200bwebhooks",
  ])("refuse what begins like Ringback's and is none: %j", (name) => {
    expect(judged(name)).toBe("is not a field of Ringback");
  });

  it.each(["[", ".", "__"])("refuse what follows a name after %s", (separator) => {
    for (const field of FIELDS) {
      for (const member of ["", "x", "0", "x]", "a.b", "a__b"]) {
        expect(judged(`${field}${separator}${member}x`)).toBe(`must be given in ${field} itself`);
        expect(judged(`${field.toUpperCase()}${separator}${member}x`)).toBe(
          `must be given in ${field} itself`,
        );
      }
    }
  });

  it.each([
    "seed",
    "content",
    "web",
    "tests",
    "my_test",
    "test2",
    "x[test]",
    "x.test",
    "x__test",
    "metadatas.x",
    "images[0]",
    "constructor",
    "__proto__",
    "",
    "灯",
    "te\u0301st",
  ])("leave the upstream's own to it: %j", (name) => {
    expect(judged(name)).toBe("taken");
  });

  it("count what is absent as absent, but an empty test as a test", () => {
    for (const name of ["Callback_Url", "callback_foo", "Duration-Seconds", "metadata.x"]) {
      expect(judged(name, null)).toBe("absent");
      expect(judged(name, "")).toBe("absent");
      expect(judged(name, 0)).not.toBe("absent");
      expect(judged(name, false)).not.toBe("absent");
    }
    for (const name of ["Test", "test ", "test.outcome", "test[outcome]", "TEST__outcome"]) {
      expect(judged(name, null)).toBe("absent");
      expect(judged(name, "")).toMatch(/^must be/);
    }
  });

  it("are read in time that grows with their length", () => {
    for (const name of [
      "a__".repeat(300_000),
      "_".repeat(1_000_000),
      "\u200b__".repeat(300_000),
      "a".repeat(1_000_000),
    ])
      expect(judged(`${name}x`)).toBe("taken");
  });
});
