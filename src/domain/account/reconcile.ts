/** When an account reconciles its rows with its tasks. */

/**
 * The account's alarm. Each run asks the tasks that are not settled, so that each is asked once an hour; and drops the
 * rows whose retention is over. It also comes where there is nothing to ask: an account that sleeps does not learn of a
 * new `RETENTION_HOURS`, which holds for tasks that have ended, too.
 */
export const RECONCILE_EVERY_MS = 3_540_000;

/** A task that was heard of within this before a run is not asked by it. Together with the interval: an hour. */
export const HEARD_LATELY_MS = 60_000;

/** An alarm later than this is taken for lost: the platform may be late by a minute in a failover. */
export const OVERDUE_MS = 60_000;

/** Until the next run, if this one failed or ran out of time. */
export const RETRY_MS = 60_000;

/** How long a settled task is kept, by the present setting. */
export interface Retention {
  now: number;
  /** Infinity: nothing expires. */
  retentionMs: number;
}

interface Ending {
  settledAt: number | null;
  expiresAt: number | null;
}

/** Its retention is over by the present setting, whatever the task's object knows. */
export function isOver({ settledAt }: Pick<Ending, "settledAt">, { now, retentionMs }: Retention): boolean {
  return settledAt !== null && settledAt + retentionMs <= now;
}

/**
 * What becomes of a settled task's row. `ask`: the alarm of the task's object is set by another retention than the
 * present one, and only one of the two is over.
 */
export function fate(task: Ending, retention: Retention): "keep" | "drop" | "ask" {
  if (task.settledAt === null) return "keep";
  const isGone = task.expiresAt !== null && task.expiresAt <= retention.now;
  if (isGone !== isOver(task, retention)) return "ask";
  return isGone ? "drop" : "keep";
}

/** What a chunk of the oldest rows came to. */
export interface ExpiryChunk {
  /** Tasks that must be asked, because their retention has changed. */
  ask: string[];
  /** The key to go on from; null: nothing older is left. */
  next: string | null;
}
