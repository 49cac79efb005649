import type { TaskData, TaskJson } from "../../contract/shapes/task.ts";
import type { DeliveryStatus } from "../../contract/words.ts";
import { isoTime } from "../text/time.ts";
import type { Task } from "./task.ts";

/** A JSON text that goes out as it came, digits, order and all: metadata, the upstream's answer. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The members of one of the contract's shapes, in the order in which they are written. */
export type Members<Shape> = { [Key in keyof Shape]: Shape[Key] | JsonText };

export function jsonObject(members: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(members).map(([key, value]: [string, unknown]) => {
    const text = value instanceof JsonText ? value.text : JSON.stringify(value);
    return `${JSON.stringify(key)}:${text}`;
  });
  return `{${parts.join(",")}}`;
}

/** What reads and callbacks tell of a task. */
export type ToldTask = Pick<
  Task,
  | "taskId"
  | "status"
  | "progress"
  | "model"
  | "upstreamName"
  | "videoUrl"
  | "sourceUrl"
  | "file"
  | "error"
  | "metadata"
  | "test"
  | "upstreamTaskId"
  | "createdAt"
  | "submittedAt"
  | "finishedAt"
  | "deadlineAt"
>;

/** The members of a task that reads and callbacks share. */
function taskMembers(task: ToldTask): Members<TaskData> {
  return {
    object: "video.task",
    id: task.taskId,
    task_id: task.taskId,
    status: task.status,
    progress: task.progress,
    model: task.model,
    upstream_name: task.upstreamName,
    video_url: task.videoUrl,
    source_url: task.sourceUrl,
    file: task.file,
    error: task.error,
    error_message: task.error?.message ?? null,
    metadata: new JsonText(task.metadata ?? "null"),
    test: task.test !== null,
    upstream_task_id: task.upstreamTaskId,
    created_at: isoTime(task.createdAt),
    submitted_at: isoTime(task.submittedAt),
    finished_at: isoTime(task.finishedAt),
    deadline_at: isoTime(task.deadlineAt),
  };
}

/** The state of the delivery that stands for the task's callback; null before there is one. */
interface LeadingDelivery {
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: number | null;
}

/** The task as a read answers it. `upstream` is the upstream's last JSON answer, or null. */
export function taskJson(task: Task, leading: LeadingDelivery | null, upstream: string | null): string {
  const callback = task.callback && {
    url: task.callback.url,
    events: task.callback.events,
    format: task.callback.format,
    status: leading?.status ?? ("waiting" as const),
    attempts: leading?.attempts ?? 0,
    next_attempt_at: isoTime(leading?.nextAttemptAt ?? null),
  };
  const members: Members<TaskJson> = {
    ...taskMembers(task),
    callback,
    upstream: new JsonText(upstream ?? "null"),
  };
  return jsonObject(members);
}

/** The task as a callback carries it: without its callback and without the upstream's words. */
export function taskDataJson(task: ToldTask): string {
  return jsonObject(taskMembers(task));
}
