import type {
  AttemptOutcome,
  AttemptReason,
  AttemptTrigger,
  CallbackFormat,
  DeliveryStatus,
  EventType,
} from "../../contract/words.ts";
import { LEASE_MARGIN_MS } from "../task/lease.ts";
import { jittered } from "../text/jitter.ts";

/** Where an attempt goes. */
export interface Receiver {
  url: string;
  headers: [name: string, value: string][];
}

/** One HTTP try of a delivery. */
export interface Attempt {
  /** From 1. */
  number: number;
  trigger: AttemptTrigger;
  startedAt: number;
  /** It went to another URL, at this host. */
  host?: string;
  /** Made for this recovery, which makes no second one. */
  recoveryId?: string;
}

export interface AttemptOnTheWire extends Attempt {
  /** Until when its process may still report. */
  leaseUntil: number;
}

export interface FinishedAttempt extends Attempt {
  result: AttemptResult;
}

/** One event on its way to one receiver. Instants are epoch milliseconds. */
export interface Delivery {
  /** Order of creation within the task, from 1. */
  seq: number;
  /** The same at every receiver of the event. */
  messageId: string;
  /** The registered endpoint that it goes to; null: the task's own callback. */
  endpoint: { id: string; host: string } | null;
  /** Of the message's text, which stands beside the deliveries. */
  format: CallbackFormat;
  type: EventType;
  occurredAt: number;
  status: DeliveryStatus;
  /** Null once settled. */
  nextAttemptAt: number | null;
  /** Attempts begun so far; the newest one's number. */
  attempts: number;
  /** Those of them that the schedule made: they decide the next wait. */
  scheduled: number;
  /** Attempts asked for by hand that wait for their turn. */
  manual: number;
  /** The same to another URL each: where to, sealed. Whatever else is due goes first. */
  elsewhere: readonly string[];
  /** The newest attempt, until its result is recorded. */
  onTheWire: AttemptOnTheWire | null;
  /** The others, oldest first. */
  finished: readonly FinishedAttempt[];
  /** When it became delivered, exhausted or stopped. */
  settledAt: number | null;
}

/**
 * A receiver that never wants this again: the answer of the task's own receiver ends the task's callbacks, that of a
 * registered endpoint ends its delivery. Null: any other status.
 */
export function permanentReason(statusCode: number | null): "gone" | "http_501" | null {
  if (statusCode === 410) return "gone";
  return statusCode === 501 ? "http_501" : null;
}

/** The outcome of one attempt. */
export interface AttemptResult {
  outcome: AttemptOutcome;
  /** Null when delivered. */
  reason: AttemptReason | null;
  statusCode: number | null;
  durationMs: number | null;
  /** At most 2 KB of the receiver's answer. */
  excerpt: string | null;
  retryAfterMs: number | null;
}

export const UNSENT_REASONS = ["endpoint_deleted", "url_rejected", "headers_rejected"] as const;

/** An attempt that was not made, because it can never be: another try would change nothing. */
export function neverSent(reason: (typeof UNSENT_REASONS)[number]): AttemptResult {
  return { outcome: "permanent", reason, statusCode: null, durationMs: 0, excerpt: null, retryAfterMs: null };
}

export interface DeliveryLimits {
  /** Waits after the first, second … failed attempt. */
  retryMs: readonly number[];
}

/** Inside the 24 hours that a result URL usually lives. */
export const DELIVERY_LIFETIME_MS = 22 * 3_600_000;
const RETRY_JITTER = 0.2;
/** `Retry-After` may move an attempt to twice its step, or by this much, whichever is more. */
const RETRY_AFTER_FLOOR_MS = 60_000;

