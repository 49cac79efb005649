import { downOf } from "./down.ts";
import { innerObject, type JsonObject } from "../../domain/text/json.ts";
import { keySecrets } from "../../domain/text/redact.ts";
import { clipBytes } from "../../domain/text/text.ts";
import type { SubmitAnswer } from "../../domain/task/upstream-answer.ts";
import { memberOf, valuesAt } from "../../profiles/pointer.ts";
import type { Profile } from "../../profiles/schema.ts";
import { requestDigest } from "../../keys/request-digest.ts";
import { parseAnswer, type ParsedAnswer } from "./answer-json.ts";
import { explanation, refusalMessage, saysQuotaIsGone } from "./answer-messages.ts";
import { retryAfterMs, type WireAnswer } from "../exchange.ts";
import { idsAt, isPollable } from "./parse-by-profile.ts";
import { isUsableId, NOTHING_SAID, readingOf } from "./parse-task.ts";
import { readTask } from "./read-task.ts";
import type { AskedTask, UpstreamAccess } from "../provider.ts";
import { taskIdIn } from "./task-candidates.ts";

/** What an answer to the submit means. Source: docs/decisions/submit.md, the table. */

/** How much of a refusal Ringback keeps to show. */
const REFUSAL_MAX_BYTES = 16_384;

/** 4xx answers that leave open whether the upstream accepted the request. */
const UNKNOWN_CLIENT_ERRORS = new Set([408, 409, 425, 499]);
/** Statuses that are a definite no, whatever the body says. */
const DEFINITE_REFUSALS = new Set([400, 401, 402, 403, 404, 413, 422]);

/** A member that may be a task's id anywhere in the text, also in broken JSON and in JSON that a string quotes. */
const ANY_ID = /"(?:(?:task|video|job|generation)[_-]?)?id\\*"\s*:/i;

/** A complete answer. */
interface Said {
  status: number;
  parsed: ParsedAnswer;
  /** Its JSON object; null also if it was cut off at the cap. */
  object: JsonObject | null;
  /** Whether nothing was cut off. */
  isWhole: boolean;
  retryAfterMs: number | null;
  secrets: readonly string[];
  profile: Profile;
}

export async function readSubmit(
  { response, read }: WireAnswer,
  access: UpstreamAccess,
  known: AskedTask,
): Promise<SubmitAnswer> {
  const { status } = response;
  if (read.end === "broken")
    return unknown({ why: `http_${status}, broken off`, ...downOf(status, read.end) });
  const { apiKey, profile } = access;
  const secrets = keySecrets(apiKey);
  const parsed = parseAnswer(read.text, secrets);
  const isWhole = read.end === "complete";
  const object = isWhole ? parsed.object : null;
  const said: Said = {
    status,
    parsed,
    object,
    isWhole,
    retryAfterMs: retryAfterMs(response),
    secrets,
    profile,
  };
  return response.ok
    ? readSuccess(said, access, known)
    : ((await readAcceptance(said, known)) ?? readError(said));
}

/** `completeServerError` as in `SubmitAnswer`. */
export function unknown(facts: Partial<SubmitAnswer & { kind: "unknown" }> & { why: string }): SubmitAnswer {
  return { completeServerError: false, json: null, ...facts, kind: "unknown" };
}

async function readSuccess(
  { status, object, parsed: { json } }: Said,
  access: UpstreamAccess,
  known: AskedTask,
): Promise<SubmitAnswer> {
  if (object === null) return unknown({ why: `http_${status} without readable JSON`, json });
  const task = await readTask(object, access, { ...known, taskIds: null });
  const [first, ...others] = task.ids;
  if (first === undefined) return unknown({ why: `http_${status} without a task id`, json });
  return { kind: "accepted", ids: [first, ...others], reading: readingOf(task, false), json };
}

/**
 * "Accepted, do not submit again" outside a 2xx: a `task_id` at the top or in `data` that the request did not name. A
 * bare `id` there is often the request's or the error's, and a word is about the query. Null: the answer accepts
 * nothing. Rule 3 of reading.
 */
async function readAcceptance(
  { status, object, parsed, secrets, profile }: Said,
  { requestDigests }: AskedTask,
): Promise<SubmitAnswer | null> {
  if (object === null || isRedirect(status) || DEFINITE_REFUSALS.has(status)) return null;
  const data = innerObject(object, "data");
  const ids: string[] = [];
  for (const holder of data ? [object, data] : [object]) {
    const id = taskIdIn(holder);
    if (id === null || ids.includes(id) || !isUsableId(id, secrets) || !isPollable(profile, id)) continue;
    if (!requestDigests.includes(await requestDigest(id))) ids.push(id);
  }
  const [first, ...others] = ids;
  if (first === undefined) return null;
  return {
    kind: "accepted",
    ids: [first, ...others],
    reading: readingOf(NOTHING_SAID, false),
    json: parsed.json,
  };
}

function readError(said: Said): SubmitAnswer {
  const { status, object, parsed, isWhole, retryAfterMs: waitMs } = said;
  if (status === 429 && waitMs === null && object !== null && saysQuotaIsGone(object))
    return refused(said, 402);
  const isNotNow = status === 429 || (status === 503 && waitMs !== null && !carriesId(said));
  if (isNotNow) return { kind: "later", status, retryAfterMs: waitMs };
  if (status >= 400 && status < 500 && !UNKNOWN_CLIENT_ERRORS.has(status)) return refused(said, status);
  // An id in a 5xx may be the task's: sending the request again could pay twice.
  const isServerError = status >= 500 && status <= 599;
  const completeServerError = isServerError && isWhole && !carriesId(said);
  return unknown({ why: `http_${status}`, completeServerError, json: parsed.json, ...downOf(status) });
}

/** Whether the text may name a task: by a common member, or by one in which the profile's upstream names tasks. */
function carriesId({ parsed: { text }, object, profile }: Said): boolean {
  const pointers = profile.create.id ?? [];
  if (ANY_ID.test(text) || (object !== null && idsAt(object, pointers).length > 0)) return true;
  const words = text.toLowerCase().replaceAll("\\", "");
  const names = pointers.map(memberOf).filter((name) => name !== null);
  return names.some((name) => words.includes(`"${name.toLowerCase()}"`));
}

/** `status` is what the refusal amounts to. */
function refused(said: Said, status: number): SubmitAnswer {
  const { status: upstreamStatus, parsed } = said;
  const message = parsed.object && refusalOf(parsed.object, said);
  const body = clipBytes(parsed.text, REFUSAL_MAX_BYTES);
  return { kind: "refused", status, upstreamStatus, body, message, json: parsed.json };
}

/** Where the profile says that errors stand, else where they usually do. */
function refusalOf(answer: JsonObject, { profile, secrets }: Said): string | null {
  const pointers = profile.read?.error ?? [];
  const named = pointers.flatMap((pointer) => valuesAt(answer, pointer));
  return explanation(named, secrets) ?? refusalMessage(answer, secrets);
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}
