import * as z from "zod";
import { TASK_ERRORS, type TaskErrorCode } from "../errors.ts";
import {
  CALLBACK_FORMATS,
  CALLBACK_STATUSES,
  EVENT_TYPES,
  FILE_REASONS,
  MEDIA_ENDINGS,
  type MediaType,
  TASK_STATUSES,
} from "../words.ts";
import { count, instant, TASK_ID_PATTERN, text, url } from "./values.ts";

/** The task as Ringback answers with it: whole, in a callback, in the list. */

export const taskError = z
  .object({
    code: z.enum(Object.keys(TASK_ERRORS) as [TaskErrorCode, ...TaskErrorCode[]]).meta({
      description: Object.entries(TASK_ERRORS)
        .map(([code, message]) => `\`${code}\`: ${message}`)
        .join(" "),
    }),
    message: z.string().max(2000).meta({ description: "In words; the upstream's, where it said why." }),
    retryable: z
      .boolean()
      .meta({ description: "The same request, sent again, pays for nothing twice and may succeed." }),
  })
  .meta({ description: "Why a task failed." });

const MEDIA_TYPES = Object.keys(MEDIA_ENDINGS) as [MediaType, ...MediaType[]];

const keptFile = z
  .object({
    status: z.literal("kept"),
    bytes: count("Its length."),
    content_type: z.enum(MEDIA_TYPES),
    expires_at: instant("Until when Ringback keeps it, at least."),
  })
  .meta({ description: "Ringback keeps a copy, and `video_url` is its address." });

const fileReason = text(
  "`needs_key`: only the upstream key opens the result, and it is not the caller's. Else why the last try to copy it " +
    `failed: ${FILE_REASONS.slice(1)
      .map((one) => `\`${one}\``)
      .join(", ")}, or \`http_404\` and the like.`,
);

const failedFile = z
  .object({ status: z.literal("failed"), reason: fileReason })
  .meta({ description: "Ringback keeps no copy." });

export const taskMembers = {
  object: z.literal("video.task"),
  id: z.string().meta({ pattern: TASK_ID_PATTERN, description: "The same as `task_id`." }),
  task_id: z.string().meta({ pattern: TASK_ID_PATTERN, description: "Ringback's id; not the upstream's." }),
  status: z
    .enum(TASK_STATUSES)
    .meta({ description: "`succeeded` and `failed` are the end and never change." }),
  progress: z
    .number()
    .nullable()
    .meta({ description: "In percent, as the upstream reported it last; null before it has reported any." }),
  model: text("As it was asked for."),
  upstream_name: text(
    "Which upstream makes it; `aio` is the one at `AIO_BASE_URL`, and `GET /v1/upstreams` lists the others.",
  ),
  video_url: url(
    "Where the video is; usually for about 24 hours. Null on success if only the upstream key opens it (see `file`).",
  ).nullable(),
  source_url: url("Where the upstream keeps a file of which `video_url` is a copy.").nullable(),
  file: z
    .discriminatedUnion("status", [keptFile, failedFile])
    .nullable()
    .meta({ description: "The state of the video's file; null: nothing to report." }),
  error: taskError.nullable(),
  error_message: z.string().max(2000).nullable().meta({ description: "The error's message once more." }),
  metadata: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: "The caller's own, as it was sent." }),
  test: z.boolean().meta({ description: "Made by `test`: nothing went upstream." }),
  upstream_task_id: text("The upstream's id for it.").nullable(),
  created_at: instant("When Ringback accepted it."),
  submitted_at: instant("When the upstream accepted it.").nullable(),
  finished_at: instant("When it succeeded or failed.").nullable(),
  deadline_at: instant("When Ringback gives up: `created_at` and the timeout."),
};

export const taskCallback = z
  .object({
    url: url("Where it is sent."),
    events: z.array(z.enum(EVENT_TYPES)).meta({ description: "Which events are sent." }),
    format: z.enum(CALLBACK_FORMATS),
    status: z.enum(CALLBACK_STATUSES).meta({
      description:
        "Of the end's delivery, or of the newest one if no end is subscribed; `waiting` before there is one.",
    }),
    attempts: count("Attempts of this delivery that have begun, without redeliveries to another URL."),
    next_attempt_at: instant("When the next one is due.").nullable(),
  })
  .meta({ description: "How the callback is going." });

export const task = z
  .object({
    ...taskMembers,
    callback: taskCallback.nullable().meta({ description: "Null without a `callback_url`." }),
    upstream: z
      .unknown()
      .meta({ description: "The upstream's last JSON answer, verbatim; null when it is over 64 KB." }),
  })
  .meta({ description: "One request for a video, and its life." });

export const taskData = z
  .object(taskMembers)
  .meta({ description: "The task as a callback carries it: without `callback` and `upstream`." });

export const listedTask = z
  .object({
    object: taskMembers.object,
    id: taskMembers.id,
    task_id: taskMembers.task_id,
    status: taskMembers.status,
    model: taskMembers.model,
    test: taskMembers.test,
    video_url: taskMembers.video_url,
    error: taskMembers.error,
    metadata: taskMembers.metadata,
    upstream_task_id: taskMembers.upstream_task_id,
    created_at: taskMembers.created_at,
    finished_at: taskMembers.finished_at,
    callback: z
      .object({
        status: z.enum(CALLBACK_STATUSES),
        host: text("Of the `callback_url`, with its port unless that is 443."),
      })
      .nullable()
      .meta({ description: "Null without a `callback_url`." }),
  })
  .meta({ description: "A task as it stands in the list." });

export const taskList = z
  .object({
    object: z.literal("list"),
    data: z.array(listedTask),
    next_cursor: text("For `cursor`; null on the last page.").nullable(),
  })
  .meta({ description: "One page, newest first." });

export type TaskError = z.output<typeof taskError>;
export type TaskFile = NonNullable<TaskData["file"]>;
export type TaskJson = z.output<typeof task>;
export type TaskData = z.output<typeof taskData>;
export type ListedTask = z.output<typeof listedTask>;
export type TaskList = z.output<typeof taskList>;
