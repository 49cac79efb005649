import type { AttemptReason } from "../../../../src/contract/words.ts";
import type { AttemptResult } from "../../../../src/domain/delivery/delivery.ts";
import type { PollWord } from "../world.ts";
import type {
  PollAnswer,
  ResultUrl,
  SubmitAnswer,
  TaskReading,
} from "../../../../src/domain/task/upstream-answer.ts";

/** What the words of a script are at the core's border. */

/** The same answer, with its result under another URL, if it has one. */
export function withResult<Answer extends SubmitAnswer | PollAnswer>(
  answer: Answer,
  result: ResultUrl,
): Answer {
  if (!("reading" in answer) || answer.reading.result === null) return answer;
  return { ...answer, reading: { ...answer.reading, result } };
}

const RESULT = { url: "https://cdn.test/v.mp4", containsKey: false, needsKey: false };

function reading(facts: Partial<TaskReading>): TaskReading {
  return {
    status: null,
    isAmbiguous: false,
    word: facts.status ?? null,
    members: [],
    progress: null,
    result: null,
    errorMessage: null,
    ...facts,
  };
}

function accepted(facts: Partial<TaskReading>): SubmitAnswer {
  return { kind: "accepted", ids: ["up-1"], reading: reading(facts), json: '{"task_id":"up-1"}' };
}

export function submitAnswer(word: string): SubmitAnswer {
  switch (word) {
    case "accepted":
      return accepted({ status: "queued" });
    case "ended":
      return accepted({ status: "succeeded", result: RESULT });
    case "failed":
      return accepted({ status: "failed", errorMessage: "no" });
    case "400":
      return { kind: "refused", status: 400, upstreamStatus: 400, body: "{}", message: "no", json: "{}" };
    case "429":
      return { kind: "later", status: 429, retryAfterMs: null };
    case "429+7":
      return { kind: "later", status: 429, retryAfterMs: 7_000 };
    case "503+7":
      return { kind: "later", status: 503, retryAfterMs: 7_000 };
    case "500":
      return { kind: "unknown", why: "http_500", completeServerError: true, json: null };
    case "timeout":
      return { kind: "unknown", why: "no complete answer", completeServerError: false, json: null };
    default:
      throw new Error(`no such word: ${word}`);
  }
}

function read(facts: Partial<TaskReading>): PollAnswer {
  return { kind: "read", reading: reading(facts), json: '{"task_id":"up-1"}', notBeforeMs: null };
}

const BARE = { json: null, notBeforeMs: null };
const POLL_ANSWERS: Record<PollWord, PollAnswer> = {
  queued: read({ status: "queued" }),
  running: read({ status: "running" }),
  "progress 15": read({ status: "running", progress: 15 }),
  "progress 60": read({ status: "running", progress: 60 }),
  succeeded: read({ status: "succeeded", result: RESULT }),
  "no url": read({ status: "succeeded" }),
  failed: read({ status: "failed", errorMessage: "no" }),
  "error of a query": read({ status: "failed", word: "error", isAmbiguous: true }),
  garbage: read({ word: "wobbling" }),
  "404": { kind: "not_found", ...BARE },
  "401": { kind: "unauthorized", status: 401, ...BARE },
  "429": { kind: "slow_down", ...BARE },
  "429+30": { kind: "slow_down", json: null, notBeforeMs: 30_000 },
  "500": { kind: "nothing", why: "500", ...BARE },
  "other id": { kind: "nothing", why: "other id", ...BARE },
  timeout: { kind: "nothing", why: "timeout", ...BARE },
};

export function pollAnswer(word: string): PollAnswer {
  const answer = new Map<string, PollAnswer>(Object.entries(POLL_ANSWERS)).get(word);
  if (!answer) throw new Error(`no such word: ${word}`);
  return answer;
}

export function attemptResult(word: string): AttemptResult {
  const status = Number.parseInt(word, 10);
  const known = Number.isNaN(status) ? null : status;
  const gone = known === 410 || known === 501;
  const failed = gone ? ("permanent" as const) : ("retryable" as const);
  return {
    outcome: known === 200 ? "delivered" : failed,
    reason: known === 200 ? null : known === null ? (word as AttemptReason) : `http_${known}`,
    statusCode: known,
    durationMs: 40,
    excerpt: null,
    retryAfterMs: word === "429+30" ? 30_000 : null,
  };
}
