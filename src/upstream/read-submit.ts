import { isJsonObject, own, type JsonValue } from "../domain/json.ts";
import { keySecrets } from "../domain/redact.ts";
import type { SubmitAnswer } from "../domain/upstream-answer.ts";
import { echoDigest } from "../keys/echo.ts";
import { parseAnswer, type ParsedAnswer } from "./answer-json.ts";
import { parseWithoutEchoes } from "./answer-memory.ts";
import { refusalMessage, saysQuotaIsGone } from "./answer-messages.ts";
import { idsIn, taskIdIn, type JsonObject } from "./answer-parts.ts";
import { retryAfterMs, type WireAnswer } from "./exchange.ts";
import { isUsableId, readingOf } from "./parse-task.ts";
import type { KnownTask, UpstreamAccess } from "./provider.ts";

/** What an answer to the submit means. Source: the contract, *Submit*. */

/** What of a refusal is passed on. */
const REFUSAL_MAX_BYTES = 16_384;

/** 4xx answers that do not say whether the request was accepted. */
const UNKNOWN_CLIENT_ERRORS = new Set([408, 409, 425, 499]);
/** Answers that are a definite no, whatever their body says. */
const DEFINITE_REFUSALS = new Set([400, 401, 402, 403, 404, 413, 422]);

export async function readSubmit(
  { response, read }: WireAnswer,
  access: UpstreamAccess,
  known: KnownTask,
): Promise<SubmitAnswer> {
  const { status } = response;
  if (read.end === "broken") return unknown(`http_${status}, broken off`);
  const secrets = keySecrets(access.apiKey);
  const parsed = parseAnswer(read.text, secrets);
  const complete = read.end === "complete" ? parsed.object : null;
  if (response.ok) return readAccepted(status, { ...parsed, object: complete }, access, known);
  const ids = complete === null ? null : await acceptedIds(status, complete, known, secrets);
  if (ids !== null) return { kind: "accepted", ids, reading: NOTHING_READ, json: parsed.json };
  const waitMs = retryAfterMs(response);
  if (status === 429 || (status === 503 && waitMs !== null))
    return readNotNow(status, waitMs, parsed, secrets);
  if (status >= 400 && status < 500 && !UNKNOWN_CLIENT_ERRORS.has(status))
    return refused(status, status, parsed, secrets);
  return unknownStatus(status, read.end === "complete", parsed);
}

function readNotNow(
  status: 429 | 503,
  waitMs: number | null,
  parsed: ParsedAnswer,
  secrets: readonly string[],
): SubmitAnswer {
  if (status === 429 && waitMs === null && parsed.object !== null && saysQuotaIsGone(parsed.object))
    return refused(402, status, parsed, secrets);
  return { kind: "later", status, retryAfterMs: waitMs };
}

function unknownStatus(status: number, isWhole: boolean, { object, json }: ParsedAnswer): SubmitAnswer {
  // An id in a 5xx may be the task's: sending the request again could pay twice.
  const isRepeatable = status >= 500 && isWhole && !(object !== null && namesAnyId(object));
  return unknown(`http_${status}`, isRepeatable, json);
}

/** Outside a 2xx a word speaks of the query, so the polls decide. */
const NOTHING_READ = readingOf(null);

export function unknown(why: string, completeServerError = false, json: string | null = null): SubmitAnswer {
  return { kind: "unknown", why, completeServerError, json };
}

async function readAccepted(
  status: number,
  { object, json }: ParsedAnswer,
  access: UpstreamAccess,
  known: KnownTask,
): Promise<SubmitAnswer> {
  if (object === null) return unknown(`http_${status} without readable JSON`, false, json);
  const task = await parseWithoutEchoes(object, access, { ...known, taskIds: null });
  const [first, ...others] = task.ids;
  if (first === undefined) return unknown(`http_${status} without a task id`, false, json);
  return { kind: "accepted", ids: [first, ...others], reading: readingOf(task), json };
}

/**
 * "Accepted, do not submit again" outside a 2xx: a `task_id` at the top or in `data` that the request did not name. A
 * bare `id` there is often the request's or the error's. Source: rule 3 of the reader.
 */
async function acceptedIds(
  status: number,
  answer: JsonObject,
  { echoes }: KnownTask,
  secrets: readonly string[],
): Promise<[string, ...string[]] | null> {
  if (isRedirect(status) || DEFINITE_REFUSALS.has(status)) return null;
  const data = own(answer, "data");
  const inner = Array.isArray(data) ? data.find(isJsonObject) : data;
  const named = [answer, ...(isJsonObject(inner) ? [inner] : [])].flatMap((part) => taskIdIn(part) ?? []);
  const ids: string[] = [];
  for (const id of new Set(named))
    if (isUsableId(id, secrets) && !echoes.includes(await echoDigest(id))) ids.push(id);
  const [first, ...others] = ids;
  return first === undefined ? null : [first, ...others];
}

function refused(
  status: number,
  upstreamStatus: number,
  { object, text, json }: ParsedAnswer,
  secrets: readonly string[],
): SubmitAnswer {
  const message = object && refusalMessage(object, secrets);
  const body = firstBytes(text, REFUSAL_MAX_BYTES);
  return { kind: "refused", status, upstreamStatus, body, message, json };
}

/** Anywhere: the question is what may have been paid for, not what the task is called. */
function namesAnyId(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(namesAnyId);
  return isJsonObject(value) && (idsIn(value).length > 0 || Object.values(value).some(namesAnyId));
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** As much of the text as that many bytes of UTF-8 hold, without half of a character. */
function firstBytes(text: string, limit: number): string {
  const bytes = new TextEncoder().encode(text);
  return bytes.byteLength <= limit
    ? text
    : new TextDecoder().decode(bytes.subarray(0, limit), { stream: true });
}
