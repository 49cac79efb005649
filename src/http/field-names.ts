import type { Issue } from "./issue.ts";
import type { RequestValue } from "./json-body.ts";
import { RINGBACK_FIELDS, UPSTREAM_FIELDS } from "./video-schema.ts";

/**
 * Names that are nearly those of a field. The upstream reads names without case, and others nobody reads: such a slip
 * would be a test that is paid, a callback that never comes, or a length that Ringback did not judge.
 */

type Field = [name: string, value: RequestValue];

/** Parts the fields of a create from those whose names are slips. An absent one is neither refused nor forwarded. */
export function judgeNames(fields: readonly Field[]): { fields: Field[]; issues: Issue[] } {
  const slips = fields.map(([name]) => slipIn(name));
  const issues = fields.flatMap(([name, value], index): Issue[] => {
    const slip = slips[index];
    return slip && !isAbsent(value, slip) ? [{ path: name.slice(0, 100), message: slip.problem }] : [];
  });
  return { fields: fields.filter((_, index) => slips[index] === null), issues };
}

interface Slip {
  problem: string;
  /** The field that was probably meant. */
  meant: string | null;
}

/** An empty test counts as one, however it is spelled. */
function isAbsent(value: RequestValue, { meant }: Slip): boolean {
  return value === null || (value === "" && meant !== "test");
}

/** Blanks, all that looks like `-` or `_`, and what no eye sees. */
const UNREAD = /[\s\p{Z}\p{Pd}\p{Pc}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** In upper case first: to a reader without case `ſ` is an `s`. */
function readLoosely(name: string): string {
  return name.toUpperCase().toLowerCase().replace(UNREAD, "");
}

const FIELDS: ReadonlyMap<string, string> = new Map(
  [...UPSTREAM_FIELDS, ...RINGBACK_FIELDS].map((name) => [readLoosely(name), name]),
);
const LONGEST = Math.max(...Array.from(FIELDS.keys(), (name) => name.length));

function slipIn(name: string): Slip | null {
  if (UPSTREAM_FIELDS.has(name) || RINGBACK_FIELDS.has(name)) return null;
  const read = readLoosely(name);
  const meant = FIELDS.get(read);
  if (meant !== undefined) return { problem: `must be spelled ${meant}`, meant };
  const owner = ownerOf(name);
  if (owner !== null) return { problem: `must be given in ${owner} itself`, meant: owner };
  return /^(?:callback|webhook)/.test(read) ? { problem: "is not a field of Ringback", meant: null } : null;
}

/** The field that `NAME[x]`, `NAME.x` or `NAME__x` would be a member of. */
function ownerOf(name: string): string | null {
  const [head = ""] = name.split(/[[.]/, 1);
  const pieces = head.split("__");
  // What follows the last piece is a bracket, a dot or nothing.
  if (head.length === name.length) pieces.pop();
  let read = "";
  for (const piece of pieces) {
    read += readLoosely(piece);
    const owner = FIELDS.get(read);
    if (owner !== undefined) return owner;
    if (read.length > LONGEST) return null;
  }
  return null;
}
