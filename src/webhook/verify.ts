import type { VerifyReason } from "../contract/words.ts";
import { signature } from "./sign.ts";

/** Why a received callback is not genuine. */

export interface ReceivedWebhook {
  id: string | null;
  /** Unix seconds, as it came. */
  timestamp: string | null;
  signatures: string | null;
  body: Uint8Array;
}

/** Standard Webhooks 1.0.0: a receiver allows five minutes of skew either way. */
const TOLERANCE_SECONDS = 300;

/** Null if one of the secrets signed this, within the last five minutes. `now` is epoch milliseconds. */
export async function verifyWebhook(
  received: ReceivedWebhook,
  secrets: readonly string[],
  now: number,
): Promise<VerifyReason | null> {
  const { id, timestamp, signatures, body } = received;
  if (!id || !timestamp || !signatures) return "missing_header";
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  if (!(Math.abs(now / 1000 - seconds) <= TOLERANCE_SECONDS)) return "timestamp_out_of_range";
  const given = signatures.split(" ");
  let match = false;
  for (const secret of secrets) {
    const expected = await signature(secret, id, timestamp, body);
    for (const candidate of given) match = sameText(expected, candidate) || match;
  }
  return match ? null : "no_match";
}

/** In constant time: the time does not reveal how much of it matches. */
function sameText(expected: string, candidate: string): boolean {
  let difference = expected.length ^ candidate.length;
  for (let index = 0; index < expected.length; index++) {
    difference |= expected.charCodeAt(index) ^ (candidate.charCodeAt(index) || 0);
  }
  return difference === 0;
}
