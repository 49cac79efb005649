import { isJsonObject, type JsonValue } from "../../domain/text/json.ts";
import { parseBoundedJson } from "../../domain/text/json-bounds.ts";
import { redactJson, redactText } from "../../domain/text/redact.ts";

/** A larger answer is read for its facts and not kept. */
const KEEP_MAX_BYTES = 65_536;

export interface ParsedAnswer {
  /** The answer's object as it came, for its facts: a mask would change ids and URLs. */
  object: { [key: string]: JsonValue } | null;
  /**
   * Its JSON text to keep: verbatim, unless the key had to be masked; `null` in JSON if it is too large, so that no
   * older answer takes its place; null if it is no JSON.
   */
  json: string | null;
  /** The answer as text, without the secrets. */
  text: string;
}

function isKept(json: string): boolean {
  // No character takes more than three bytes.
  return json.length * 3 <= KEEP_MAX_BYTES || new TextEncoder().encode(json).byteLength <= KEEP_MAX_BYTES;
}

/**
 * Reads an answer of the upstream. `json` and `text`, which Ringback keeps and shows, are without the secrets, however
 * the upstream spells or nests them.
 */
export function parseAnswer(raw: string, secrets: readonly string[]): ParsedAnswer {
  try {
    const parsed = parseBoundedJson(raw);
    const inText = secrets.some((secret) => raw.includes(secret));
    // Only an escape can hide a secret from the text.
    const mayHide = inText || (secrets.length > 0 && raw.includes("\\"));
    const clean = mayHide ? redactJson(parsed, secrets) : parsed;
    // A repeated member hides its first value from the parser, not from the text.
    const verbatim = clean === parsed && !inText;
    const json = verbatim ? raw.trim() : JSON.stringify(clean);
    const keep = isKept(json);
    // The clean one in both: a reader's parser would decode an escaped key (`\/`, `\u0073`).
    return { object: isJsonObject(parsed) ? parsed : null, json: keep ? json : "null", text: json };
  } catch {
    // No JSON, or nested too deep to walk: a login page, an error page, noise.
    return { object: null, json: null, text: redactText(raw, withEscapes(secrets)) };
  }
}

function withEscapes(secrets: readonly string[]): string[] {
  return secrets.flatMap((secret) => [secret, secret.replaceAll("/", "\\/")]);
}
