/** What the upstream said, read once at the border; everything behind it decides on these values alone. */

export type TaskStatus = "queued" | "running" | "succeeded" | "failed";

/** The facts of a task as far as one answer of the upstream carries them. */
export interface TaskReading {
  /** Every usable task id that the answer names (`task_id`, `id`, there or in `data`), in order of trust. */
  ids: string[];
  /** Whether it names an id at all: one that is too long to be asked for is still another task's. */
  namesId: boolean;
  /** null: no status, or a word that is not known. */
  status: TaskStatus | null;
  /** The word as it came, for the log: a status that nobody knows is worth a look. */
  word: string | null;
  /** 0 to 100. */
  progress: number | null;
  videoUrl: string | null;
  /** At most 2000 characters, no control characters. */
  errorMessage: string | null;
}

/** The answer's JSON text without the caller's key in it: `null` in JSON when too large to keep; null when it is no JSON. */
export type AnswerJson = string | null;

export type SubmitAnswer =
  | { kind: "accepted"; upstreamTaskId: string; reading: TaskReading; json: AnswerJson }
  /** A definite no: nothing was accepted, and asking again will not help. */
  | { kind: "refused"; status: number; body: string; message: string | null; json: AnswerJson }
  /** A definite "not now": nothing was accepted. */
  | { kind: "later"; status: 429 | 503; retryAfterMs: number | null }
  /** Whatever else: the task may exist and cost money. `completeServerError`: a 5xx answer that arrived whole. */
  | { kind: "unknown"; why: string; completeServerError: boolean; json: AnswerJson };

/** `notBeforeMs`: the upstream asks not to be polled sooner than this from now. */
export type PollAnswer = { json: AnswerJson; notBeforeMs: number | null } & (
  | { kind: "read"; reading: TaskReading }
  | { kind: "not_found" }
  | { kind: "unauthorized"; status: 401 | 403 }
  | { kind: "slow_down" }
  /** Another 4xx: readable, but nothing about the task. */
  | { kind: "other"; status: number }
  /** 5xx, silence, a broken or foreign answer: says nothing at all. */
  | { kind: "nothing"; why: string }
);
