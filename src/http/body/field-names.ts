import { issueAt, problem, type Issue, type Problem } from "../../contract/problems.ts";
import type { RequestValue } from "./json-body.ts";
import { RINGBACK_FIELDS, UPSTREAM_FIELDS } from "../create/video-schema.ts";

/**
 * Names that are nearly those of a field. The upstream ignores case, so it would read a misspelled name that Ringback
 * did not check. A misspelled `test` would be paid, and a misspelled `callback_url` would never be called.
 */

type Field = [name: string, value: RequestValue];

/**
 * Parts the fields of a create from those whose names are misspelled. An absent one is neither refused nor forwarded.
 */
export function judgeNames(fields: readonly Field[]): { fields: Field[]; issues: Issue[] } {
  const misspelled = fields.map(([name]) => misspelledName(name));
  const issues = fields.flatMap(([name, value], index): Issue[] => {
    const wrong = misspelled[index];
    return wrong && !isAbsent(value, wrong) ? [issueAt(name.slice(0, 100), wrong.problem)] : [];
  });
  return { fields: fields.filter((_, index) => misspelled[index] === null), issues };
}

interface MisspelledName {
  problem: Problem;
  /** The field that it probably means. */
  intendedField: string | null;
}

/** An empty test counts as one, however it is spelled. */
function isAbsent(value: RequestValue, { intendedField }: MisspelledName): boolean {
  return value === null || (value === "" && intendedField !== "test");
}

/** Blanks, all that looks like `-` or `_`, and invisible characters. */
const IGNORED_CHARACTERS = /[\s\p{Z}\p{Pd}\p{Pc}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** In upper case first: to a reader without case `ſ` is an `s`. */
export function normalizeName(name: string): string {
  return name.toUpperCase().toLowerCase().replace(IGNORED_CHARACTERS, "");
}

const FIELDS: ReadonlyMap<string, string> = new Map(
  [...UPSTREAM_FIELDS, ...RINGBACK_FIELDS].map((name) => [normalizeName(name), name]),
);
const LONGEST = Math.max(...Array.from(FIELDS.keys(), (name) => name.length));

function misspelledName(name: string): MisspelledName | null {
  if (UPSTREAM_FIELDS.has(name) || RINGBACK_FIELDS.has(name)) return null;
  const read = normalizeName(name);
  const intendedField = FIELDS.get(read);
  if (intendedField !== undefined)
    return { problem: problem("misspelled", { field: intendedField }), intendedField };
  const owner = ownerOf(name);
  if (owner !== null)
    return { problem: problem("outside_its_field", { field: owner }), intendedField: owner };
  return /^(?:callback|webhook)/.test(read)
    ? { problem: problem("unknown_callback_field"), intendedField: null }
    : null;
}

/** The field that `NAME[x]`, `NAME.x` or `NAME__x` would be a member of. */
export function ownerOf(name: string): string | null {
  const [head = ""] = name.split(/[[.]/, 1);
  const pieces = head.split("__");
  // What follows the last piece is a bracket, a dot or nothing.
  if (head.length === name.length) pieces.pop();
  let read = "";
  for (const piece of pieces) {
    read += normalizeName(piece);
    const owner = FIELDS.get(read);
    if (owner !== undefined) return owner;
    if (read.length > LONGEST) return null;
  }
  return null;
}
