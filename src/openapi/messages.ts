import { EVENT_TYPES } from "../contract/words.ts";
import { MESSAGE_ID_PATTERN } from "./answers.ts";
import { ref, type JsonSchema } from "./json-schema.ts";

/** The bodies of callbacks: an event in both formats, and the ping. */

const SCALAR = { type: ["string", "number", "boolean", "null"] };
const MESSAGE_ID_SCHEMA = {
  type: "string",
  pattern: MESSAGE_ID_PATTERN,
  description: "The same as `webhook-id`.",
};
const TIMESTAMP = { type: "string", format: "date-time", description: "When it happened." };

/** Members of a flat message that stand in the task under another name. */
const FLAT_ONLY: Record<string, JsonSchema> = {
  error_code: { type: ["string", "null"], description: "`error.code`." },
  file_status: { type: ["string", "null"], description: "`file.status`." },
  file_expires_at: {
    type: ["string", "null"],
    format: "date-time",
    description: "Until when Ringback keeps the file; null: it keeps none.",
  },
};

/** The members that a flat message takes from the task, with their own schemas. */
const FLAT_MEMBERS = [
  "task_id",
  "status",
  "progress",
  "model",
  "test",
  "video_url",
  "source_url",
  "error_message",
  "upstream_task_id",
  "created_at",
  "finished_at",
];

export function messageSchemas(taskData: JsonSchema): Record<string, JsonSchema> {
  const taskMembers = taskData["properties"] as Record<string, JsonSchema>;
  const flatMembers = Object.fromEntries(FLAT_MEMBERS.map((name) => [name, taskMembers[name]]));
  return {
    StandardMessage: {
      type: "object",
      description: "An event in the `standard` format.",
      properties: {
        id: MESSAGE_ID_SCHEMA,
        type: { type: "string", enum: [...EVENT_TYPES] },
        timestamp: TIMESTAMP,
        data: ref("TaskData"),
      },
      required: ["id", "type", "timestamp", "data"],
    },
    FlatMessage: {
      type: "object",
      description:
        "An event in the `flat` format: one level, scalars only. Each key of `metadata` stands as `metadata_<key>`, " +
        "a nested value as JSON in a string.",
      properties: {
        message_id: MESSAGE_ID_SCHEMA,
        event: { type: "string", enum: [...EVENT_TYPES] },
        timestamp: TIMESTAMP,
        ...flatMembers,
        ...FLAT_ONLY,
      },
      required: ["message_id", "event", "timestamp", ...FLAT_MEMBERS, ...Object.keys(FLAT_ONLY)],
      patternProperties: { "^metadata_": SCALAR },
    },
    StandardPing: {
      type: "object",
      description: "A ping in the `standard` format.",
      properties: {
        id: MESSAGE_ID_SCHEMA,
        type: { type: "string", const: "ping" },
        timestamp: TIMESTAMP,
        data: { type: "object", maxProperties: 0 },
      },
      required: ["id", "type", "timestamp", "data"],
    },
    FlatPing: {
      type: "object",
      description: "A ping in the `flat` format.",
      properties: {
        message_id: MESSAGE_ID_SCHEMA,
        event: { type: "string", const: "ping" },
        timestamp: TIMESTAMP,
      },
      required: ["message_id", "event", "timestamp"],
    },
  };
}
