import { OWN_SCHEMA, VIDEO_SCHEMAS, type VideoFields } from "../http/create/video-schema.ts";
import { PATCH_SCHEMA, REGISTER_SCHEMA, TEST_SCHEMA } from "../http/routes/webhooks/endpoint-schema.ts";
import { RECOVERY_SCHEMA } from "../http/routes/webhooks/recovery-schema.ts";
import { PING_SCHEMA, REDELIVER_SCHEMA, ROTATE_SCHEMA } from "../http/routes/webhooks/webhook-schema.ts";
import { FIELD_EXAMPLES } from "./examples.ts";
import { ref, requestSchema, type JsonSchema } from "./json-schema.ts";

/** What callers send: the schemas that validate, with a word about each field. */

const IMAGE =
  "an http(s) URL, a `data:image/…;base64,` URL or bare base64 of at least 64 characters; in a `multipart/form-data` body " +
  "also a file";
const LISTED = "`VALIDATION=lenient` forwards other values, too, because the upstream's lists change.";

/** The record makes the compiler ask for a field that the schema gets and the reference lacks. */
const VIDEO_FIELDS: Record<keyof VideoFields, string> = {
  model: "The upstream's model id.",
  capability: `What is asked for. ${LISTED}`,
  prompt: "Content, camera, motion, style and limits, in words. A text task needs it.",
  input_mode:
    "`text` for text to video, which needs `prompt`; `single_image` for a first frame, which needs `image`; " +
    `\`multi_image\` for references. ${LISTED}`,
  control_mode:
    "Usually `none`; `end_frame` for first and last frame, which needs `end_image`; `reference`, which needs " +
    `\`reference_images\`. ${LISTED}`,
  aspect_ratio: `Width to height. ${LISTED}`,
  duration_seconds: `Length of the video; -1 lets the upstream choose. ${LISTED}`,
  resolution: `Lines of the picture. ${LISTED}`,
  with_audio: "Make sound as well.",
  image: `The first frame: ${IMAGE}.`,
  end_image: `The last frame: ${IMAGE}. Needs \`image\`.`,
  reference_images: `What to refer to: each ${IMAGE}, or an \`asset://\` URL. Also URLs with commas or line breaks between them, or a JSON array in a string.`,
  callback_url:
    "Where to call back: `https`, port 443 or 1024 and above, a public DNS name, no user info, at most 2048 " +
    "characters. Without it the task is only kept and polled.",
  callback_headers:
    "Up to 10 headers sent with each callback, 8 KB in all: what a receiver asks for, such as `authorization` or " +
    "`x-make-apikey`. Sealed at rest and never shown again. Names of the transport, of cookies, `webhook-*` and " +
    "`ringback-*` are refused.",
  callback_format: "`flat` is one level of scalars, for no-code tools. `standard` if left out.",
  callback_events: "What to call back about. The end of the task, well or badly, if left out.",
  metadata: "Your own words, echoed in reads and callbacks; at most 4096 bytes of JSON.",
  timeout_seconds:
    "Give up after so long. The deployment's default if left out (a day, unless it is changed).",
  retry_ambiguous_submit:
    "Repeat a submit that was answered with a complete 5xx, at most 3 times. It may pay twice.",
  endpoints:
    "Whether the account's registered endpoints are told of this task as well. Yes if left out, but not of a `test`.",
  keep_result:
    "Whether Ringback keeps a copy of the result, which `video_url` then points to. If left out, as the deployment has " +
    "it (`KEEP_RESULTS`); `true` is refused where it keeps no files. Of a `test` nothing is kept.",
  upstream_body:
    "Members that go upstream beside the other fields, for those of its fields that have the name of one of Ringback's " +
    "own, such as `metadata`. No other name is taken.",
  test:
    "Try it without the upstream: nothing is submitted and nothing is paid, everything else is real. " +
    "Also the bare outcome as a string.",
};

type Properties = Record<string, JsonSchema>;

