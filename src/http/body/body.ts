import type { Context } from "hono";
import { issue } from "../../contract/problems.ts";
import { largestBodyBytes, withCountedBody, type CountedResult } from "../../net/counted-body.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyTypeOf, type BodyType } from "./content-type.ts";
import { ApiError, invalidRequest } from "../errors.ts";
import { clientOf } from "../rate-limit.ts";

/** A form's files are in memory as they came and three times as base64; any other body is there three times. */
const MULTIPART_WEIGHT = 5 / 3;

/**
 * Reads the body, at most `allowedBytes`, counts its memory while `use` runs, and refuses it before reading if its
 * announced length is too large.
 * @throws ApiError 408 if it does not arrive in time, 413 if it is longer, 503 if there are too many bodies already
 */
export async function withBody<T>(
  context: Context<AppEnv>,
  allowedBytes: number,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T> {
  const isMultipart = bodyTypeOf(context.req.raw.headers)?.kind === "multipart";
  const weight = isMultipart ? MULTIPART_WEIGHT : 1;
  const maxBytes = Math.min(allowedBytes, largestBodyBytes(weight));
  const length = context.req.header("content-length") ?? "";
  const declaredBytes = /^\d+$/.test(length) ? Number(length) : 0;
  if (declaredBytes > maxBytes) throw tooLarge(maxBytes);
  const { body: stream } = context.req.raw;
  const client = clientOf(context);
  const result = await withCountedBody({ stream, declaredBytes, maxBytes, client, weight }, use);
  if (result.end !== "complete") throw unreadable(result.end, maxBytes);
  return result.value;
}

function unreadable(end: Exclude<CountedResult<unknown>["end"], "complete">, maxBytes: number): ApiError {
  switch (end) {
    case "capped":
      return tooLarge(maxBytes);
    case "late":
      return new ApiError("request_timeout");
    case "refused":
      return new ApiError("overloaded");
    case "broken":
      return invalidRequest([issue("", "broken_off")]);
    default:
      return end satisfies never;
  }
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError("payload_too_large", {
    message: `The request body is larger than ${maxBytes} bytes.`,
  });
}

/**
 * How the body is to be read: as JSON, by its type or without one, or as a form. Everything else, and any content
 * encoding, is not taken.
 */
export function requireJsonOrForm(request: Request): BodyType {
  const type = bodyTypeOf(request.headers);
  if (type === null || isEncoded(request)) throw new ApiError("unsupported_media_type");
  return type;
}

/** What a browser sends from a page without files. */
export function requireForm(request: Request): void {
  if (bodyTypeOf(request.headers)?.kind !== "form" || isEncoded(request))
    throw new ApiError("unsupported_media_type");
}

function isEncoded({ headers }: Request): boolean {
  return headers.has("content-encoding");
}
