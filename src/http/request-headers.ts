import type { Issue } from "./issue.ts";

/** `Idempotency-Key`: 1–255 visible characters; quoted (a structured field) or bare is the same key. */
export function parseIdempotencyKey(header: string | undefined): { key: string | null; issue: Issue | null } {
  if (header === undefined) return { key: null, issue: null };
  const bare = /^"(.*)"$/.exec(header.trim())?.[1] ?? header.trim();
  if (/^[\x21-\x7e]{1,255}$/.test(bare)) return { key: bare, issue: null };
  return { key: null, issue: { path: "Idempotency-Key", message: "must be 1 to 255 visible characters" } };
}

export interface Preferences {
  respondAsync: boolean;
}

/** `Prefer` (RFC 7240): unknown preferences and values out of range are ignored, as the RFC has it. */
export function parsePrefer(header: string | undefined): Preferences {
  const preferences = (header ?? "").split(",").map((part) => part.split(";")[0]?.trim().toLowerCase());
  return { respondAsync: preferences.includes("respond-async") };
}
