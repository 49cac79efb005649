import { numberOf, own, type JsonObject, type JsonValue } from "../../domain/text/json.ts";
import { redactText } from "../../domain/text/redact.ts";
import type { ResultUrl, TaskReading } from "../../domain/task/upstream-answer.ts";
import { errorMessageIn } from "./answer-messages.ts";
import {
  allIds,
  namesAnyTask,
  namesOneOf,
  ownCandidate,
  statusValues,
  taskCandidates,
  type TaskCandidate,
} from "./task-candidates.ts";
import { findResult, type ResultRules } from "./result-url.ts";
import { isAmbiguousFailure, isOuterSuccess, statusOfWord } from "./status-words.ts";

/**
 * Reads an answer of the upstream tolerantly. The status and the reason of a failure come from the task's own object
 * alone; an envelope's words are about the query. Source of the rules by number in this folder:
 * docs/decisions/upstream-answers.md.
 */

const ID_MAX_LENGTH = 256;
/** Further ids are not kept. */
export const MAX_IDS = 8;
const MAX_MEMBERS = 20;
const MEMBER_MAX_LENGTH = 40;

/** What `parseTask` must know beside the answer. */
export interface TaskContext extends Omit<ResultRules, "taskIds"> {
  /** Every id that the create named; null while its answer is read: then every id that this answer names. */
  taskIds: readonly string[] | null;
  /** What 100 % of progress is called; 100 if it is left out. */
  progressMax?: number;
}

/** The facts of the task in the answer, and how the answer names it. */
export interface ParsedTask extends TaskReading {
  /** Every usable id that the answer names, in order of trust. */
  ids: string[];
  /** It names tasks, but not this one: an id that is too long for a poll is still another task's. */
  isForeign: boolean;
  /** Whether the task's own object names it. */
  namesTask: boolean;
}

export function parseTask(answer: JsonObject, context: TaskContext): ParsedTask {
  const candidates = taskCandidates(answer);
  const { secrets } = context;
  const named = allIds(candidates);
  const ids = named.filter((id) => isUsableId(id, secrets)).slice(0, MAX_IDS);
  const taskIds = context.taskIds ?? ids;
  const rules = { ...context, taskIds };
  const task = ownCandidate(candidates, taskIds);
  const isForeign = namesAnyTask(candidates) && !named.some((id) => taskIds.includes(id));
  if (task === null) return { ids, isForeign, ...NOTHING_SAID, ...outerSuccess(candidates, rules) };
  const { word, status } = statusIn(task.object);
  return {
    ids,
    isForeign,
    namesTask: namesOneOf(task, taskIds),
    status,
    isAmbiguous: status === "failed" && word !== null && isAmbiguousFailure(word),
    word: word && redactText(word, secrets),
    members: memberNames(task.object, secrets),
    progress: progressOf(own(task.object, "progress"), context.progressMax),
    result: status === "succeeded" ? findResult(task, rules) : null,
    errorMessage: errorMessageIn(task.object, secrets),
  };
}

/** The result in an answer whose success stands elsewhere than the tolerant reading looks for it. */
export function resultIn(
  answer: JsonObject,
  context: TaskContext,
  taskIds: readonly string[],
): ResultUrl | null {
  const candidates = taskCandidates(answer);
  const task = ownCandidate(candidates, taskIds) ?? candidates[0];
  return task === undefined ? null : findResult(task, { ...context, taskIds });
}

export const NOTHING_SAID: Omit<ParsedTask, "ids" | "isForeign"> = {
  namesTask: false,
  status: null,
  isAmbiguous: false,
  word: null,
  members: [],
  progress: null,
  result: null,
  errorMessage: null,
};

/** The facts that decide a task's life. The place of the word decides `isAmbiguous`. */
export function readingOf(task: TaskReading, isAmbiguous: boolean): TaskReading {
  const { status, word, members, progress, result, errorMessage } = task;
  return { status, isAmbiguous, word, members, progress, result, errorMessage };
}

/** Of several status members the first with a known word counts. */
function statusIn(object: JsonObject): Pick<TaskReading, "word" | "status"> {
  const words = statusValues(object).map(textOf);
  const word = words.find((text) => statusOfWord(text) !== null) ?? words[0] ?? null;
  return { word, status: word === null ? null : statusOfWord(word) };
}

/** The exception of rule 1: a gateway that says `completed` around a bare result. */
function outerSuccess([answer]: readonly TaskCandidate[], rules: ResultRules): Partial<ParsedTask> {
  const data = answer && own(answer.object, "data");
  const word = answer && statusValues(answer.object).map(textOf).find(isOuterSuccess);
  if (answer === undefined || data === undefined || word === undefined) return {};
  const result = findResult({ ...answer, object: { data } }, rules);
  return result === null ? {} : { status: "succeeded", word, result };
}

/** For the log, where they show what to add. */
export function memberNames(object: JsonObject, secrets: readonly string[]): string[] {
  const names = Object.keys(object).slice(0, MAX_MEMBERS);
  return names.map((name) => redactText(name, secrets).slice(0, MEMBER_MAX_LENGTH));
}

function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether a poll's path could carry it, and Ringback may show it. */
export function isUsableId(text: string, secrets: readonly string[]): boolean {
  // As a path segment the dots would climb out of `/videos/`, percent-encoded or not.
  const isSegment = text.isWellFormed() && text !== "." && text !== "..";
  return text.length <= ID_MAX_LENGTH && isSegment && !secrets.some((secret) => text.includes(secret));
}

/** From 0 to 100; a text with a percent sign is what it says, whatever 100 % is called. */
export function progressOf(value: JsonValue | undefined, max = 100): number | null {
  const match = typeof value === "string" ? /^\s*(\d{1,9}(?:\.\d+)?)\s*(%?)\s*$/.exec(value) : null;
  const number = match ? Number(match[1]) : numberOf(value);
  if (number === undefined || !Number.isFinite(number)) return null;
  // To hundredths, because 0.29 of 1 is 28.999999999999996 %.
  const percent = max === 100 || match?.[2] === "%" ? number : Math.round((number / max) * 10_000) / 100;
  return Math.min(Math.max(percent, 0), 100);
}
