/**
 * A limit counts from when it is made, so it is made when the request really starts: after what was written is durable
 * (the runtime holds requests back until then), and with fewer than six of an object under way (the platform queues the
 * rest).
 */

/** A signal that aborts after a while, and the way to say that it is not needed any more. */
export interface TimeLimit {
  signal: AbortSignal;
  clear: () => void;
}

/**
 * `AbortSignal.timeout` would run on after the answer is there, and an object with a timer open counts as awake: a poll
 * of 0.2 s would be billed as the 20 s that it might have taken.
 */
export function timeLimit(ms: number): TimeLimit {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