export function newDelivery(fields: {
  seq: number;
  messageId: string;
  endpoint: Delivery["endpoint"];
  format: CallbackFormat;
  type: EventType;
  occurredAt: number;
  notBeforeAt: number;
  stopped: boolean;
}): Delivery {
  const { seq, messageId, endpoint, format, type, occurredAt, notBeforeAt, stopped } = fields;
  return {
    seq,
    messageId,
    endpoint,
    format,
    type,
    occurredAt,
    status: stopped ? "stopped" : "pending",
    nextAttemptAt: stopped ? null : Math.max(occurredAt, notBeforeAt),
    attempts: 0,
    scheduled: 0,
    manual: 0,
    elsewhere: [],
    onTheWire: null,
    finished: [],
    settledAt: stopped ? occurredAt : null,
  };
}

/** Where the next attempt goes, sealed, if that is another URL; null: to the delivery's own receiver. */
export function nextElsewhere(delivery: Delivery, now: number): string | null {
  return delivery.manual > 0 || isDue(delivery, now) ? null : (delivery.elsewhere[0] ?? null);
}

/** How many attempts asked for by hand wait for their turn. */
export function waitingByHand({ manual, elsewhere }: Delivery): number {
  return manual + elsewhere.length;
}

/**
 * Takes the lease for the next attempt: one asked for by hand first, then the schedule's, then one to another URL, which
 * must not delay those. Null if none is due or one is on the wire. An attempt by hand is made in every state, also of an
 * exhausted or stopped delivery. `host`: that of the other URL, if the next attempt goes to one; the lease takes that URL
 * off the line, because a lost attempt is not repeated.
 */
export function beginAttempt(
  delivery: Delivery,
  now: number,
  timeoutMs: number,
  host: string | null = null,
): Delivery | null {
  if (delivery.manual > 0) {
    const begun = beginByHand(delivery, now, timeoutMs);
    return begun && { ...begun, manual: delivery.manual - 1 };
  }
  if (isDue(delivery, now)) {
    if (delivery.onTheWire !== null) return null;
    const begun = withLease(delivery, now, timeoutMs, { trigger: "scheduled" });
    return { ...begun, scheduled: delivery.scheduled + 1 };
  }
  if (host === null) return null;
  const begun = beginByHand(delivery, now, timeoutMs, { host });
  return begun && { ...begun, elsewhere: delivery.elsewhere.slice(1) };
}

/** The same for an attempt that nothing has put in line. `mark`: what it is made for. */
export function beginByHand(
  delivery: Delivery,
  now: number,
  timeoutMs: number,
  mark: Pick<Attempt, "host" | "recoveryId"> = {},
): Delivery | null {
  if (delivery.onTheWire !== null) return null;
  return withLease(delivery, now, timeoutMs, { trigger: "manual", ...mark });
}

function withLease(
  delivery: Delivery,
  now: number,
  timeoutMs: number,
  kind: Omit<Attempt, "number" | "startedAt">,
): Delivery {
  const attempts = delivery.attempts + 1;
  const leaseUntil = now + timeoutMs + LEASE_MARGIN_MS;
  return { ...delivery, attempts, onTheWire: { number: attempts, startedAt: now, leaseUntil, ...kind } };
}

/** Whether the next attempt is the schedule's. */
export function isScheduleNext(delivery: Delivery, now: number): boolean {
  return delivery.manual === 0 && isDue(delivery, now);
}

function isDue({ status, nextAttemptAt }: Delivery, now: number): boolean {
  return status === "pending" && nextAttemptAt !== null && nextAttemptAt <= now;
}

/** Records the newest attempt's result: delivered, to be repeated by the schedule, or at its end. */
export function recordResult(
  delivery: Delivery,
  result: AttemptResult,
  at: { now: number; random: number; limits: DeliveryLimits },
): Delivery {
  const { onTheWire } = delivery;
  if (onTheWire === null) return delivery;
  const { leaseUntil: _over, ...attempt } = onTheWire;
  const finished = [...delivery.finished, { ...attempt, result }];
  const free = { ...delivery, onTheWire: null, finished };
  if (result.outcome === "delivered" && isToReceiver(attempt)) return settled(free, "delivered", at.now);
  // A manual attempt never stops the schedule.
  if (attempt.trigger === "manual") return free;
  // Settled while the attempt was on the wire (the task ended, the receiver said gone): a failure changes nothing.
  if (delivery.status !== "pending") return free;
  if (result.outcome === "permanent") return settled(free, "stopped", at.now);
  return postponeDelivery(free, delivery.scheduled, { ...at, retryAfterMs: result.retryAfterMs });
}

