import type { AttemptReason } from "../../contract/words.ts";
import { UNSENT_REASONS, type Delivery, type FinishedAttempt } from "../delivery/delivery.ts";

/** So many failed attempts in a row make a host a failing one. */
export const FAILING_ATTEMPTS = 5;

/**
 * What a task's attempts at one receiver's host came to. One whose outcome is unknown counts for neither: it may have
 * arrived. One to another URL says nothing of this host. Instants are epoch milliseconds, each of an attempt's beginning:
 * where it goes is decided then.
 */
export interface AttemptTally {
  delivered: number;
  failed: number;
  /** Of the newest one that was delivered. */
  deliveredAt: number | null;
  /** Of those after it, which were sent and have failed: the newest ones, as many as make a host a failing one, oldest first. */
  failedAt: readonly number[];
  /** The newest one that failed, also if others were delivered since. */
  lastFailure: AttemptFailure | null;
}

export interface AttemptFailure {
  at: number;
  reason: AttemptReason | null;
}

export const NO_ATTEMPTS: AttemptTally = {
  delivered: 0,
  failed: 0,
  deliveredAt: null,
  failedAt: [],
  lastFailure: null,
};

export function attemptsOf(deliveries: readonly Delivery[]): AttemptTally {
  const known = deliveries
    .flatMap(({ finished }) => finished)
    .filter(({ host, result }) => host === undefined && result.outcome !== "unknown")
    .toSorted((a, b) => a.startedAt - b.startedAt);
  if (known.length === 0) return NO_ATTEMPTS;
  const failed = known.filter(({ result }) => result.outcome !== "delivered");
  const lastDelivered = known.findLast(({ result }) => result.outcome === "delivered");
  const deliveredAt = lastDelivered?.startedAt ?? null;
  const failedAt = failed.filter(wasSent).map(({ startedAt }) => startedAt);
  return {
    delivered: known.length - failed.length,
    failed: failed.length,
    deliveredAt,
    failedAt: failedAt.filter((at) => deliveredAt === null || at > deliveredAt).slice(-FAILING_ATTEMPTS),
    lastFailure: failureOf(failed.at(-1)),
  };
}

/** When the last attempt began to which the receiver said that it is gone; null: it has not. What another URL says is not its word. */
export function goneAtOf(deliveries: readonly Delivery[]): number | null {
  const gone = deliveries
    .flatMap(({ finished }) => finished)
    .filter(({ host, result }) => host === undefined && result.reason === "gone");
  return gone.length === 0 ? null : Math.max(...gone.map(({ startedAt }) => startedAt));
}

/** What never left says nothing of the receiver. */
function wasSent({ result }: FinishedAttempt): boolean {
  return UNSENT_REASONS.every((reason) => reason !== result.reason);
}

function failureOf(attempt: FinishedAttempt | undefined): AttemptFailure | null {
  return attempt ? { at: attempt.startedAt, reason: attempt.result.reason } : null;
}

/** 0 before the first one. */
export function lastAttemptAt({
  deliveredAt,
  lastFailure,
}: Pick<AttemptTally, "deliveredAt" | "lastFailure">): number {
  return Math.max(deliveredAt ?? 0, lastFailure?.at ?? 0);
}

/**
 * Whether the account must hear of the difference at once: an attempt that failed, or one that was delivered after such.
 * A first attempt that is delivered is none: the delivery's status says it.
 */
export function isAttemptNews(before: AttemptTally, after: AttemptTally): boolean {
  return before.failed !== after.failed || (before.failedAt.length > 0 && after.failedAt.length === 0);
}
