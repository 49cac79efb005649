import {
  abandonDelivery,
  beginAttempt,
  DELIVERY_LIFETIME_MS,
  isScheduleNext,
  neverSent,
  nextElsewhere,
  permanentReason,
  recordResult,
  stopDelivery,
  type AttemptResult,
  type Delivery,
  type Receiver,
} from "../../domain/delivery/delivery.ts";
import { judgeEndpoint, receiverHost } from "../../domain/delivery/endpoint-policy.ts";
import { withinExcerptBound } from "../../domain/delivery/excerpts.ts";
import { isRingbackFault } from "../../domain/errors/stall.ts";
import { bodyOf } from "../../domain/task/events/announce.ts";
import { isTerminalEvent } from "../../domain/task/events/event.ts";
import type { Task } from "../../domain/task/task.ts";
import { errorFields } from "../../log.ts";
import { RINGBACK_VERSION } from "../../version.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { Change, TaskDocument } from "../document/document.ts";
import { proveKey } from "./prove-key.ts";
import { prepareAttempt, type Prepared } from "./prepare.ts";
import { unsealText } from "../document/sealed.ts";

/** An attempt whose lease is written. */
export interface BegunAttempt {
  createId: string;
  delivery: Delivery;
  prepared: Prepared;
}

/**
 * One attempt of one delivery: the lease in the document first, then the request, then the result. Or the end of the
 * delivery, if its endpoint takes nothing any more.
 */
export async function attemptStep(deps: TaskDeps, seq: number): Promise<void> {
  const before = deps.store.load();
  const asked = before?.deliveries.find((delivery) => delivery.seq === seq);
  if (!before || !asked || !(await proveKey(deps, before))) return;
  const { createId } = before.task;
  const sealed = sealedReceiver(before, seq, deps.now());
  const elsewhere = sealed === null ? null : await openReceiver(deps, before, sealed);
  const prepared = await prepareAttempt(deps, before, asked, elsewhere);
  const host = elsewhere && receiverHost(elsewhere.url);
  const begun = deps.store.update(createId, (document, now) => {
    const due = document.deliveries.find((delivery) => delivery.seq === seq);
    // Another attempt has become the next one meanwhile.
    const isOvertaken = sealedReceiver(document, seq, now) !== sealed;
    if (!due || isOvertaken) return null;
    if (prepared.isOff && isScheduleNext(due, now)) return { deliveries: [stopDelivery(due, now)] };
    const delivery = beginAttempt(due, now, deps.settings.callback.timeoutMs, host);
    return delivery && { deliveries: [delivery], ...signedWith(document.task, prepared) };
  });
  const delivery = begun?.deliveries.find((one) => one.seq === seq);
  if (begun && delivery?.onTheWire === null) {
    logEnd(deps, begun, seq, prepared.receiver === null ? "endpoint_deleted" : "endpoint_disabled");
  }
  if (delivery?.onTheWire) await sendAttempt(deps, { createId, delivery, prepared });
}

/**
 * Ends the delivery of an attempt that could not be prepared (a seal does not open, the account is silent) until 22 hours
 * after its event, or after the last redelivery. False: there is time left.
 */
export function giveUpAttempt(deps: TaskDeps, seq: number): boolean {
  const createId = deps.store.load()?.task.createId ?? "";
  const after = deps.store.update(createId, ({ task, deliveries }, now) => {
    const delivery = deliveries.find((one) => one.seq === seq);
    if (!delivery || delivery.onTheWire !== null) return null;
    const askedAt = Math.max(delivery.occurredAt, ...task.redeliveredAt);
    return now < askedAt + DELIVERY_LIFETIME_MS ? null : { deliveries: [abandonDelivery(delivery, now)] };
  });
  if (after) logEnd(deps, after, seq, "unprepared");
  return after !== null;
}

function logEnd(deps: TaskDeps, { task, deliveries }: TaskDocument, seq: number, why: string): void {
  const delivery = deliveries.find((one) => one.seq === seq);
  deps.log("delivery.ended", {
    ...taskFields(task),
    message_id: delivery?.messageId,
    endpoint: delivery?.endpoint?.id,
    delivery: delivery?.status,
    reason: why,
  });
}

function sealedReceiver({ deliveries }: TaskDocument, seq: number, now: number): string | null {
  const due = deliveries.find((delivery) => delivery.seq === seq);
  return due ? nextElsewhere(due, now) : null;
}

/** No callback may go there. */
const UNREADABLE: Receiver = { url: "about:blank", headers: [] };

/** One that does not open any more must not hold up the attempts behind it. */
async function openReceiver(deps: TaskDeps, { task }: TaskDocument, sealed: string): Promise<Receiver> {
  try {
    return JSON.parse(await unsealText(deps, task, "elsewhere", sealed)) as Receiver;
  } catch (error) {
    if (!isRingbackFault(error)) throw error;
    deps.log("receiver.unreadable", { ...taskFields(task), ...errorFields(error) });
    return UNREADABLE;
  }
}

