/** When an account looks after its tasks. */

/** Tasks that were heard of in the same minute are looked at in one go. */
const ROUND_MS = 60_000;

/** A task that is not settled is asked how it is once an hour: the alarm's rounding to a minute included. */
export const LOOK_EVERY_MS = 3_600_000 - ROUND_MS;

/** An alarm later than this is taken for lost: the platform may be late by a minute in a failover. */
export const OVERDUE_MS = 60_000;

/** The next try of a run that could not decide anything. */
export const UNDECIDED_RETRY_MS = 60_000;

/**
 * The account's alarm. Always later than now, and never by more than an hour: an account that sleeps does not learn of a
 * new `RETENTION_HOURS`, which also holds for tasks that have ended.
 */
export function lookAlarmAt(dueAt: readonly number[], now: number): number {
  const at = Math.ceil(Math.min(...dueAt, now + LOOK_EVERY_MS) / ROUND_MS) * ROUND_MS;
  return Math.max(at, now + 1);
}
