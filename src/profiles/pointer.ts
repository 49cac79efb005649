import { isJsonObject, own, type JsonValue } from "../domain/text/json.ts";

/**
 * JSON Pointers (RFC 6901) in which a token that is nothing but `*` stands for each item of a list. The empty text is
 * the whole value.
 */

const TOKENS_MAX = 20;
/** The index of an item, as RFC 6901 writes it: without zeros before it. */
const INDEX = /^(?:0|[1-9]\d{0,8})$/;

/** Whether the text is a pointer: each `~` in it is `~0` or `~1`. */
export function isPointer(text: string): boolean {
  const isWritten = text === "" || (text.startsWith("/") && !/~(?![01])/.test(text));
  return isWritten && tokensOf(text).length <= TOKENS_MAX;
}

/**
 * Every value that the pointer leads to, in the answer's order; none where the way ends. A name leads to a member of the
 * object's own, an index to an item of a list.
 */
export function valuesAt(value: JsonValue, pointer: string): JsonValue[] {
  let found = [value];
  for (const token of tokensOf(pointer)) found = found.flatMap((from) => stepInto(from, token));
  return found;
}

/**
 * The value without the other items of each list on the way to the first value that `isMeant` takes: what a pointer with
 * `*` finds in it belongs together. The value as it is if none is taken, or if the pointer has no `*`.
 */
export function onlyItemOf(
  value: JsonValue,
  pointer: string,
  isMeant: (found: JsonValue) => boolean,
): JsonValue {
  return pointer.includes("*") ? (narrowed(value, tokensOf(pointer), isMeant) ?? value) : value;
}

/** Null: what is meant is not in it. */
function narrowed(
  value: JsonValue,
  [token, ...more]: readonly string[],
  isMeant: (found: JsonValue) => boolean,
): JsonValue | null {
  if (token === undefined) return isMeant(value) ? value : null;
  if (token === "*" && Array.isArray(value)) {
    for (const item of value) {
      const one = narrowed(item, more, isMeant);
      if (one !== null) return [one];
    }
    return null;
  }
  const [inner] = stepInto(value, token);
  const one = inner === undefined ? null : narrowed(inner, more, isMeant);
  if (one === null) return null;
  if (Array.isArray(value)) return value.map((item) => (item === inner ? one : item));
  return isJsonObject(value) ? { ...value, [token]: one } : null;
}

/** The name of the member that the pointer leads to; null: it leads to items, or to the whole value. */
export function memberOf(pointer: string): string | null {
  const last = tokensOf(pointer).at(-1) ?? "*";
  return last === "*" || INDEX.test(last) ? null : last;
}

function stepInto(value: JsonValue, token: string): JsonValue[] {
  if (Array.isArray(value)) {
    if (token === "*") return value;
    return INDEX.test(token) ? value.slice(Number(token), Number(token) + 1) : [];
  }
  const member = isJsonObject(value) ? own(value, token) : undefined;
  return member === undefined ? [] : [member];
}

function tokensOf(pointer: string): string[] {
  const [, ...tokens] = pointer.split("/");
  return tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}
