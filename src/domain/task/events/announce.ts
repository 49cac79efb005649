import type { CallbackFormat, EventType } from "../../../contract/words.ts";
import { deliveriesTo } from "../../delivery/by-receiver.ts";
import { newDelivery, type Delivery } from "../../delivery/delivery.ts";
import { eventsBetween, standing } from "./event.ts";
import { messageBody } from "./payload.ts";
import type { Task } from "../task.ts";

/** A message's text in one format: the same bytes for every attempt at every receiver of that format. */
export interface MessageBody {
  messageId: string;
  format: CallbackFormat;
  text: string;
}

/** A task and what it has announced. */
interface Known {
  task: Task;
  /** In order of `seq`. */
  deliveries: readonly Delivery[];
  bodies: readonly MessageBody[];
}

interface Taker extends Pick<Delivery, "endpoint" | "format"> {
  events: readonly EventType[];
  /** It wants nothing more of this task. */
  stopped: boolean;
  /** The task has just learned of it: it has missed what happened before. */
  isLate: boolean;
}

/**
 * The deliveries of a step from `before` to `task`: of what happens in it, to every receiver that wants it; and of what
 * has happened before and still matters, to the endpoints of which the task learns in it.
 */
export function announce(
  before: Known,
  task: Task,
  { now, newMessageId }: { now: number; newMessageId: () => string },
): { deliveries: Delivery[]; bodies: MessageBody[] } {
  const facts = eventsBetween(before.task, task);
  const takers = takersOf(before.task, task);
  const deliveries: Delivery[] = [];
  const bodies: MessageBody[] = [];
  let seq = before.deliveries.at(-1)?.seq ?? 0;
  let newestAt = Math.max(0, ...before.deliveries.map(({ occurredAt }) => occurredAt));
  for (const type of standing(task)) {
    const isNew = facts.includes(type);
    const wanted = takers.filter(
      (taker) => (isNew || taker.isLate) && taker.events.includes(type) && !hasHeard(before, taker, type),
    );
    const earlier = isNew ? undefined : before.deliveries.findLast((known) => known.type === type);
    // Two events of one step have an order too: a receiver sorts by the timestamp.
    const occurredAt = isNew
      ? Math.max(now, newestAt + 1)
      : (earlier?.occurredAt ?? happenedAt(task, type, { now, newestAt }));
    newestAt = Math.max(newestAt, occurredAt);
    if (wanted.length === 0) continue;
    const messageId = earlier?.messageId ?? newMessageId();
    for (const { endpoint, format, stopped } of wanted) {
      seq += 1;
      const receiver = { endpoint, format, stopped, notBeforeAt: task.holdUntil };
      deliveries.push(newDelivery({ seq, messageId, type, occurredAt, ...receiver }));
      if (hasBody([...before.bodies, ...bodies], { messageId, format })) continue;
      bodies.push({ messageId, format, text: messageBody(task, format, { messageId, type, occurredAt }) });
    }
  }
  return { deliveries, bodies };
}

/** The exact text that a delivery sends. */
export function bodyOf(
  bodies: readonly MessageBody[],
  delivery: Pick<Delivery, "messageId" | "format">,
): string {
  const body = bodies.find((one) => isOf(one, delivery));
  if (!body) throw new Error(`no text of ${delivery.messageId}`);
  return body.text;
}

function hasBody(bodies: readonly MessageBody[], of: Pick<MessageBody, "messageId" | "format">): boolean {
  return bodies.some((body) => isOf(body, of));
}

function isOf(body: MessageBody, { messageId, format }: Pick<MessageBody, "messageId" | "format">): boolean {
  return body.messageId === messageId && body.format === format;
}

/** The task's own callback, then the endpoints that it knows. */
function takersOf(before: Task, { callback, endpoints }: Task): Taker[] {
  const own = callback ? [{ ...callback, endpoint: null, isLate: false }] : [];
  const isLate = before.endpoints === null;
  const registered = (endpoints ?? []).map(({ id, host, events, format }) => ({
    endpoint: { id, host },
    events,
    format,
    stopped: false,
    isLate,
  }));
  return [...own, ...registered];
}

/** One event per task and type, `video.progress` aside, however often the upstream changes its mind. */
function hasHeard({ deliveries }: Known, { endpoint }: Taker, type: EventType): boolean {
  if (type === "video.progress") return false;
  return deliveriesTo(deliveries, endpoint?.id ?? null).some((known) => known.type === type);
}

/** When an event has happened of which nothing was announced: the run before all that was, the others behind it. */
function happenedAt(
  task: Task,
  type: EventType,
  { now, newestAt }: { now: number; newestAt: number },
): number {
  if (type === "video.running") return task.runningSince ?? now;
  // The instant of a progress is not written down.
  const at = type === "video.progress" ? now : (task.finishedAt ?? now);
  return Math.max(at, newestAt + 1);
}
