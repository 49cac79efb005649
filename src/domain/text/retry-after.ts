/** The longest wait that an upstream or a receiver can ask for (seconds may come as 1e9). */
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * Reads a `Retry-After` (RFC 9110, 10.2.3): delay seconds, which some servers send with a fraction, or an HTTP date.
 * A date counts from the answer's own `Date` if it has one, so that a skewed clock of the other side does not turn a
 * short wait into an hour.
 * @returns milliseconds from now, 0 to one hour; null if the header says nothing usable (absent, negative, words)
 */
export function parseRetryAfter(
  header: string | null,
  answerDate: string | null,
  now: number,
): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1000), RETRY_AFTER_MAX_MS);
  const at = parseHttpDate(text);
  if (at === null) return null;
  const reference = (answerDate === null ? null : parseHttpDate(answerDate.trim())) ?? now;
  return Math.min(Math.max(at - reference, 0), RETRY_AFTER_MAX_MS);
}

/** `openai-poll-after-ms`, sent by some gateways with a status: the same kind of lower bound, in milliseconds. */
export function parsePollAfterMs(header: string | null): number | null {
  if (header === null || !/^\d+(\.\d+)?$/.test(header.trim())) return null;
  return Math.min(Math.ceil(Number(header)), RETRY_AFTER_MAX_MS);
}

/** The three date forms of RFC 9110, 5.6.7. `Date.parse` alone also takes "-5", "120.1 x" and bare years. */
function parseHttpDate(text: string): number | null {
  if (!/^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i.test(text)) return null;
  // asctime has no zone; it means GMT.
  const at = Date.parse(/gmt$/i.test(text) ? text : `${text} GMT`);
  return Number.isNaN(at) ? null : at;
}
