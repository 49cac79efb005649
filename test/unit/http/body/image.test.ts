import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64Bytes } from "../../../../src/domain/text/base64.ts";
import { dataUrl, imageTypeOf, isImage, stripBase64Whitespace } from "../../../../src/http/body/image.ts";
import { RawText } from "../../../../src/http/body/json-body.ts";

const BASE64 = Buffer.from("an image of some sort, long enough to be one, with 0123456789").toString(
  "base64",
);
const lifted = (text: string) => new RawText(new TextEncoder().encode(text));
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

function taken(value: unknown, asset = false): boolean {
  return isImage(stripBase64Whitespace(value), { asset });
}

describe("an image", () => {
  it.each([
    "https://example.com/a.png",
    "HTTP://example.com/a.png?x=1,2#y",
    "data:image/png;base64,AAAA",
    "data:image/svg+xml;charset=utf-8;base64,AAAA",
    "A".repeat(64),
    BASE64,
  ])("is %.60j", (value) => {
    expect(taken(value)).toBe(true);
    expect(taken(value, true)).toBe(true);
  });

  it.each([
    "null",
    "undefined",
    "None",
    "true",
    "none",
    "image",
    "AAAA",
    "A".repeat(63),
    "A".repeat(65),
    "[object Object]",
    "https://",
    "https:example.com/a.png",
    "https://example.com/a b.png",
    " https://example.com/a.png",
    "https://example.com/a.png\n",
    "https://example.com/a\u0000.png",
    "ftp://example.com/a.png",
    "data:image/png,AAAA",
    "data:image/png;base64,",
    "data:image/png;base64,null!",
    "data:text/html;base64,AAAA",
    `${"A".repeat(64)}-_`,
    // Made of letters alone, a sentence is base64 in all but its blanks.
    "A lighthouse at dusk while the slow camera moves over the quiet water towards the light",
    5,
    true,
    {},
    [],
  ])("is not %.60j", (value) => {
    expect(taken(value)).toBe(false);
    expect(taken(value, true)).toBe(false);
  });

  it("of the references may be an asset", () => {
    expect(taken("asset://asset-2026-example", true)).toBe(true);
    expect(taken("asset://asset-2026-example")).toBe(false);
    expect(taken("asset://a b", true)).toBe(false);
    expect(taken("asset://", true)).toBe(false);
  });
});

describe("white space inside base64", () => {
  it.each(["\n", "\r\n", " ", "\t", "\n  "])("is dropped: %j", (blank) => {
    for (const width of [20, 64, 76]) {
      const lines = BASE64.match(new RegExp(`.{1,${width}}`, "g")) ?? [];
      const laidOut = `${lines.join(blank)}${blank}`;
      expect(stripBase64Whitespace(laidOut)).toBe(BASE64);
      expect(stripBase64Whitespace(`data:image/png;base64,${blank}${laidOut}`)).toBe(
        `data:image/png;base64,${BASE64}`,
      );
    }
  });

  it("is dropped from megabytes that stayed bytes", () => {
    const image = "QUJD".repeat(20_000);
    const broken = image.replace(/.{76}/g, "$& ");
    const left = stripBase64Whitespace(lifted(`data:image/png;base64,${broken}`));
    expect(left).toBeInstanceOf(RawText);
    expect((left as RawText).toText()).toBe(`data:image/png;base64,${image}`);
    const whole = lifted(image);
    expect(stripBase64Whitespace(whole)).toBe(whole);
  });

  it("does not make an image of what is mostly white space", () => {
    expect(taken(lifted(`${"A".repeat(16)}${" ".repeat(40_000)}`))).toBe(false);
    expect(taken(lifted("word ".repeat(10_000)))).toBe(false);
  });

  it.each(["https://example.com/a b", "a sentence", "asset://a b", "data:text/plain,a b", 5, null])(
    "of anything else stays: %j",
    (value) => {
      expect(stripBase64Whitespace(value)).toBe(value);
    },
  );
});

describe("a file", () => {
  it.each([
    ["image/png", "", "image/png"],
    ["IMAGE/JPEG; name=x", "anything", "image/jpeg"],
    ["image/svg+xml", "<svg/>", "image/svg+xml"],
    ["", "\x89PNG\r\n\x1a\n", "image/png"],
    ["application/octet-stream", "\xff\xd8\xff\xe0", "image/jpeg"],
    ["image/*", "GIF89a", "image/gif"],
    ["application/octet-stream", "RIFF\x00\x01\x02\x03WEBPVP8 ", "image/webp"],
    ["application/octet-stream", "RIFF\x00\x01\x02\x03WAVE", null],
    ["application/octet-stream", "%PDF-1.7", null],
    ["application/octet-stream", "", null],
    ["text/plain", "\x89PNG\r\n\x1a\n", null],
    ["video/mp4", "", null],
  ])("of type %j that begins with %j is %j", (said, bytes, expected) => {
    expect(imageTypeOf(said, latin1(bytes))).toBe(expected);
  });

  it("becomes its data: URL, byte for byte", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const expected = Buffer.from(bytes).toString("base64");
        expect(new TextDecoder().decode(base64Bytes(bytes))).toBe(expected);
        expect(dataUrl("image/png", bytes)).toBe(`data:image/png;base64,${expected}`);
      }),
    );
    const large = dataUrl("image/png", new Uint8Array(40_000).fill(7));
    expect(large).toBeInstanceOf(RawText);
    expect((large as RawText).toText()).toBe(
      `data:image/png;base64,${Buffer.alloc(40_000, 7).toString("base64")}`,
    );
  });
});
