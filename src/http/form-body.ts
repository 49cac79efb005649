import { isPlainAscii, LIFT_MIN_BYTES, LiftedText, parseJsonBody } from "./json-body.ts";
import type { JsonBody, RequestValue } from "./json-body.ts";

/**
 * A create as `application/x-www-form-urlencoded`, for tools that cannot send JSON. Source: URL Standard, section 5.1,
 * but for invalid UTF-8, which is refused instead of replaced.
 */

/** Fields whose values are objects: in a form they are JSON in a string. */
const OBJECT_FIELDS = new Set(["callback_headers", "metadata", "test"]);
const LISTS_WITH_COMMAS = new Set(["callback_events"]);

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const QUOTE = 0x22;
const BRACE = 0x7b;

/** What `curl -d '{…}'` sends: JSON under the type of a form. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  return bytes.find((byte) => byte > SPACE) === BRACE;
}

export function parseFormBody(bytes: Uint8Array): JsonBody {
  const values = new Map<string, RequestValue[]>();
  try {
    for (const [name, value] of fieldsOf(bytes)) {
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
  } catch {
    // The decoder's only complaint.
    return { ok: false, problem: "is not valid UTF-8" };
  }
  const entries = Array.from(values, ([name, all]): [string, RequestValue] => [name, meant(name, all)]);
  return { ok: true, value: Object.fromEntries(entries) };
}

/** @throws TypeError where a name or a value is not UTF-8 */
function* fieldsOf(bytes: Uint8Array): Generator<[name: string, value: RequestValue]> {
  for (let start = 0; start < bytes.length;) {
    const next = bytes.indexOf(AMPERSAND, start);
    const end = next === -1 ? bytes.length : next;
    const field = bytes.subarray(start, end);
    start = end + 1;
    if (field.length === 0) continue;
    const equals = field.indexOf(EQUALS);
    const name = equals === -1 ? field : field.subarray(0, equals);
    yield [textOf(decoded(name)), valueOf(equals === -1 ? new Uint8Array(0) : field.subarray(equals + 1))];
  }
}

/** Long, plain text stays bytes, as in JSON: most of it is an image. */
function valueOf(field: Uint8Array): RequestValue {
  const bytes = decoded(field);
  const plain = bytes.length >= LIFT_MIN_BYTES && isPlainAscii(bytes) && !bytes.includes(QUOTE);
  return plain ? new LiftedText(bytes) : textOf(bytes);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
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

/** What the text of a form stands for: a repeated name is a list, an object or a list of events may be text. */
function meant(name: string, values: RequestValue[]): RequestValue {
  const [only] = values;
  if (values.length > 1 || only === undefined) return values;
  if (typeof only !== "string") return only;
  if (OBJECT_FIELDS.has(name)) return objectIn(only) ?? only;
  if (!LISTS_WITH_COMMAS.has(name) || only.trim() === "") return only;
  const listed = /^\s*\[/.test(only) ? listIn(only) : null;
  return listed ?? only.split(",").map((part) => part.trim());
}

/** JSON in a string is held to the same bounds as a body; what is none stays text, and is judged as that. */
function objectIn(text: string): RequestValue | null {
  const parsed = parseJsonBody(new TextEncoder().encode(text));
  return parsed.ok ? parsed.value : null;
}

function listIn(text: string): RequestValue | null {
  const wrapped = objectIn(`{"list":${text}}`) as { list?: RequestValue } | null;
  return wrapped?.list ?? null;
}
