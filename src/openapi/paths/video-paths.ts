import { LIST_QUERY } from "../../http/routes/list-schema.ts";
import { ENDPOINT_ID_PATTERN, MESSAGE_ID_PATTERN, TASK_ID_PATTERN } from "../../contract/shapes/values.ts";
import {
  DELIVERY,
  EVENT_STREAM,
  LIST,
  MESSAGE_ID,
  QUEUED_TASK,
  SENT_DELIVERY,
  KEPT_TASK,
  SUCCEEDED_TASK,
} from "../examples.ts";
import { createVideo } from "./create-path.ts";
import { ref, requestSchema, type JsonSchema } from "../json-schema.ts";
import { bodyOf, parameter, query, type Paths } from "../operation.ts";
import { answer, errors, headers, KNOWN_KEY, NO_LOOP, WITH_BODY } from "../responses.ts";

/** `/v1/videos` and what is under it; the create stands by itself. */

const WAIT_SECONDS = { type: "integer", minimum: 1, maximum: 60 };

/** Parameters that more than one operation takes. */
export const VIDEO_PARAMETERS: Record<string, JsonSchema> = {
  id: {
    name: "id",
    in: "path",
    required: true,
    description: "The `task_id` of a create's answer.",
    schema: { type: "string", pattern: TASK_ID_PATTERN },
  },
  message_id: {
    name: "message_id",
    in: "path",
    required: true,
    description: "The `webhook-id` of the callback.",
    schema: { type: "string", pattern: MESSAGE_ID_PATTERN },
  },
  "prefer-on-read": {
    name: "Prefer",
    in: "header",
    description:
      "`wait=N`, 1 to 60 seconds, the same as the query's `wait`; ignored when it is out of range.",
    schema: { type: "string" },
  },
};

const listQuery = requestSchema(LIST_QUERY)["properties"] as Record<string, JsonSchema>;

/** A list in one value, with commas between. */
const COMMA_SEPARATED = { style: "form", explode: false };

const LIST_FILTERS = [
  { ...query("status", "One of these statuses.", listQuery["status"] ?? {}), ...COMMA_SEPARATED },
  {
    ...query(
      "callback_status",
      "One of these states of the task's own callback; `none`: it has none. With `endpoint`: of the terminal event " +
        "there, `waiting` before there is one.",
      listQuery["callback_status"] ?? {},
    ),
    ...COMMA_SEPARATED,
  },
  query(
    "callback_host",
    "The host of the task's own `callback_url`, with its port unless that is 443; with `endpoint`, too.",
    listQuery["callback_host"] ?? {},
  ),
  query(
    "endpoint",
    "The id of a registered endpoint that the task's events go to; an unknown one finds nothing.",
    listQuery["endpoint"] ?? {},
  ),
  query("model", "This model.", listQuery["model"] ?? {}),
  query("upstream_name", "This upstream.", listQuery["upstream_name"] ?? {}),
  query("test", "Only tasks of `test`, or none of them.", listQuery["test"] ?? {}),
  query(
    "created_after",
    "Created then or later; ISO 8601, UTC without a zone.",
    listQuery["created_after"] ?? {},
  ),
  query("created_before", "Created earlier than that.", listQuery["created_before"] ?? {}),
  query("upstream_task_id", "The upstream's id for it.", listQuery["upstream_task_id"] ?? {}),
];

const listVideos = {
  operationId: "listVideos",
  summary: "List tasks",
  description: "This account's tasks, newest first. May lag by seconds.",
  tags: ["Videos"],
  parameters: [
    ...LIST_FILTERS,
    query("limit", "How many on a page; 20 if left out.", listQuery["limit"] ?? {}),
    // Decoded before it is judged: to callers it is opaque.
    query("cursor", "The `next_cursor` of the page before.", { type: "string" }),
  ],
  responses: {
    "200": answer("One page.", "TaskList", { examples: { page: { value: LIST } } }),
    ...errors(["invalid_request", "not_found", ...KNOWN_KEY]),
  },
};

const task = {
  get: {
    operationId: "getVideo",
    summary: "Read a task",
    description: "The task as it is now, or, with a wait, as soon as it has ended. Never asks the upstream.",
    tags: ["Videos"],
    parameters: [
      parameter("id"),
      query("wait", "Hold the answer until the task has ended, so many seconds at most.", WAIT_SECONDS),
      parameter("prefer-on-read"),
    ],
    responses: {
      "200": answer("The task.", "Task", {
        headers: ["Preference-Applied"],
        examples: {
          queued: { value: QUEUED_TASK },
          succeeded: { value: SUCCEEDED_TASK },
          kept: { value: KEPT_TASK },
        },
      }),
      ...errors(["invalid_request", "task_not_found", "not_found"]),
    },
  },
  delete: {
    operationId: "deleteVideo",
    summary: "Delete a task",
    description:
      "No more polls, no more callbacks, and everything is erased. The upstream is not cancelled: it has no such call.",
    tags: ["Videos"],
    parameters: [parameter("id")],
    responses: {
      "204": { description: "Deleted.", headers: headers() },
      ...errors(["invalid_request", "task_not_found", "not_found", ...NO_LOOP]),
    },
  },
};

