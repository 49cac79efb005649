import type { SecretKey } from "../keys/derive.ts";
import { concat } from "../net/concat.ts";

/** Standard Webhooks 1.0.0 signatures: `v1,` + base64 of HMAC-SHA256 over `id.timestamp.body`. */

const encoder = new TextEncoder();

/** Keys of secrets that signed lately: making one costs as much as signing with it. */
const keys = new Map<string, SecretKey>();
const KEYS_MAX = 1000;

async function keyOf(secret: string): Promise<SecretKey> {
  const known = keys.get(secret);
  if (known) return known;
  const raw = Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (char) => char.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  if (keys.size >= KEYS_MAX) keys.clear();
  keys.set(secret, key);
  return key;
}

/** One signature. `secret` is `whsec_` + base64; the key is the decoded bytes. `timestamp` is unix seconds. */
export async function signature(
  secret: string,
  id: string,
  timestamp: number | string,
  body: string | Uint8Array,
): Promise<string> {
  const head = `${id}.${timestamp}.`;
  const content =
    typeof body === "string" ? encoder.encode(head + body) : concat([encoder.encode(head), body]);
  const mac = await crypto.subtle.sign("HMAC", await keyOf(secret), content);
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`;
}

/** The `webhook-signature` header: one signature per secret in force, space separated, newest secret first. */
export async function signatureHeader(
  secrets: readonly string[],
  id: string,
  timestamp: number,
  body: string,
): Promise<string> {
  const signatures = secrets.map(async (secret) => signature(secret, id, timestamp, body));
  return (await Promise.all(signatures)).join(" ");
}
