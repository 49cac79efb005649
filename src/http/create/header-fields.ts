import { issue, type Issue } from "../../contract/problems.ts";
import { objectish } from "../body/fields.ts";
import type { JsonBody, RequestObject, RequestValue } from "../body/json-body.ts";
import { RINGBACK_FIELDS } from "./video-schema.ts";

/** Ringback's own fields as headers (`Ringback-Callback-Url`): for clients that cannot add a member to their body. */

const PREFIX = "ringback-";
/** An underscore is allowed in a header's name, and `Ringback_Test` would be a test that is paid. */
const NEARLY_OURS = /^ringback[-_]/;

/** By the header's name without `-` and `_`, in lower case, in which the platform gives it. */
const FIELD_OF: ReadonlyMap<string, string> = new Map(
  Array.from(RINGBACK_FIELDS, (field) => [withoutDashes(PREFIX + field), field]),
);

/**
 * The body of a create with the fields that came as headers, to be judged like all others: the same field means the
 * same either way. Problems of the headers are issues of the body. Those with a meaning of their own
 * (`Ringback-Account`, `-Attempt`, `-Hop`) never get here: a create that carries one is refused before its body is read.
 */
export function withHeaderFields(body: JsonBody, headers: Headers): JsonBody {
  const given = Array.from(headers).filter(([name]) => NEARLY_OURS.test(name));
  if (given.length === 0) return body;
  const fields = body.ok ? { ...body.value } : {};
  const found = given.map(([name, value]) => takeHeader(fields, name, value));
  const issues = [...found.filter((one) => one !== null), ...(body.issues ?? [])];
  return body.ok ? { ...body, value: fields, issues } : { ...body, issues };
}

/** Adds the header's field, or gives its problem. */
function takeHeader(fields: RequestObject, name: string, value: string): Issue | null {
  const field = FIELD_OF.get(withoutDashes(name));
  const path = shownName(name);
  if (field === undefined) return issue(path, "unknown_header");
  const spelled = headerOf(field);
  if (path !== spelled) return issue(path, "misspelled", { field: spelled });
  if (!isGiven(field, value)) return null;
  if (isGiven(field, fields[field])) return issue(path, "given_two_ways", { field });
  // The platform reads the bytes as UTF-8 and puts this in the place of those that are none.
  if (value.includes("\uFFFD")) return issue(path, "not_utf8");
  if (field === "callback_url" ? isTwoUrls(value) : isTwoObjects(value)) return issue(path, "given_twice");
  fields[field] = value;
  return null;
}

/** As in a body, where null and an empty text count as absent, but an empty test does not. */
function isGiven(field: string, value: RequestValue | undefined): boolean {
  return value !== undefined && value !== null && (value !== "" || field === "test");
}

/**
 * The platform joins the values of a repeated header with commas. Two words or numbers are then none, and the schema
 * refuses them; two URLs are one to the URL parser. Two lists are one list.
 */
function isTwoUrls(value: string): boolean {
  return /,(?:\s|$|(?=https?:))/i.test(value);
}

/** The schema would only say that two objects are none. */
function isTwoObjects(value: string): boolean {
  return /\}\s*,\s*\{/.test(value) && typeof objectish(value) === "string";
}

function withoutDashes(name: string): string {
  return name.replaceAll(/[-_]/g, "");
}

/** `ringback-callback-url` as the documents write it. */
function shownName(name: string): string {
  return name.slice(0, 100).replaceAll(/(?<=^|[-_])[a-z]/g, (letter) => letter.toUpperCase());
}

/** The header of one of Ringback's own fields, as the documents write it. */
export function headerOf(field: string): string {
  return shownName(PREFIX + field.replaceAll("_", "-"));
}
