import { issue, type Issue } from "../../contract/problems.ts";

const KEY_MAX = 255;

/** `Idempotency-Key`: 1–255 visible characters; quoted (a structured field) or bare is the same key. */
export function parseIdempotencyKey(header: string | undefined): { key: string | null; issue: Issue | null } {
  if (header === undefined) return { key: null, issue: null };
  const bare = /^"(.*)"$/.exec(header.trim())?.[1] ?? header.trim();
  if (/^[\x21-\x7e]+$/.test(bare) && bare.length <= KEY_MAX) return { key: bare, issue: null };
  return { key: null, issue: issue("Idempotency-Key", "visible_characters", { min: 1, max: KEY_MAX }) };
}

/** The members of a header that is a list. A comma inside quotes separates nothing. */
export function splitHeaderList(text: string): string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|[^,])+/g) ?? [];
}

export interface Preferences {
  respondAsync: boolean;
  /** `wait=N`, 1 to 60; null: none that can be honoured. */
  waitSeconds: number | null;
}

/** One preference: a token and its value, bare or quoted. What follows a semicolon is its parameters. */
const PREFERENCE = /^([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?\s*(?:;|$)/;

/** No client sends a longer one, and the expressions below are not made for megabytes of quotes. */
const PREFER_MAX = 1024;

/**
 * `Prefer` (RFC 7240): ignores unknown preferences and values out of range, as the RFC has it; the first of a name
 * counts.
 */
export function parsePrefer(header: string | undefined): Preferences {
  const values = new Map<string, string>();
  const text = header === undefined || header.length > PREFER_MAX ? "" : header;
  for (const part of splitHeaderList(text)) {
    const [, name, quoted, bare] = PREFERENCE.exec(part.trim()) ?? [];
    if (name !== undefined && !values.has(name.toLowerCase()))
      values.set(name.toLowerCase(), quoted ?? bare ?? "");
  }
  return { respondAsync: values.has("respond-async"), waitSeconds: waitSecondsOf(values.get("wait") ?? "") };
}

export const WAIT_MAX_SECONDS = 60;

function waitSecondsOf(text: string): number | null {
  const seconds = /^\d+$/.test(text) ? Number(text) : 0;
  return seconds >= 1 && seconds <= WAIT_MAX_SECONDS ? seconds : null;
}

/** `Preference-Applied`; null: none was. */
export function preferenceApplied({ respondAsync, waitSeconds }: Preferences): string | null {
  const applied = [
    ...(respondAsync ? ["respond-async"] : []),
    ...(waitSeconds === null ? [] : [`wait=${waitSeconds}`]),
  ];
  return applied.length === 0 ? null : applied.join(", ");
}
