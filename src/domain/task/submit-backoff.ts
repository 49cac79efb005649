import { jittered } from "../text/jitter.ts";

/** A refused submit ("not now") waits 1, 2, 4 … seconds, at most this long, unless the upstream asks for more. */
const CEILING_MS = 60_000;

/** `refusals` counts this one, from 1. `retryAfterMs` is a lower bound; the result is milliseconds from now. */
export function submitBackoffMs(refusals: number, retryAfterMs: number | null, random: number): number {
  const step = Math.min(1000 * 2 ** Math.min(refusals - 1, 10), CEILING_MS);
  // With a lower bound the jitter only adds: the queue of one key does not come back in the same second.
  if (retryAfterMs !== null && retryAfterMs >= step) return retryAfterMs + step * 0.2 * random;
  return Math.max(jittered(step, 0.2, random), retryAfterMs ?? 0);
}
