import * as z from "zod/mini";
import { says } from "../../contract/problems.ts";
import { numberOf } from "../../domain/text/json.ts";
import { JSON_VALUES_MAX, parseBoundedJson } from "../../domain/text/json-bounds.ts";
import { RawText, parseJsonBody } from "./json-body.ts";

/** Reads a request's fields before the schema judges them: forms and no-code tools send many forms of a value. */

const COMMA = 0x2c;
const BRACKET = 0x5b;

/** `null` and an empty string count as absent: a form has no other way to leave a field out. */
export function present(value: unknown): unknown {
  return value === null || value === "" ? undefined : value;
}

export function textOf(value: unknown): unknown {
  return value instanceof RawText ? value.toText() : present(value);
}

/** Numbers may come as strings, and with digits that a double would lose. */
export function numeric(value: unknown): unknown {
  if (typeof value === "string" && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value)) return Number(value);
  return numberOf(value) ?? present(value);
}

export function coerceBoolean(value: unknown): unknown {
  if (typeof value === "string" && /^(true|false)$/i.test(value.trim()))
    return value.trim().toLowerCase() === "true";
  return present(value);
}

/** Between URLs: a line break, or a comma in front of the next one. Any other comma is part of its URL. */
const BETWEEN_URLS = /[\r\n]|,(?=\s*(?:https?|data|asset):)/gi;
/** Between words. */
const BETWEEN_WORDS = /[,\r\n]/g;

/** An array, a JSON array in a string, or URLs with line breaks or commas between them. */
export function coerceList(value: unknown): unknown {
  if (value instanceof RawText && isOneUrl(value)) return [value];
  const text = textOf(value);
  if (typeof text !== "string") return text;
  if (/^\s*\[/.test(text)) {
    try {
      return parseBoundedJson(text);
    } catch {
      // Not JSON after all, or too much of it: then it is lines, and each is judged as one.
    }
  }
  const items = parts(text, BETWEEN_URLS);
  return items?.length === 0 ? undefined : (items ?? text);
}

/**
 * What stands between the separators, without blanks; null where there are more of them than a request may have values:
 * they are counted before anything is split, because each part costs dozens of bytes more than it has on the wire.
 */
function parts(text: string, separator: RegExp): string[] | null {
  const separators = text.matchAll(separator);
  for (let count = 0; !separators.next().done; count++) if (count === JSON_VALUES_MAX) return null;
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** A file, most likely: without a comma but that of its own head there is nothing to part, and it stays bytes. */
function isOneUrl({ bytes }: RawText): boolean {
  const comma = bytes.indexOf(COMMA);
  return bytes[0] !== BRACKET && (comma === -1 || bytes.indexOf(COMMA, comma + 1) === -1);
}

/** An object, or one as JSON in a string, which is held to the same bounds as a body. */
export function objectish(value: unknown): unknown {
  const text = textOf(value);
  if (typeof text !== "string" || !/^\s*\{/.test(text)) return text;
  const parsed = parseJsonBody(new TextEncoder().encode(text));
  // What is none stays text, and is judged as that.
  return parsed.ok ? parsed.value : text;
}

/** An array, a JSON array in a string, or words with commas or line breaks between. */
export function commaSeparated(value: unknown): unknown {
  const text = textOf(value);
  if (typeof text !== "string" || /^\s*\[/.test(text)) return coerceList(text);
  return parts(text, BETWEEN_WORDS) ?? text;
}

export function string(message = says("not_text")) {
  return z.string(message);
}

/** So many characters as a person counts them: in UTF-16 an emoji is two. */
export function stringUpTo(max: number) {
  return string().check(
    z.refine((text) => Array.from(text).length <= max, says("text_too_long", { max })),
    z.meta({ maxLength: max }),
  );
}

/** Far beyond any real list. A longer one is refused as a whole: judging each item would make a million issues. */
export const LIST_MAX = 10_000;

/** The list, or something that is none where it is too long to be judged item by item. */
export function bounded(value: unknown): unknown {
  return Array.isArray(value) && value.length > LIST_MAX ? "too long" : value;
}

/** A value that is prepared before its type judges it. */
export function prepared<T extends z.ZodMiniType>(prepare: (value: unknown) => unknown, type: T) {
  return z.pipe(z.transform(prepare), type);
}

export function field<T extends z.ZodMiniType>(prepare: (value: unknown) => unknown, type: T) {
  return prepared(prepare, z.optional(type));
}

/** The same, with what an absent one means. */
export function fieldOr<T extends z.ZodMiniType>(
  prepare: (value: unknown) => unknown,
  type: T,
  fallback: NonNullable<z.output<T>>,
) {
  return z.pipe(
    field(prepare, type),
    z.transform((value) => value ?? fallback),
  );
}

export const integer = (min: number, max: number) => {
  const message = says("integer_range", { min, max });
  return z.int(message).check(z.gte(min, message), z.lte(max, message));
};
