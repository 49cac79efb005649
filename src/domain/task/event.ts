import type { EventType } from "../../contract/words.ts";
import { isTerminal, type Task } from "./task.ts";

export function isTerminalEvent(type: EventType): boolean {
  return type === "video.succeeded" || type === "video.failed";
}

/**
 * The events of one step from `before` to `after`, in order. A task that ends in this step has only its end as an event:
 * an older fact beside it would be noise.
 */
export function eventsBetween(before: Task, after: Task): EventType[] {
  if (isTerminal(before)) return [];
  if (isTerminal(after)) return [after.status === "succeeded" ? "video.succeeded" : "video.failed"];
  const events: EventType[] = [];
  if (before.runningSince === null && after.runningSince !== null) events.push("video.running");
  if (after.lastProgressEvent > before.lastProgressEvent) events.push("video.progress");
  return events;
}

/** Those of them that this task's caller asked for. */
export function subscribed(task: Task, events: readonly EventType[]): EventType[] {
  const wanted = task.callback?.events ?? [];
  return events.filter((type) => wanted.includes(type));
}
