import { issue, problem, type Issue, type Problem } from "../../contract/problems.ts";
import { isJsonObject, parseJson, type JsonValue } from "../../domain/text/json.ts";
import {
  JSON_DEPTH_MAX,
  JSON_VALUES_MAX,
  jsonExcess,
  type JsonExcess,
} from "../../domain/text/json-bounds.ts";
import { isName, repeatedNames, type JsonName } from "../../domain/text/json-names.ts";
import { concat } from "../../net/concat.ts";

/**
 * Reads a JSON request without turning its images into strings. A base64 image of 15 MB as a JavaScript string, its
 * copy in the parsed tree, in the serialised request and in the encoded bytes would be most of an isolate's memory;
 * so a long string literal stays the bytes it came as, and only what is left is decoded and parsed.
 */

/** A long, plain ASCII string that was left as bytes. */
export class RawText {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  toText(): string {
    return new TextDecoder().decode(this.bytes);
  }
}

/** JSON whose long strings are lifted. */
export type RequestValue = JsonValue | RawText | RequestValue[] | { [key: string]: RequestValue };
export type RequestObject = { [key: string]: RequestValue };

/** A shorter string is not worth the trouble. */
export const LIFT_MIN_BYTES = 32_768;
const BACKSLASH = 0x5c;

const TOO_LARGE: Record<JsonExcess, Problem> = {
  values: problem("too_many_values", { max: JSON_VALUES_MAX }),
  depth: problem("too_deep", { max: JSON_DEPTH_MAX }),
};

export type JsonBody = ({ ok: true; value: RequestObject } | { ok: false; problem: Problem }) & {
  /** Problems of the request beside its fields: the names of a form, its query. */
  issues?: readonly Issue[];
  /** Names that stand twice in its JSON. */
  repeated?: readonly JsonName[];
};

export function parseJsonBody(bytes: Uint8Array): JsonBody {
  const scan = liftLongStrings(bytes);
  if (typeof scan === "string") return { ok: false, problem: TOO_LARGE[scan] };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(scan.skeleton);
  } catch {
    // The decoder's only error.
    return { ok: false, problem: problem("not_utf8") };
  }
  try {
    const value = restoreLifted(parseJson(text), scan.marks);
    if (!isRequestObject(value)) return { ok: false, problem: problem("not_json_object") };
    return { ok: true, value, repeated: repeatedNames(scan.skeleton) ?? [] };
  } catch {
    // The parser's message would quote the body.
    return { ok: false, problem: problem("not_json") };
  }
}

/** A field of Ringback's own must stand once: of two tests or callbacks the parser takes the last, be it null. */
export function repeatIssues({ repeated = [] }: JsonBody, isOwn: (name: JsonName) => boolean): Issue[] {
  return repeated.filter(isOwn).map((name) => issue(name.join(".").slice(0, 100), "given_twice"));
}

export function isRequestObject(value: unknown): value is RequestObject {
  return isJsonObject(value) && !((value as unknown) instanceof RawText);
}

interface Scan {
  /** The JSON with a short mark in place of each lifted string. */
  skeleton: Uint8Array;
  marks: Map<string, RawText>;
}

/** Broken JSON stays broken JSON. */
function liftLongStrings(bytes: Uint8Array): Scan | JsonExcess {
  const marks = new Map<string, RawText>();
  // Unguessable, so that no string of the caller's equals a mark; made when a string is long enough.
  let nonce = "";
  const pieces: Uint8Array[] = [];
  let copied = 0;
  const lift = (start: number, end: number): void => {
    const literal = bytes.subarray(start, end);
    if (literal.length < LIFT_MIN_BYTES || !isPlainAscii(literal) || isName(bytes, end)) return;
    nonce ||= crypto.randomUUID();
    const mark = `lifted ${nonce} ${marks.size}`;
    marks.set(mark, new RawText(literal));
    pieces.push(bytes.subarray(copied, start), new TextEncoder().encode(mark));
    copied = end;
  };
  const excess = jsonExcess(bytes, { onString: lift });
  if (excess !== null) return excess;
  pieces.push(bytes.subarray(copied));
  return { skeleton: marks.size === 0 ? bytes : concat(pieces), marks };
}

const BLANKS = 0x20202020;
const BACKSLASHES = 0x5c5c5c5c;
const ONES = 0x01010101;
const HIGH_BITS = 0x80808080;

/**
 * ASCII without a control character or an escape: its bytes are its value, in UTF-8 and in JSON alike. Asked of
 * megabytes, so four bytes at a time: one that is no ASCII has its high bit set; one below a blank has it once a blank
 * is taken off; a backslash differs from a backslash by zero, which has it once one is taken off.
 */
export function isPlainAscii(bytes: Uint8Array): boolean {
  const { buffer, byteOffset, length } = bytes;
  // Words begin at multiples of four.
  const head = -byteOffset & 3;
  const words = head < length ? new Uint32Array(buffer, byteOffset + head, (length - head) >> 2) : [];
  let bits = 0;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? 0;
    bits |= word | (word - BLANKS) | ((word ^ BACKSLASHES) - ONES);
  }
  const ends = [...bytes.subarray(0, head), ...bytes.subarray(head + 4 * words.length)];
  return (bits & HIGH_BITS) === 0 && ends.every(isPlain);
}

function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x80 && byte !== BACKSLASH;
}

function restoreLifted(value: JsonValue, marks: Map<string, RawText>): RequestValue {
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
  const lifted: RawText[] = [];
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (!(item instanceof RawText)) return item;
    lifted.push(item);
    return nonce;
  });
  const pieces = text.split(nonce).flatMap((piece, index) => {
    const before = lifted[index - 1];
    return before ? [before.bytes, encoder.encode(piece)] : [encoder.encode(piece)];
  });
  return concat(pieces);
}
