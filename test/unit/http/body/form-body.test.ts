import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { problemText } from "../../../../src/contract/problems.ts";
import { looksLikeJson, parseBody, parseFormBody } from "../../../../src/http/body/form-body.ts";
import { encodeJsonBody, RawText, type JsonBody } from "../../../../src/http/body/json-body.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function valueOf(body: JsonBody): unknown {
  return body.ok
    ? JSON.parse(new TextDecoder().decode(encodeJsonBody(body.value)))
    : problemText(body.problem);
}

function parsed(form: string): unknown {
  return valueOf(parseFormBody(bytes(form)));
}

/** Names of what is refused beside the fields, and why. */
function refused(form: string): [path: string, message: string][] {
  return (parseFormBody(bytes(form)).issues ?? []).map((issue) => [issue.path, problemText(issue)]);
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
    ["constructor=y&toString=z", { constructor: "y", toString: "z" }],
  ])("%s", (form, expected) => {
    expect(parsed(form)).toEqual(expected);
  });

  it.each(["prompt=%ff", "prompt=%C3%28", "%ff=x", "prompt=%ED%A0%80"])(
    "that is not UTF-8 is refused: %s",
    (form) => {
      expect(parsed(form)).toBe("is not valid UTF-8");
    },
  );

  it("of more than 20,000 fields is refused, and delays no other request", () => {
    expect(parsed("a=&".repeat(20_000))).toEqual({ a: Array.from({ length: 20_000 }, () => "") });
    expect(parsed("a=&".repeat(20_001))).toBe("has more than 20000 fields");
  });

  it("keeps a long image as bytes, and a long text with a quote in it as text", () => {
    const image = "A".repeat(40_000);
    const body = parseFormBody(bytes(`image=${image}&prompt=${"%22".repeat(40_000)}`));
    if (!body.ok) throw new Error(body.problem.code);
    expect(body.value["image"]).toBeInstanceOf(RawText);
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
        // These are Ringback's own fields.
        fc.pre(names.every((name) => !/[[.]|__/.test(name)));
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

const NOT_READ =
  "is not read: members, one level deep, have metadata, test, callback_headers, upstream_body, callback_events, reference_images";

describe("a form's names with brackets or dots", () => {
  it.each([
    ["metadata[order]=42&metadata[shop]=a+b", { metadata: { order: "42", shop: "a b" } }],
    ["metadata.order=42", { metadata: { order: "42" } }],
    ["metadata%5Border%5D=42", { metadata: { order: "42" } }],
    ["metadata[0]=a&metadata[constructor]=b", { metadata: { "0": "a", constructor: "b" } }],
    ["metadata[灯]=1", { metadata: { 灯: "1" } }],
    ["metadata[a]=1&metadata[a]=2", { metadata: { a: ["1", "2"] } }],
    ["test[outcome]=succeeded&test[delay_seconds]=0", { test: { outcome: "succeeded", delay_seconds: "0" } }],
    ["test.outcome=failed", { test: { outcome: "failed" } }],
    ["test[outcome]=", { test: { outcome: "" } }],
    ["callback_headers[x-make-apikey]=k", { callback_headers: { "x-make-apikey": "k" } }],
    ["upstream_body[metadata]=x", { upstream_body: { metadata: "x" } }],
    ["callback_events[]=a&callback_events[]=b", { callback_events: ["a", "b"] }],
    ["callback_events[]=a", { callback_events: ["a"] }],
    ["callback_events[1]=a&callback_events[0]=b", { callback_events: ["a", "b"] }],
    ["reference_images.0=a&reference_images.1=b", { reference_images: ["a", "b"] }],
    ["reference_images[]=a&prompt=p&reference_images[]=b", { reference_images: ["a", "b"], prompt: "p" }],
  ])("are read as members: %s", (form, expected) => {
    expect(parsed(form)).toEqual(expected);
    expect(refused(form)).toEqual([]);
  });

  it.each([
    "metadata[a][b]",
    "metadata[a].b",
    "metadata.a.b",
    "metadata.a[b]",
    "metadata[a.b]",
    "metadata[a__b]",
    "metadata__a",
    "metadata[]",
    "metadata[",
    "metadata[a",
    "metadata[a]x",
    "metadata.",
    "metadata..a",
    "test[]",
    "test[outcome][]",
    "test__outcome",
    "Test[outcome]",
    "test [outcome]",
    "callback_events[x]",
    "callback_events[0][0]",
    "reference_images[a]",
    "reference_images[-1]",
    "callback-headers[x]",
    "prompt[]",
    "image[0]",
    "image.url",
    "duration_seconds.x",
    "callback_url[]",
    "callback[url]",
    "x[y]",
    "x.y",
    "x__y",
    "[",
    "[test]",
    ".",
    "__",
    "__proto__",
    "metadata[__proto__]",
  ])("are refused else: %s", (name) => {
    const form = `${encodeURIComponent(name)}=x&prompt=p`;
    expect(refused(form)).toEqual([[name, NOT_READ]]);
    expect(parsed(form)).toEqual({ prompt: "p" });
  });

  it.each([
    ["metadata={}&metadata[a]=1", "metadata[a]", "metadata"],
    ["metadata[a]=1&metadata={}", "metadata", "metadata"],
    ["metadata[a]=1&metadata.b=1", "metadata.b", "metadata"],
    ["test=&test[outcome]=succeeded", "test[outcome]", "test"],
    ["callback_events=a&callback_events[]=b", "callback_events[]", "callback_events"],
    ["reference_images[]=a&reference_images.0=b", "reference_images.0", "reference_images"],
  ])("are refused where they give a field a second time: %s", (form, name, field) => {
    expect(refused(form)).toEqual([[name, `gives ${field} a second time, in another way`]]);
  });

  it("are counted and read in time that grows with their number", () => {
    expect(parsed("metadata[a]=&".repeat(20_000))).toEqual({
      metadata: { a: Array.from({ length: 20_000 }, () => "") },
    });
    expect(refused("x[]=&".repeat(20_000))).toHaveLength(20_000);
    expect(parsed(`${"metadata[".repeat(100_000)}=x`)).toEqual({});
  });
});

describe("base64 in a form", () => {
  // 96 characters with two `+` in them, at 20 and at 31.
  const base64 = `${"QUJD".repeat(5)}+${"QUJD".repeat(2)}QU+${"QUJD".repeat(16)}`;
  const lost = "has lost the + of its base64: write each + as %2B";

  it.each(["image", "end_image", "reference_images", "reference_images[]", "reference_images[0]"])(
    "whose + was not escaped is refused, because without it it is another image: %s",
    (name) => {
      expect(refused(`${name}=${base64}`)).toEqual([[name, lost]]);
      expect(refused(`${name}=data:image/png;base64,${base64}`)).toEqual([[name, lost]]);
      expect(refused(`${name}=${base64.replace("+", "%2B")}`)).toEqual([[name, lost]]);
      expect(refused(`${name}=${encodeURIComponent(base64)}`)).toEqual([]);
    },
  );

  it("is refused so in lines, too, and in megabytes", () => {
    expect(refused(`image=${base64.replace(/.{24}/g, "$&%0A")}`)).toEqual([["image", lost]]);
    expect(refused(`image=${base64.repeat(10_000)}`)).toEqual([["image", lost]]);
  });

  it.each([
    ["blanks at even distances", new URLSearchParams({ image: "QUJD".repeat(30).replace(/.{40}/g, "$& ") })],
    ["lines", new URLSearchParams({ image: "QUJD".repeat(30).replace(/.{40}/g, "$&\r\n") })],
    ["a URL", new URLSearchParams({ image: "https://example.com/a b c d" })],
    ["a list", new URLSearchParams({ reference_images: "asset://a , asset://b" })],
    ["a list in JSON", new URLSearchParams({ reference_images: '["asset://a", "asset://b"]' })],
    ["another field", new URLSearchParams({ prompt: `${"QUJD".repeat(5)} ${"QUJD".repeat(7)}QU` })],
  ])("is left to the schema where its blanks are a layout's, or where it is none: %s", (_name, form) => {
    expect(refused(form.toString())).toEqual([]);
  });
});

describe("a byte order mark", () => {
  const mark = "\ufeff";
  it.each([
    ["json", '{"model":"m"}', { model: "m" }],
    ["form", "model=m", { model: "m" }],
    ["form", ' {"model":"m"}', { model: "m" }],
    ["json", " [1]", "is not a JSON object"],
  ] as const)("at the start of %s is ignored: %s", (kind, body, expected) => {
    expect(valueOf(parseBody(bytes(body), { kind }))).toEqual(expected);
    expect(valueOf(parseBody(bytes(mark + body), { kind }))).toEqual(expected);
  });
});
