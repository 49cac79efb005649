import { downOf } from "./down.ts";
import type { JsonObject } from "../../domain/text/json.ts";
import { isTerminal } from "../../domain/task/task.ts";
import type { AnswerJson, PollAnswer } from "../../domain/task/upstream-answer.ts";
import type { ReadAnswer } from "../answer-memory.ts";
import { saysItFailed, saysNoSuchTask } from "./answer-messages.ts";
import { notBeforeMs, type WireAnswer } from "../exchange.ts";
import { readingOf, type ParsedTask } from "./parse-task.ts";

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
  return ok ? readSuccess(status, said, carried) : readError(status, said, carried);
}

/** A complete JSON object, and the task's facts in it. */
interface Said {
  object: JsonObject;
  task: ParsedTask;
}

function readSuccess(status: number, said: Said | null, carried: Carried): PollAnswer {
  if (said === null) return { ...carried, kind: "nothing", why: `http_${status} without readable JSON` };
  const { object, task } = said;
  if (!task.namesTask && saysItFailed(object) && saysNoSuchTask(object))
    return { ...carried, kind: "not_found" };
  if (task.isForeign) return { ...carried, json: null, kind: "nothing", why: "another task's id" };
  const isSilent = task.word === null && task.progress === null && !task.namesTask;
  if (isSilent) return { ...carried, kind: "other", status };
  return { ...carried, kind: "read", reading: readingOf(task, task.isAmbiguous && !task.namesTask) };
}

function readError(status: number, said: Said | null, carried: Carried): PollAnswer {
  if (said?.task.namesTask && isTerminal(said.task) && ENDING_CLIENT_ERRORS.has(status))
    return { ...carried, kind: "read", reading: readingOf(said.task, said.task.isAmbiguous) };
  if (status === 400 && said !== null && saysNoSuchTask(said.object))
    return { ...carried, kind: "not_found" };
  switch (status) {
    case 404:
      return { ...carried, kind: "not_found" };
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
