/**
 * A limit counts from its creation, so callers create it when the request really starts: after their writes are durable
 * (the runtime holds requests back until then), and with fewer than six requests of an object in flight (the platform
 * queues the rest).
 */

/** A signal that aborts after a while, and a function that clears it. */
interface TimeLimit {
  signal: AbortSignal;
  clear: () => void;
}

/**
 * `AbortSignal.timeout` would run on after the answer, and an object with an open timer counts as awake: the platform
 * would bill a poll of 0.2 s as the 20 s that it might have taken.
 */
export function timeLimit(ms: number): TimeLimit {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
