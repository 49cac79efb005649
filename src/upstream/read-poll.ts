import { isTerminal } from "../domain/task.ts";
import type { PollAnswer } from "../domain/upstream-answer.ts";
import type { ReadAnswer } from "./answer-memory.ts";
import { saysItFailed, saysNoSuchTask } from "./answer-messages.ts";
import { notBeforeMs, type WireAnswer } from "./exchange.ts";
import { readingOf } from "./parse-task.ts";

/** 4xx answers that end a task whose own object names it; in any other a word speaks of the query. Source: rule 2. */
const ENDING_CLIENT_ERRORS = new Set([400, 403, 404, 409, 410, 422]);

/** What an answer to a poll means. Source: the contract's rules of the reader. */
export async function readPoll(
  { response, read }: WireAnswer,
  readAnswer: (text: string) => Promise<ReadAnswer>,
): Promise<PollAnswer> {
  const { status, ok } = response;
  const base = { notBeforeMs: notBeforeMs(response) };
  if (read.end === "broken")
    return { ...base, kind: "nothing", why: `http_${status}, broken off`, json: null };
  const { parsed, task } = await readAnswer(read.text);
  const answer = { ...base, json: parsed.json };
  const whole = read.end === "complete" ? task : null;

  if (whole !== null && ENDING_CLIENT_ERRORS.has(status) && whole.namesTask && isTerminal(whole))
    return { ...answer, kind: "read", reading: { ...readingOf(whole), isDoubtful: whole.isWeak } };
  if (status === 404) return { ...answer, kind: "not_found" };
  if (status === 400 && parsed.object !== null && saysNoSuchTask(parsed.object))
    return { ...answer, kind: "not_found" };
  if (status === 401 || status === 403) return { ...answer, kind: "unauthorized", status };
  if (status === 429) return { ...answer, kind: "slow_down" };
  if (status >= 400 && status < 500) return { ...answer, kind: "other", status };
  if (!ok) return { ...answer, kind: "nothing", why: `http_${status}` };

  if (whole === null || parsed.object === null)
    return { ...answer, kind: "nothing", why: `http_${status} without readable JSON` };
  if (!whole.namesTask && saysItFailed(parsed.object) && saysNoSuchTask(parsed.object))
    return { ...answer, kind: "not_found" };
  if (whole.isForeign) return { ...base, kind: "nothing", why: "another task's id", json: null };
  if (whole.word === null && whole.progress === null) return { ...answer, kind: "nothing", why: "no status" };
  return {
    ...answer,
    kind: "read",
    reading: { ...readingOf(whole), isDoubtful: whole.isWeak && !whole.namesTask },
  };
}
