import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { looksLikeJson, parseFormBody } from "../../../src/http/form-body.ts";
import { encodeJsonBody, LiftedText } from "../../../src/http/json-body.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function parsed(form: string): unknown {
  const body = parseFormBody(bytes(form));
  return body.ok ? JSON.parse(new TextDecoder().decode(encodeJsonBody(body.value))) : body.problem;
}

describe("a form", () => {
  it.each([
    ["", {}],
    ["&&", {}],
    ["model=m&prompt=a+b%21", { model: "m", prompt: "a b!" }],
    ["prompt=", { prompt: "" }],
    ["prompt", { prompt: "" }],
    ["=x", { "": "x" }],
    ["a=1=2", { a: "1=2" }],
    ["prompt=100%25+sure%2", { prompt: "100% sure%2" }],
    ["prompt=%zz%4", { prompt: "%zz%4" }],
    ["prompt=%E7%81%AF%F0%9F%8C%8A", { prompt: "灯🌊" }],
    ["x=1&x=2", { x: ["1", "2"] }],
    [
      "reference_images=https://a.test/1&reference_images=https://a.test/2",
      { reference_images: ["https://a.test/1", "https://a.test/2"] },
    ],
    [
      "callback_events=video.failed&callback_events=video.running",
      { callback_events: ["video.failed", "video.running"] },
    ],
    ["callback_events=", { callback_events: "" }],
    ['metadata={"order":42}', { metadata: '{"order":42}' }],
    ['prompt={"not":"an+object"}', { prompt: '{"not":"an object"}' }],
    ["__proto__=x&constructor=y", JSON.parse('{"__proto__":"x","constructor":"y"}') as unknown],
  ])("%s", (form, expected) => {
    expect(parsed(form)).toEqual(expected);
  });

  it.each(["prompt=%ff", "prompt=%C3%28", "%ff=x", "prompt=%ED%A0%80"])(
    "that is not UTF-8 is refused: %s",
    (form) => {
      expect(parsed(form)).toBe("is not valid UTF-8");
    },
  );

  it("of more than 20,000 fields is refused, instead of holding up everybody else", () => {
    expect(parsed("a=&".repeat(20_000))).toEqual({ a: Array.from({ length: 20_000 }, () => "") });
    expect(parsed("a=&".repeat(20_001))).toBe("has more than 20000 fields");
  });

  it("keeps a long image as bytes, and a long text with a quote in it as text", () => {
    const image = "A".repeat(40_000);
    const body = parseFormBody(bytes(`image=${image}&prompt=${"%22".repeat(40_000)}`));
    if (!body.ok) throw new Error(body.problem);
    expect(body.value["image"]).toBeInstanceOf(LiftedText);
    expect(body.value["prompt"]).toBe('"'.repeat(40_000));
    expect(JSON.parse(new TextDecoder().decode(encodeJsonBody(body.value)))).toMatchObject({ image });
  });

  it("is read as the URL Standard reads it, whatever is in it", () => {
    const text = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 8 }), (fields) => {
        const names = fields.map(([name]) => name);
        fc.pre(names.every((name) => name.isWellFormed()));
        fc.pre(fields.every(([, value]) => value.isWellFormed()));
        const expected: Record<string, string | string[]> = Object.create(null);
        for (const [name, value] of fields) {
          const known = expected[name];
          expected[name] = known === undefined ? value : [known].flat().concat(value);
        }
        const body = parseFormBody(bytes(new URLSearchParams(fields).toString()));
        expect(body.ok && Object.entries(body.value)).toEqual(Object.entries(expected));
      }),
      { numRuns: 2000 },
    );
  });

  it("is never thrown at, whatever its bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        expect(typeof parseFormBody(body).ok).toBe("boolean");
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['{"model":"m"}', true],
    [' \r\n\t{"model"', true],
    ["model={}", false],
    ["", false],
    ["[1]", false],
  ])("%j may be JSON all the same: %s", (body, json) => {
    expect(looksLikeJson(bytes(body))).toBe(json);
  });
});
