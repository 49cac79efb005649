import type { AttemptReason, DisabledReason } from "../../contract/words.ts";
import { FAILING_ATTEMPTS, NO_ATTEMPTS, type AttemptFailure, type AttemptTally } from "./attempts.ts";

/**
 * How an account's attempts at a host, or at a registered endpoint, went lately. Instants are epoch milliseconds, each of an
 * attempt's beginning.
 */
export interface HostHealth {
  /** Of the newest attempt that was delivered. */
  deliveredAt: number | null;
  /** Of those after it, which have failed: the newest ones, `FAILING_ATTEMPTS` at most, oldest first. */
  failedAt: readonly number[];
  /** The first failed one of them, older than those in `failedAt` if there were more. */
  firstFailedAt: number | null;
  lastFailure: AttemptFailure | null;
}

/** An account remembers no more hosts; those go whose last attempt is the oldest. */
export const HOSTS_MAX = 500;

export const NEW_HOST: HostHealth = {
  deliveredAt: null,
  failedAt: [],
  firstFailedAt: null,
  lastFailure: null,
};

/** What calls do to a failing endpoint that end it without an attempt. */
export const FAILING_ENDS = ["url_changed", "disabled", "deleted"] as const;
export type FailingEnd = (typeof FAILING_ENDS)[number];

/** A receiver has begun to fail, is failing no more, or is sent nothing more. */
export interface HealthTransition {
  /** `disabled`: by Ringback, and only of a registered endpoint, which then neither begins to fail nor recovers. */
  kind: "failing" | "recovered" | "disabled";
  /** The registered endpoint's id; null: all receivers at the host are meant. */
  endpoint: string | null;
  host: string;
  /** When the first of the failed attempts in a row began; of one that is `gone`: the attempt that was answered so. */
  since: number;
  /** Of the newest failure; of `disabled`, `gone` or `failing`; of `recovered` without an attempt, what a call did. */
  reason: AttemptReason | DisabledReason | FailingEnd | null;
}

/** Five attempts in one second are no outage yet. */
const FAILING_SPAN_MS = 60_000;

/** Since when the host is failing: its last five attempts, or more, over at least a minute, have failed. Null: it is not. */
export function failingSince({ failedAt, firstFailedAt }: HostHealth): number | null {
  const last = failedAt.at(-1);
  if (failedAt.length < FAILING_ATTEMPTS || last === undefined || firstFailedAt === null) return null;
  return last - firstFailedAt >= FAILING_SPAN_MS ? firstFailedAt : null;
}

/** Whether a task's attempts differ from one of its reports to a newer one. Null before the first report. */
export function hasNewAttempts(before: AttemptTally | null, after: AttemptTally): boolean {
  return after.delivered > (before?.delivered ?? 0) || after.failed > (before?.failed ?? 0);
}

function newAttempts(before: AttemptTally | null, after: AttemptTally) {
  return {
    deliveredAt: after.delivered > (before?.delivered ?? 0) ? after.deliveredAt : null,
    failedAt: added(before?.failedAt ?? [], after.failedAt),
  };
}

/** Those of `after` that are not among `before`: two events of a task may go out at one instant, and both fail. */
function added(before: readonly number[], after: readonly number[]): number[] {
  const rest = [...before];
  return after.filter((at) => {
    const index = rest.indexOf(at);
    if (index !== -1) rest.splice(index, 1);
    return index === -1;
  });
}

/**
 * The host's health after a task's report. Reports overtake one another: the newest failures after the newest success come
 * to the same in every order. Only `firstFailedAt` may be later than it was, if the report of a success comes after those
 * of six failures that followed it.
 */
export function observe(health: HostHealth, before: AttemptTally | null, after: AttemptTally): HostHealth {
  const news = newAttempts(before, after);
  const deliveredAt = later(health.deliveredAt, news.deliveredAt);
  const isInRun = (at: number): boolean => deliveredAt === null || at > deliveredAt;
  const run = [...health.failedAt, ...news.failedAt].filter(isInRun).toSorted((a, b) => a - b);
  const { firstFailedAt: first } = health;
  const [oldest = null] = run;
  return {
    deliveredAt,
    failedAt: run.slice(-FAILING_ATTEMPTS),
    firstFailedAt: first !== null && oldest !== null && isInRun(first) ? Math.min(first, oldest) : oldest,
    lastFailure: newer(health.lastFailure, after.lastFailure),
  };
}

/** As if the receiver had taken something at that time: what failed until then counts no more. */
export function restarted(health: HostHealth, at: number): HostHealth {
  const isDone = health.deliveredAt !== null && health.deliveredAt >= at;
  return isDone ? health : observe({ ...health, deliveredAt: at }, null, NO_ATTEMPTS);
}

function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function newer(a: AttemptFailure | null, b: AttemptFailure | null): AttemptFailure | null {
  return (b?.at ?? -1) > (a?.at ?? -1) ? b : a;
}

/** Whether a process that does not know the difference could take the host for failing, or for well, by mistake. */
export function isHealthNews(before: HostHealth, after: HostHealth): boolean {
  return (
    before.failedAt.join() !== after.failedAt.join() ||
    before.firstFailedAt !== after.firstFailedAt ||
    before.lastFailure?.at !== after.lastFailure?.at
  );
}

/** Null: it is as well, or as bad, as before. */
export function transitionOf(
  receiver: Pick<HealthTransition, "endpoint" | "host">,
  before: HostHealth,
  after: HostHealth,
): HealthTransition | null {
  const [was, is] = [failingSince(before), failingSince(after)];
  if (was === null && is !== null) {
    return { kind: "failing", ...receiver, since: is, reason: after.lastFailure?.reason ?? null };
  }
  if (was === null || is !== null) return null;
  return { kind: "recovered", ...receiver, since: was, reason: before.lastFailure?.reason ?? null };
}
