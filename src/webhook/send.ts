import { EXCERPT_MAX_BYTES } from "../domain/delivery/excerpts.ts";
import { neverSent, permanentReason, type AttemptResult } from "../domain/delivery/delivery.ts";
import { parseRetryAfter } from "../domain/text/retry-after.ts";
import { redactText, withoutBegunSecret } from "../domain/text/redact.ts";
import { clipBytes } from "../domain/text/text.ts";
import { announcedBytes, readBytes } from "../net/read-bytes.ts";
import { discardBody } from "../net/discard.ts";
import { timeLimit } from "../net/time-limit.ts";
import { signatureHeader } from "./sign.ts";

/** After a 2xx status line the event is delivered; its body gets this long to become an excerpt. */
const EXCERPT_PATIENCE_MS = 1000;
/** Shorter header values ("1", "yes") stand in an answer by chance; masking them would garble it. */
const SECRET_VALUE_MIN_LENGTH = 6;

type Header = readonly [name: string, value: string];

export interface Callback {
  url: string;
  /** The caller's static headers. */
  headers: readonly Header[];
  messageId: string;
  body: string;
  /** `ringback-attempt`, from 1. */
  attempt: number;
  /** `whsec_…`, newest first. */
  secrets: readonly string[];
  timeoutMs: number;
  version: string;
}

/**
 * Sends one attempt. Never throws: everything that a receiver does is a result. It follows no redirect; the status line
 * decides; it reads at most 2 KB of the body.
 */
export async function sendCallback(callback: Callback): Promise<AttemptResult> {
  const startedAt = Date.now();
  const { body } = callback;
  const headers = usableHeaders(await callbackHeaders(callback, startedAt));
  if (headers === null) return neverSent("headers_rejected");
  const { signal, clear } = timeLimit(callback.timeoutMs);
  try {
    const response = await fetch(callback.url, { method: "POST", headers, body, redirect: "manual", signal });
    const excerpt = await excerptOf(response, callback);
    return { ...judge(response), excerpt, durationMs: Date.now() - startedAt };
  } catch {
    // Refused, reset, no such host, TLS, garbage, too slow: only Ringback's own clock separates the last one.
    const reason = signal.aborted ? "timeout" : "connection";
    const durationMs = Date.now() - startedAt;
    return { outcome: "retryable", reason, statusCode: null, durationMs, excerpt: null, retryAfterMs: null };
  } finally {
    clear();
  }
}

/** Every header of an attempt that leaves at `now`, epoch milliseconds: the caller's, and Ringback's own. */
export async function callbackHeaders(
  callback: Omit<Callback, "url" | "timeoutMs">,
  now: number,
): Promise<Header[]> {
  const { messageId, body, secrets } = callback;
  const timestamp = Math.floor(now / 1000);
  return [
    ...callback.headers,
    ["content-type", "application/json"],
    ["user-agent", `Ringback/${callback.version}`],
    ["ringback-attempt", String(callback.attempt)],
    ["webhook-id", messageId],
    ["webhook-timestamp", String(timestamp)],
    // An alert may go without: its operator has given no secret.
    ...(secrets.length === 0
      ? []
      : [["webhook-signature", await signatureHeader(secrets, messageId, timestamp, body)] as const]),
  ];
}

/** Null: the runtime refuses such a name or value. The create judges them; this is for headers stored before. */
function usableHeaders(pairs: readonly Header[]): Headers | null {
  const headers = new Headers();
  try {
    for (const [name, value] of pairs) headers.set(name, value);
    return headers;
  } catch {
    return null;
  }
}

/** A status line's meaning. Source: docs/api.md, "The callback". */
function judge(response: Response): Omit<AttemptResult, "excerpt" | "durationMs"> {
  const { status: statusCode, headers } = response;
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"), headers.get("date"), Date.now());
  if (statusCode >= 200 && statusCode < 300) {
    return { outcome: "delivered", reason: null, statusCode, retryAfterMs: null };
  }
  const permanent = permanentReason(statusCode);
  if (permanent !== null) {
    return { outcome: "permanent", reason: permanent, statusCode, retryAfterMs: null };
  }
  const redirect = statusCode >= 300 && statusCode < 400 && headers.has("location");
  return {
    outcome: "retryable",
    reason: redirect ? "redirect" : `http_${statusCode}`,
    statusCode,
    retryAfterMs,
  };
}

async function excerptOf(response: Response, { headers }: Callback): Promise<string | null> {
  const secrets = headers.flatMap(([, value]) => spellings(value));
  const location = response.headers.get("location");
  if (response.status >= 300 && response.status < 400 && location !== null) {
    discardBody(response);
    return clipBytes(redactText(`redirect to ${location}`, secrets), EXCERPT_MAX_BYTES);
  }
  const { bytes, end } = await readBytes(response.body, EXCERPT_MAX_BYTES, {
    timeoutMs: EXCERPT_PATIENCE_MS,
    expectedBytes: announcedBytes(response),
  });
  if (bytes.byteLength === 0) return null;
  const text = redactText(new TextDecoder().decode(bytes), secrets);
  // Marks and replacement characters may be longer than what they stand for.
  return clipBytes(end === "complete" ? text : withoutBegunSecret(text, secrets), EXCERPT_MAX_BYTES);
}

/** How a receiver may echo a header's value: as it is, without the scheme (`Bearer …`), either inside JSON. */
function spellings(value: string): string[] {
  const bare = value.slice(value.indexOf(" ") + 1);
  const plain = [value, bare].filter((text) => text.length >= SECRET_VALUE_MIN_LENGTH);
  return plain.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]);
}
