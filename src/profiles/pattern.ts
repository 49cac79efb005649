import { isJsonObject, type JsonValue } from "../domain/text/json.ts";

/**
 * Paths of an upstream with names in braces, as `/v1beta/models/{model}:predictLongRunning`. Each name stands for a part of
 * one segment. Paths are compared as they came and never decoded, so nothing can be hidden in them.
 */

/** What a name stands for; never `.` or `..`, which would climb out of the path. */
const VALUE = /^[A-Za-z0-9._-]{1,200}$/;
/** A segment of a pattern: text around at most one name. Its characters stay as they are in a URL. */
const SEGMENT = /^([A-Za-z0-9._~:@$+,;=-]*)(?:\{([A-Za-z][A-Za-z0-9_]{0,39})\}([A-Za-z0-9._~:@$+,;=-]*))?$/;

/** A poll's query: fixed text, and the task's id. */
const QUERY = /^(?:[A-Za-z0-9._~:@$+,;=&-]|\{id\})+$/;

interface Segment {
  before: string;
  /** Null: the segment is `before`. */
  name: string | null;
  after: string;
}

/** The names of a pattern in their order; null: it is no pattern. */
export function namesIn(pattern: string): string[] | null {
  const [root, ...texts] = pattern.split("/");
  const segments = texts.map(segmentOf);
  if (root !== "" || texts.length === 0 || !segments.every((segment) => segment !== null)) return null;
  const names = segments.map(({ name }) => name).filter((name) => name !== null);
  return new Set(names).size === names.length ? names : null;
}

/** As `namesIn`, of a poll's path, which a query may follow: `/v1/status?task_id={id}`. */
export function namesInPoll(path: string): string[] | null {
  const at = path.indexOf("?");
  if (at === -1) return namesIn(path);
  return QUERY.test(path.slice(at + 1)) ? namesIn(path.slice(0, at)) : null;
}

/** What the names of the pattern stand for in the path; null: the path is not of the pattern. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const patterns = pattern.split("/").map(segmentOf);
  const texts = path.split("/");
  if (patterns.length !== texts.length) return null;
  const params = new Map<string, string>();
  for (const [index, segment] of patterns.entries()) {
    const text = texts[index] ?? "";
    if (index === 0 && text === "") continue;
    const value = segment && valueIn(segment, text);
    if (segment === null || value === null) return null;
    if (segment.name !== null) params.set(segment.name, value);
  }
  return Object.fromEntries(params);
}

/** The path that the pattern makes of the values that `matchPath` found. */
export function fillPath(pattern: string, params: Readonly<Record<string, string>>): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (whole, name: string) => params[name] ?? whole);
}

/**
 * The pattern with a task's id for `{id}`, in a query, too: percent-encoded as one segment, or as the path that it is.
 * Null: by the profile's `poll` it is a path, and it is none.
 */
export function fillId(
  pattern: string,
  id: string,
  { id_is_path: isPath = false }: { id_is_path?: boolean | undefined },
): string | null {
  if (!isPath) return fillPath(pattern, { id: encodeURIComponent(id) });
  return id.split("/").every(isValue) ? fillPath(pattern, { id }) : null;
}

/** Whether an entry of a profile's `read.urls` is a path below `base_url`, made with the task's id, and no pointer. */
export function isResultPath(place: string): boolean {
  return place.includes("{id}");
}

/** JSON with a task's id for each `{id}` in its texts. */
export function fillBody(value: JsonValue, id: string): JsonValue {
  if (typeof value === "string") return value.replaceAll("{id}", () => id);
  if (Array.isArray(value)) return value.map((item) => fillBody(item, id));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillBody(item, id)]));
}

/**
 * Whether one path can be of both patterns, in any case of the letters, because some servers ignore it. May say so of two
 * that only look alike; a query makes no other path. `idIsPath`: the name in `poll` stands for several segments.
 */
export function mayMeet(pollWithQuery: string, create: string, idIsPath: boolean): boolean {
  const [poll = ""] = pollWithQuery.split("?", 1);
  if (idIsPath) return textsMayMeet(poll, create);
  const polls = poll.split("/");
  const creates = create.split("/");
  return (
    polls.length === creates.length && polls.every((text, index) => textsMayMeet(text, creates[index] ?? ""))
  );
}

function textsMayMeet(one: string, other: string): boolean {
  const [a, b] = [endsOf(one), endsOf(other)];
  if (!a.isOpen && !b.isOpen) return a.before === b.before;
  return begin(a.before, b.before) && end(a.after, b.after);
}

/** What the text begins and ends with, whatever its names stand for. */
function endsOf(pattern: string): { before: string; after: string; isOpen: boolean } {
  const text = pattern.toLowerCase();
  const [from, to] = [text.indexOf("{"), text.lastIndexOf("}")];
  return from === -1
    ? { before: text, after: text, isOpen: false }
    : { before: text.slice(0, from), after: text.slice(to + 1), isOpen: true };
}

function begin(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function end(one: string, other: string): boolean {
  return one.endsWith(other) || other.endsWith(one);
}

/** Null: it is no segment of a pattern. */
function segmentOf(text: string): Segment | null {
  const [, before, name, after] = SEGMENT.exec(text) ?? [];
  if (before === undefined || /^\.{0,2}$/.test(text)) return null;
  return { before, name: name ?? null, after: after ?? "" };
}

/** What the segment's name stands for in the text, empty without a name; null: the text does not fit. */
function valueIn({ before, name, after }: Segment, text: string): string | null {
  if (name === null) return text === before ? "" : null;
  if (!text.startsWith(before) || !text.endsWith(after)) return null;
  const value = text.slice(before.length, text.length - after.length);
  return text.length >= before.length + after.length && isValue(value) ? value : null;
}

function isValue(text: string): boolean {
  return VALUE.test(text) && text !== "." && text !== "..";
}
