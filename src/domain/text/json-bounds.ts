import { parseJson, type JsonValue } from "./json.ts";

/**
 * Bounds of JSON, checked before it is parsed: an empty object is three bytes in a request and some hundred in memory,
 * so a body of 16 MiB would need more than a gigabyte.
 */

/** Members and elements in all. A real request has some dozens; its longest list may have 10,000 items. */
export const JSON_VALUES_MAX = 20_000;
export const JSON_DEPTH_MAX = 64;

/** Which bound it exceeds. */
export type JsonExcess = "values" | "depth";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SPACE = 0x20;

/**
 * Null: within the bounds. Does not judge broken JSON, which the parser refuses. `onString` gets the begin and the end
 * of each string literal's characters, and in how many objects and lists it stands.
 */
export function jsonExcess(
  bytes: Uint8Array,
  {
    onString = () => undefined,
    valuesMax = JSON_VALUES_MAX,
  }: { onString?: (start: number, end: number, depth: number) => void; valuesMax?: number } = {},
): JsonExcess | null {
  let depth = 0;
  let values = 0;
  /** Behind an opening bracket: the first value has no comma before it. */
  let opened = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte <= SPACE) continue;
    if (isClosing(byte)) {
      depth -= 1;
      opened = false;
      continue;
    }
    if (opened || byte === COMMA) values += 1;
    if (values > valuesMax) return "values";
    opened = isOpening(byte);
    if (opened && ++depth > JSON_DEPTH_MAX) return "depth";
    if (byte !== QUOTE) continue;
    const end = endOfString(bytes, index + 1);
    onString(index + 1, end, depth);
    index = end;
  }
  return null;
}

/** @throws SyntaxError on anything that is not one JSON value within the bounds */
export function parseBoundedJson(text: string, valuesMax = JSON_VALUES_MAX): JsonValue {
  const excess = jsonExcess(new TextEncoder().encode(text), { valuesMax });
  if (excess !== null) throw new SyntaxError(`too many JSON ${excess}`);
  return parseJson(text);
}

function isOpening(byte: number): boolean {
  return byte === 0x7b || byte === 0x5b;
}

function isClosing(byte: number): boolean {
  return byte === 0x7d || byte === 0x5d;
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
