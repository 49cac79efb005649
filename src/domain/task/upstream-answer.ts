import type { TaskStatus } from "../../contract/words.ts";

/** The upstream's answers, read once at the border; all decisions behind it use these values alone. */

/** Where the video is. */
export interface ResultUrl {
  url: string;
  /** It contains the upstream key, so Ringback does not hand it out. */
  containsKey: boolean;
  /** Only the upstream key opens it. */
  needsKey: boolean;
}

/** The facts of a task as far as one answer of the upstream carries them. */
export interface TaskReading {
  /** null: no status, or a word that Ringback does not know. */
  status: TaskStatus | null;
  /** `failed` by a word that may be about the query: it counts when the next readable answer repeats it. */
  isAmbiguous: boolean;
  /** The word as it came, for the log. */
  word: string | null;
  /** Names of the members beside the word, for the log: they show what to add when the word is unknown. */
  members: string[];
  /** 0 to 100. */
  progress: number | null;
  /** Looked for in a success only. */
  result: ResultUrl | null;
  /** At most 2000 characters, no control characters. */
  errorMessage: string | null;
}

/** The answer's JSON text without the caller's key in it: `null` in JSON when too large to keep; null when it is no JSON. */
export type AnswerJson = string | null;

/** That the upstream itself does not work: a 5xx, as `http_502`, or no complete answer. Absent: it does. */
export interface Down {
  down?: "no_answer" | `http_${number}`;
}

export type SubmitAnswer =
  /** `ids`: every id that it names, the one to ask with first. */
  | { kind: "accepted"; ids: [string, ...string[]]; reading: TaskReading; json: AnswerJson }
  /**
   * A definite no: nothing was accepted, and asking again will not help. `status` is what it amounts to; the upstream
   * said `upstreamStatus` (a 429 about the balance amounts to 402).
   */
  | {
      kind: "refused";
      status: number;
      upstreamStatus: number;
      body: string;
      message: string | null;
      json: AnswerJson;
    }
  /** A definite "not now": nothing was accepted. */
  | { kind: "later"; status: 429 | 503; retryAfterMs: number | null }
  /** Whatever else: the task may exist and cost money. `completeServerError`: a 5xx that arrived whole and names no id. */
  | ({ kind: "unknown"; why: string; completeServerError: boolean; json: AnswerJson } & Down);

/** `notBeforeMs`: the upstream asks not to be polled sooner than this from now. */
export type PollAnswer = { json: AnswerJson; notBeforeMs: number | null } &
  /** `isPending`: it says no more than that the task goes on, as its upstream's profile foresees. */
  (
    | { kind: "read"; reading: TaskReading; isPending?: true }
    | { kind: "not_found" }
    | { kind: "unauthorized"; status: 401 | 403 }
    | { kind: "slow_down" }
    /** Another 4xx, or a 2xx without a status: it can be read, but says nothing of the task. */
    | { kind: "other"; status: number }
    /** 5xx, no answer, a broken or foreign one: says nothing at all. */
    | ({ kind: "nothing"; why: string } & Down)
  );
