import type { EventType } from "../../contract/words.ts";
import type { TaskState } from "../../domain/task/due-work.ts";
import { newDelivery, stopDelivery, type Delivery } from "../../domain/delivery/delivery.ts";
import { eventsBetween, isTerminalEvent, subscribed } from "../../domain/task/event.ts";
import { awaitsProof } from "../../domain/task/key-proof.ts";
import { messageBody } from "../../domain/task/payload.ts";
import { isTerminal, type PollSchedule, type Task } from "../../domain/task/task.ts";
import { taskFields, timing, type TaskDeps } from "../deps.ts";
import type { Change } from "../rows.ts";

/**
 * Writes a step of a task's life: the task, the events that the step is with their messages, and what the step makes
 * superfluous, all in one transaction. `before` must be the state that was decided on.
 */
export function recordTask(
  deps: TaskDeps,
  before: TaskState,
  decided: Task,
  more: Pick<Change, "answer" | "key" | "headers" | "parts"> & { schedule?: PollSchedule } = {},
): TaskState {
  const now = deps.now();
  const after = heldFromEnd(decided, now + deps.settings.callback.holdMs);
  const events = eventsBetween(before.task, after);
  const { deliveries, bodies } = newMessages(deps, before, after, subscribed(after, events));
  const ended = isTerminal(after) && !isTerminal(before.task);
  const overtaken = ended ? pending(before.deliveries).map((delivery) => stopDelivery(delivery, now)) : [];
  const bodyNeeded = after.submit.phase === "due" && !isTerminal(after);
  const state = deps.store.apply(
    {
      task: after,
      deliveries: [...overtaken, ...deliveries],
      bodies,
      ...(bodyNeeded ? {} : { parts: null }),
      ...more,
      // The key is of no more use: there is nothing left to ask, unless whether the upstream knows it at all.
      ...(ended && !awaitsProof(after, deliveries) ? { key: null } : {}),
    },
    timing(deps, now),
  );
  if (before.task.status !== after.status) {
    deps.log("task.status", { ...taskFields(after), status: after.status, code: after.error?.code });
  }
  return state;
}

/** A create that waits is answered by the end of its task, so from then on the hold counts, and not from the end of its patience. */
function heldFromEnd(task: Task, holdUntil: number): Task {
  const { callback } = task;
  if (!isTerminal(task) || !callback || callback.holdUntil <= holdUntil) return task;
  return { ...task, callback: { ...callback, holdUntil } };
}

function pending(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.filter(({ status, type }) => status === "pending" && !isTerminalEvent(type));
}

function newMessages(
  deps: TaskDeps,
  before: TaskState,
  after: Task,
  events: readonly EventType[],
): { deliveries: Delivery[]; bodies: Map<number, string> } {
  const deliveries: Delivery[] = [];
  const bodies = new Map<number, string>();
  const { callback } = after;
  if (!callback) return { deliveries, bodies };
  let seq = before.deliveries.at(-1)?.seq ?? 0;
  let occurredAt = before.deliveries.at(-1)?.occurredAt ?? 0;
  for (const type of events) {
    // One event per task and type, `video.progress` aside, however often the upstream changes its mind.
    if (type !== "video.progress" && before.deliveries.some((known) => known.type === type)) continue;
    seq += 1;
    // Two events of one step have an order too: a receiver sorts by the timestamp.
    occurredAt = Math.max(deps.now(), occurredAt + 1);
    const messageId = deps.newMessageId();
    const { holdUntil: notBefore, stopped } = callback;
    deliveries.push(newDelivery({ seq, messageId, type, occurredAt, notBefore, stopped }));
    bodies.set(seq, messageBody(after, type, messageId, occurredAt));
  }
  return { deliveries, bodies };
}
