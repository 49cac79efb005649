/** When an account looks after its tasks. */

/** A task that is not settled is asked how it is when it was not heard of for so long. */
export const LOOK_EVERY_MS = 3_600_000;

/** An alarm later than this is taken for lost: the platform may be late by a minute in a failover. */
export const OVERDUE_MS = 60_000;

/** Tasks that were heard of in the same minute are looked at in one go. */
const ROUND_MS = 60_000;

/** The account's alarm: the next look, or the next task whose retention is over. Always later than now. */
export function lookAlarmAt(
  tasks: readonly { lookedAt: number; expiresAt: number | null }[],
  now: number,
): number {
  const due = tasks.map(({ lookedAt, expiresAt }) => expiresAt ?? lookedAt + LOOK_EVERY_MS);
  const at = Math.ceil(Math.min(...due) / ROUND_MS) * ROUND_MS;
  return Math.max(at, now + 1);
}
