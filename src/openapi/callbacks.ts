import type { TaskData } from "../contract/shapes/task.ts";
import { MESSAGE_ID_PATTERN } from "../contract/shapes/values.ts";
import { EVENT_TYPES, type EventType } from "../contract/words.ts";
import { RINGBACK_VERSION } from "../version.ts";
import {
  FAILED_DATA,
  FLAT_PING,
  flatMessage,
  KEPT_DATA,
  MESSAGE_ID,
  RUNNING_DATA,
  STANDARD_PING,
  standardMessage,
  SUCCEEDED_DATA,
} from "./examples.ts";
import { ref, type JsonSchema } from "./json-schema.ts";

/** What Ringback sends, and how it judges the answer. */

function header(name: string, description: string, schema: JsonSchema, example: unknown): JsonSchema {
  return { name, in: "header", required: true, description, schema, example };
}

export const CALLBACK_HEADERS: Record<string, JsonSchema> = {
  "webhook-id": header(
    "webhook-id",
    "The same on every attempt of an event: use it to drop repeats.",
    { type: "string", pattern: MESSAGE_ID_PATTERN },
    MESSAGE_ID,
  ),
  "webhook-timestamp": header(
    "webhook-timestamp",
    "Unix seconds of this attempt; refuse one that is more than 5 minutes off.",
    { type: "string", pattern: "^\\d+$" },
    "1795446707",
  ),
  "webhook-signature": header(
    "webhook-signature",
    "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, one for each secret in force, space separated.",
    { type: "string", pattern: "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$" },
    "v1,arWpLWtRGzvnb+gZhXmPOFYxK6jKQz/33G9dLjKJ30E=",
  ),
  "ringback-attempt": header(
    "ringback-attempt",
    "Counts this event's attempts from 1.",
    { type: "string", pattern: "^[1-9]\\d*$" },
    "1",
  ),
  "user-agent": header(
    "user-agent",
    "Ringback and its version.",
    { type: "string", pattern: "^Ringback/" },
    `Ringback/${RINGBACK_VERSION}`,
  ),
};

/** What the receiver's status line means. */
const RECEIVER_ANSWERS: Record<string, JsonSchema> = {
  "2XX": { description: "Delivered. Only the status line counts." },
  "3XX": { description: "Redirects are not followed: tried again." },
  "410": { description: "Gone: this task's callbacks stop; a registered endpoint is disabled." },
  "501": {
    description: "Not implemented: this task's callbacks stop; of a registered endpoint, this delivery does.",
  },
  default: {
    description: "Tried again, up to 22 hours after the event. `Retry-After` moves the next attempt later.",
  },
};

interface Message {
  name: string;
  operationId: string;
  summary: string;
  description: string;
  schemas: [string, string];
  examples: Record<string, JsonSchema>;
}

function webhook(message: Message): JsonSchema {
  const { operationId, summary, description, schemas, examples } = message;
  return {
    post: {
      operationId,
      summary,
      description: `${description} The caller's \`callback_headers\`, or a registered endpoint's \`headers\`, come with it.`,
      tags: ["Deliveries"],
      security: [],
      parameters: Object.keys(CALLBACK_HEADERS).map((name) => ({
        $ref: `#/components/parameters/${name}`,
      })),
      requestBody: {
        required: true,
        description: `\`${message.name}\`, in the format that \`callback_format\` asked for.`,
        content: { "application/json": { schema: { oneOf: schemas.map(ref) }, examples } },
      },
      responses: RECEIVER_ANSWERS,
    },
  };
}

interface Event {
  summary: string;
  description: string;
  data: TaskData;
  /** The same where the deployment keeps the file. */
  kept?: TaskData;
}

const EVENTS: Record<EventType, Event> = {
  "video.succeeded": {
    summary: "A video is ready",
    description:
      "The task ended well; `video_url` is set, but for a result that only the upstream key opens and of which Ringback " +
      "keeps no copy. Sent unless `callback_events` leaves it out.",
    data: SUCCEEDED_DATA,
    kept: KEPT_DATA,
  },
  "video.failed": {
    summary: "A video failed",
    description: "The task ended badly; `error` says why. Sent unless `callback_events` leaves it out.",
    data: FAILED_DATA,
  },
  "video.running": {
    summary: "A video is being made",
    description: "Seen running for the first time. Only if `callback_events` asks for it.",
    data: RUNNING_DATA,
  },
  "video.progress": {
    summary: "A video made progress",
    description:
      "The reported progress grew by 10 or more. Only if `callback_events` asks for it; a task may have many.",
    data: RUNNING_DATA,
  },
};

/** The `webhooks` of the document. */
export function webhooks(): Record<string, JsonSchema> {
  const events = EVENT_TYPES.map((name) => {
    const { summary, description, data, kept } = EVENTS[name];
    const message: Message = {
      name,
      operationId: `receive_${name.replace(".", "_")}`,
      summary,
      description,
      schemas: ["StandardMessage", "FlatMessage"],
      examples: {
        standard: { value: standardMessage(name, data) },
        flat: { value: flatMessage(name, data) },
        ...(kept && {
          kept: { summary: "With a kept file", value: standardMessage(name, kept) },
          kept_flat: { summary: "With a kept file, flat", value: flatMessage(name, kept) },
        }),
      },
    };
    return [name, webhook(message)] as const;
  });
  const ping = webhook({
    name: "ping",
    operationId: "receive_ping",
    summary: "A ping",
    description: "What `POST /v1/webhooks/ping` sends, and a test of an endpoint, once: an event of no task.",
    schemas: ["StandardPing", "FlatPing"],
    examples: {
      standard: { value: STANDARD_PING },
      flat: { value: FLAT_PING },
    },
  });
  return { ...Object.fromEntries(events), ping };
}
