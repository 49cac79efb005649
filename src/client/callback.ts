import type { FlatMessage, VerifyResult } from "./contract.ts";
import type { CallbackTask } from "./task.ts";

/** A callback in the `standard` format. `id` is the same on every attempt: drop what you have seen. */
export type CallbackEvent =
  | Event<"video.succeeded", CallbackTask<"succeeded">>
  | Event<"video.failed", CallbackTask<"failed">>
  | Event<"video.running" | "video.progress", CallbackTask<"running" | "queued">>
  | Event<"ping", Record<string, never>>;

interface Event<Type extends string, Content> {
  id: string;
  type: Type;
  /** Of the event, ISO 8601. */
  timestamp: string;
  data: Content;
}

/** A callback in the `flat` format. */
export type FlatEvent = FlatMessage;

/** The headers of a request: the standard's own, or as Node has them. */
export type ReceivedHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | string[] | undefined>>;

export interface VerifyOptions {
  /** How far the sender's clock may be off; 300 if left out. */
  toleranceSeconds?: number;
  /** Epoch milliseconds; this machine's clock if left out. */
  now?: number;
}

/** The callback is not Ringback's, or not of now: answer 400, and do nothing. */
export class CallbackError extends Error {
  override name = "CallbackError";
  readonly reason: NonNullable<VerifyResult["reason"]>;

  constructor(reason: CallbackError["reason"]) {
    super(`The callback is not to be trusted: ${reason}.`);
    this.reason = reason;
  }
}

const encoder = new TextEncoder();

/**
 * Proves a received callback and parses it (Standard Webhooks 1.0.0).
 *
 * `body` is the raw one, before any parser. `secret` is that of `GET /v1/webhooks/secret`; while it changes, give the
 * old and the new one. For `callback_format: flat` say `verifyCallback<FlatEvent>`.
 * @throws CallbackError if it is not to be trusted
 */
export async function verifyCallback<Received = CallbackEvent>(
  body: string | Uint8Array,
  headers: ReceivedHeaders,
  secret: string | readonly string[],
  { toleranceSeconds = 300, now = Date.now() }: VerifyOptions = {},
): Promise<Received> {
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) =>
    headerOf(headers, `webhook-${name}`),
  );
  if (!id || !timestamp || !signatures) throw new CallbackError("missing_header");
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  if (!(Math.abs(now / 1000 - seconds) <= toleranceSeconds))
    throw new CallbackError("timestamp_out_of_range");
  const raw = typeof body === "string" ? encoder.encode(body) : body;
  const signed = new Uint8Array([...encoder.encode(`${id}.${timestamp}.`), ...raw]);
  const secrets = typeof secret === "string" ? [secret] : secret;
  if (!(await anyMatches(secrets, signatures.split(" "), signed))) throw new CallbackError("no_match");
  return JSON.parse(new TextDecoder().decode(raw)) as Received;
}

/** Tries every secret against every signature, also after a match: the time reveals nothing. */
async function anyMatches(
  secrets: readonly string[],
  signatures: readonly string[],
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const macs = signatures.map(macIn).filter((mac) => mac !== null);
  let match = false;
  for (const secret of secrets) {
    const key = await hmacKey(secret);
    // Compares in constant time, as WebCrypto has it.
    for (const mac of macs) match = (await crypto.subtle.verify("HMAC", key, mac, signed)) || match;
  }
  return match;
}

function headerOf(headers: ReceivedHeaders, name: string): string | null {
  if (typeof headers["get"] === "function") return headers["get"](name);
  const value = (headers as Record<string, string | string[] | undefined>)[name];
  return (Array.isArray(value) ? value.join(" ") : value) ?? null;
}

async function hmacKey(secret: string): Promise<Awaited<ReturnType<typeof crypto.subtle.importKey>>> {
  const bytes = bytesOf(secret.replace(/^whsec_/, ""));
  if (!bytes?.length) throw new TypeError("A signing secret is whsec_ and base64.");
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

/** Null: of another version of the standard. */
function macIn(signature: string): Uint8Array<ArrayBuffer> | null {
  return signature.startsWith("v1,") ? bytesOf(signature.slice(3)) : null;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    // Not base64.
    return null;
  }
}
