import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { problemText } from "../../../../src/contract/problems.ts";
import { fingerprint } from "../../../../src/http/create/fingerprint.ts";
import {
  encodeJsonBody,
  isPlainAscii,
  LIFT_MIN_BYTES,
  RawText,
  parseJsonBody,
  type RequestObject,
} from "../../../../src/http/body/json-body.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function parsed(text: string | Uint8Array): RequestObject {
  const result = parseJsonBody(typeof text === "string" ? encode(text) : text);
  if (!result.ok) throw new Error(result.problem.code);
  return result.value;
}

function problem(text: string | Uint8Array): string | null {
  const result = parseJsonBody(typeof text === "string" ? encode(text) : text);
  return result.ok ? null : problemText(result.problem);
}

const nested = (depth: number): string => `{"a":`.repeat(depth) + "1" + "}".repeat(depth);

describe("a JSON body", () => {
  it("is read and written like JSON.parse and JSON.stringify, long strings and all", () => {
    const long = fc.integer({ min: 32_000, max: 33_500 }).map((length) => "A".repeat(length));
    const value = fc.oneof(
      fc.json().map((text): unknown => JSON.parse(text)),
      long,
      fc.string({ unit: "binary" }),
      fc.array(long, { maxLength: 3 }),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "binary" }), value),
        fc.option(fc.constant(2)),
        (object, indent) => {
          const text = JSON.stringify(object, null, indent ?? undefined);
          expect(JSON.parse(new TextDecoder().decode(encodeJsonBody(parsed(text))))).toEqual(
            JSON.parse(text),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps the digits of every number that a double would change", () => {
    const text = '{"a":12345678901234567890,"b":1.0,"c":[1e400,-0.10],"d":{"e":5}}';
    expect(new TextDecoder().decode(encodeJsonBody(parsed(text)))).toBe(text);
  });

  it("leaves a long base64 string as the bytes it came as", () => {
    const image = "iVBORw0KGgo".repeat(10_000);
    const body = parsed(JSON.stringify({ image, note: "短" }));
    expect(body["image"]).toBeInstanceOf(RawText);
    expect(body["image"] instanceof RawText && body["image"].toText()).toBe(image);
    expect(body["note"]).toBe("短");
  });

  it("takes a long key, an escaped long string and a long string of other letters as they are", () => {
    const key = "k".repeat(40_000);
    expect(parsed(JSON.stringify({ [key]: 1 }))).toEqual({ [key]: 1 });
    expect(parsed(`{"a":"${"x".repeat(40_000)}\\n"}`)).toEqual({ a: `${"x".repeat(40_000)}\n` });
    expect(parsed(JSON.stringify({ a: "灯".repeat(40_000) }))).toEqual({ a: "灯".repeat(40_000) });
  });

  it("may be nested 64 levels deep and no deeper", () => {
    expect(problem(nested(64))).toBeNull();
    for (const depth of [65, 10_000, 1_000_000]) expect(problem(nested(depth))).toContain("64 levels");
    expect(problem("[".repeat(100_000))).toContain("64 levels");
    expect(problem(JSON.stringify({ a: "[{".repeat(1000) }))).toBeNull();
  });

  it("may hold 20,000 values and no more, counted before they are parsed", () => {
    const list = (length: number): string => `{"a":[${Array<string>(length).fill("{}").join()}]}`;
    expect(problem(list(19_999))).toBeNull();
    expect(problem(list(20_000))).toContain("20000 values");
  });

  it.each([
    ["", "not valid JSON"],
    ["{", "not valid JSON"],
    ['{"a":"b', "not valid JSON"],
    ['{"a":1}x', "not valid JSON"],
    ["{'a':1}", "not valid JSON"],
    ['{"a":NaN}', "not valid JSON"],
    ['{"a":"\u0000"}', "not valid JSON"],
    [`{"a":"${"x".repeat(50_000)}`, "not valid JSON"],
    ["[]", "not a JSON object"],
    ["null", "not a JSON object"],
    ['"text"', "not a JSON object"],
    ["12345678901234567890", "not a JSON object"],
  ])("%j is %s", (text, expected) => {
    expect(problem(text)).toContain(expected);
  });

  it("that is not UTF-8 is refused, also inside a long string", () => {
    expect(problem(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toContain("UTF-8");
    const long = encode(`{"a":"${"x".repeat(50_000)}"}`);
    long[100] = 0xc3;
    expect(problem(long)).toContain("UTF-8");
  });

  it("may hold lone surrogates, NUL escapes, repeated and prototype keys", () => {
    expect(parsed('{"a":"\\ud800","b":"\\u0000"}')).toEqual({ a: "\ud800", b: "\u0000" });
    expect(parsed('{"a":1,"a":2}')).toEqual({ a: 2 });
    const long = "x".repeat(LIFT_MIN_BYTES);
    expect(parseJsonBody(encode(`{"a":"${long}","b":{"c":1,"c":"${long}"},"a":2}`))).toMatchObject({
      repeated: [["b", "c"], ["a"]],
    });
    const body = parsed('{"__proto__":{"admin":true},"constructor":1}');
    expect(Object.keys(body)).toEqual(["__proto__", "constructor"]);
    expect(Object.hasOwn(body, "admin")).toBe(false);
    expect(new TextDecoder().decode(encodeJsonBody(body))).toBe(
      '{"__proto__":{"admin":true},"constructor":1}',
    );
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: "binary" }), (bytes, text) => {
        for (const body of [bytes, encode(text), encode(`{"a":${text}}`), encode(`{"a":"${text}"}`)]) {
          expect(parseJsonBody(body).ok).toBeTypeOf("boolean");
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("plain ASCII", () => {
  it("is distinguished from anything else by every byte of it, wherever it stands", () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from(" !#[]~aZ09\u007f")), maxLength: 40 });
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 7 }), fc.nat(), byte, (plain, place, where, other) => {
        const around = new Uint8Array(place + plain.length + 8).fill(0xff);
        around.set(encode(plain), place);
        const bytes = around.subarray(place, place + plain.length);
        expect(isPlainAscii(bytes)).toBe(true);
        if (bytes.length === 0) return;
        bytes[where % bytes.length] = other;
        expect(isPlainAscii(bytes)).toBe(other >= 0x20 && other < 0x80 && other !== 0x5c);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a request's fingerprint", () => {
  const same: [string, string][] = [
    ['{"a":1,"b":{"c":2,"d":3}}', '{ "b": {"d":3, "c":2}, "a":1 }'],
    ['{"a":5}', '{"a":5.0}'],
    ['{"a":50}', '{"a":5e1}'],
    ['{"a":0}', '{"a":-0.0}'],
    ['{"a":"/é"}', '{"a":"\\/\\u00e9"}'],
    [`{"a":"${"x".repeat(40_000)}"}`, `{"a":"\\u0078${"x".repeat(39_999)}"}`],
  ];
  it.each(same)("is equal for %.40s and %.40s", async (a, b) => {
    expect(await fingerprint(parsed(a))).toBe(await fingerprint(parsed(b)));
  });

  const different: [string, string][] = [
    ['{"a":12345678901234567890}', '{"a":12345678901234567891}'],
    ['{"a":1}', '{"a":"1"}'],
    ['{"a":null}', "{}"],
    ['{"a":[1,2]}', '{"a":[2,1]}'],
    ['{"a":{"b":1}}', '{"a":{"b":2}}'],
    [`{"a":"${"x".repeat(40_000)}"}`, `{"a":"${"x".repeat(39_999)}y"}`],
  ];
  it.each(different)("differs for %.40s and %.40s", async (a, b) => {
    expect(await fingerprint(parsed(a))).not.toBe(await fingerprint(parsed(b)));
  });
});
