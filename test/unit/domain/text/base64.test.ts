import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64Bytes, isBase64Bytes } from "../../../../src/domain/text/base64.ts";

/** Where in a buffer the bytes begin: what is read in words depends on it. */
const offset = fc.integer({ min: 0, max: 7 });

function at(place: number, content: Uint8Array): Uint8Array {
  const around = new Uint8Array(place + content.length + 8).fill(0xff);
  around.set(content, place);
  return around.subarray(place, place + content.length);
}

describe("base64", () => {
  it("is the same as the platform's", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(Buffer.from(base64Bytes(bytes)).toString()).toBe(Buffer.from(bytes).toString("base64"));
      }),
    );
  });

  it("is distinguished from anything else by every byte of it, wherever it stands", () => {
    const letters = fc
      .uint8Array({ maxLength: 60 })
      .map((bytes) => Buffer.from(bytes).toString("base64").replaceAll("=", ""));
    fc.assert(
      fc.property(letters, offset, fc.nat(), fc.integer({ min: 0, max: 255 }), (text, place, where, byte) => {
        const bytes = new TextEncoder().encode(text);
        expect(isBase64Bytes(at(place, bytes))).toBe(true);
        if (bytes.length === 0) return;
        bytes[where % bytes.length] = byte;
        expect(isBase64Bytes(at(place, bytes))).toBe(/[A-Za-z0-9+/]/.test(String.fromCharCode(byte)));
      }),
      { numRuns: 2000 },
    );
  });
});
