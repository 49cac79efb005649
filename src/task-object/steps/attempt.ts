import {
  beginAttempt,
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
import { versionsInForce, type SigningVersion } from "../../domain/account/signing-versions.ts";
import { isRingbackFault } from "../../domain/errors/stall.ts";
import { isTerminalEvent } from "../../domain/task/event.ts";
import type { Task } from "../../domain/task/task.ts";
import { signingSecret } from "../../keys/derive.ts";
import { errorFields } from "../../log.ts";
import { RINGBACK_VERSION } from "../../version.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { Change, TaskDocument } from "../document.ts";
import { isKeyProved } from "./prove-key.ts";
import { openText, unsealText } from "../sealed.ts";

/** What an attempt needs. Collected before the attempt begins, because seals and questions take time. */
export interface Prepared {
  versions: readonly SigningVersion[];
  secrets: string[];
  receiver: Receiver;
}

/** An attempt whose lease is written. */
export interface BegunAttempt {
  createId: string;
  delivery: Delivery;
  prepared: Prepared;
}

/** One attempt of one delivery: the lease in the document first, then the request, then the result. */
export async function attemptStep(deps: TaskDeps, seq: number): Promise<void> {
  const before = deps.store.load();
  if (!before?.task.callback || !(await isKeyProved(deps, before))) return;
  const { createId } = before.task;
  const sealed = sealedReceiver(before, seq, deps.now());
  const elsewhere = sealed === null ? null : await openReceiver(deps, before, sealed);
  const prepared = await prepareAttempt(deps, before, elsewhere);
  const host = elsewhere && receiverHost(elsewhere.url);
  const begun = deps.store.update(createId, (document, now) => {
    const due = document.deliveries.find((delivery) => delivery.seq === seq);
    // Another attempt has become the next one meanwhile.
    if (!due || sealedReceiver(document, seq, now) !== sealed) return null;
    const delivery = beginAttempt(due, now, deps.settings.callback.timeoutMs, host);
    return delivery && { deliveries: [delivery], ...signedWith(document.task, prepared) };
  });
  const delivery = begun?.deliveries.find((one) => one.seq === seq);
  if (delivery) await sendAttempt(deps, { createId, delivery, prepared });
}

/** `elsewhere`: in place of the task's own receiver. @throws SealError */
export async function prepareAttempt(
  deps: TaskDeps,
  document: TaskDocument,
  elsewhere: Receiver | null = null,
): Promise<Prepared> {
  const versions = await signingVersions(deps, document.task);
  const [secrets, receiver] = await Promise.all([
    secretsInForce(deps, document.task, versions),
    elsewhere ?? storedReceiver(deps, document),
  ]);
  return { versions, secrets, receiver };
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

/** @throws SealError */
export async function storedReceiver(deps: TaskDeps, document: TaskDocument): Promise<Receiver> {
  const headers = await openText(deps, document, "headers");
  return {
    url: document.task.callback?.url ?? "",
    headers: headers === null ? [] : (JSON.parse(headers) as Receiver["headers"]),
  };
}

/** The end of a task, with the lease of its terminal event's first attempt if that is due by now. */
export function withFirstAttempt(
  deps: TaskDeps,
  end: Change & { task: Task; deliveries: readonly Delivery[] },
  prepared: Prepared,
  now: number,
): Change {
  const { timeoutMs } = deps.settings.callback;
  const deliveries = end.deliveries.map((delivery) =>
    isTerminalEvent(delivery.type) ? (beginAttempt(delivery, now, timeoutMs) ?? delivery) : delivery,
  );
  return { ...end, deliveries, ...signedWith(end.task, prepared) };
}

/** The attempt that `withFirstAttempt` has begun, by the document after it. */
export function firstAttempt({ task, deliveries }: TaskDocument, prepared: Prepared): BegunAttempt | null {
  const delivery = deliveries.find(({ type, onTheWire }) => isTerminalEvent(type) && onTheWire !== null);
  return delivery ? { createId: task.createId, delivery, prepared } : null;
}

/** The task remembers what signed last, for an account that is silent. */
export function signedWith(task: Task, { versions }: Prepared): { task?: Task } {
  const isKnown = JSON.stringify(task.signing) === JSON.stringify(versions);
  return isKnown ? {} : { task: { ...task, signing: versions } };
}

/** The request of a begun attempt, and its result. */
export async function sendAttempt(
  deps: TaskDeps,
  { createId, delivery: begun, prepared: { receiver, secrets } }: BegunAttempt,
): Promise<void> {
  await deps.store.durable();
  const document = deps.store.load();
  const callback = document?.task.callback;
  // Deleted meanwhile.
  if (document?.task.createId !== createId || !callback || !openDelivery(document, begun)) return;
  const verdict = judgeEndpoint(receiver.url, {
    allowPrivate: deps.settings.callback.allowPrivate,
    ownHosts: [callback.ownHost, ...deps.settings.ownHosts],
  });
  const result = verdict.ok
    ? await deps.send({
        url: verdict.url,
        headers: receiver.headers,
        messageId: begun.messageId,
        body: begun.body,
        attempt: begun.attempts,
        secrets,
        timeoutMs: deps.settings.callback.timeoutMs,
        version: RINGBACK_VERSION,
      })
    : neverSent("url_rejected");
  recordAttempt(deps, createId, begun, result);
}

/** An attempt whose process is gone: it may have arrived, so it counts, and the schedule goes on. */
export function attemptLostStep(deps: TaskDeps, seq: number): void {
  const document = deps.store.load();
  const delivery = document?.deliveries.find((candidate) => candidate.seq === seq);
  if (!document || !delivery || delivery.onTheWire === null) return;
  const unknown: AttemptResult = { ...neverSent("interrupted"), outcome: "unknown", durationMs: null };
  recordAttempt(deps, document.task.createId, delivery, unknown);
}

function recordAttempt(deps: TaskDeps, createId: string, begun: Delivery, result: AttemptResult): void {
  const { seq, onTheWire } = begun;
  const random = deps.random();
  const limits = { retryMs: deps.settings.callback.retryMs };
  // A manual attempt never stops the schedule.
  const isGone = onTheWire?.trigger === "scheduled" && permanentReason(result.statusCode) !== null;
  const after = deps.store.update(createId, (document, now) => {
    const current = openDelivery(document, begun);
    // Another turn has recorded this attempt: its lease ran out.
    if (!current) return null;
    const recorded = recordResult(current, result, { now, random, limits });
    const { callback } = document.task;
    const others = document.deliveries.filter((other) => other.seq !== seq);
    const stopped = isGone ? others.map((other) => stopDelivery(other, now)) : others;
    return {
      deliveries: withinExcerptBound([recorded, ...stopped]),
      ...(isGone && callback ? { task: { ...document.task, callback: { ...callback, stopped: true } } } : {}),
    };
  });
  if (!after) return;
  deps.log("callback.attempted", {
    ...taskFields(after.task),
    message_id: begun.messageId,
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

/** Asks the account; if it does not answer, takes the last known versions. */
async function signingVersions(deps: TaskDeps, task: Task): Promise<readonly SigningVersion[]> {
  try {
    return await deps.signingVersions(task.account);
  } catch (error) {
    deps.log("account.silent", {
      ...taskFields(task),
      error: error instanceof Error ? error.name : "unknown",
    });
    return task.signing;
  }
}

/** Every secret that signs now: each version in force, under the current root secret and the previous one. */
async function secretsInForce(
  deps: TaskDeps,
  task: Task,
  versions: readonly SigningVersion[],
): Promise<string[]> {
  const secrets = versionsInForce(versions, deps.now()).flatMap(({ version }) =>
    deps.settings.roots.map(async (root) => signingSecret(root, task.account, version)),
  );
  return Promise.all(secrets);
}
