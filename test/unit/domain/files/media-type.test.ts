import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mediaType, namedType, SNIFF_BYTES } from "../../../../src/domain/files/media-type.ts";
import { MEDIA_ENDINGS } from "../../../../src/contract/words.ts";

/*
 * scenario                                     requirement
 * a source that names the type                 contract, Kept files: by the source's `content-type`
 * a source that names none, or octets          contract: then by the first bytes
 * a web page, SVG, audio, anything else        contract: not media
 */

const NOTHING = new Uint8Array(0);

function bytes(...parts: (string | number[])[]): Uint8Array {
  return Uint8Array.from(
    Buffer.concat(
      parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))),
    ),
  );
}

/** A box `ftyp` and the box after it. */
function ftyp(major: string, ...others: string[]): Uint8Array {
  const size = 16 + 4 * others.length;
  return bytes([0, 0, 0, size], "ftyp", major, [0, 0, 2, 0], ...others, [0, 0, 0, 8], "free", "avifavif");
}

/** An EBML header with the elements that muxers write before the `DocType`. */
function ebml(docType: string, before: number[] = [0x42, 0x86, 0x81, 1, 0x42, 0xf2, 0x81, 4]): Uint8Array {
  const element = [0x42, 0x82, 0x80 + docType.length, ...bytes(docType)];
  return bytes([0x1a, 0x45, 0xdf, 0xa3, 0x80 + before.length + element.length, ...before, ...element]);
}

describe("a source that names the type", () => {
  it.each(Object.keys(MEDIA_ENDINGS))("%s is believed, whatever the bytes are", (named) => {
    expect(mediaType(named, NOTHING)).toBe(named);
    expect(mediaType(named, bytes("<!doctype html>"))).toBe(named);
  });

  it.each([
    ["Video/MP4", "video/mp4"],
    ['video/mp4; codecs="avc1.4d401e"', "video/mp4"],
    ["video/mp4;charset=utf-8;x=y", "video/mp4"],
    ["  image/png ; a=b", "image/png"],
  ])("may write it as %s", (contentType, type) => {
    expect(mediaType(contentType, NOTHING)).toBe(type);
  });

  it.each([
    "text/html; charset=utf-8",
    "image/svg+xml",
    "application/json",
    "application/mp4",
    "audio/mp4",
    "video/",
    "video",
    "video/mp4x",
    "text/html, video/mp4",
    "text/plain;video/mp4",
    "constructor",
    "__proto__",
  ])("%s is no media, even if the bytes are", (contentType) => {
    expect(mediaType(contentType, ftyp("isom"))).toBeNull();
  });
});

describe("a source that names no type", () => {
  it.each([
    null,
    "",
    " ",
    "; charset=utf-8",
    "application/octet-stream",
    "binary/octet-stream",
    "Application/Octet-Stream; x=1",
  ])("(%j) is judged by its first bytes", (contentType) => {
    expect(namedType(contentType)).toBe("unknown");
    expect(mediaType(contentType, ftyp("isom", "iso2", "avc1", "mp41"))).toBe("video/mp4");
    expect(mediaType(contentType, bytes("<!doctype html>"))).toBeNull();
  });

  it.each([
    ["isom", "video/mp4"],
    ["iso6", "video/mp4"],
    ["mp42", "video/mp4"],
    ["avc1", "video/mp4"],
    ["M4V ", "video/mp4"],
    ["dash", "video/mp4"],
    ["qt  ", "video/quicktime"],
    ["avif", "image/avif"],
    ["avis", "image/avif"],
    ["M4A ", null],
    ["heic", null],
    ["jp2 ", null],
  ])("with the brand %j is %s", (brand, type) => {
    expect(mediaType(null, ftyp(brand))).toBe(type);
    expect(mediaType(null, ftyp(brand, "isom", "mp42"))).toBe(type);
  });

  it("is an AVIF if a neutral image brand stands first and the other brands say so, inside the box", () => {
    expect(mediaType(null, ftyp("mif1", "miaf", "avif"))).toBe("image/avif");
    expect(mediaType(null, ftyp("mif1", "heic"))).toBeNull();
    expect(mediaType(null, ftyp("mif1"))).toBeNull();
  });

  it.each([
    { what: "WebM", file: ebml("webm"), type: "video/webm" },
    { what: "Matroska", file: ebml("matroska"), type: "video/x-matroska" },
    { what: "WebM whose type stands first", file: ebml("webm", []), type: "video/webm" },
    { what: "WebM that is padded with zeros", file: ebml("webm\0\0\0"), type: "video/webm" },
    { what: "another document type", file: ebml("mkv"), type: null },
    { what: "a name of every object", file: ebml("toString"), type: null },
    {
      what: "a header without a type",
      file: bytes([0x1a, 0x45, 0xdf, 0xa3, 0x84, 0x42, 0x86, 0x81, 1]),
      type: null,
    },
    {
      what: "a type behind the header",
      file: bytes([0x1a, 0x45, 0xdf, 0xa3, 0x84, 0x42, 0x86, 0x81, 1, 0x42, 0x82, 0x84], "webm"),
      type: null,
    },
    {
      what: "a header whose length takes eight bytes",
      file: bytes([0x1a, 0x45, 0xdf, 0xa3, 1, 0, 0, 0, 0, 0, 0, 7, 0x42, 0x82, 0x84], "webm"),
      type: "video/webm",
    },
    { what: "PNG", file: bytes([0x89], "PNG\r\n\x1a\n", [0, 0, 0, 13]), type: "image/png" },
    { what: "JPEG", file: bytes([0xff, 0xd8, 0xff, 0xe0]), type: "image/jpeg" },
    { what: "WebP", file: bytes("RIFF", [9, 9, 9, 9], "WEBPVP8 "), type: "image/webp" },
    { what: "WAV", file: bytes("RIFF", [9, 9, 9, 9], "WAVEfmt "), type: null },
    { what: "GIF 87", file: bytes("GIF87a"), type: "image/gif" },
    { what: "GIF 89", file: bytes("GIF89a"), type: "image/gif" },
    { what: "SVG", file: bytes('<svg xmlns="http://www.w3.org/2000/svg">'), type: null },
    { what: "SVG with a prolog", file: bytes('<?xml version="1.0"?><svg>'), type: null },
    { what: "JSON", file: bytes('{"error":"expired"}'), type: null },
    { what: "a page that mentions ftyp", file: bytes("<!--ftypisom-->"), type: null },
    { what: "nothing", file: NOTHING, type: null },
  ])("is $type if it is $what", ({ file, type }) => {
    expect(mediaType(null, file)).toBe(type);
  });

  it("is never an error, whatever it sends and wherever it is cut", () => {
    const starts = [ftyp("isom", "mp42"), ebml("webm"), bytes("RIFF", [0, 0, 0, 0], "WEBP"), bytes("GIF89a")];
    const file = fc.tuple(
      fc.constantFrom(...starts, NOTHING),
      fc.nat(40),
      fc.uint8Array({ maxLength: SNIFF_BYTES }),
    );
    fc.assert(
      fc.property(file, ([start, cut, rest]) => {
        expect([null, ...Object.keys(MEDIA_ENDINGS)]).toContain(
          mediaType(null, Uint8Array.from([...start.subarray(0, cut), ...rest])),
        );
      }),
    );
  });
});
