import { RECOVERABLE_STATUSES, RECOVERY_FILTERS } from "../../../contract/words.ts";

/**
 * The address of the list. Its parameters are those of `GET /v1/videos`, so that a filter on the page and a filter in a
 * program are the same words; the page's form has two fields of its own, which become such parameters.
 */

/** What a person looks for with one line of text: an id, `name=value`, or the upstream's id. */
export const SEARCH = "q";
/** `NAME=VALUE`, as often as it is given. */
export const METADATA = "metadata";

const PREFIX = `${METADATA}.`;
const TASK_ID = /task_[a-z2-7]{42}/;
/** Parameters that say nothing about which tasks are meant. */
const PAGING: ReadonlySet<string> = new Set(["cursor", "limit"]);
/** The answer to a button. */
const SAID = "said";

/** The task that a text names, in whatever it stands: a URL, a line of a log. */
export function taskIdIn(text: string): string | null {
  return TASK_ID.exec(text)?.[0] ?? null;
}

/**
 * The same question in the words of the API: without what the form sends empty, and each name once. What it cannot
 * understand stays as it is, to be named.
 */
export function canonicalQuery(given: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of given) {
    const text = value.trim();
    if (text === "" || name === SAID) continue;
    const [to, what] = name === SEARCH ? sought(text) : name === METADATA ? member(text) : [name, text];
    if (!query.has(to)) query.set(to, what);
  }
  // A place in another list is none in this one.
  if ([SEARCH, METADATA].some((name) => given.has(name))) query.delete("cursor");
  return query;
}

function sought(text: string): [name: string, value: string] {
  return text.includes("=") ? member(text) : ["upstream_task_id", text];
}

function member(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  const name = text.slice(0, at).trim();
  return at === -1 || name === "" ? [METADATA, text] : [PREFIX + name, text.slice(at + 1).trim()];
}

/** The metadata of a query as its fields show it. */
export function metadataIn(query: URLSearchParams): string[] {
  return [...query].flatMap(([name, value]) => {
    if (name === METADATA) return [value];
    return name.startsWith(PREFIX) ? [`${name.slice(PREFIX.length)}=${value}`] : [];
  });
}

/** The form's field that a parameter belongs to. */
export function fieldOf(parameter: string): string {
  return parameter.startsWith(PREFIX) ? METADATA : parameter;
}

/** The names of what a query asks for, without its place and its size. */
export function filtersIn(query: URLSearchParams): string[] {
  return [...query.keys()].filter((name) => !PAGING.has(name));
}

/** The address of the list with other values of some parameters; null: without it. From its first page on. */
export function listPath(query: URLSearchParams, changes: Record<string, string | null> = {}): string {
  const next = new URLSearchParams(query);
  next.delete("cursor");
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  return text === "" ? "/" : `/?${text}`;
}

const RECOVERABLE: ReadonlySet<string> = new Set(RECOVERABLE_STATUSES);
/** Those that a list has under the same name; `statuses` it calls otherwise. */
const SHARED: ReadonlySet<string> = new Set(RECOVERY_FILTERS.filter((name) => name !== "statuses"));

/** The same callbacks as a recovery; null: the list does not ask for callbacks that failed. */
export function recoveryOf(query: URLSearchParams): { path: string; foreign: string[] } | null {
  const asked = (query.get("callback_status") ?? "").split(",");
  if (!asked.every((status) => RECOVERABLE.has(status))) return null;
  const shared = [...query].filter(([name]) => SHARED.has(name));
  const search = new URLSearchParams([["statuses", asked.join(",")], ...shared]);
  const foreign = filtersIn(query).filter((name) => !SHARED.has(name) && name !== "callback_status");
  return { path: `/recoveries/new?${search.toString()}`, foreign };
}
