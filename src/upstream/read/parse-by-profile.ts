import { TASK_STATUSES, type TaskStatus } from "../../contract/words.ts";
import { isJsonObject, numberOf, type JsonObject, type JsonValue } from "../../domain/text/json.ts";
import { normalWord } from "../../domain/text/normal-word.ts";
import { redactText } from "../../domain/text/redact.ts";
import type { ResultUrl } from "../../domain/task/upstream-answer.ts";
import { fillId, isResultPath } from "../../profiles/pattern.ts";
import { onlyItemOf, valuesAt } from "../../profiles/pointer.ts";
import type { Profile, ProfileRead } from "../../profiles/schema.ts";
import { explanation } from "./answer-messages.ts";
import {
  isUsableId,
  MAX_IDS,
  memberNames,
  parseTask,
  progressOf,
  resultIn,
  type ParsedTask,
  type TaskContext,
} from "./parse-task.ts";
import { resultUrl } from "./result-url.ts";
import { isAmbiguousFailure, statusOfWord } from "./status-words.ts";
import { idOf } from "./task-candidates.ts";

/**
 * Reads an answer by a profile; what the profile leaves out is read tolerantly, but no answer is judged by ids that it does
 * not name. Of a list of tasks only the own one is read.
 */
export function parseByProfile(whole: JsonObject, given: TaskContext, profile: Profile): ParsedTask {
  const read = profile.read ?? {};
  const answer = ownPartOf(whole, given.taskIds, read.id ?? []);
  const context = read.progress_max === undefined ? given : { ...given, progressMax: read.progress_max };
  const tolerant = parseTask(answer, context);
  const ids = createIds(answer, tolerant, context, profile);
  const named = idsAt(answer, read.id ?? []);
  const isNamed = named.some((id) => (context.taskIds ?? ids).includes(id));
  const said = statusIn(answer, tolerant, profile);
  return {
    ids,
    isForeign: named.length > 0 && !isNamed,
    namesTask: isNamed,
    ...statusAndResult(answer, said, context, { profile, ids }),
    word: said.word && redactText(said.word, context.secrets),
    members: tolerant.members.length > 0 ? tolerant.members : memberNames(answer, context.secrets),
    progress:
      read.progress === undefined
        ? tolerant.progress
        : progressOf(valuesAt(answer, read.progress)[0], read.progress_max),
    errorMessage:
      read.error === undefined
        ? tolerant.errorMessage
        : explanation(
            read.error.flatMap((pointer) => valuesAt(answer, pointer)),
            context.secrets,
          ),
  };
}

/** The answer with the task's own item alone in each list whose items `read.id` names. */
function ownPartOf(
  answer: JsonObject,
  taskIds: readonly string[] | null,
  pointers: readonly string[],
): JsonObject {
  const isOwn = (found: JsonValue): boolean => taskIds?.includes(idOf(found) ?? "") === true;
  const part = pointers.reduce<JsonValue>((from, pointer) => onlyItemOf(from, pointer, isOwn), answer);
  return isJsonObject(part) ? part : answer;
}

/** Whether a task with this id can be polled. */
export function isPollable({ poll }: Profile, id: string): boolean {
  return fillId(poll.path, id, poll) !== null;
}

/** Every id at the pointers, in their order. */
export function idsAt(answer: JsonObject, pointers: readonly string[]): string[] {
  const ids = pointers.flatMap((pointer) => valuesAt(answer, pointer)).map(idOf);
  return [...new Set(ids.filter((id) => id !== null))];
}

function createIds(
  answer: JsonObject,
  tolerant: ParsedTask,
  { secrets }: TaskContext,
  profile: Profile,
): string[] {
  const { id: pointers } = profile.create;
  const ids = pointers === undefined ? tolerant.ids : idsAt(answer, pointers);
  return ids.filter((id) => isUsableId(id, secrets) && isPollable(profile, id)).slice(0, MAX_IDS);
}

type SaidStatus = Pick<ParsedTask, "word" | "status" | "isAmbiguous">;

