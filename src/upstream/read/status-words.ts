import type { TaskStatus } from "../../contract/words.ts";
import { normalWord } from "../../domain/text/normal-word.ts";

/** The words for a status, as `normalWord` spells them. */
const WORDS: Record<TaskStatus, readonly string[]> = {
  queued: [
    "queued",
    "pending",
    "submitted",
    "notstart",
    "waiting",
    "queueing",
    "inqueue",
    "preparing",
    "created",
  ],
  running: ["running", "processing", "inprogress", "generating", "started", "active", "dreaming"],
  succeeded: ["succeeded", "completed", "success", "succeed", "done", "finished", "complete"],
  failed: [
    "failed",
    "failure",
    "fail",
    "error",
    "cancelled",
    "canceled",
    "expired",
    "rejected",
    "timeout",
    "timedout",
  ],
};

const STATUSES = new Map(
  Object.entries(WORDS).flatMap(([status, words]) => words.map((word) => [word, status as TaskStatus])),
);

/** Gateways use these for a query that failed, too. */
const AMBIGUOUS_FAILURES = new Set(["error", "timeout", "timedout"]);

/** Envelopes use `success` for every query that worked, but none of these. Rule 1 of reading. */
const OUTER_SUCCESSES = new Set(["succeeded", "succeed", "completed", "complete", "done", "finished"]);

/** Null: a word that Ringback does not know. */
export function statusOfWord(word: string): TaskStatus | null {
  return STATUSES.get(normalWord(word)) ?? null;
}

/** Whether the word may be about the query instead of the task. */
export function isAmbiguousFailure(word: string): boolean {
  return AMBIGUOUS_FAILURES.has(normalWord(word));
}

/** Whether the word, outside `data`, is about the task. */
export function isOuterSuccess(word: string): boolean {
  return OUTER_SUCCESSES.has(normalWord(word));
}

/** "success" in a message explains no failure. */
export function meansSuccess(text: string): boolean {
  return statusOfWord(text) === "succeeded" || normalWord(text) === "ok";
}