/** The end of a task, with the lease of the first attempt at its own receiver if that is due by now. */
export function withFirstAttempt(
  deps: TaskDeps,
  end: Change & { task: Task; deliveries: readonly Delivery[] },
  prepared: Prepared,
  now: number,
): Change {
  const { timeoutMs } = deps.settings.callback;
  const deliveries = end.deliveries.map((delivery) =>
    isOwnEnd(delivery) ? (beginAttempt(delivery, now, timeoutMs) ?? delivery) : delivery,
  );
  return { ...end, deliveries, ...signedWith(end.task, prepared) };
}

/** The attempt that `withFirstAttempt` has begun, by the document after it. */
export function firstAttempt({ task, deliveries }: TaskDocument, prepared: Prepared): BegunAttempt | null {
  const delivery = deliveries.find((one) => isOwnEnd(one) && one.onTheWire !== null);
  return delivery ? { createId: task.createId, delivery, prepared } : null;
}

function isOwnEnd({ endpoint, type }: Delivery): boolean {
  return endpoint === null && isTerminalEvent(type);
}

/** The task remembers what signed last, for an account that is silent. */
export function signedWith(task: Task, { versions }: Prepared): { task?: Task } {
  const isKnown = JSON.stringify(task.signing) === JSON.stringify(versions);
  return isKnown ? {} : { task: { ...task, signing: versions } };
}

/** The request of a begun attempt, and its result. */
export async function sendAttempt(
  deps: TaskDeps,
  { createId, delivery: begun, prepared }: BegunAttempt,
): Promise<void> {
  await deps.store.durable();
  const document = deps.store.load();
  // Deleted meanwhile.
  if (document?.task.createId !== createId || !openDelivery(document, begun)) return;
  recordAttempt(deps, createId, begun, await resultOf(deps, document, begun, prepared));
}

async function resultOf(
  deps: TaskDeps,
  { task, bodies }: TaskDocument,
  begun: Delivery,
  { receiver, secrets }: Prepared,
): Promise<AttemptResult> {
  if (receiver === null) return neverSent("endpoint_deleted");
  const { allowPrivate, timeoutMs } = deps.settings.callback;
  const ownHosts = [task.ownHost, ...deps.settings.ownHosts];
  const verdict = judgeEndpoint(receiver.url, { allowPrivate, ownHosts });
  if (!verdict.ok) return neverSent("url_rejected");
  return deps.send({
    url: verdict.url,
    headers: receiver.headers,
    messageId: begun.messageId,
    body: bodyOf(bodies, begun),
    attempt: begun.attempts,
    secrets,
    timeoutMs,
    version: RINGBACK_VERSION,
  });
}

const LOST_ATTEMPT: AttemptResult = {
  outcome: "unknown",
  reason: "interrupted",
  statusCode: null,
  durationMs: null,
  excerpt: null,
  retryAfterMs: null,
};

/** An attempt whose process is gone: it may have arrived, so it counts, and the schedule goes on. */
export function attemptLostStep(deps: TaskDeps, seq: number): void {
  const document = deps.store.load();
  const delivery = document?.deliveries.find((candidate) => candidate.seq === seq);
  if (!document || !delivery || delivery.onTheWire === null) return;
  recordAttempt(deps, document.task.createId, delivery, LOST_ATTEMPT);
}

function recordAttempt(deps: TaskDeps, createId: string, begun: Delivery, result: AttemptResult): void {
  const { seq, endpoint, onTheWire } = begun;
  const random = deps.random();
  const limits = { retryMs: deps.settings.callback.retryMs };
  // A manual attempt never stops the schedule, and a registered endpoint never the task's own callbacks.
  const isScheduled = onTheWire?.trigger === "scheduled";
  const isGone = endpoint === null && isScheduled && permanentReason(result.statusCode) !== null;
  const after = deps.store.update(createId, (document, now) => {
    const current = openDelivery(document, begun);
    // Another turn has recorded this attempt: its lease ran out.
    if (!current) return null;
    const recorded = recordResult(current, result, { now, random, limits });
    const { callback } = document.task;
    const others = document.deliveries.filter((other) => other.seq !== seq);
    const stopped = others.map((other) =>
      isGone && other.endpoint === null ? stopDelivery(other, now) : other,
    );
    return {
      deliveries: withinExcerptBound([recorded, ...stopped]),
      ...(isGone && callback ? { task: { ...document.task, callback: { ...callback, stopped: true } } } : {}),
    };
  });
  if (!after) return;
  deps.log("callback.attempted", {
    ...taskFields(after.task),
    message_id: begun.messageId,
    endpoint: endpoint?.id,
    attempt: begun.attempts,
    outcome: result.outcome,
    reason: result.reason,
    status_code: result.statusCode,
    duration_ms: result.durationMs,
    delivery: after.deliveries.find((delivery) => delivery.seq === seq)?.status,
    recovery_id: onTheWire?.recoveryId,
  });
}

/** The delivery as it is now, if this attempt is its newest and still open. */
function openDelivery({ deliveries }: TaskDocument, begun: Delivery): Delivery | undefined {
  return deliveries.find(
    ({ seq, onTheWire }) =>
      seq === begun.seq &&
      onTheWire?.leaseUntil === begun.onTheWire?.leaseUntil &&
      onTheWire?.number === begun.onTheWire?.number,
  );
}
