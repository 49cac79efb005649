import { headerOf } from "../../http/create/header-fields.ts";
import { RINGBACK_FIELDS } from "../../http/create/video-schema.ts";
import { CALLBACK_URL, FIELD_EXAMPLES, QUEUED_TASK, SUCCEEDED_TASK, UNKNOWN_TASK } from "../examples.ts";
import { ref, type JsonSchema } from "../json-schema.ts";
import { bodyOf, parameter, type Operation } from "../operation.ts";
import { answer, errors, KNOWN_KEY, NO_LOOP, WITH_BODY } from "../responses.ts";
import { FRAMES_EXAMPLE, REFERENCE_EXAMPLE, TEXT_EXAMPLE } from "../upstream-examples.ts";

/** `POST /v1/videos`. */

/** Ringback's own fields as headers; all of them take text, as fields of a form do. */
export const FIELD_HEADERS: Record<string, JsonSchema> = Object.fromEntries(
  Array.from(RINGBACK_FIELDS, (field) => [
    `header-${field.replaceAll("_", "-")}`,
    {
      name: headerOf(field),
      in: "header",
      description: `\`${field}\`, for clients that cannot add it to the body; objects as JSON.`,
      schema: { type: "string" },
    },
  ]),
);

const CREATE_PARAMETERS: JsonSchema[] = [
  {
    name: "Idempotency-Key",
    in: "header",
    description:
      "1 to 255 visible characters, quoted or bare. The same key with the same fields again is answered with the task " +
      "as it is now, and nothing is submitted twice.",
    schema: { type: "string", minLength: 1, maxLength: 257, pattern: "^[!-~]+$" },
  },
  {
    name: "Prefer",
    in: "header",
    description:
      "`respond-async`: answer before the submit. `wait=N`, 1 to 60 seconds: hold the answer until the task has ended. " +
      "Both together: the submit does not delay the answer, the wait does. Ignored when it is out of range.",
    schema: { type: "string" },
  },
  ...Object.keys(FIELD_HEADERS).map(parameter),
];

/** The first is what a reference page sends when its reader edits nothing: it must cost nothing. */
const CREATE_EXAMPLES = {
  test: {
    summary: "A test: free, nothing goes upstream",
    value: {
      model: TEXT_EXAMPLE.model,
      prompt: FIELD_EXAMPLES["prompt"],
      callback_url: CALLBACK_URL,
      test: FIELD_EXAMPLES["test"],
    },
  },
  text: { summary: "Text to video (paid)", value: { ...TEXT_EXAMPLE, callback_url: CALLBACK_URL } },
  frames: {
    summary: "First and last frame to video (paid)",
    value: { ...FRAMES_EXAMPLE, callback_url: CALLBACK_URL },
  },
  reference: {
    summary: "References to video (paid)",
    value: { ...REFERENCE_EXAMPLE, callback_url: CALLBACK_URL },
  },
  own: {
    summary: "Every field of Ringback's own (paid)",
    value: {
      model: TEXT_EXAMPLE.model,
      prompt: "A lighthouse at dusk.",
      callback_url: CALLBACK_URL,
      callback_events: ["video.succeeded", "video.failed", "video.running"],
      callback_headers: { "x-make-apikey": "the receiver's own key" },
      callback_format: "flat",
      metadata: { order: 42 },
      timeout_seconds: 3600,
      retry_ambiguous_submit: false,
    },
  },
};

const CREATED = {
  queued: { summary: "The upstream has taken it", value: QUEUED_TASK },
  submit_unknown: {
    summary: "The upstream may or may not have taken it",
    value: UNKNOWN_TASK,
  },
};

const CREATE_HEADERS = ["Location", "Preference-Applied", "idempotent-replayed"] as const;

export const createVideo: Operation = {
  operationId: "createVideo",
  summary: "Ask for a video",
  description:
    "Submits the task to the upstream and keeps it. A refusal for good comes back at once, with the upstream's status " +
    "and body under `error.upstream`, and no callback follows. A `429` of the upstream is waited out: the task stays " +
    "`queued` and is submitted later. Ringback's own fields may come as headers, `Ringback-` and the name with `-` for " +
    "`_`; a field that is given twice, and any other `Ringback-` header, is refused.",
  tags: ["Videos"],
  parameters: CREATE_PARAMETERS,
  requestBody: {
    description:
      "JSON, or a form for tools that cannot send JSON: there objects are JSON in a string or members such as " +
      "`metadata[order]`, `callback_events` may be comma separated, and a repeated name makes a list.",
    ...bodyOf(ref("CreateVideo"), true, CREATE_EXAMPLES),
  },
  responses: {
    "200": answer("With `Prefer: wait`: the task has ended.", "Task", {
      headers: [...CREATE_HEADERS],
      examples: { succeeded: { value: SUCCEEDED_TASK } },
    }),
    "202": answer("The task. Exactly one terminal event follows.", "Task", {
      headers: [...CREATE_HEADERS],
      examples: CREATED,
    }),
    ...errors(
      [
        "upstream_unauthorized",
        "upstream_payment_required",
        "upstream_forbidden",
        "upstream_not_found",
        "upstream_rejected",
        "task_not_found",
        "idempotency_in_progress",
        "idempotency_deleted",
        "idempotency_mismatch",
        "unsupported_media_type",
        "rate_limited",
        ...WITH_BODY,
        ...NO_LOOP,
        ...KNOWN_KEY,
      ],
      {
        // A status of its own hides the range, and with the operator's key the caller cannot solve it.
        "400": ["upstream_rejected"],
        "413": ["upstream_rejected"],
        "415": ["upstream_rejected"],
        "422": ["upstream_rejected"],
        "502": ["upstream_unauthorized", "upstream_payment_required", "upstream_forbidden"],
      },
    ),
  },
};
