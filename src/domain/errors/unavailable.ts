import { hasMark } from "./platform-mark.ts";
import { StallError } from "./stall.ts";

/** An object did not take a call, or did not answer in time: asking again at once would only add to the load. */
export class OverloadedError extends StallError {
  override name = "OverloadedError";
}

/**
 * Whether a stub's error says that its object was not there to answer: overloaded, or gone in the middle (a deploy, a
 * crash). What it did of the call is then not known, and the caller's way on is the same: later.
 */
export function isUnavailable(error: unknown): boolean {
  return error instanceof OverloadedError || hasMark(error, "overloaded", "retryable", "durableObjectReset");
}

/** The object refused the call before it began: it must not be repeated at once. */
export function isOverloaded(error: unknown): boolean {
  return hasMark(error, "overloaded");
}
