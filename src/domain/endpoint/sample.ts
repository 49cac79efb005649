import { TASK_NOTES } from "../../contract/errors.ts";
import { AIO, type CallbackFormat, type EventType } from "../../contract/words.ts";
import { messageBody } from "../task/events/payload.ts";
import { taskError, TEST_VIDEO_URL } from "../task/task.ts";
import type { ToldTask } from "../task/task-json.ts";

interface Sample {
  type: EventType;
  format: CallbackFormat;
  /** Of no task. */
  taskId: string;
  messageId: string;
  now: number;
}

/** So long ago the sample's task was created. */
const AGE_MS = 90_000;
const TIMEOUT_MS = 86_400_000;

/** The message of an event, or a ping: as an endpoint gets them, of a `test` task that there never was. */
export function sampleBody({ type, format, taskId, messageId, now }: Sample): string {
  const createdAt = now - AGE_MS;
  const task: ToldTask = {
    taskId,
    status: "running",
    progress: 42,
    model: "doubao-seedance-2-0-260128",
    upstreamName: AIO,
    videoUrl: null,
    sourceUrl: null,
    file: null,
    error: null,
    metadata: null,
    test: { outcome: "succeeded", delayMs: AGE_MS },
    upstreamTaskId: `test_${taskId.slice(5, 31)}`,
    createdAt,
    submittedAt: createdAt,
    finishedAt: null,
    deadlineAt: createdAt + TIMEOUT_MS,
  };
  return messageBody({ ...task, ...endOf(type, now) }, format, { messageId, type, occurredAt: now });
}

function endOf(type: EventType, finishedAt: number): Partial<ToldTask> {
  if (type === "video.succeeded")
    return { status: "succeeded", progress: 100, videoUrl: TEST_VIDEO_URL, finishedAt };
  if (type === "video.failed")
    return { status: "failed", error: taskError("generation_failed", TASK_NOTES.test_failed), finishedAt };
  return {};
}
