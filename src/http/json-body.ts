import { isJsonObject, parseJson, type JsonValue } from "../domain/json.ts";
import { concat } from "../wire/concat.ts";

/**
 * Reads a JSON request without turning its images into strings. A base64 image of 15 MB as a JavaScript string, its
 * copy in the parsed tree, in the serialised request and in the encoded bytes would be most of an isolate's memory;
 * so a long string literal stays the bytes it came as, and only what is left is decoded and parsed.
 */

/** A long, plain ASCII string that was left as bytes. */
export class LiftedText {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  toText(): string {
    return new TextDecoder().decode(this.bytes);
  }
}

/** JSON whose long strings are lifted. */
export type RequestValue = JsonValue | LiftedText | RequestValue[] | { [key: string]: RequestValue };
export type RequestObject = { [key: string]: RequestValue };

/** A shorter string is not worth the trouble. */
export const LIFT_MIN_BYTES = 32_768;
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);

export type JsonBody = { ok: true; value: RequestObject } | { ok: false; problem: string };

export function parseJsonBody(bytes: Uint8Array): JsonBody {
  const scan = liftLongStrings(bytes);
  if (scan === null) return { ok: false, problem: `is nested more than ${MAX_DEPTH} levels deep` };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(scan.skeleton);
  } catch {
    // The decoder's only complaint.
    return { ok: false, problem: "is not valid UTF-8" };
  }
  try {
    const value = restoreLifted(parseJson(text), scan.marks);
    return isRequestObject(value) ? { ok: true, value } : { ok: false, problem: "is not a JSON object" };
  } catch {
    // The parser's message would quote the body.
    return { ok: false, problem: "is not valid JSON" };
  }
}

export function isRequestObject(value: unknown): value is RequestObject {
  return isJsonObject(value) && !((value as unknown) instanceof LiftedText);
}

interface Scan {
  /** The JSON with a short mark in place of each lifted string. */
  skeleton: Uint8Array;
  marks: Map<string, LiftedText>;
}

/** Null if the nesting is too deep. Broken JSON comes out as broken JSON. */
function liftLongStrings(bytes: Uint8Array): Scan | null {
  const marks = new Map<string, LiftedText>();
  // Unguessable, so that no string of the caller's can pass for a mark.
  const nonce = crypto.randomUUID();
  const pieces: Uint8Array[] = [];
  let copied = 0;
  let depth = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (OPENING.has(byte) && ++depth > MAX_DEPTH) return null;
    if (CLOSING.has(byte)) depth -= 1;
    if (byte !== QUOTE) continue;
    const end = endOfString(bytes, index + 1);
    const literal = bytes.subarray(index + 1, end);
    if (literal.length >= LIFT_MIN_BYTES && isPlainAscii(literal) && !isKey(bytes, end + 1)) {
      const mark = `lifted ${nonce} ${marks.size}`;
      marks.set(mark, new LiftedText(literal));
      pieces.push(bytes.subarray(copied, index + 1), new TextEncoder().encode(mark));
      copied = end;
    }
    index = end;
  }
  pieces.push(bytes.subarray(copied));
  return { skeleton: marks.size === 0 ? bytes : concat(pieces), marks };
}

/** Index of the closing quote, or the end of the bytes if there is none. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let quote = bytes.indexOf(QUOTE, start); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let backslashes = 0;
    while (quote - 1 - backslashes >= start && bytes[quote - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  return bytes.length;
}

/** Printable ASCII without an escape: its bytes are its value, in UTF-8 and in JSON alike. */
export function isPlainAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return false;
  return true;
}

function isKey(bytes: Uint8Array, after: number): boolean {
  let index = after;
  while (bytes[index] === 0x20 || bytes[index] === 0x09 || bytes[index] === 0x0a || bytes[index] === 0x0d)
    index += 1;
  return bytes[index] === 0x3a;
}

function restoreLifted(value: JsonValue, marks: Map<string, LiftedText>): RequestValue {
  if (marks.size === 0) return value;
  if (typeof value === "string") return marks.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => restoreLifted(item, marks));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restoreLifted(item, marks)]));
}

/** Writes JSON with the lifted strings back in place, as bytes. */
export function encodeJsonBody(value: RequestObject): Uint8Array {
  const encoder = new TextEncoder();
  const nonce = crypto.randomUUID();
  const lifted: LiftedText[] = [];
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (!(item instanceof LiftedText)) return item;
    lifted.push(item);
    return nonce;
  });
  const pieces = text.split(nonce).flatMap((piece, index) => {
    const before = lifted[index - 1];
    return before ? [before.bytes, encoder.encode(piece)] : [encoder.encode(piece)];
  });
  return concat(pieces);
}
