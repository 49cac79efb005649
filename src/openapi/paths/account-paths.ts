import { RINGBACK_VERSION } from "../../version.ts";
import { ACCOUNT, STATS } from "../examples.ts";
import type { JsonSchema } from "../json-schema.ts";
import type { Operation, Paths } from "../operation.ts";
import {
  answer,
  errors,
  headers,
  KNOWN_KEY,
  METHOD_NOT_ALLOWED,
  MISCONFIGURED,
  NO_LOOP,
  type Responses,
} from "../responses.ts";

/** The account, and what a deployment shows without a key. */

/** As is, so of any type. */
const ANY_TYPE = { "*/*": { schema: {} } };
export const ACCOUNT_PATHS: Paths = {
  "/v1/models": {
    get: {
      operationId: "listModels",
      summary: "List the upstream's models",
      description:
        "The upstream's own answer with its type, as it is, and at most a minute old. A refusal comes in Ringback's shape, " +
        "with the upstream's status and body under `error.upstream`.",
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
        ...errors(
          [
            "invalid_request",
            "upstream_unauthorized",
            "upstream_payment_required",
            "upstream_forbidden",
            "upstream_not_found",
            "upstream_rejected",
            ...NO_LOOP,
            ...KNOWN_KEY,
          ],
          // A status of its own hides the range.
          { "400": ["upstream_rejected"], "429": ["upstream_rejected"] },
        ),
      },
    },
  },
  "/v1/me": {
    get: {
      operationId: "getAccount",
      summary: "Whose key this is",
      description: "A label for the connections of a tool, and a question that proves a key.",
      tags: ["Account"],
      responses: {
        "200": answer("The account.", "Account", { examples: { one: { value: ACCOUNT } } }),
        ...errors(["invalid_request", ...KNOWN_KEY]),
      },
    },
  },
  "/v1/stats": {
    get: {
      operationId: "getStats",
      summary: "Tasks in numbers",
      description:
        "Tasks by status, finish times by model, deliveries by status, receivers by host, polls; without `test` tasks.",
      tags: ["Account"],
      responses: {
        "200": answer("The numbers.", "Stats", { examples: { some: { value: STATS } } }),
        ...errors(["invalid_request", "not_found", ...KNOWN_KEY]),
      },
    },
  },
};

/** Without a key, and, unless `more` says otherwise, also when the settings are broken. */
function open(
  operation: Omit<Operation, "tags" | "security" | "responses">,
  ok: JsonSchema,
  more: Responses = {},
): Operation {
  const responses = { "200": ok, "405": METHOD_NOT_ALLOWED, ...more };
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
  "/readyz": {
    get: open(
      {
        operationId: "getReadiness",
        summary: "Readiness",
        description: "Whether the settings parse: the answer of any call under `/v1` would be 503 otherwise.",
      },
      answer("They do.", "Readiness", {
        examples: { ready: { value: { status: "ready", version: RINGBACK_VERSION } } },
      }),
      { "503": MISCONFIGURED },
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