/** Of several words the first that is known counts. */
function statusIn(answer: JsonObject, tolerant: ParsedTask, profile: Profile): SaidStatus {
  const pointers = profile.read?.status;
  const words =
    pointers === undefined
      ? [tolerant.word]
      : pointers.flatMap((pointer) => valuesAt(answer, pointer)).map(wordOf);
  const said = words.filter((word) => word !== null).map((word) => meaningOf(word, profile));
  return said.find(({ status }) => status !== null) ?? said[0] ?? NO_WORD;
}

/** What the word, the rules of failure and the result mean together. */
function statusAndResult(
  answer: JsonObject,
  said: SaidStatus,
  context: TaskContext,
  by: { profile: Profile; ids: readonly string[] },
): Pick<ParsedTask, "status" | "isAmbiguous" | "result"> {
  const { failed_if: rules = [], status, urls } = by.profile.read ?? {};
  if (rules.some((rule) => holds(answer, rule)))
    return { status: "failed", isAmbiguous: false, result: null };
  // Where both places are named, a result without any word is a success.
  const isUnsaid = said.word === null && status !== undefined && urls !== undefined;
  const result = isUnsaid || said.status === "succeeded" ? resultAt(answer, context, by) : null;
  const isShown = isUnsaid && result !== null;
  return { status: isShown ? "succeeded" : said.status, isAmbiguous: said.isAmbiguous, result };
}

const NO_WORD: SaidStatus = { word: null, status: null, isAmbiguous: false };

/** True and false are words; nothing, an object and a list are none. */
function wordOf(value: JsonValue): string | null {
  if (typeof value === "string") return value;
  return typeof value === "boolean" || numberOf(value) !== undefined ? JSON.stringify(value) : null;
}

/** The profile's own lists count first; one that it leaves out is that of `aio`. */
function meaningOf(word: string, profile: Profile): SaidStatus {
  const lists: NonNullable<ProfileRead["words"]> = profile.read?.words ?? {};
  const own = TASK_STATUSES.find((status) => isOneOf(word, lists[status]));
  if (own !== undefined) return { word, status: own, isAmbiguous: false };
  const common: TaskStatus | null = saysNotFound(word, profile) ? null : statusOfWord(word);
  return common === null || lists[common] !== undefined
    ? { word, status: null, isAmbiguous: false }
    : { word, status: common, isAmbiguous: isAmbiguousFailure(word) };
}

/** Whether the word means that there is no such task. */
export function saysNotFound(word: string | null, { not_found: notFound }: Profile): boolean {
  return word !== null && isOneOf(word, notFound?.words);
}

function isOneOf(word: string, list: readonly string[] = []): boolean {
  return list.some((one) => normalWord(one) === normalWord(word));
}

type FailedIf = NonNullable<ProfileRead["failed_if"]>[number];

/** Without `is`, any value but null, false and an empty one. */
function holds(answer: JsonObject, { at, is, unless }: FailedIf): boolean {
  if (unless !== undefined && valuesAt(answer, unless).some(isSomething)) return false;
  return valuesAt(answer, at).some((value) =>
    is === undefined ? isSomething(value) : (numberOf(value) ?? value) === is,
  );
}

function isSomething(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isJsonObject(value)) return Object.keys(value).length > 0;
  return value !== null && value !== false && value !== "";
}

function resultAt(
  answer: JsonObject,
  context: TaskContext,
  { profile, ids }: { profile: Profile; ids: readonly string[] },
): ResultUrl | null {
  const { urls, needs_key: needsKey = false } = profile.read ?? {};
  const taskIds = context.taskIds ?? ids;
  const rules = { ...context, taskIds };
  const texts = urls?.flatMap((place) =>
    isResultPath(place)
      ? resultPath(place, context, { profile, id: taskIds[0] })
      : valuesAt(answer, place).filter((value) => typeof value === "string"),
  );
  const results = texts?.map((text) => resultUrl(text, rules)) ?? [resultIn(answer, context, taskIds)];
  const result = results.find((one) => one !== null) ?? null;
  return result && { ...result, needsKey: result.needsKey || needsKey };
}

/** Below `base_url`, made with the id that the polls carry; none without one. */
function resultPath(
  place: string,
  { baseUrl }: TaskContext,
  { profile, id }: { profile: Profile; id: string | undefined },
): string[] {
  const path = id === undefined ? null : fillId(place, id, profile.poll);
  return path === null ? [] : [`${baseUrl}${path}`];
}
