import { hex, sha256 } from "./digest.ts";

/** Half of a SHA-256 separates a handful of texts. */
const DIGEST_LENGTH = 32;

/**
 * The digest that a task keeps of a URL or an id of its request, to recognise it in an answer. URLs are compared as
 * `URL` writes them. Source: docs/decisions/upstream-answers.md, rules 3 and 8.
 */
export async function requestDigest(text: string): Promise<string> {
  const same = /^https?:/i.test(text) && URL.canParse(text) ? new URL(text).href : text;
  return hex(await sha256(same)).slice(0, DIGEST_LENGTH);
}
