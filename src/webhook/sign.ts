/** Standard Webhooks 1.0.0 signatures: `v1,` + base64 of HMAC-SHA256 over `id.timestamp.body`. */

const encoder = new TextEncoder();

/** One signature. `secret` is `whsec_` + base64; the key is the decoded bytes. `timestamp` is unix seconds. */
export async function signature(
  secret: string,
  id: string,
  timestamp: number | string,
  body: string | Uint8Array,
): Promise<string> {
  const raw = Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (char) => char.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const head = encoder.encode(`${id}.${timestamp}.`);
  const tail = typeof body === "string" ? encoder.encode(body) : body;
  const content = new Uint8Array(head.length + tail.length);
  content.set(head);
  content.set(tail, head.length);
  const mac = await crypto.subtle.sign("HMAC", key, content);
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
