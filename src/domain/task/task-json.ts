import { isoTime } from "../text/time.ts";
import type { DeliveryStatus } from "../../contract/words.ts";
import type { Task } from "./task.ts";

/** Joins members whose values are JSON texts already: metadata and the upstream's answer pass through verbatim. */
export function jsonObject(members: readonly (readonly [key: string, json: string])[]): string {
  return `{${members.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(",")}}`;
}

/** The members of a task that reads and callbacks share. */
function taskMembers(task: Task): [string, string][] {
  const members: [string, unknown][] = [
    ["object", "video.task"],
    ["id", task.taskId],
    ["task_id", task.taskId],
    ["status", task.status],
    ["progress", task.progress],
    ["model", task.model],
    ["video_url", task.videoUrl],
    ["source_url", null],
    ["file", task.file],
    ["error", task.error],
    ["error_message", task.error?.message ?? null],
  ];
  const rest: [string, unknown][] = [
    ["test", task.test !== null],
    ["upstream_task_id", task.upstreamTaskId],
    ["created_at", isoTime(task.createdAt)],
    ["submitted_at", isoTime(task.submittedAt)],
    ["finished_at", isoTime(task.finishedAt)],
    ["deadline_at", isoTime(task.deadlineAt)],
  ];
  return [...members.map(asText), ["metadata", task.metadata ?? "null"], ...rest.map(asText)];
}

function asText([key, value]: [string, unknown]): [string, string] {
  return [key, JSON.stringify(value)];
}

/** How the delivery that stands for the task's callback is going; null before there is one. */
export interface CallbackProgress {
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: number | null;
}

/** The task as a read answers it. `upstream` is the upstream's last JSON answer, or null. */
export function taskJson(task: Task, progress: CallbackProgress | null, upstream: string | null): string {
  const callback = task.callback && {
    url: task.callback.url,
    events: task.callback.events,
    format: task.callback.format,
    status: progress?.status ?? "waiting",
    attempts: progress?.attempts ?? 0,
    next_attempt_at: isoTime(progress?.nextAttemptAt ?? null),
  };
  return jsonObject([
    ...taskMembers(task),
    ["callback", JSON.stringify(callback)],
    ["upstream", upstream ?? "null"],
  ]);
}

/** The task as a callback carries it: without its callback and without the upstream's words. */
export function taskDataJson(task: Task): string {
  return jsonObject(taskMembers(task));
}
