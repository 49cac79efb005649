import type {
  FlatMessage,
  FlatPing,
  StandardMessage,
  StandardPing,
} from "../../../contract/shapes/message.ts";
import type { CallbackFormat, EventType } from "../../../contract/words.ts";
import { isJsonObject, parseJson } from "../../text/json.ts";
import { isoTime } from "../../text/time.ts";
import { jsonObject, JsonText, taskDataJson, type Members, type ToldTask } from "../task-json.ts";

/** The body of an event's message: written once, with the event, and sent byte for byte on every attempt. */
export function messageBody(
  task: ToldTask,
  format: CallbackFormat,
  { messageId, type, occurredAt }: { messageId: string; type: EventType; occurredAt: number },
): string {
  if (format === "flat") return flatBody(task, type, messageId, occurredAt);
  const message: Members<StandardMessage> = {
    id: messageId,
    type,
    timestamp: isoTime(occurredAt),
    data: new JsonText(taskDataJson(task)),
  };
  return jsonObject(message);
}

/** A ping: an event without a task, so that a caller can try a receiver before the first one. */
export function pingBody(format: CallbackFormat, messageId: string, now: number): string {
  const timestamp = isoTime(now);
  const ping: FlatPing | StandardPing =
    format === "flat"
      ? { message_id: messageId, event: "ping", timestamp }
      : { id: messageId, type: "ping", timestamp, data: {} };
  return JSON.stringify(ping);
}

/** One level, scalars only: what a no-code tool maps by clicking. */
function flatBody(task: ToldTask, type: EventType, messageId: string, occurredAt: number): string {
  const message: Members<FlatMessage> = {
    message_id: messageId,
    event: type,
    timestamp: isoTime(occurredAt),
    task_id: task.taskId,
    status: task.status,
    progress: task.progress,
    model: task.model,
    test: task.test !== null,
    video_url: task.videoUrl,
    source_url: task.sourceUrl,
    file_status: task.file?.status ?? null,
    file_expires_at: task.file?.status === "kept" ? task.file.expires_at : null,
    error_code: task.error?.code ?? null,
    error_message: task.error?.message ?? null,
    upstream_task_id: task.upstreamTaskId,
    created_at: isoTime(task.createdAt),
    finished_at: isoTime(task.finishedAt),
  };
  return jsonObject({ ...message, ...flatMetadata(task) });
}

function flatMetadata(task: ToldTask): Record<string, JsonText> {
  const metadata = task.metadata === null ? null : parseJson(task.metadata);
  if (!isJsonObject(metadata)) return {};
  const members = Object.entries(metadata).map(([key, value]) => {
    const text = JSON.stringify(value);
    const nested = Array.isArray(value) || isJsonObject(value);
    return [`metadata_${key}`, new JsonText(nested ? JSON.stringify(text) : text)];
  });
  return Object.fromEntries(members) as Record<string, JsonText>;
}
