/** JSON that keeps its digits: reading, writing and comparing without a detour through doubles. */

/** A value as `parseJson` gives it: numbers that a double would change are `RawJson` with their source text. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | RawJson
  | JsonValue[]
  | { [key: string]: JsonValue };

export type JsonObject = { [key: string]: JsonValue };

/** A number with a fraction, an exponent or 16 digits, or minus zero; or text in a string that looks like one. */
const MAY_LOSE_DIGITS = /(?:^|[:,[\s])(?:-0|-?\d+[.eE]|-?\d{16})/;
/** A longer text may be nested too deep for the code that walks it; the reviver detects that first. */
const SHORT_LENGTH = 4096;

/**
 * Parses JSON; a number whose spelling does not survive a double (`1.0`, `12345678901234567890`, `1e400`) stays
 * its source text, so that forwarding it writes the same digits.
 * @throws SyntaxError on anything that is not one JSON value
 */
export function parseJson(text: string): JsonValue {
  // A reviver makes parsing ten times slower, and an answer to a poll hardly ever has such a number.
  if (text.length <= SHORT_LENGTH && !MAY_LOSE_DIGITS.test(text)) return JSON.parse(text) as JsonValue;
  return JSON.parse(text, (_key, value, context) =>
    typeof value === "number" && context.source !== undefined && context.source !== String(value)
      ? JSON.rawJSON(context.source)
      : value,
  ) as JsonValue;
}

/** The value as a plain number, or undefined if it is none. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return JSON.isRawJSON(value) ? Number(value.rawJSON) : undefined;
}

/** An object that came from JSON: not null, no array, no number kept as text. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** The object that a member holds, or the first object of the list that it holds; undefined: neither. */
export function innerObject(object: JsonObject, key: string): JsonObject | undefined {
  const value = own(object, key);
  const inner = Array.isArray(value) ? value.find(isJsonObject) : value;
  return isJsonObject(inner) ? inner : undefined;
}

/** Own property or undefined: `constructor` and `__proto__` are ordinary keys of a caller's object. */
export function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/**
 * One spelling for every spelling of the same number: `5`, `5.0` and `50e-1` are equal, and two numbers that
 * differ only beyond a double's precision are not. Used to compare requests, never to forward them.
 */
export function canonicalNumber(source: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,12}))?$/.exec(source);
  if (!match) return source;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const scale = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign}${significant}e${scale}`;
}
