import type { FinishedAttempt } from "./delivery.ts";

/** Excerpts of receivers' answers that one task keeps, in bytes: the newest ones. */
const EXCERPT_BYTES_PER_TASK = 32_768;
/** What one excerpt may have. */
export const EXCERPT_MAX_BYTES = 2048;

/** So many attempts never have more excerpts than a task may keep. */
export const ATTEMPTS_WITHIN_BOUND = EXCERPT_BYTES_PER_TASK / EXCERPT_MAX_BYTES;

/** The attempts whose excerpt has to go, because newer ones fill the bound, without it. */
export function withoutOldExcerpts(attempts: readonly FinishedAttempt[]): FinishedAttempt[] {
  let bytes = 0;
  const without: FinishedAttempt[] = [];
  for (const attempt of attempts.toSorted((a, b) => b.startedAt - a.startedAt || b.number - a.number)) {
    const { excerpt } = attempt.result;
    if (excerpt === null) continue;
    bytes += new TextEncoder().encode(excerpt).byteLength;
    if (bytes > EXCERPT_BYTES_PER_TASK) {
      without.push({ ...attempt, result: { ...attempt.result, excerpt: null } });
    }
  }
  return without;
}
