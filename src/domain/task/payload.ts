import type { CallbackFormat, EventType } from "../../contract/words.ts";
import { isJsonObject, parseJson } from "../text/json.ts";
import type { Task } from "./task.ts";
import { jsonObject, taskDataJson } from "./task-json.ts";
import { isoTime } from "../text/time.ts";

/** The body of an event's message: written once, with the event, and sent byte for byte on every attempt. */
export function messageBody(task: Task, type: EventType, messageId: string, occurredAt: number): string {
  return task.callback?.format === "flat"
    ? flatBody(task, type, messageId, occurredAt)
    : jsonObject([
        ["id", JSON.stringify(messageId)],
        ["type", JSON.stringify(type)],
        ["timestamp", JSON.stringify(isoTime(occurredAt))],
        ["data", taskDataJson(task)],
      ]);
}

/** A ping: an event of no task, so that a receiver can be tried before the first one. */
export function pingBody(format: CallbackFormat, messageId: string, now: number): string {
  const timestamp = isoTime(now);
  return format === "flat"
    ? JSON.stringify({ message_id: messageId, event: "ping", timestamp })
    : JSON.stringify({ id: messageId, type: "ping", timestamp, data: {} });
}

/** One level, scalars only: what a no-code tool maps by clicking. */
function flatBody(task: Task, type: EventType, messageId: string, occurredAt: number): string {
  const members: [string, unknown][] = [
    ["message_id", messageId],
    ["event", type],
    ["timestamp", isoTime(occurredAt)],
    ["task_id", task.taskId],
    ["status", task.status],
    ["progress", task.progress],
    ["model", task.model],
    ["test", task.test !== null],
    ["video_url", task.videoUrl],
    ["source_url", null],
    ["file_status", task.file?.status ?? null],
    ["file_expires_at", null],
    ["error_code", task.error?.code ?? null],
    ["error_message", task.error?.message ?? null],
    ["upstream_task_id", task.upstreamTaskId],
    ["created_at", isoTime(task.createdAt)],
    ["finished_at", isoTime(task.finishedAt)],
  ];
  return jsonObject([
    ...members.map(([key, value]) => [key, JSON.stringify(value)] as const),
    ...flatMetadata(task),
  ]);
}

function flatMetadata(task: Task): [string, string][] {
  const metadata = task.metadata === null ? null : parseJson(task.metadata);
  if (!isJsonObject(metadata)) return [];
  return Object.entries(metadata).map(([key, value]) => {
    const text = JSON.stringify(value);
    const nested = Array.isArray(value) || isJsonObject(value);
    return [`metadata_${key}`, nested ? JSON.stringify(text) : text];
  });
}
