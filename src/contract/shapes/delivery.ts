import * as z from "zod";
import {
  ATTEMPT_OUTCOMES,
  ATTEMPT_REASONS,
  ATTEMPT_TRIGGERS,
  DELIVERY_STATUSES,
  EVENT_TYPES,
  type AttemptReason,
} from "../words.ts";
import { instant, MESSAGE_ID_PATTERN, text, url } from "./values.ts";

/** What was sent, attempt by attempt. */

/** To readers any string, so that a new reason breaks none of them; Ringback itself says only those that have words. */
export const attemptReason = z
  .custom<AttemptReason>((value) => typeof value === "string")
  .meta({
    type: "string",
    description:
      `Null when delivered; else \`http_503\` and the like, or ${ATTEMPT_REASONS.map((one) => `\`${one}\``).join(", ")} ` +
      "(the last one while it is on the wire).",
  });

export const attempt = z
  .object({
    number: z.int().min(1).meta({ description: "From 1; manual attempts count on." }),
    trigger: z.enum(ATTEMPT_TRIGGERS),
    host: text("The host of the other URL that it went to; left out for the receiver's own.").exactOptional(),
    started_at: instant("When its request left."),
    duration_ms: z.number().min(0).nullable(),
    status_code: z.int().nullable().meta({ description: "Null if no answer came." }),
    outcome: z.enum(ATTEMPT_OUTCOMES),
    reason: attemptReason.nullable(),
    response_excerpt: text("The first 2 KB of the receiver's answer.").nullable(),
  })
  .meta({ description: "One try to deliver an event." });

export const delivery = z
  .object({
    message_id: z
      .string()
      .meta({ pattern: MESSAGE_ID_PATTERN, description: "The `webhook-id` of each attempt." }),
    event: z.enum(EVENT_TYPES),
    endpoint: z
      .object({ id: z.string(), host: z.string() })
      .nullable()
      .meta({ description: "The registered endpoint that it goes to; null: the `callback_url`." }),
    status: z.enum(DELIVERY_STATUSES),
    next_attempt_at: instant("Null once settled.").nullable(),
    attempts: z.array(attempt).meta({ description: "In order." }),
  })
  .meta({ description: "One event on its way to the `callback_url`." });

export const sentDelivery = delivery
  .extend({
    request: z
      .object({
        url: url("Where it goes."),
        headers: z.record(z.string(), z.string()).meta({
          description:
            "By lower-case name. The values of your own are `…`; timestamp and signature are made for this answer.",
        }),
        body: text("The exact text that is signed and sent."),
      })
      .nullable()
      .meta({
        description:
          "What the newest attempt at the receiver sent, or the first one there will. Null if its endpoint was deleted: the " +
          "URL is not kept.",
      }),
  })
  .meta({ description: "A delivery and its request." });

export const deliveryList = z
  .object({ object: z.literal("list"), data: z.array(delivery) })
  .meta({ description: "Every event's delivery, newest first." });

/** What one attempt came to, without a task. */
export const pingResult = z
  .object({
    delivered: z.boolean(),
    status_code: attempt.shape.status_code,
    duration_ms: attempt.shape.duration_ms,
    reason: attempt.shape.reason,
    response_excerpt: attempt.shape.response_excerpt,
  })
  .meta({ description: "What the receiver said to a ping." });

export type AttemptJson = z.output<typeof attempt>;
export type DeliveryJson = z.output<typeof delivery>;
export type SentDelivery = z.output<typeof sentDelivery>;
export type DeliveryList = z.output<typeof deliveryList>;
export type PingResult = z.output<typeof pingResult>;
