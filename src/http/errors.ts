import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { apiError, type ApiErrorCode } from "../contract/errors.ts";
import { problemText, showIssue, type Issue } from "../contract/problems.ts";
import { parseJson } from "../domain/text/json.ts";
import { isUnavailable } from "../domain/errors/unavailable.ts";
import { errorFields, log } from "../log.ts";
import type { AppEnv } from "./app-env.ts";

interface ApiErrorOptions {
  /** Replaces the code's own sentence where the thrower knows more. */
  message?: string;
  status?: number;
  issues?: readonly Issue[];
  headers?: Record<string, string>;
  upstream?: { status: number; body: unknown };
  taskId?: string;
  recoveryId?: string;
}

/** A refusal in the contract's shape: the one class of HTTP errors, thrown at the edge only. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly options: ApiErrorOptions;

  constructor(code: ApiErrorCode, options: ApiErrorOptions = {}) {
    const { status, message } = apiError(code);
    super(options.message ?? message);
    this.code = code;
    // The upstream's own status always comes along; this one is for a thrower that has none.
    this.status = options.status ?? (status === "4XX" ? 400 : status);
    this.options = options;
  }
}

export function invalidRequest(issues: readonly Issue[]): ApiError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const message = first
    ? `${first.path === "" ? "The request" : first.path} ${problemText(first)}${more}.`
    : "";
  return new ApiError("invalid_request", { message, issues });
}

/** What is wrong with a request that was refused for it. Every other error is thrown on. */
export function issuesIn(error: unknown): readonly Issue[] {
  const issues = error instanceof ApiError ? error.options.issues : undefined;
  if (issues === undefined) throw error;
  return issues;
}

/** The upstream's refusal as JSON where it is JSON, digits and all, so that a client reads it without parsing twice. */
export function upstreamSaid({ status, body }: { status: number; body: string }): {
  status: number;
  body: unknown;
} {
  try {
    return { status, body: parseJson(body) };
  } catch {
    // An HTML page, plain text, or JSON that was cut.
    return { status, body };
  }
}

/** Made up, another account's, or deleted: the response does not reveal which. */
export function noSuchTask(): ApiError {
  return new ApiError("task_not_found");
}

function errorResponse(context: Context<AppEnv>, error: ApiError): Response {
  const { issues, headers, upstream, taskId, recoveryId } = error.options;
  const { retryable, retryAfterSeconds } = apiError(error.code);
  if (retryAfterSeconds !== undefined) context.header("retry-after", String(retryAfterSeconds));
  for (const [name, value] of Object.entries(headers ?? {})) context.header(name, value);
  const param = issues?.find(({ path }) => path !== "")?.path;
  const body = {
    code: error.code,
    message: error.message,
    ...(param === undefined ? {} : { param }),
    ...(issues ? { issues: issues.map((one) => showIssue(one)) } : {}),
    ...(retryable ? { retryable } : {}),
    ...(upstream ? { upstream } : {}),
    ...(taskId === undefined ? {} : { task_id: taskId }),
    ...(recoveryId === undefined ? {} : { recovery_id: recoveryId }),
    request_id: context.get("requestId"),
  };
  return context.json({ error: body }, error.status as ContentfulStatusCode);
}

/** Answers every error: Ringback's refusals as they are, all others as a 500 without a detail. */
export function onError(error: Error, context: Context<AppEnv>): Response {
  if (error instanceof ApiError) return errorResponse(context, error);
  if (isUnavailable(error)) return errorResponse(context, new ApiError("overloaded"));
  log("request.failed", { request_id: context.get("requestId"), ...errorFields(error) });
  return errorResponse(context, new ApiError("internal"));
}

export function onNotFound(context: Context<AppEnv>): Response {
  return errorResponse(context, new ApiError("not_found"));
}
