import { canonicalNumber } from "../../domain/text/json.ts";
import { hex, sha256 } from "../../keys/digest.ts";
import { RawText, type RequestObject, type RequestValue } from "../body/json-body.ts";

/** Longer strings stand in the canonical text by their digest: an image is hashed once and never copied. */
const DIGEST_FROM_LENGTH = 1024;

/**
 * A digest of a request's meaning: fields in any order, numbers by value, strings by their characters however they
 * were escaped. Depends on no secret, because idempotency keys survive a change of `RINGBACK_SECRET`.
 */
export async function fingerprint(request: RequestObject): Promise<string> {
  const digests = new Map<string | RawText, string>();
  for (const text of longTexts(request)) {
    if (!digests.has(text)) digests.set(text, hex(await sha256(text instanceof RawText ? text.bytes : text)));
  }
  return hex(await sha256(canonical(request, digests)));
}

function longTexts(value: RequestValue): (string | RawText)[] {
  if (value instanceof RawText) return [value];
  if (typeof value === "string") return value.length >= DIGEST_FROM_LENGTH ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(longTexts);
  if (typeof value !== "object" || value === null || JSON.isRawJSON(value)) return [];
  return Object.values(value).flatMap(longTexts);
}

function canonical(value: RequestValue, digests: ReadonlyMap<string | RawText, string>): string {
  if (typeof value === "number") return canonicalNumber(String(value));
  if (typeof value === "string" || value instanceof RawText) {
    const digest = digests.get(value);
    return digest === undefined ? JSON.stringify(value) : `sha256:${digest}`;
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, digests)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (JSON.isRawJSON(value)) return canonicalNumber(value.rawJSON);
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, digests)}`);
  return `{${members.join(",")}}`;
}