const watchVideo = {
  operationId: "watchVideo",
  summary: "Watch a task",
  description:
    "Server-sent events: the state as it is, then each change. The event's name is `video.queued`, `video.running`, " +
    "`video.progress`, `video.succeeded` or `video.failed`, its `data` the task. Ends after the end of the task, or " +
    "after 10 minutes with `retry:`. A comment now and then shows that it is alive. At most 1,000 waiters and streams a " +
    "task.",
  tags: ["Videos"],
  parameters: [
    parameter("id"),
    {
      name: "Last-Event-ID",
      in: "header",
      description: "The `id` of the last event received, as an `EventSource` sends it when it reconnects.",
      schema: { type: "string" },
    },
  ],
  responses: {
    "200": {
      description: "The stream.",
      headers: headers(),
      content: {
        "text/event-stream": {
          schema: { type: "string", description: "Server-sent events, each with a `Task` as its data." },
          examples: { stream: { value: EVENT_STREAM } },
        },
      },
    },
    "204": { description: "The end was received already: do not reconnect.", headers: headers() },
    ...errors(["invalid_request", "task_not_found", "not_found"]),
  },
};

const listDeliveries = {
  operationId: "listDeliveries",
  summary: "See what was sent",
  description: "Every event's delivery with each of its attempts, newest event first.",
  tags: ["Deliveries"],
  parameters: [parameter("id")],
  responses: {
    "200": answer("The deliveries.", "DeliveryList", {
      examples: { delivered: { value: { object: "list", data: [DELIVERY] } } },
    }),
    ...errors(["invalid_request", "task_not_found", "not_found"]),
  },
};

const readDelivery = {
  operationId: "readDelivery",
  summary: "See a request as it was sent",
  description:
    "One delivery with its request: the URL, each header and the exact body, as the newest attempt sent it, or as the " +
    "first one will. `webhook-timestamp` and `webhook-signature` are made for this answer, so the request can be sent " +
    "to a receiver as it is. The values of your own headers are never shown.",
  tags: ["Deliveries"],
  parameters: [
    parameter("id"),
    parameter("message_id"),
    query("endpoint", "The delivery to this registered endpoint, by its id; to the callback if left out.", {
      type: "string",
      pattern: ENDPOINT_ID_PATTERN,
    }),
  ],
  responses: {
    "200": answer("The delivery.", "SentDelivery", { examples: { delivered: { value: SENT_DELIVERY } } }),
    ...errors(["invalid_request", "task_not_found", "not_found", "overloaded"]),
  },
};

const redeliver = {
  operationId: "redeliver",
  summary: "Send an event again",
  description:
    "One more attempt, a manual one, in every state of the delivery; the same id and the same bytes. Success settles the " +
    "delivery and ends its schedule, failure leaves it. With `callback_url` this one attempt goes there instead, " +
    "without the stored headers; whatever it comes to, the delivery stays as it is. 10 a minute and 1,000 in all for a " +
    "task. Where " +
    "nothing has proved the key of the task yet, the upstream is asked whether it knows it.",
  tags: ["Deliveries"],
  parameters: [parameter("id")],
  requestBody: bodyOf(ref("Redeliver"), false, {
    newest: { summary: "The newest event", value: {} },
    one: { summary: "A certain one", value: { message_id: MESSAGE_ID } },
    elsewhere: {
      summary: "To another URL, this once",
      value: {
        callback_url: "https://debug.example.com/hook",
        callback_headers: { "x-debug": "only for this receiver" },
      },
    },
  }),
  responses: {
    "202": answer("The delivery. Its attempt follows.", "Delivery", {
      examples: { delivered: { value: DELIVERY } },
    }),
    ...errors([
      "task_not_found",
      "not_found",
      "nothing_to_deliver",
      "too_many_redeliveries",
      "unsupported_media_type",
      "rate_limited",
      ...WITH_BODY,
      ...NO_LOOP,
      ...KNOWN_KEY,
    ]),
  },
};

export const VIDEO_PATHS: Paths = {
  "/v1/videos": { post: createVideo, get: listVideos },
  "/v1/videos/{id}": task,
  "/v1/videos/{id}/events": { get: watchVideo },
  "/v1/videos/{id}/deliveries": { get: listDeliveries },
  "/v1/videos/{id}/deliveries/{message_id}": { get: readDelivery },
  "/v1/videos/{id}/redeliver": { post: redeliver },
};
