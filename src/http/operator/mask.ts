import { isJsonObject, parseJson, type JsonObject, type JsonValue } from "../../domain/text/json.ts";
import type { Endpoint } from "../../domain/endpoint/endpoint.ts";
import { redactText, withoutBegunSecret } from "../../domain/text/redact.ts";

/**
 * What an operator sees of an answer: a receiver's URL as its origin, because path and query are often a password, and
 * no signature. By the names of members, wherever they stand, so that a new answer is masked as well.
 */

/** The URLs of an account's receivers, as far as a call can know them. */
export interface Receivers {
  /** The task's `callback_url`; null: it has none. */
  own: string | null;
  /** By the endpoints' ids. */
  endpoints: ReadonlyMap<string, Address>;
}

interface Address {
  url: string;
  /** Epoch milliseconds: an attempt that began earlier may have gone to another URL. */
  since: number;
}

/** So long after a change of its URL an attempt may still begin with the one before. Source: docs/api.md. */
const CHANGE_LAG_MS = 2000;

export function addressOf({ url, urlSince, createdAt }: Endpoint): Address {
  return { url, since: urlSince === createdAt ? createdAt : urlSince + CHANGE_LAG_MS };
}

/** The caller's own words, and the upstream's. */
const FOREIGN = new Set(["metadata", "upstream"]);

/** A copy of the answer without what an operator must not see. */
export function maskAnswer(value: JsonValue, receivers: Receivers): JsonValue {
  if (Array.isArray(value)) return value.map((item) => maskAnswer(item, receivers));
  if (!isJsonObject(value)) return value;
  const address = addressFor(value, receivers);
  const members = Object.entries(value).flatMap(([name, member]): [string, JsonValue][] => {
    if (name === "webhook-signature") return [];
    if (FOREIGN.has(name)) return [[name, member]];
    if (name === "url" && typeof member === "string") return [[name, originOf(member)]];
    if (name === "attempts" && Array.isArray(member))
      return [[name, member.map((attempt) => maskAttempt(attempt, address))]];
    return [[name, maskAnswer(member, receivers)]];
  });
  return Object.fromEntries(members);
}

/** Whether it holds words of a receiver, so that masking must know the receivers. */
export function holdsExcerpt(body: string): boolean {
  return /"response_excerpt":"/.test(body);
}

/** Where a delivery goes; undefined: not known, or no delivery. */
function addressFor({ endpoint }: JsonObject, { own, endpoints }: Receivers): Address | undefined {
  if (isJsonObject(endpoint) && typeof endpoint["id"] === "string") return endpoints.get(endpoint["id"]);
  return endpoint === null && own !== null ? { url: own, since: 0 } : undefined;
}

/** A receiver may repeat its own address. Where that is not known, nothing of its words can be shown. */
function maskAttempt(attempt: JsonValue, address: Address | undefined): JsonValue {
  if (!isJsonObject(attempt)) return attempt;
  const { response_excerpt: excerpt, started_at: startedAt, host } = attempt;
  if (typeof excerpt !== "string") return attempt;
  const isKnown = address && host === undefined && startsSince(startedAt, address.since);
  return { ...attempt, response_excerpt: isKnown ? withoutAddress(excerpt, address.url) : null };
}

function startsSince(startedAt: JsonValue | undefined, since: number): boolean {
  return typeof startedAt === "string" && Date.parse(startedAt) >= since;
}

const URL_IN_TEXT = /\bhttps?:\/\/[^\s"'<>\\]+/gi;
/** Shorter pieces of a path (`v1`, `api`) stand in a text by chance; removing them would garble it. */
const PIECE_MIN_LENGTH = 5;

/** The text without path and query of that URL, and every URL in it as its origin. */
export function withoutAddress(text: string, url: string): string {
  const { pathname, search, searchParams } = new URL(url);
  const pieces = [...pathname.split("/"), ...searchParams.keys(), ...searchParams.values()];
  const secrets = [pathname + search, search, pathname, ...pieces]
    .filter((piece) => piece.length >= PIECE_MIN_LENGTH || /^[/?]./.test(piece))
    .flatMap(spellings)
    .toSorted((a, b) => b.length - a.length);
  const clean = redactText(text.replaceAll(URL_IN_TEXT, originOf), secrets);
  // The cut of an excerpt may have cut a piece, too.
  return withoutBegunSecret(clean, secrets, PIECE_MIN_LENGTH);
}

/** As it is in a URL, in plain text, in JSON and in HTML. */
function spellings(piece: string): string[] {
  return [piece, decoded(piece)].flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    text.replaceAll("&", "&amp;"),
  ]);
}

function decoded(piece: string): string {
  try {
    return decodeURIComponent(piece);
  } catch {
    // A lone `%` is only itself.
    return piece;
  }
}

export function originOf(url: string): string {
  return URL.parse(url)?.origin ?? "";
}

/** Masks the task of each server-sent event. */
export function maskEvents(receivers: Receivers): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = "";
  return new TransformStream({
    transform: (bytes, controller) => {
      const events = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
      rest = events.pop() ?? "";
      const text = events.map((event) => `${maskEvent(event, receivers)}\n\n`).join("");
      if (text !== "") controller.enqueue(encoder.encode(text));
    },
    // What is left has no end, so no client would dispatch it.
  });
}

const DATA = "data: ";

function maskEvent(event: string, receivers: Receivers): string {
  const lines = event.split("\n");
  const data = lines.filter((line) => line.startsWith(DATA)).map((line) => line.slice(DATA.length));
  if (data.length === 0) return event;
  const masked = JSON.stringify(maskAnswer(parseJson(data.join("\n")), receivers));
  return [...lines.filter((line) => !line.startsWith(DATA)), DATA + masked].join("\n");
}