/** At another URL an event does not reach its receiver, unless a recovery says that the receiver has moved. */
function isToReceiver({ host, recoveryId }: Attempt): boolean {
  return host === undefined || recoveryId !== undefined;
}

/** Oldest first. */
function begunAttempts({ finished, onTheWire }: Delivery): readonly Attempt[] {
  return onTheWire === null ? finished : [...finished, onTheWire];
}

/** How many attempts the event's receiver has had: a redelivery to another URL is none of them. */
export function attemptsAtReceiver(delivery: Delivery): number {
  return begunAttempts(delivery).filter(isToReceiver).length;
}

/** The number of the newest attempt at the stored URL; before one, that of the next. */
export function storedNumber(delivery: Delivery): number {
  const newest = begunAttempts(delivery).findLast(({ host }) => host === undefined);
  return newest?.number ?? delivery.attempts + 1;
}

/** Plans the next attempt after the n-th failure, or ends the delivery where the schedule ends. */
export function postponeDelivery(
  delivery: Delivery,
  timesInVain: number,
  at: { now: number; random: number; limits: DeliveryLimits; retryAfterMs?: number | null },
): Delivery {
  const step = at.limits.retryMs[timesInVain - 1];
  if (step === undefined) return settled(delivery, "exhausted", at.now);
  const nextAttemptAt = at.now + retryWaitMs(step, at.retryAfterMs ?? null, at.random);
  if (nextAttemptAt > delivery.occurredAt + DELIVERY_LIFETIME_MS)
    return settled(delivery, "exhausted", at.now);
  return { ...delivery, nextAttemptAt };
}

/** The schedule's wait with its jitter; a receiver's `Retry-After` makes it longer, never shorter. */
export function retryWaitMs(stepMs: number, retryAfterMs: number | null, random: number): number {
  const ceiling = Math.max(2 * stepMs, RETRY_AFTER_FLOOR_MS);
  return Math.max(jittered(stepMs, RETRY_JITTER, random), Math.min(retryAfterMs ?? 0, ceiling));
}

/** Ends a delivery: the schedule makes no more attempts. A settled one stays as it is. */
export function stopDelivery(delivery: Delivery, now: number): Delivery {
  return delivery.status === "pending" ? settled(delivery, "stopped", now) : delivery;
}

/** Ends a delivery whose attempts cannot be prepared, and forgets those asked for by hand: its task must be erased in time. */
export function abandonDelivery(delivery: Delivery, now: number): Delivery {
  const free = { ...delivery, manual: 0, elsewhere: [] };
  return delivery.status === "pending" ? settled(free, "exhausted", now) : free;
}

/** Whether an attempt was made, or begun, that the schedule did not ask for. */
export function hasManualAttempt({ attempts, scheduled }: Delivery): boolean {
  return attempts > scheduled;
}

/** In the whole life of a task, because each attempt stays in the document. */
export const ATTEMPTS_BY_HAND_MAX = 1000;

/** How many the schedule did not make, with those that wait for their turn. */
export function attemptsByHand(deliveries: readonly Delivery[]): number {
  const counts = deliveries.map((one) => one.attempts - one.scheduled + waitingByHand(one));
  return counts.reduce((sum, count) => sum + count, 0);
}

function settled(delivery: Delivery, status: DeliveryStatus, now: number): Delivery {
  return { ...delivery, status, nextAttemptAt: null, settledAt: now };
}
