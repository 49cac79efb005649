import { problem } from "../../contract/problems.ts";
import type { BodyType } from "./content-type.ts";
import {
  decodeText,
  fieldNamed,
  gatherFields,
  textValue,
  type FormEntry,
  type Gather,
} from "./form-fields.ts";
import { IMAGE_FIELDS } from "./image.ts";
import { RawText, parseJsonBody, type JsonBody } from "./json-body.ts";
import { parseMultipartBody } from "./multipart-body.ts";

/**
 * A create as `application/x-www-form-urlencoded`, for tools that cannot send JSON. Source: URL Standard, section 5.1,
 * but for invalid UTF-8, which is refused instead of replaced.
 */

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const BRACE = 0x7b;

/** A request's body by its content type. Ignores a byte order mark at its start. */
export function parseBody(bytes: Uint8Array, type: BodyType, gather: Gather = gatherFields): JsonBody {
  const body = hasByteOrderMark(bytes) ? bytes.subarray(3) : bytes;
  if (type.kind === "json" || looksLikeJson(body)) return parseJsonBody(body);
  return type.kind === "form" ? parseFormBody(body, gather) : parseMultipartBody(body, type.boundary, gather);
}

function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** What `curl -d '{…}'` sends: JSON under the type of a form. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  return bytes.find((byte) => byte > SPACE) === BRACE;
}

export function parseFormBody(bytes: Uint8Array, gather: Gather = gatherFields): JsonBody {
  try {
    return gather(fieldsOf(bytes));
  } catch {
    // The decoder's only error.
    return { ok: false, problem: problem("not_utf8") };
  }
}

/** @throws TypeError where a name or a value is not UTF-8 */
function* fieldsOf(bytes: Uint8Array): Generator<FormEntry> {
  for (let start = 0; start < bytes.length;) {
    const next = bytes.indexOf(AMPERSAND, start);
    const end = next === -1 ? bytes.length : next;
    const field = bytes.subarray(start, end);
    start = end + 1;
    if (field.length === 0) continue;
    const equals = field.indexOf(EQUALS);
    const name = decodeText(decoded(equals === -1 ? field : field.subarray(0, equals)));
    const given = equals === -1 ? new Uint8Array(0) : field.subarray(equals + 1);
    const value = textValue(decoded(given));
    yield given.includes(PLUS) && hasLostPlus(name, value)
      ? { name, problem: problem("plus_lost") }
      : { name, value };
  }
}

/** Base64, alone or in a `data:` URL, with blanks in it. */
const BROKEN_BASE64 = /^(?:data:[^,\s]*,)?([A-Za-z0-9+/=\s]+)$/i;

/**
 * Whether a form's `+`, which is a blank, was the `+` of base64: without it the image would be another one. The blanks
 * of a layout stand at even distances, and the text is complete without them.
 */
function hasLostPlus(name: string, value: string | RawText): boolean {
  if (!IMAGE_FIELDS.has(fieldNamed(name) ?? "")) return false;
  const text = value instanceof RawText ? value.toText() : value;
  const lines = BROKEN_BASE64.exec(text)?.[1]?.split(" ") ?? [];
  const length = lines[0]?.length ?? 0;
  const even = lines.every((line, index) =>
    index === lines.length - 1 ? line.length <= length : line.length === length,
  );
  return lines.length > 1 && (!even || lines.join("").replace(/\s/g, "").length % 4 !== 0);
}

/** `+` is a space, `%41` a byte; a percent sign without two digits behind it is itself. */
function decoded(field: Uint8Array): Uint8Array {
  if (!field.includes(PERCENT) && !field.includes(PLUS)) return field;
  const bytes = new Uint8Array(field.length);
  let length = 0;
  for (let index = 0; index < field.length; index++) {
    const byte = field[index] ?? 0;
    const high = byte === PERCENT ? digitOf(field[index + 1]) : -1;
    const low = high === -1 ? -1 : digitOf(field[index + 2]);
    if (low !== -1) index += 2;
    bytes[length++] = low !== -1 ? high * 16 + low : byte === PLUS ? SPACE : byte;
  }
  return bytes.subarray(0, length);
}

/** Of a hexadecimal digit; -1 for everything else. */
function digitOf(byte: number | undefined): number {
  if (byte === undefined) return -1;
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? -1 : digit;
}
