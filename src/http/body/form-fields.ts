import { issueAt, problem, type Issue, type Problem } from "../../contract/problems.ts";
import { isPlainAscii, LIFT_MIN_BYTES, RawText, type JsonBody, type RequestValue } from "./json-body.ts";

/**
 * The fields of a form by name: repeated ones as a list, and `NAME[x]`, `NAME.x`, `NAME[]`, `NAME[0]` as members of the
 * fields that have some. It refuses any other name of this kind: the upstream would ignore it, and a
 * `test[outcome]` that is only forwarded would be a paid video.
 */

/**
 * Far beyond any real form: a list may have 10,000 items, each a field. Millions of them would delay all other
 * requests.
 */
const FIELDS_MAX = 20_000;

const OBJECTS: ReadonlySet<string> = new Set(["metadata", "test", "callback_headers", "upstream_body"]);
const LISTS: ReadonlySet<string> = new Set(["callback_events", "reference_images"]);
const READ = [...OBJECTS, ...LISTS].join(", ");

type Notation = "plain" | "bracket" | "dot";

/** One field as it came, or its problem. */
export type FormEntry = { name: string; value: RequestValue } | { name: string; problem: Problem };

interface FormName {
  field: string;
  notation: Notation;
  /** Of an object; empty for an item of a list. */
  member: string;
}

interface FormField {
  notation: Notation;
  values: RequestValue[];
  members: Map<string, RequestValue[]>;
}

/** One level: a member's name has no `[`, `.` or `__` of its own. */
const MEMBER_NAME = /^(\w+?)(?:\[([^[\].]*)\]|\.([^[\].]+))$/;

/** Null: a name that no form may have. */
function readName(name: string): FormName | null {
  if (!/[[.]|__/.test(name)) return { field: name, notation: "plain", member: "" };
  const [, field = "", bracketed, dotted] = MEMBER_NAME.exec(name) ?? [];
  const member = bracketed ?? dotted ?? "";
  const notation = bracketed === undefined ? "dot" : "bracket";
  if (OBJECTS.has(field)) return member === "" || member.includes("__") ? null : { field, notation, member };
  return LISTS.has(field) && /^\d*$/.test(member) ? { field, notation, member: "" } : null;
}

/** The name of the field that a name of a form is about; null if no form may have it. */
export function fieldNamed(name: string): string | null {
  return readName(name)?.field ?? null;
}

/** How the fields of a form make an object. */
export type Gather = (entries: Iterable<FormEntry>) => JsonBody;

/** Each under its name as it came; repeated ones as a list. */
export const gatherPlain: Gather = (entries) => {
  const fields = new Map<string, RequestValue[]>();
  const issues: Issue[] = [];
  let count = 0;
  for (const entry of entries) {
    count += 1;
    if (count > FIELDS_MAX) return { ok: false, problem: problem("too_many_fields", { max: FIELDS_MAX }) };
    if ("problem" in entry) issues.push(issueAt(entry.name.slice(0, 100), entry.problem));
    else fields.set(entry.name, [...(fields.get(entry.name) ?? []), entry.value]);
  }
  const value = Object.fromEntries(Array.from(fields, ([name, values]) => [name, oneOrMany(values)]));
  return { ok: true, value, issues };
};

/** By the names of a create's fields. */
export function gatherFields(entries: Iterable<FormEntry>): JsonBody {
  const fields = new Map<string, FormField>();
  const issues: Issue[] = [];
  let count = 0;
  for (const entry of entries) {
    count += 1;
    if (count > FIELDS_MAX) return { ok: false, problem: problem("too_many_fields", { max: FIELDS_MAX }) };
    const found = "problem" in entry ? entry.problem : addTo(fields, entry);
    if (found !== null) issues.push(issueAt(entry.name.slice(0, 100), found));
  }
  const value = Object.fromEntries(Array.from(fields, ([name, field]) => [name, valueOf(field)]));
  return { ok: true, value, issues };
}

/** Gives its problem, or null. */
function addTo(
  fields: Map<string, FormField>,
  { name, value }: { name: string; value: RequestValue },
): Problem | null {
  const read = readName(name);
  if (read === null) return problem("name_not_read", { fields: READ });
  const { field, notation, member } = read;
  const known = fields.get(field) ?? { notation, values: [], members: new Map<string, RequestValue[]>() };
  fields.set(field, known);
  if (known.notation !== notation) return problem("given_two_ways", { field });
  const values = member === "" ? known.values : (known.members.get(member) ?? []);
  values.push(value);
  if (member !== "") known.members.set(member, values);
  return null;
}

function valueOf({ notation, values, members }: FormField): RequestValue {
  if (members.size > 0) {
    return Object.fromEntries(Array.from(members, ([name, given]) => [name, oneOrMany(given)]));
  }
  return notation === "plain" ? oneOrMany(values) : values;
}

/** A repeated name is a list; the schema reads other meanings of a text. */
function oneOrMany(values: RequestValue[]): RequestValue {
  const [only] = values;
  return values.length > 1 || only === undefined ? values : only;
}

/** Ends a string in JSON. */
const QUOTE = 0x22;

/** Long, plain text stays bytes, as in JSON: most of it is an image. @throws TypeError if it is not UTF-8 */
export function textValue(bytes: Uint8Array): string | RawText {
  const plain = bytes.length >= LIFT_MIN_BYTES && isPlainAscii(bytes) && !bytes.includes(QUOTE);
  return plain ? new RawText(bytes) : decodeText(bytes);
}

/** One for all: a form may have a great many fields. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws TypeError if it is not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
