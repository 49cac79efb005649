import { isTerminal, type Task } from "./task.ts";

export const EVENT_TYPES = ["video.succeeded", "video.failed", "video.running", "video.progress"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const DEFAULT_EVENTS: readonly EventType[] = ["video.succeeded", "video.failed"];

export function isTerminalEvent(type: EventType): boolean {
  return type === "video.succeeded" || type === "video.failed";
}

/**
 * The events that one step from `before` to `after` is, in order. A task that ends in this step tells its end only:
 * an older fact would arrive beside it as noise.
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
