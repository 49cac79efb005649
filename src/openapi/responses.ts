import { apiError, type ApiErrorCode } from "../contract/errors.ts";
import { issue, showIssue } from "../contract/problems.ts";
import { statusOf } from "./error-table.ts";
import { FILE_ID, REQUEST_ID } from "./examples.ts";
import { ref, type JsonSchema } from "./json-schema.ts";

/** Answers of an operation, each with the headers that it carries. */

export type Responses = Record<string, JsonSchema>;

export const HEADERS = {
  "x-request-id": {
    description: "Ringback's own id of this request; say it when you ask for help.",
    required: true,
    schema: { type: "string", pattern: "^req_[a-z2-7]{24}$" },
    example: REQUEST_ID,
  },
  Location: {
    description: "The task's own path.",
    required: true,
    schema: { type: "string", format: "uri-reference" },
  },
  "Preference-Applied": {
    description: "The preferences of `Prefer` that were honoured.",
    schema: { type: "string" },
    example: "respond-async",
  },
  "idempotent-replayed": {
    description: "`true` when this `Idempotency-Key` led to a task that was there already.",
    schema: { type: "string", const: "true" },
  },
  "Retry-After": {
    description: "Seconds to wait before sending the request again.",
    schema: { type: "integer", minimum: 0 },
    example: 60,
  },
  Allow: {
    description: "The methods that the path takes.",
    required: true,
    schema: { type: "string" },
    example: "GET",
  },
  ETag: {
    description: "Names the bytes, which never change.",
    required: true,
    schema: { type: "string", pattern: '^"[a-z2-7]{26}"$' },
    example: `"${FILE_ID}"`,
  },
  "Cache-Control": {
    description: "For the client alone, for an hour: the file may be deleted.",
    required: true,
    schema: { type: "string", const: "private, max-age=3600" },
  },
  "Access-Control-Allow-Origin": {
    description: "Any page may fetch the file.",
    required: true,
    schema: { type: "string", const: "*" },
  },
  "Accept-Ranges": {
    description: "Ranges of bytes can be asked for.",
    required: true,
    schema: { type: "string", const: "bytes" },
  },
  "Content-Disposition": {
    description:
      "`inline`, or with `?download` `attachment` and the name under which a browser saves the file.",
    required: true,
    schema: { type: "string" },
    example: "inline",
  },
  "Content-Range": {
    description: "Which bytes of how many.",
    required: true,
    schema: { type: "string", pattern: "^bytes (?:[0-9]+-[0-9]+|\\*)/[0-9]+$" },
    example: "bytes 0-1023/1048576",
  },
  "WWW-Authenticate": {
    description: "Which kind of authentication is asked for.",
    required: true,
    schema: { type: "string", const: "Bearer" },
  },
} satisfies Record<string, JsonSchema>;

type HeaderName = keyof typeof HEADERS;

export function headers(...names: HeaderName[]): JsonSchema {
  const all: HeaderName[] = ["x-request-id", ...names];
  return Object.fromEntries(all.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

interface AnswerOptions {
  headers?: HeaderName[];
  examples?: Record<string, JsonSchema>;
}

/** A good answer as JSON in one of the named schemas. */
export function answer(description: string, schema: string, options: AnswerOptions = {}): JsonSchema {
  const { examples } = options;
  return {
    description,
    headers: headers(...(options.headers ?? [])),
    content: { "application/json": { schema: ref(schema), ...(examples ? { examples } : {}) } },
  };
}

/** What can go wrong with every call under /v1. */
const EVERYWHERE: readonly ApiErrorCode[] = [
  "unauthorized",
  "forbidden",
  "internal",
  "overloaded",
  "misconfigured",
];
/** Ringback asks the upstream whether it knows the key, but not without end. */
export const KNOWN_KEY: readonly ApiErrorCode[] = ["upstream_error", "rate_limited"];
/** A body is read. */
export const WITH_BODY: readonly ApiErrorCode[] = ["invalid_request", "request_timeout", "payload_too_large"];
/** It changes or sends something. */
export const NO_LOOP: readonly ApiErrorCode[] = ["loop_detected"];

/** Errors of an operation by status; `also` are codes under another status than their usual one. */
export function errors(codes: readonly ApiErrorCode[], also: Record<string, ApiErrorCode[]> = {}): Responses {
  return errorsOf([...EVERYWHERE, ...codes], also);
}

/** These alone: of a call without a key. */
export function errorsOf(
  codes: readonly ApiErrorCode[],
  also: Record<string, ApiErrorCode[]> = {},
): Responses {
  const byStatus = new Map<string, ApiErrorCode[]>(Object.entries(also));
  for (const code of new Set(codes)) {
    const status = statusOf(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const sorted = Array.from(byStatus).toSorted(([a], [b]) => a.localeCompare(b));
  return Object.fromEntries(sorted.map(([status, list]) => [status, errorResponse(status, list)]));
}

/** Every path answers so to a method that it does not take. */
export const METHOD_NOT_ALLOWED: JsonSchema = {
  ...errorResponse("405", ["method_not_allowed"]),
  headers: headers("Allow"),
};

/** What a call answers that asks for nothing but the settings. */
export const MISCONFIGURED: JsonSchema = errorResponse("503", ["misconfigured"]);

function errorResponse(status: string, codes: readonly ApiErrorCode[]): JsonSchema {
  const names: HeaderName[] = [
    ...(codes.some((code) => apiError(code).retryAfterSeconds !== undefined)
      ? (["Retry-After"] as const)
      : []),
    ...(codes.every((code) => code === "unauthorized") ? (["WWW-Authenticate"] as const) : []),
  ];
  return {
    description: codes.map((code) => `\`${code}\`: ${apiError(code).message}`).join(" "),
    headers: headers(...names),
    content: {
      "application/json": {
        schema: ref("Error"),
        examples: Object.fromEntries(codes.map((code) => [code, { value: errorExample(code, status) }])),
      },
    },
  };
}

function errorExample(code: ApiErrorCode, status: string): JsonSchema {
  const refusal = code.startsWith("upstream_") && status.startsWith("4");
  const upstreamStatus = status === "4XX" ? 400 : Number(status);
  return {
    error: {
      code,
      message: apiError(code).message,
      ...(code === "invalid_request"
        ? { param: "callback_url", issues: [showIssue(issue("callback_url", "not_https"))] }
        : {}),
      ...(apiError(code).retryable ? { retryable: true } : {}),
      ...(refusal
        ? { upstream: { status: upstreamStatus, body: { error: { message: "The upstream's words." } } } }
        : {}),
      request_id: REQUEST_ID,
    },
  };
}
