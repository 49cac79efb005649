import { isPlainAscii, LIFT_MIN_BYTES, LiftedText, parseJsonBody } from "./json-body.ts";
import type { JsonBody, RequestValue } from "./json-body.ts";

/**
 * A create as `application/x-www-form-urlencoded`, for tools that cannot send JSON. Source: URL Standard, section 5.1,
 * but for invalid UTF-8, which is refused instead of replaced.
 */

/** Far beyond any real form: a list may have 10,000 items, each a field. Millions of them would hold up everybody else. */
const FIELDS_MAX = 20_000;

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const QUOTE = 0x22;
const BRACE = 0x7b;

/** A request's body by the type that it says it has. */
export function parseBody(bytes: Uint8Array, type: "json" | "form"): JsonBody {
  return type === "form" && !looksLikeJson(bytes) ? parseFormBody(bytes) : parseJsonBody(bytes);
}

/** What `curl -d '{…}'` sends: JSON under the type of a form. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  return bytes.find((byte) => byte > SPACE) === BRACE;
}

export function parseFormBody(bytes: Uint8Array): JsonBody {
  const values = new Map<string, RequestValue[]>();
  let count = 0;
  try {
    for (const [name, value] of fieldsOf(bytes)) {
      count += 1;
      if (count > FIELDS_MAX) return { ok: false, problem: `has more than ${FIELDS_MAX} fields` };
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
  } catch {
    // The decoder's only complaint.
    return { ok: false, problem: "is not valid UTF-8" };
  }
  const entries = Array.from(values, ([name, all]): [string, RequestValue] => {
    const [only] = all;
    // A repeated name is a list; what else a text may stand for is the schema's business.
    return [name, all.length > 1 || only === undefined ? all : only];
  });
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

/** One for all: a form may have a great many fields. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
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
