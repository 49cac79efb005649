import { numberOf, own, type JsonValue } from "../domain/json.ts";
import { redactText } from "../domain/redact.ts";
import type { TaskReading } from "../domain/upstream-answer.ts";
import { errorMessageIn } from "./answer-messages.ts";
import {
  idsOf,
  namesATask,
  namesOneOf,
  outwards,
  ownPart,
  partsOf,
  statusValues,
  type AnswerPart,
  type JsonObject,
} from "./answer-parts.ts";
import { findResult, type ResultRules } from "./result-url.ts";
import { isOuterSuccess, isWeakFailure, statusOfWord } from "./status-words.ts";

/**
 * Reads an answer of the upstream tolerantly: what it says of the task, by the task's own object alone. An envelope
 * around it speaks of the query. Source: the contract's rules of the reader.
 */

const ID_MAX_LENGTH = 256;
/** A create that names more ids of one task is none. */
const MAX_IDS = 8;
const MAX_MEMBERS = 20;
const MEMBER_MAX_LENGTH = 40;

/** What is known of the task that is asked about. */
export interface TaskContext extends Omit<ResultRules, "taskIds"> {
  /** Every id that the create named; null while its answer is read: then every id that this answer names. */
  taskIds: readonly string[] | null;
}

/** What the answer says of the task, and how it says it. */
export interface ParsedTask extends Omit<TaskReading, "isDoubtful"> {
  /** Every usable id that the answer names, in order of trust. */
  ids: string[];
  /** It names tasks, and not this one. */
  isForeign: boolean;
  /** Whether the task's own object names it. */
  namesTask: boolean;
  /** It failed by a word that may speak of the query. */
  isWeak: boolean;
}

export function parseTask(answer: JsonObject, context: TaskContext): ParsedTask {
  const parts = partsOf(answer);
  const { secrets } = context;
  const named = idsOf(parts);
  const ids = named.filter((id) => isUsableId(id, secrets)).slice(0, MAX_IDS);
  const taskIds = context.taskIds ?? ids;
  const rules = { ...context, taskIds };
  const part = ownPart(parts, taskIds);
  const isForeign = namesATask(parts) && !named.some((id) => taskIds.includes(id));
  if (part === null) return { ids, isForeign, ...NOTHING_SAID, ...outerSuccess(parts, rules) };
  const { word, status } = statusIn(part.object);
  return {
    ids,
    isForeign,
    namesTask: namesOneOf(part, taskIds),
    status,
    isWeak: status === "failed" && word !== null && isWeakFailure(word),
    word: word && redactText(word, secrets),
    members: Object.keys(part.object)
      .slice(0, MAX_MEMBERS)
      .map((name) => redactText(name, secrets).slice(0, MEMBER_MAX_LENGTH)),
    progress: progressAround(part),
    result: status === "succeeded" ? findResult(part, rules) : null,
    errorMessage: errorMessageIn(part.object, secrets),
  };
}

const NOTHING_SAID: Omit<ParsedTask, "ids" | "isForeign"> = {
  namesTask: false,
  status: null,
  isWeak: false,
  word: null,
  members: [],
  progress: null,
  result: null,
  errorMessage: null,
};

/** The facts by which a task's life is decided. Null: the answer's words do not count. */
export function readingOf(task: ParsedTask | null): TaskReading {
  const { status, word, members, progress, result, errorMessage } = task ?? NOTHING_SAID;
  return { status, isDoubtful: false, word, members, progress, result, errorMessage };
}

/** Of several status members the first with a known word counts. */
function statusIn(object: JsonObject): Pick<TaskReading, "word" | "status"> {
  const words = statusValues(object).map(textOf);
  const word = words.find((text) => statusOfWord(text) !== null) ?? words[0] ?? null;
  return { word, status: word === null ? null : statusOfWord(word) };
}

/** The exception of rule 1: a gateway that says `completed` around a bare result. */
function outerSuccess([answer]: readonly AnswerPart[], rules: ResultRules): Partial<ParsedTask> {
  const data = answer && own(answer.object, "data");
  const word = answer && statusValues(answer.object).map(textOf).find(isOuterSuccess);
  if (answer === undefined || data === undefined || word === undefined) return {};
  const result = findResult({ ...answer, object: { data } }, rules);
  return result === null ? {} : { status: "succeeded", word, result };
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

/** Gateways keep the progress beside their vendor's answer. */
function progressAround(part: AnswerPart): number | null {
  for (const { object } of outwards(part)) {
    const progress = progressOf(own(object, "progress"));
    if (progress !== null) return progress;
  }
  return null;
}

function progressOf(value: JsonValue | undefined): number | null {
  const match = typeof value === "string" ? /^\s*(\d{1,9}(?:\.\d+)?)\s*%?\s*$/.exec(value) : null;
  const number = match ? Number(match[1]) : numberOf(value);
  return number === undefined || !Number.isFinite(number) ? null : Math.min(Math.max(number, 0), 100);
}
