import { deliveriesTo } from "../../domain/delivery/by-receiver.ts";
import {
  attemptsByHand,
  ATTEMPTS_BY_HAND_MAX,
  type Delivery,
  type Receiver,
} from "../../domain/delivery/delivery.ts";
import { isUnproved, withProvedKey } from "../../domain/task/key-proof.ts";
import { isTerminal } from "../../domain/task/task.ts";
import type { TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document/document.ts";
import { sealText } from "../document/sealed.ts";
import { viewDelivery } from "../view.ts";

/** Attempts by hand of one task within `WINDOW_MS`, a minute, so that a redelivery does not amplify an attack. */
export const REDELIVERIES_A_MINUTE = 10;
const WINDOW_MS = 60_000;
/** Those to another URL wait with their headers, 8 KB each. */
export const ELSEWHERE_WAITING_MAX = 10;

export type RedeliverAnswer =
  /** `body`: the delivery, JSON. */
  | { kind: "queued"; body: string }
  | { kind: "no_task" }
  | { kind: "no_message" }
  /** The task has taken no such endpoint along, or the account has deleted it. */
  | { kind: "no_endpoint" }
  /** The task has no callback of its own: the order must name an endpoint. */
  | { kind: "no_callback" }
  | { kind: "nothing" }
  /** Nothing has proved yet that the upstream knows the account's key: ask it, and call again. */
  | { kind: "unproved" }
  | { kind: "too_often"; retryAfterSeconds: number }
  /** As many as may wait for their turn to go to another URL. */
  | { kind: "too_many_elsewhere"; retryAfterSeconds: number }
  | { kind: "too_many" };

/** What to send again, and where to. */
export interface RedeliverOrder {
  /** Null: the newest at that receiver. */
  messageId: string | null;
  /** The registered endpoint whose delivery is meant; null: that of the task's own callback. */
  endpoint: string | null;
  /** Null: to that receiver. */
  target: Receiver | null;
}

/**
 * Puts one attempt by hand in line; the alarm sends it, so that one is on the wire at a time. `isKnownKey`: the upstream
 * knows the account's key.
 */
export async function redeliver(
  deps: TaskDeps,
  order: RedeliverOrder,
  { isKnownKey }: { isKnownKey: boolean },
): Promise<RedeliverAnswer> {
  const { endpoint, target } = order;
  const asked = deps.store.load();
  const isDeleted = asked && endpoint !== null && (await isEndpointDeleted(deps, asked, endpoint));
  const sealed = asked && target && (await sealText(deps, asked.task, "elsewhere", JSON.stringify(target)));
  // Read before the document: nothing may come between the decision and the write.
  const alarm = await deps.store.alarm();
  const document = deps.store.load();
  if (!document) return { kind: "no_task" };
  const found = deliveryOf(document, order);
  if ("kind" in found) return found;
  const { delivery } = found;
  if (isDeleted && target === null) return { kind: "no_endpoint" };
  if (!isKnownKey && isUnproved(document.task)) return { kind: "unproved" };
  const now = deps.now();
  const recent = document.task.redeliveredAt.filter((at) => at > now - WINDOW_MS);
  const tooMany = tooManyOf(deps, document, { recent, now, isElsewhere: sealed !== null });
  if (tooMany) return tooMany;
  const queued =
    sealed === null
      ? { ...delivery, manual: delivery.manual + 1 }
      : { ...delivery, elsewhere: [...delivery.elsewhere, sealed] };
  deps.store.update(document.task.createId, ({ task }) => ({
    task: { ...withProvedKey(task), redeliveredAt: [...recent, now] },
    // A proved key of an ended task is no longer needed.
    ...(isTerminal(task) ? { sealed: { key: null } } : {}),
    schedule: scheduleOf(document, alarm, now),
    deliveries: [queued],
  }));
  deps.running.wake();
  return { kind: "queued", body: JSON.stringify(viewDelivery(queued)) };
}

/** Null: one more may be put in line. */
function tooManyOf(
  { settings }: TaskDeps,
  { deliveries }: TaskDocument,
  { recent, now, isElsewhere }: { recent: readonly number[]; now: number; isElsewhere: boolean },
): RedeliverAnswer | null {
  if (recent.length >= REDELIVERIES_A_MINUTE) {
    return { kind: "too_often", retryAfterSeconds: Math.ceil(((recent[0] ?? now) + WINDOW_MS - now) / 1000) };
  }
  const waiting = deliveries.flatMap(({ elsewhere }) => elsewhere).length;
  if (isElsewhere && waiting >= ELSEWHERE_WAITING_MAX) {
    return {
      kind: "too_many_elsewhere",
      retryAfterSeconds: Math.ceil(settings.callback.timeoutMs / 1000),
    };
  }
  return attemptsByHand(deliveries) >= ATTEMPTS_BY_HAND_MAX ? { kind: "too_many" } : null;
}

/** The delivery that an order means, or why there is none. */
function deliveryOf(
  { task, deliveries }: TaskDocument,
  { messageId, endpoint }: RedeliverOrder,
): { delivery: Delivery } | { kind: "no_callback" | "no_endpoint" | "no_message" | "nothing" } {
  if (endpoint === null && task.callback === null) return { kind: "no_callback" };
  const isKnown = endpoint === null || task.endpoints?.some(({ id }) => id === endpoint);
  if (!isKnown) return { kind: "no_endpoint" };
  const there = deliveriesTo(deliveries, endpoint);
  if (there.length === 0) return { kind: "nothing" };
  const delivery = there.findLast((one) => messageId === null || one.messageId === messageId);
  return delivery ? { delivery } : { kind: "no_message" };
}

/** Of an account that does not answer it is not known: then the attempt finds it out. */
async function isEndpointDeleted(deps: TaskDeps, { task }: TaskDocument, endpoint: string): Promise<boolean> {
  try {
    const { endpoints } = await deps.attemptBriefing(task);
    return endpoints.every(({ id }) => id !== endpoint);
  } catch {
    return false;
  }
}

/** An object that was asleep knows the next poll only from its alarm: arming a sooner one must not bring it forward. */
function scheduleOf(document: TaskDocument, alarm: number | null, now: number): TaskDocument["schedule"] {
  const stale =
    !isTerminal(document.task) && document.schedule.nextPollAt <= now && alarm !== null && alarm > now;
  return stale ? { ...document.schedule, nextPollAt: alarm } : document.schedule;
}
