import type { Task } from "../task.ts";
import type { StreamEventType } from "../../../contract/words.ts";

/**
 * The event that a stream has to send now, given what it has sent last; null: nothing that a listener would see. The
 * first one is the state as it is. No progress and a progress of nothing are the same news.
 */
export function streamEvent(lastSent: Task | null, task: Task): StreamEventType | null {
  if (lastSent === null || lastSent.status !== task.status) return `video.${task.status}`;
  return (lastSent.progress ?? 0) === (task.progress ?? 0) ? null : "video.progress";
}

/** Names a state: a client that reconnects names the last one it received; an end that it knows is not sent again. */
export function streamEventId({ status, progress }: Pick<Task, "status" | "progress">): string {
  return `${status}-${progress ?? 0}`;
}

/** One event on the wire. A line break inside `data` would end its line, so each line of it is one of its own. */
export function encodeEvent(event: { type: StreamEventType; id: string; data: string }): string {
  const lines = event.data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`);
  return [`event: ${event.type}`, `id: ${event.id}`, ...lines, "", ""].join("\n");
}

/** A comment: no client dispatches it, and sending it shows which connections are gone. */
export const HEARTBEAT = ":\n\n";

/** Tells the client how long to wait before it reconnects. */
export function encodeRetry(retryMs: number): string {
  return `retry: ${retryMs}\n\n`;
}
