import { downOf } from "./down.ts";
import type { JsonObject } from "../../domain/text/json.ts";
import { isTerminal } from "../../domain/task/task.ts";
import type { AnswerJson, PollAnswer, TaskReading } from "../../domain/task/upstream-answer.ts";
import type { Profile } from "../../profiles/schema.ts";
import type { ReadAnswer } from "../answer-memory.ts";
import { saysItFailed, saysNoSuchTask } from "./answer-messages.ts";
import { notBeforeMs, type WireAnswer } from "../exchange.ts";
import { saysNotFound } from "./parse-by-profile.ts";
import { NOTHING_SAID, readingOf, type ParsedTask } from "./parse-task.ts";

/**
 * 4xx answers that end a task whose own object names it; in any other, a word is about the query. Rule 2 of reading.
 */
const ENDING_CLIENT_ERRORS = new Set([400, 403, 404, 409, 410, 422]);

/** The members of every answer to a poll. */
interface Carried {
  json: AnswerJson;
  notBeforeMs: number | null;
}

/** What an answer to a poll means. Source: docs/decisions/upstream-answers.md. */
export async function readPoll(
  { response, read }: WireAnswer,
  profile: Profile,
  readAnswer: (text: string) => Promise<ReadAnswer>,
): Promise<PollAnswer> {
  const { status, ok } = response;
  const carried: Carried = { json: null, notBeforeMs: notBeforeMs(response) };
  if (read.end === "broken")
    return { ...carried, kind: "nothing", why: `http_${status}, broken off`, ...downOf(status, read.end) };
  const { parsed, task } = await readAnswer(read.text);
  carried.json = parsed.json;
  // An answer that was cut off at the cap says nothing about the task.
  const said =
    read.end === "complete" && task !== null && parsed.object !== null
      ? { task, object: parsed.object }
      : null;
  const isPending = profile.pending_statuses?.includes(status) === true;
  // A page or noise under such a status says nothing; an empty body was to be expected.
  if (isPending && read.end === "complete" && read.text.trim() === "") return pending(carried, NOTHING_SAID);
  const rules = { ...profile, isPending };
  return ok ? readSuccess(status, said, carried, rules) : readError(status, said, carried, rules);
}

/** The profile, and whether the status is one of its `pending_statuses`. */
interface Rules extends Profile {
  isPending: boolean;
}

function pending(carried: Carried, task: TaskReading): PollAnswer {
  return { ...carried, kind: "read", reading: readingOf(task, false), isPending: true };
}

/** A complete JSON object, and the task's facts in it. */
interface Said {
  object: JsonObject;
  task: ParsedTask;
}

/**
 * First what is about the query, then what is about the task: "no such task" may name any id, so it comes before the question
 * whose answer it is; another task's words mean nothing here; and an answer may be pending or silent only if it has no word.
 */
function readSuccess(status: number, said: Said | null, carried: Carried, rules: Rules): PollAnswer {
  if (said === null) return { ...carried, kind: "nothing", why: `http_${status} without readable JSON` };
  const { object, task } = said;
  if (!task.namesTask && saysItFailed(object) && saysNoSuchTask(object))
    return { ...carried, kind: "not_found" };
  if (task.isForeign) return { ...carried, json: null, kind: "nothing", why: "another task's id" };
  if (task.status === null && saysNotFound(task.word, rules)) return { ...carried, kind: "not_found" };
  // Only a failure is told without a word there: `failed_if` outranks it.
  if (rules.isPending && task.word === null && task.status !== "failed")
    return pending(carried, { ...task, status: null, result: null });
  const isWordless = task.word === null && task.status === null;
  const isSilent = isWordless && task.progress === null && !task.namesTask;
  if (isSilent) return { ...carried, kind: "other", status };
  return { ...carried, kind: "read", reading: readingOf(task, task.isAmbiguous && !task.namesTask) };
}

function readError(status: number, said: Said | null, carried: Carried, rules: Rules): PollAnswer {
  if (said?.task.namesTask && isTerminal(said.task) && ENDING_CLIENT_ERRORS.has(status))
    return { ...carried, kind: "read", reading: readingOf(said.task, said.task.isAmbiguous) };
  if (meansNotFound(status, said, rules)) return { ...carried, kind: "not_found" };
  // Outside of a 2xx a word is about the query.
  if (rules.isPending && said !== null) return pending(carried, NOTHING_SAID);
  switch (status) {
    case 401:
    case 403:
      return { ...carried, kind: "unauthorized", status };
    case 429:
      return { ...carried, kind: "slow_down" };
    default:
      return status >= 400 && status < 500
        ? { ...carried, kind: "other", status }
        : { ...carried, kind: "nothing", why: `http_${status}`, ...downOf(status) };
  }
}

function meansNotFound(status: number, said: Said | null, rules: Rules): boolean {
  if (status === 404 || rules.not_found?.statuses?.includes(status) === true) return true;
  return status === 400 && said !== null && saysNoSuchTask(said.object);
}
