import { attemptsByHand, ATTEMPTS_BY_HAND_MAX, type Receiver } from "../../domain/delivery/delivery.ts";
import { isUnproved, withProvedKey } from "../../domain/task/key-proof.ts";
import { isTerminal } from "../../domain/task/task.ts";
import type { TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document.ts";
import { sealText } from "../sealed.ts";
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
  | { kind: "nothing" }
  /** Nothing has proved yet that the upstream knows the account's key: ask it, and call again. */
  | { kind: "unproved" }
  | { kind: "too_often"; retryAfterSeconds: number }
  /** As many as may wait for their turn to go to another URL. */
  | { kind: "too_many_elsewhere"; retryAfterSeconds: number }
  | { kind: "too_many" };

/** What to send again, and where to. */
export interface RedeliverOrder {
  /** Null: the newest. */
  messageId: string | null;
  /** Null: the task's own receiver. */
  target: Receiver | null;
}

/** Puts one attempt by hand in line; the alarm sends it, so that one is on the wire at a time. */
export async function redeliver(
  deps: TaskDeps,
  { messageId, target }: RedeliverOrder,
  isKnownKey: boolean,
): Promise<RedeliverAnswer> {
  const asked = deps.store.load();
  const sealed = asked && target && (await sealText(deps, asked.task, "elsewhere", JSON.stringify(target)));
  // Read before the document: nothing may come between the decision and the write.
  const alarm = await deps.store.alarm();
  const document = deps.store.load();
  if (!document) return { kind: "no_task" };
  const newest = document.deliveries.at(-1);
  if (!newest) return { kind: "nothing" };
  const delivery =
    messageId === null ? newest : document.deliveries.find((candidate) => candidate.messageId === messageId);
  if (!delivery) return { kind: "no_message" };
  if (!isKnownKey && isUnproved(document.task)) return { kind: "unproved" };
  const now = deps.now();
  const recent = document.task.redeliveredAt.filter((at) => at > now - WINDOW_MS);
  if (recent.length >= REDELIVERIES_A_MINUTE) {
    return { kind: "too_often", retryAfterSeconds: Math.ceil(((recent[0] ?? now) + WINDOW_MS - now) / 1000) };
  }
  const waiting = document.deliveries.flatMap(({ elsewhere }) => elsewhere).length;
  if (sealed !== null && waiting >= ELSEWHERE_WAITING_MAX) {
    return {
      kind: "too_many_elsewhere",
      retryAfterSeconds: Math.ceil(deps.settings.callback.timeoutMs / 1000),
    };
  }
  if (attemptsByHand(document.deliveries) >= ATTEMPTS_BY_HAND_MAX) return { kind: "too_many" };
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

/** An object that was asleep knows the next poll only from its alarm: arming a sooner one must not bring it forward. */
function scheduleOf(document: TaskDocument, alarm: number | null, now: number): TaskDocument["schedule"] {
  const stale =
    !isTerminal(document.task) && document.schedule.nextPollAt <= now && alarm !== null && alarm > now;
  return stale ? { ...document.schedule, nextPollAt: alarm } : document.schedule;
}
