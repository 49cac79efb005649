import * as z from "zod";
import { EVENT_TYPES } from "../words.ts";
import { taskData, taskMembers } from "./task.ts";
import { instant, MESSAGE_ID_PATTERN, text } from "./values.ts";

/** The bodies of callbacks: an event in both formats, and the ping. */

const messageId = z.string().meta({ pattern: MESSAGE_ID_PATTERN, description: "The same as `webhook-id`." });
const timestamp = instant("When it happened.");

export const standardMessage = z
  .object({ id: messageId, type: z.enum(EVENT_TYPES), timestamp, data: taskData })
  .meta({ description: "An event in the `standard` format." });

/** The members of a flat message without those of its metadata. */
const flatMembers = z.object({
  message_id: messageId,
  event: z.enum(EVENT_TYPES),
  timestamp,
  task_id: taskMembers.task_id,
  status: taskMembers.status,
  progress: taskMembers.progress,
  model: taskMembers.model,
  test: taskMembers.test,
  video_url: taskMembers.video_url,
  source_url: taskMembers.source_url,
  file_status: text("`file.status`.").nullable(),
  file_expires_at: instant("Until when Ringback keeps the file; null: it keeps none.").nullable(),
  error_code: text("`error.code`.").nullable(),
  error_message: taskMembers.error_message,
  upstream_task_id: taskMembers.upstream_task_id,
  created_at: taskMembers.created_at,
  finished_at: taskMembers.finished_at,
});

export const flatMessage = flatMembers.meta({
  description:
    "An event in the `flat` format: one level, scalars only. Each key of `metadata` stands as `metadata_<key>`, " +
    "a nested value as JSON in a string.",
  patternProperties: { "^metadata_": { type: ["string", "number", "boolean", "null"] } },
});

export const standardPing = z
  .object({
    id: messageId,
    type: z.literal("ping"),
    timestamp,
    data: z.object({}).meta({ maxProperties: 0 }),
  })
  .meta({ description: "A ping in the `standard` format." });

export const flatPing = z
  .object({ message_id: messageId, event: z.literal("ping"), timestamp })
  .meta({ description: "A ping in the `flat` format." });

export type StandardMessage = z.output<typeof standardMessage>;
export type FlatMessage = z.output<typeof flatMembers>;
export type StandardPing = z.output<typeof standardPing>;
export type FlatPing = z.output<typeof flatPing>;
