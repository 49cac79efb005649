import type { EventType } from "../../../contract/words.ts";
import { isTerminal, type Task } from "../task.ts";

export function isTerminalEvent(type: EventType): boolean {
  return type === "video.succeeded" || type === "video.failed";
}

/** The events that say how the task stands, in their order. Of one that has ended nothing but its end matters. */
export function standing(task: Task): EventType[] {
  if (isTerminal(task)) return [task.status === "succeeded" ? "video.succeeded" : "video.failed"];
  const running: EventType[] = task.runningSince === null ? [] : ["video.running"];
  return task.lastProgressEvent > 0 ? [...running, "video.progress"] : running;
}

/**
 * The events of one step from `before` to `after`, in order. A task that ends in this step has only its end as an event:
 * an older fact beside it would be noise.
 */
export function eventsBetween(before: Task, after: Task): EventType[] {
  if (isTerminal(before)) return [];
  return standing(after).filter((type) => {
    if (type === "video.running") return before.runningSince === null;
    return type !== "video.progress" || after.lastProgressEvent > before.lastProgressEvent;
  });
}

/** Whether a receiver of the task's events follows it before its end. */
export function isFollowed({ callback, endpoints }: Pick<Task, "callback" | "endpoints">): boolean {
  const wanted = [callback?.events ?? [], ...(endpoints ?? []).map(({ events }) => events)].flat();
  return wanted.some((type) => !isTerminalEvent(type));
}
