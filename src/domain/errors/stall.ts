import { hasMark } from "./platform-mark.ts";

/**
 * A step cannot go on for a reason of Ringback's own: a seal that does not open, a key that is not set, another object
 * that does not answer. The step waits a minute. Every other error is the platform's.
 */
export class StallError extends Error {
  override name = "StallError";
}

/** JavaScript's own errors: a fault in Ringback's code, which fails in the same way at once or later. */
const FAULTS = [TypeError, RangeError, ReferenceError, SyntaxError];

/** The platform repeats a run that threw this often, after 2 s and then twice as long each time. */
const RETRY_COUNT_MAX = 6;

/**
 * Whether `alarm()` throws this error. A Ringback fault delays the step by a minute. Every other error goes through
 * `alarm()`, and the platform runs it again; but not in the last retry, after which the platform would delete the alarm.
 */
export function shouldRethrow(error: unknown, retryCount: number): boolean {
  return !isRingbackFault(error) && retryCount < RETRY_COUNT_MAX;
}

/**
 * The one place that separates Ringback's faults from the platform's. True: the step waits and `alarm()` ends as usual.
 * False: storage has failed, or the object was reset, lost or superseded ("reset because its code was updated", "script
 * has been upgraded", "Network connection lost"). `alarm()` must throw it, because only then does the platform run the
 * alarm again, in a process that works.
 */
export function isRingbackFault(error: unknown): boolean {
  if (error instanceof StallError) return true;
  if (hasMark(error)) return false;
  return FAULTS.some((fault) => error instanceof fault);
}
