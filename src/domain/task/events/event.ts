import type { EventType } from "../../../contract/words.ts";
import { isTerminal, type Task } from "../task.ts";

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

/** Whether a receiver of the task's events follows it before its end. */
export function isFollowed({ callback, endpoints }: Pick<Task, "callback" | "endpoints">): boolean {
  const wanted = [callback?.events ?? [], ...(endpoints ?? []).map(({ events }) => events)].flat();
  return wanted.some((type) => !isTerminalEvent(type));
}
