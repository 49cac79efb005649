import { hasMark } from "./platform-mark.ts";
import { StallError } from "./stall.ts";

/** An object refused a call, or did not answer in time: a call at once would only add to the load. */
export class OverloadedError extends StallError {
  override name = "OverloadedError";
}

/**
 * Whether a stub's error says that its object could not answer: overloaded, or gone in the middle (a deploy, a crash).
 * How much of the call it did is then unknown, and the caller can only try later.
 */
export function isUnavailable(error: unknown): boolean {
  return error instanceof OverloadedError || hasMark(error, "overloaded", "retryable", "durableObjectReset");
}

/** The object refused the call before it began: it must not be repeated at once. */
export function isOverloaded(error: unknown): boolean {
  return hasMark(error, "overloaded");
}
