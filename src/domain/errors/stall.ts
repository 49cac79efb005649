import { hasMark } from "./platform-mark.ts";

/**
 * Why a step cannot go on for a reason of our own: a seal that does not open, a key that is not set, another object that
 * does not answer. The step waits a minute. Whatever else is thrown is the platform's.
 */
export class StallError extends Error {
  override name = "StallError";
}

/** What JavaScript itself throws: a fault in our code, which fails the same way however soon it is repeated. */
const FAULTS = [TypeError, RangeError, ReferenceError, SyntaxError];

/** So often the platform repeats a run that threw, 2 s later and then twice as long each time. */
const RETRY_COUNT_MAX = 6;

/**
 * Whether `alarm()` throws this error. A Ringback fault delays the step by a minute. Every other error goes through
 * `alarm()`, and the platform runs it again; but not in the last retry, after which the platform would delete the alarm.
 */
export function shouldRethrow(error: unknown, retryCount: number): boolean {
  return !isRingbackFault(error) && retryCount < RETRY_COUNT_MAX;
}

/**
 * The one place that tells Ringback's faults from the platform's. True: the step waits and `alarm()` ends as usual.
 * False: storage has failed, or the object was reset, lost or superseded ("reset because its code was updated", "script
 * has been upgraded", "Network connection lost"). `alarm()` must throw it, because only then does the platform run the
 * alarm again, in a process that works.
 */
export function isRingbackFault(error: unknown): boolean {
  if (error instanceof StallError) return true;
  if (hasMark(error)) return false;
  return FAULTS.some((fault) => error instanceof fault);
}
