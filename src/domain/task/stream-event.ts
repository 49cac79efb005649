import type { Task } from "./task.ts";
import type { StreamEventType } from "../../contract/words.ts";

/**
 * What a stream has to tell now, given what it told last; null: nothing that a listener would see. The first time it is
 * the state as it is. No progress and a progress of nothing are the same news.
 */
export function streamEvent(told: Task | null, task: Task): StreamEventType | null {
  if (told === null || told.status !== task.status) return `video.${task.status}`;
  return (told.progress ?? 0) === (task.progress ?? 0) ? null : "video.progress";
}

/** Names a state: a client that reconnects says which it has heard last, and an end that is known need not be told again. */
export function streamEventId({ status, progress }: Pick<Task, "status" | "progress">): string {
  return `${status}-${progress ?? 0}`;
}

/** One event on the wire. A line break inside `data` would end its line, so each line of it is one of its own. */
export function encodeEvent(event: { type: StreamEventType; id: string; data: string }): string {
  const lines = event.data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`);
  return [`event: ${event.type}`, `id: ${event.id}`, ...lines, "", ""].join("\n");
}

/** A comment: nobody dispatches it, and whoever is gone is found out. */
export const HEARTBEAT = ":\n\n";

/** When to come again. */
export function encodeRetry(retryMs: number): string {
  return `retry: ${retryMs}\n\n`;
}
