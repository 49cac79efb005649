import { jsonExcess } from "./json-bounds.ts";

/** Of two members of one name a parser lets the last one count, without a word. */

/** A name at the top of a JSON object, or one in an object there, behind the name of that object. */
export type JsonName = readonly [name: string, inner?: string];

const COLON = 0x3a;
const decoder = new TextDecoder();

/**
 * The names that stand in the object of a JSON text, or in an object right in it, a second time, and each further time.
 * `bytes` are JSON that a parser takes. Null: they exceed the bounds of JSON.
 */
export function repeatedNames(bytes: Uint8Array): JsonName[] | null {
  const repeated: JsonName[] = [];
  const top = new Set<string>();
  const inner = new Map<string, Set<string>>();
  let above = "";
  const onString = (start: number, end: number, depth: number): void => {
    if (depth > 2 || !isName(bytes, end)) return;
    const name = JSON.parse(decoder.decode(bytes.subarray(start - 1, end + 1))) as string;
    if (depth === 1) above = name;
    const names = depth === 1 ? top : (inner.get(above) ?? new Set());
    if (depth === 2) inner.set(above, names);
    if (names.has(name)) repeated.push(depth === 1 ? [name] : [above, name]);
    names.add(name);
  };
  return jsonExcess(bytes, { onString }) === null ? repeated : null;
}

/** Whether the string whose closing quote stands at `end` is a member's name. */
export function isName(bytes: Uint8Array, end: number): boolean {
  let index = end + 1;
  while (bytes[index] === 0x20 || bytes[index] === 0x09 || bytes[index] === 0x0a || bytes[index] === 0x0d)
    index += 1;
  return bytes[index] === COLON;
}