function described(schema: JsonSchema, descriptions: Record<string, string>): JsonSchema {
  const properties = Object.entries(schema["properties"] as Properties).map(([name, property]) => [
    name,
    {
      ...property,
      description: descriptions[name],
      ...(name in FIELD_EXAMPLES ? { examples: [FIELD_EXAMPLES[name]] } : {}),
    },
  ]);
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** What the policies of callback URLs and headers hold in code. */
const URL_LIMITS = { format: "uri", maxLength: 2048 };
const HEADER_LIMITS = {
  maxProperties: 10,
  additionalProperties: { type: "string", minLength: 1, maxLength: 4096 },
};
const CALLBACK_LIMITS: Properties = { callback_url: URL_LIMITS, callback_headers: HEADER_LIMITS };

function withCallbackLimits(schema: JsonSchema, limitsByName = CALLBACK_LIMITS): JsonSchema {
  const properties = schema["properties"] as Properties;
  const limited = Object.entries(limitsByName).map(([name, limits]) => [
    name,
    { ...properties[name], ...limits },
  ]);
  return { ...schema, properties: { ...properties, ...Object.fromEntries(limited) } };
}

/** With what is judged beside the schema, and the short form of a test. */
function createSchema(type: typeof OWN_SCHEMA | typeof VIDEO_SCHEMAS.strict): JsonSchema {
  const schema = withCallbackLimits(described(requestSchema(type), VIDEO_FIELDS));
  const properties = schema["properties"] as Properties;
  const { description, examples, ...plan } = properties["test"] ?? {};
  const outcome = (plan["properties"] as Properties)["outcome"];
  return {
    ...schema,
    properties: { ...properties, test: { description, examples, oneOf: [plan, outcome] } },
  };
}

function videoSchema(): JsonSchema {
  return {
    ...createSchema(VIDEO_SCHEMAS.strict),
    description:
      "The upstream's fields and Ringback's own. Fields that are in neither are forwarded as they are, but a name that " +
      "is one of them but for case, blanks, `-`, `_` or invisible characters is refused, and so is an unknown one that " +
      "begins with `callback` or `webhook`, and in JSON one such as `test.outcome`. Numbers and booleans may come as " +
      "strings, objects as JSON in a string, lists as JSON in one or with a line each; null and the empty string count " +
      "as absent, but an empty `test` is refused. A text task with `content` (an array) needs no `prompt`.",
    dependentRequired: { end_image: ["image"] },
    additionalProperties: true,
  };
}

const ENDPOINT_FIELDS = {
  url: VIDEO_FIELDS.callback_url.replace(" Without it the task is only kept and polled.", ""),
  events: "Which events are sent: how a task ended, well or badly, if left out.",
  headers: VIDEO_FIELDS.callback_headers,
  format: VIDEO_FIELDS.callback_format,
  description: "Your own words for it, up to 200 characters.",
};

function endpointSchema(schema: JsonSchema, descriptions: Record<string, string>): JsonSchema {
  return withCallbackLimits(described(schema, descriptions), { url: URL_LIMITS, headers: HEADER_LIMITS });
}

export const REQUESTS: Record<string, JsonSchema> = {
  CreateVideo: videoSchema(),
  RingbackFields: {
    ...createSchema(OWN_SCHEMA),
    description: "Ringback's own fields of a create.",
    additionalProperties: false,
  },
  CreateAtUpstream: {
    type: "object",
    description:
      "An upstream's request. A member `test`, and one that begins with `callback` or `webhook`, is refused: " +
      "`ringback` is the place of Ringback's fields, and its `upstream_body` that of a `test` of the upstream's own.",
    properties: { ringback: ref("RingbackFields") },
    additionalProperties: true,
  },
  Redeliver: withCallbackLimits(
    described(requestSchema(REDELIVER_SCHEMA), {
      message_id: "Which event; the newest if left out.",
      endpoint: "The registered endpoint to send it to, by its id; the task's own callback if left out.",
      callback_url: "Send this one attempt there, with `callback_headers` and without the stored ones.",
      callback_headers: "For `callback_url`. Kept sealed until the attempt is made.",
    }),
  ),
  RotateSecret: described(requestSchema(ROTATE_SCHEMA), {
    overlap_seconds:
      "So long the old secret signs, too. A day if left out. 0 ends every older secret at once: the answer to a leak.",
  }),
  StartRecovery: withCallbackLimits(
    described(requestSchema(RECOVERY_SCHEMA), {
      statuses: "Which deliveries: `exhausted` if left out. A list, or words with commas between.",
      created_after: "Of tasks that were created then or later: ISO 8601, UTC without a zone.",
      created_before: "Of tasks that were created earlier than that.",
      callback_host:
        "The task's own callbacks alone, where the `callback_url` has this host, with its port unless that is 443. With " +
        "`endpoint`: the deliveries there of such tasks.",
      endpoint:
        "The deliveries to the registered endpoint with this id alone; of an unknown one there are none. Without it and " +
        "`callback_host`: those to every receiver of a task.",
      model: "Of tasks of this model.",
      callback_url:
        "Send all of it there, each delivery once, with `callback_headers` and without the stored ones. A success counts as the delivery.",
      callback_headers: "For `callback_url`. Sealed at rest, never shown, and erased at the recovery's end.",
      dry_run: "Only count what it would deliver again.",
    }),
  ),
  RegisterEndpoint: {
    ...endpointSchema(requestSchema(REGISTER_SCHEMA), ENDPOINT_FIELDS),
    required: ["url"],
  },
  ChangeEndpoint: endpointSchema(requestSchema(PATCH_SCHEMA), {
    url: `${ENDPOINT_FIELDS.url} On another host it needs \`headers\` in the same call: the stored ones were for the old receiver.`,
    events: "Which events are sent, for tasks that are created later.",
    headers: `Replaces all headers; \`{}\` leaves none. ${ENDPOINT_FIELDS.headers}`,
    format: "`standard` or `flat`, for tasks that are created later.",
    description: `${ENDPOINT_FIELDS.description} An empty string takes it away.`,
    enabled: "`false`: send nothing to it. `true`: send to it again, whatever had disabled it.",
  }),
  TestEndpoint: described(requestSchema(TEST_SCHEMA), {
    type: "What to send: a `ping` if left out, or a sample of an event.",
  }),
  Ping: {
    ...withCallbackLimits(described(requestSchema(PING_SCHEMA), VIDEO_FIELDS)),
    // Its absence is judged after the coercion, which JSON Schema does not see.
    required: ["callback_url"],
  },
};
