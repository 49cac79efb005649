import type { PingResult } from "../../contract/shapes/delivery.ts";
import type { EndpointJson } from "../../contract/shapes/endpoint.ts";
import { ref, type JsonSchema } from "../json-schema.ts";
import { bodyOf, parameter, type Paths } from "../operation.ts";
import { answer, errors, headers, KNOWN_KEY, NO_LOOP, WITH_BODY } from "../responses.ts";

/** `/v1/webhooks/endpoints`: receivers of every task's events. */

const ENDPOINT: EndpointJson = {
  object: "webhook_endpoint",
  id: "ep_mzxw6ytboi5dcmrtgq2tmnzyme",
  url: "https://n8n.example.com/webhook/videos",
  events: ["video.succeeded", "video.failed"],
  format: "standard",
  header_names: ["x-api-key"],
  description: "n8n: new videos",
  status: "active",
  disabled_reason: null,
  failing_since: null,
  created_at: "2026-11-23T15:10:02.120Z",
};
const FAILING: EndpointJson = {
  ...ENDPOINT,
  status: "failing",
  failing_since: "2026-11-23T15:11:48.150Z",
};
const DISABLED: EndpointJson = { ...ENDPOINT, status: "disabled", disabled_reason: "gone" };
const DELIVERED: PingResult = {
  delivered: true,
  status_code: 200,
  duration_ms: 61,
  reason: null,
  response_excerpt: "ok",
};

export const ENDPOINT_PARAMETERS: Record<string, JsonSchema> = {
  endpointId: {
    name: "id",
    in: "path",
    required: true,
    description: "The endpoint's `id`.",
    schema: { type: "string" },
    example: ENDPOINT.id,
  },
};

export const ENDPOINT_PATHS: Paths = {
  "/v1/webhooks/endpoints": {
    post: {
      operationId: "registerEndpoint",
      summary: "Register an endpoint",
      description:
        "A URL that receives the events of each task that this account creates from then on, beside the task's own " +
        "`callback_url`. A `url` that is registered already is changed: it gets the fields given. At most 10 for an account.",
      tags: ["Endpoints"],
      requestBody: bodyOf(ref("RegisterEndpoint"), true, {
        plain: { summary: "A trigger of a no-code tool", value: { url: ENDPOINT.url, format: "flat" } },
        whole: {
          summary: "With every field",
          value: {
            url: ENDPOINT.url,
            events: ENDPOINT.events,
            headers: { "x-api-key": "the receiver's own key" },
            format: "standard",
            description: ENDPOINT.description,
          },
        },
      }),
      responses: {
        "200": answer("The endpoint that had this `url` already.", "Endpoint", {
          examples: { known: { value: ENDPOINT } },
        }),
        "201": answer("The new endpoint.", "Endpoint", { examples: { new: { value: ENDPOINT } } }),
        ...errors(["too_many_endpoints", "unsupported_media_type", ...WITH_BODY, ...NO_LOOP, ...KNOWN_KEY]),
      },
    },
    get: {
      operationId: "listEndpoints",
      summary: "List the endpoints",
      description: "All of this account, oldest first.",
      tags: ["Endpoints"],
      responses: {
        "200": answer("The endpoints.", "EndpointList", {
          examples: { one: { value: { object: "list", data: [ENDPOINT] } } },
        }),
        ...errors(["invalid_request", "not_found", ...KNOWN_KEY]),
      },
    },
  },
  "/v1/webhooks/endpoints/{id}": {
    get: {
      operationId: "getEndpoint",
      summary: "Read an endpoint",
      description: "What it is sent, and how it does.",
      tags: ["Endpoints"],
      parameters: [parameter("endpointId")],
      responses: {
        "200": answer("The endpoint.", "Endpoint", {
          examples: {
            active: { value: ENDPOINT },
            failing: { value: FAILING },
            disabled: { value: DISABLED },
          },
        }),
        ...errors(["invalid_request", "not_found", ...KNOWN_KEY]),
      },
    },
    patch: {
      operationId: "changeEndpoint",
      summary: "Change an endpoint",
      description:
        "Changes the fields given. `url`, `headers` and `enabled` hold from the next attempt on, `events` and `format` for " +
        "tasks that are created later.",
      tags: ["Endpoints"],
      parameters: [parameter("endpointId")],
      requestBody: bodyOf(ref("ChangeEndpoint"), true, {
        enable: { summary: "Send to it again", value: { enabled: true } },
        moved: {
          summary: "The receiver has moved",
          value: { url: "https://n8n.example.net/webhook/videos", headers: {} },
        },
      }),
      responses: {
        "200": answer("The endpoint.", "Endpoint", { examples: { changed: { value: ENDPOINT } } }),
        ...errors(["not_found", "unsupported_media_type", ...WITH_BODY, ...NO_LOOP, ...KNOWN_KEY]),
      },
    },
    delete: {
      operationId: "deleteEndpoint",
      summary: "Delete an endpoint",
      description: "Nothing more is sent to it; what was pending becomes `stopped`.",
      tags: ["Endpoints"],
      parameters: [parameter("endpointId")],
      responses: {
        "204": { description: "It is gone.", headers: headers() },
        ...errors(["invalid_request", "not_found", ...NO_LOOP, ...KNOWN_KEY]),
      },
    },
  },
  "/v1/webhooks/endpoints/{id}/test": {
    post: {
      operationId: "testEndpoint",
      summary: "Try an endpoint",
      description:
        "Sends one signed message now, with the endpoint's headers and in its format, and says what the receiver answered: " +
        'a `ping`, or an event of a made-up task with `"test": true`. A disabled endpoint gets it, too, and stays as it is.',
      tags: ["Endpoints"],
      parameters: [parameter("endpointId")],
      requestBody: bodyOf(ref("TestEndpoint"), false, {
        ping: { summary: "A ping", value: {} },
        sample: { summary: "A sample of an event", value: { type: "video.succeeded" } },
      }),
      responses: {
        "200": answer("What came of it.", "PingResult", { examples: { delivered: { value: DELIVERED } } }),
        ...errors(["not_found", "unsupported_media_type", ...WITH_BODY, ...NO_LOOP, ...KNOWN_KEY]),
      },
    },
  },
};
