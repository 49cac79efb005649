import { parsePollAfterMs, parseRetryAfter } from "../domain/retry-after.ts";
import type { PollAnswer, SubmitAnswer } from "../domain/upstream-answer.ts";
import { discardBody } from "../wire/discard.ts";
import { readText, type TextResult } from "../wire/read-bytes.ts";
import { timeLimit } from "../wire/time-limit.ts";
import { parseAnswer, type ParsedAnswer } from "./answer-json.ts";
import { AnswerMemory, type ReadAnswer } from "./answer-memory.ts";
import type { Upstream, UpstreamAccess } from "./provider.ts";
import { readErrorMessage, readTask } from "./reading.ts";

/** No honest status answer is longer; the rest of a longer one is not read. */
const ANSWER_MAX_BYTES = 1_048_576;
/** What of a refusal is passed on. */
const REFUSAL_MAX_BYTES = 16_384;
/** A submit gets a second more per MiB, so that large images can arrive, but never outlives a deploy's grace. */
const SUBMIT_MAX_MS = 28_000;
const MIB = 1_048_576;

/** 4xx answers that do not say whether the request was accepted. Source: the contract's submit table. */
const UNKNOWN_CLIENT_ERRORS = new Set([408, 409, 425, 499]);

/** How long a submit of this size may take in all. */
export function submitTimeoutMs(timeoutMs: number, bodyBytes: number): number {
  return Math.min(timeoutMs + Math.floor(bodyBytes / MIB) * 1000, SUBMIT_MAX_MS);
}

/**
 * The upstream over HTTP, as `GET` and `POST /videos` of its document. Redirects are never followed: the key stays.
 * `memory` is of the one task that is asked about.
 */
export function httpUpstream(access: UpstreamAccess, memory = new AnswerMemory()): Upstream {
  const authorization = `Bearer ${access.apiKey}`;
  return {
    async submit(body) {
      const timeoutMs = submitTimeoutMs(access.timeoutMs, body.byteLength);
      const answer = await call(`${access.baseUrl}/videos`, timeoutMs, {
        method: "POST",
        headers: { authorization, "content-type": "application/json", accept: "application/json" },
        body,
      });
      return answer === null ? unknown("no complete answer") : readSubmit(answer, access.apiKey);
    },
    async poll(upstreamTaskId) {
      const url = `${access.baseUrl}/videos/${encodeURIComponent(upstreamTaskId)}`;
      const headers = { authorization, accept: "application/json" };
      const answer = await call(url, access.timeoutMs, { headers });
      if (answer === null)
        return { kind: "nothing", why: "no complete answer", json: null, notBeforeMs: null };
      return readPoll(answer, upstreamTaskId, (text) => memory.read(text, access.apiKey));
    },
  };
}

interface Answer {
  response: Response;
  read: TextResult;
}

/** One exchange; null when no status line came. Errors on the wire say nothing about what the other side did. */
async function call(url: string, timeoutMs: number, init: RequestInit): Promise<Answer | null> {
  const { signal, clear } = timeLimit(timeoutMs);
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal });
    if (response.status >= 300 && response.status < 400) {
      discardBody(response);
      return { response, read: { text: "", end: "complete" } };
    }
    return { response, read: await readText(response, ANSWER_MAX_BYTES) };
  } catch {
    // Refused, reset, timed out, garbage: indistinguishable here, and all the same for the task.
    return null;
  } finally {
    clear();
  }
}

/** As much of the text as that many bytes of UTF-8 hold, without half of a character. */
function firstBytes(text: string, limit: number): string {
  const bytes = new TextEncoder().encode(text);
  return bytes.byteLength <= limit
    ? text
    : new TextDecoder().decode(bytes.subarray(0, limit), { stream: true });
}

function unknown(why: string, completeServerError = false, json: string | null = null): SubmitAnswer {
  return { kind: "unknown", why, completeServerError, json };
}

function readSubmit({ response, read }: Answer, apiKey: string): SubmitAnswer {
  const { status } = response;
  if (read.end === "broken") return unknown(`http_${status}, broken off`);
  const parsed = parseAnswer(read.text, apiKey);
  if (response.ok) return readAccepted(status, read, parsed);
  const retryAfterMs = retryAfter(response);
  if (status === 429) return { kind: "later", status, retryAfterMs };
  if (status === 503 && retryAfterMs !== null) return { kind: "later", status, retryAfterMs };
  if (status >= 400 && status < 500 && !UNKNOWN_CLIENT_ERRORS.has(status)) {
    const message = parsed.object && readErrorMessage(parsed.object);
    return {
      kind: "refused",
      status,
      body: firstBytes(parsed.text, REFUSAL_MAX_BYTES),
      message,
      json: parsed.json,
    };
  }
  return unknown(`http_${status}`, status >= 500 && read.end === "complete", parsed.json);
}

function readAccepted(status: number, read: TextResult, { object, json }: ParsedAnswer): SubmitAnswer {
  if (object === null || read.end !== "complete")
    return unknown(`http_${status} without readable JSON`, false, json);
  const reading = readTask(object);
  const [upstreamTaskId] = reading.ids;
  if (upstreamTaskId === undefined) return unknown(`http_${status} without a task id`, false, json);
  return { kind: "accepted", upstreamTaskId, reading, json };
}

function readPoll(
  { response, read }: Answer,
  upstreamTaskId: string,
  readAnswer: (text: string) => ReadAnswer,
): PollAnswer {
  const { status } = response;
  const notBeforeMs = lowerBound(response);
  const nothing = (why: string, json: string | null = null): PollAnswer => ({
    kind: "nothing",
    why,
    json,
    notBeforeMs,
  });
  if (read.end === "broken") return nothing(`http_${status}, broken off`);
  const { parsed, reading } = readAnswer(read.text);
  const { json } = parsed;
  if (status === 404) return { kind: "not_found", json, notBeforeMs };
  if (status === 401 || status === 403) return { kind: "unauthorized", status, json, notBeforeMs };
  if (status === 429) return { kind: "slow_down", json, notBeforeMs };
  if (status >= 400 && status < 500) return { kind: "other", status, json, notBeforeMs };
  if (!response.ok) return nothing(`http_${status}`, json);
  if (reading === null || read.end !== "complete")
    return nothing(`http_${status} without readable JSON`, json);
  if (reading.namesId && !reading.ids.includes(upstreamTaskId)) return nothing("another task's id");
  if (reading.word === null && reading.progress === null) return nothing("no status", json);
  return { kind: "read", reading, json, notBeforeMs };
}

function retryAfter({ headers }: Response): number | null {
  const header = headers.get("retry-after");
  return header === null ? null : parseRetryAfter(header, headers.get("date"), Date.now());
}

function lowerBound(response: Response): number | null {
  const bounds = [retryAfter(response), parsePollAfterMs(response.headers.get("openai-poll-after-ms"))];
  const known = bounds.filter((bound) => bound !== null);
  return known.length === 0 ? null : Math.max(...known);
}
