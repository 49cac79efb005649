import * as z from "zod";
import {
  ATTEMPT_OUTCOMES,
  ATTEMPT_TRIGGERS,
  DELIVERY_STATUSES,
  EVENT_TYPES,
  TASK_STATUSES,
  VERIFY_REASONS,
} from "../contract/words.ts";
import { ERROR_CODES } from "./error-table.ts";
import { count, instant, listedTask, task, taskCallback, taskData, taskError, text } from "./task-answers.ts";

/** What Ringback answers with. A test holds these schemas to the answers of a running one. */

export const MESSAGE_ID_PATTERN = "^msg_[a-z2-7]+$";

const attempt = z
  .object({
    number: z.int().min(1).meta({ description: "From 1; those by hand are numbered on." }),
    trigger: z.enum(ATTEMPT_TRIGGERS),
    started_at: instant("When its request left."),
    duration_ms: z.number().min(0).nullable(),
    status_code: z.int().nullable().meta({ description: "Null if no answer came." }),
    outcome: z.enum(ATTEMPT_OUTCOMES),
    reason: text(
      "Null when delivered; else `http_503` and the like, `timeout`, `connection`, `redirect`, `gone`, " +
        "`url_rejected`, `interrupted`, or `in_flight` while it is on the wire.",
    ).nullable(),
    response_excerpt: text("The first 2 KB of the receiver's answer.").nullable(),
  })
  .meta({ description: "One try to deliver an event." });

const delivery = z
  .object({
    message_id: z
      .string()
      .meta({ pattern: MESSAGE_ID_PATTERN, description: "The `webhook-id` of each attempt." }),
    event: z.enum(EVENT_TYPES),
    status: z.enum(DELIVERY_STATUSES),
    next_attempt_at: instant("Null once settled.").nullable(),
    attempts: z.array(attempt).meta({ description: "In order." }),
  })
  .meta({ description: "One event on its way to the `callback_url`." });

const signingSecrets = z
  .object({
    secret: z.string().meta({ pattern: "^whsec_", description: "Signs every callback of this account." }),
    previous: z
      .array(
        z.object({
          secret: z.string().meta({ pattern: "^whsec_" }),
          expires_at: instant(
            "Null under `RINGBACK_SECRET_PREVIOUS`, which the operator removes.",
          ).nullable(),
        }),
      )
      .meta({ description: "Those that sign beside it until they expire; at most three after rotations." }),
  })
  .meta({ description: "The account's signing secrets (Standard Webhooks)." });

const stats = z
  .object({
    object: z.literal("stats"),
    tasks: z.object(Object.fromEntries(TASK_STATUSES.map((status) => [status, count("Tasks.")]))),
    models: z.array(
      z.object({
        model: z.string(),
        count: count("Tasks that succeeded."),
        p50_seconds: z.number().meta({ description: "Half of them took no longer, from submit to end." }),
        p95_seconds: z.number(),
      }),
    ),
    deliveries: z.object(Object.fromEntries(DELIVERY_STATUSES.map((status) => [status, count("Tasks.")]))),
    polls_per_task: z.number().nullable().meta({ description: "Null before the first end." }),
  })
  .meta({ description: "This account's tasks in numbers, without `test` tasks." });

const error = z
  .object({
    error: z.object({
      code: z.enum(ERROR_CODES),
      message: text("In words, for a person."),
      param: text("The first field that is wrong.").optional(),
      issues: z
        .array(z.object({ path: z.string(), message: z.string() }))
        .optional()
        .meta({ description: "All that is wrong, at once." }),
      retryable: z.boolean().optional().meta({ description: "The same request may succeed later." }),
      upstream: z
        .object({ status: z.int(), body: z.unknown() })
        .optional()
        .meta({ description: "What the upstream said, to 16 KB." }),
      task_id: z.string().optional(),
      request_id: text("The same as `x-request-id`."),
    }),
  })
  .meta({ description: "Every error has this shape." });

export const ANSWERS = {
  Task: task,
  TaskError: taskError,
  TaskCallback: taskCallback,
  TaskData: taskData,
  ListedTask: listedTask,
  TaskList: z
    .object({
      object: z.literal("list"),
      data: z.array(listedTask),
      next_cursor: text("For `cursor`; null on the last page.").nullable(),
    })
    .meta({ description: "One page, newest first." }),
  Attempt: attempt,
  Delivery: delivery,
  DeliveryList: z
    .object({ object: z.literal("list"), data: z.array(delivery) })
    .meta({ description: "Every event's delivery, newest first." }),
  SigningSecrets: signingSecrets,
  PingResult: z
    .object({
      delivered: z.boolean(),
      status_code: z.int().nullable(),
      duration_ms: z.number().nullable(),
      reason: text("As an attempt's; null when delivered.").nullable(),
      response_excerpt: text("The first 2 KB of the receiver's answer.").nullable(),
    })
    .meta({ description: "What the receiver said to a ping." }),
  VerifyResult: z
    .object({
      valid: z.boolean(),
      reason: z
        .enum(VERIFY_REASONS)
        .nullable()
        .meta({ description: "Null when valid; the timestamp may be 5 minutes off." }),
    })
    .meta({ description: "Whether Ringback signed it for this account, just now." }),
  Stats: stats,
  Health: z.object({ status: z.literal("ok"), version: z.string() }).meta({ description: "It answers." }),
  Readiness: z
    .object({ status: z.literal("ready"), version: z.string() })
    .meta({ description: "Every setting parses." }),
  Error: error,
};
