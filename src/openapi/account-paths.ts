import { RINGBACK_VERSION } from "../version.ts";
import { STATS } from "./examples.ts";
import type { JsonSchema } from "./json-schema.ts";
import type { Operation, Paths } from "./operation.ts";
import { answer, errors, headers, KNOWN_KEY, METHOD_NOT_ALLOWED, type Responses } from "./responses.ts";

/** The account, and what a deployment shows without a key. */

/** As is, so of any type. */
const ANY_TYPE = { "*/*": { schema: {} } };
const UPSTREAMS_OWN = { description: "The upstream's own answer, as it is." };

/** What the upstream says is handed on, so that each of these may be its own refusal. */
function orTheUpstreams(responses: Responses): Responses {
  const own = { ...UPSTREAMS_OWN, headers: headers(), content: ANY_TYPE };
  const either = Object.entries(responses).map(([status, response]) => {
    const { "application/json": ours } = response["content"] as Record<string, JsonSchema>;
    const schema = { anyOf: [ours?.["schema"], UPSTREAMS_OWN] };
    const description = `${String(response["description"])} Or the upstream's own answer.`;
    // Only ours always carry more than the request's id.
    const content = { "application/json": { ...ours, schema }, ...ANY_TYPE };
    return [status, { ...response, description, headers: headers(), content }];
  });
  return { ...(Object.fromEntries(either) as Responses), "4XX": own, "5XX": own };
}

export const ACCOUNT_PATHS: Paths = {
  "/v1/models": {
    get: {
      operationId: "listModels",
      summary: "List the upstream's models",
      description: "The upstream's own answer, as it is: its status, its type and its body, errors included.",
      tags: ["Account"],
      responses: {
        "200": {
          description: "The upstream's models.",
          headers: headers(),
          content: {
            "application/json": {
              schema: {},
              examples: { one: { value: { data: [{ id: "doubao-seedance-2-0-260128" }] } } },
            },
            ...ANY_TYPE,
          },
        },
        ...orTheUpstreams(errors(["invalid_request", ...KNOWN_KEY])),
      },
    },
  },
  "/v1/stats": {
    get: {
      operationId: "getStats",
      summary: "Tasks in numbers",
      description:
        "Tasks by status, finish times by model, deliveries by status, polls; without `test` tasks.",
      tags: ["Account"],
      responses: {
        "200": answer("The numbers.", "Stats", { examples: { some: { value: STATS } } }),
        ...errors(["invalid_request", ...KNOWN_KEY]),
      },
    },
  },
};

/** Without a key, and also when the settings are broken. */
function open(operation: Omit<Operation, "tags" | "security" | "responses">, ok: JsonSchema): Operation {
  const responses = { "200": ok, "405": METHOD_NOT_ALLOWED };
  return { ...operation, tags: ["Deployment"], security: [], responses };
}

function file(description: string, type: string, schema: JsonSchema): JsonSchema {
  return { description, headers: headers(), content: { [type]: { schema } } };
}

export const DEPLOYMENT_PATHS: Paths = {
  "/healthz": {
    get: open(
      { operationId: "getHealth", summary: "Liveness", description: "Answers while the Worker runs." },
      answer("It runs.", "Health", {
        examples: { ok: { value: { status: "ok", version: RINGBACK_VERSION } } },
      }),
    ),
  },
  "/openapi.json": {
    get: open(
      { operationId: "getOpenApi", summary: "This document", description: "OpenAPI 3.1." },
      file("The document.", "application/json", { type: "object" }),
    ),
  },
  "/docs": {
    get: open(
      { operationId: "getDocs", summary: "The reference page", description: "This document for people." },
      file("The page.", "text/html", { type: "string" }),
    ),
  },
};
