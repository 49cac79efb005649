import { HEADER_NAME, HEADER_VALUE } from "../domain/text/header-text.ts";
import { isJsonObject, type JsonValue } from "../domain/text/json.ts";
import { normalWord } from "../domain/text/normal-word.ts";
import { mayMeet } from "./pattern.ts";
import type { Profile } from "./schema.ts";

/** What no member of a profile shows by itself. */

/** At which path it is (`create.paths.0`; empty: the whole), and a phrase that goes on from the path. */
export interface ProfileProblem {
  path: string;
  message: string;
}

/** JSON of the body of a poll. */
const BODY_MAX = 2000;
const HEADERS_MAX = 50;
const HEADER_MAX = 300;
/** Ringback, or the connection, sets these. */
const RESERVED = new Set(
  "host connection keep-alive transfer-encoding te trailer upgrade expect accept cookie".split(" "),
);
const RESERVED_PREFIXES = ["content-", "ringback-", "proxy-", "cf-"];

/** The first problem of a profile whose members are good; null: there is none. */
export function profileProblem(profile: Profile): ProfileProblem | null {
  return headersProblem(profile) ?? pollProblem(profile) ?? wordsProblem(profile);
}

function headersProblem({ auth, headers = {} }: Profile): ProfileProblem | null {
  if (!isFree(auth.header)) return { path: "auth.header", message: NOT_FREE };
  const entries = Object.entries(headers);
  if (entries.length > HEADERS_MAX)
    return { path: "headers", message: `must have at most ${HEADERS_MAX} headers` };
  const seen = new Set([auth.header.toLowerCase()]);
  for (const [name, value] of entries) {
    const path = `headers.${name.slice(0, HEADER_MAX)}`;
    const lower = name.toLowerCase();
    if (!isFree(name)) return { path, message: NOT_FREE };
    if (seen.has(lower)) return { path, message: "must be given once, and must not be auth.header" };
    if (value.length > HEADER_MAX || !HEADER_VALUE.test(value))
      return { path, message: `must be visible ASCII, at most ${HEADER_MAX} characters` };
    seen.add(lower);
  }
  return null;
}

const NOT_FREE = "must be the name of a header, and of none that Ringback or the connection sets";

function isFree(name: string): boolean {
  const lower = name.toLowerCase();
  const isReserved = RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix));
  return name.length <= HEADER_MAX && HEADER_NAME.test(name) && !isReserved;
}

function pollProblem({ create, poll }: Profile): ProfileProblem | null {
  const { method, path, body, id_is_path: idIsPath = false } = poll;
  if (method === "GET" && body !== undefined) return { path: "poll.body", message: "needs the method POST" };
  if (JSON.stringify(body ?? null).length > BODY_MAX)
    return { path: "poll.body", message: `must have at most ${BODY_MAX} characters as JSON` };
  if (![path, ...textsIn(body ?? null)].some((text) => text.includes("{id}")))
    return { path: "poll", message: "must hold {id} in its path or in its body" };
  const bought = create.paths.findIndex((one) => mayMeet(path, one, idIsPath));
  return method === "POST" && bought !== -1
    ? { path: "poll.path", message: `must differ from create.paths.${bought}: each poll would buy` }
    : null;
}

function textsIn(value: JsonValue): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isJsonObject(value) ? Object.values(value).flatMap(textsIn) : [];
}

/** A word has one meaning. */
function wordsProblem({ read, not_found: notFound }: Profile): ProfileProblem | null {
  const lists = Object.entries(read?.words ?? {}).map(([status, words]) => ({
    path: `read.words.${status}`,
    words: words ?? [],
  }));
  const all = [...lists, { path: "not_found.words", words: notFound?.words ?? [] }];
  const meanings = new Map<string, string>();
  for (const { path, words } of all)
    for (const [index, word] of words.entries()) {
      const known = meanings.get(normalWord(word)) ?? path;
      if (known !== path) return { path: `${path}.${index}`, message: `must not stand in ${known}, too` };
      meanings.set(normalWord(word), path);
    }
  return null;
}
