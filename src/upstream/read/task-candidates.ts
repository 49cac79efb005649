import { innerObject, own, type JsonObject, type JsonValue } from "../../domain/text/json.ts";

/** The objects of an answer that may be the task's own. Source: docs/decisions/upstream-answers.md, rule 1. */

export interface TaskCandidate {
  object: JsonObject;
  /** The candidate around it; null for the answer itself. */
  parent: TaskCandidate | null;
  depth: number;
  /** The member in which it stands; null for the answer itself. */
  member: (typeof NESTINGS)[number] | null;
  /** It stands somewhere below the answer's own `data` (rule 1, third step). */
  isUnderTopLevelData: boolean;
  /** It stands in a list, or in something that does. */
  isInList: boolean;
  /** It stands below any `data`, so it counts as naming its parent's ids. */
  inheritsIds: boolean;
  /** Every id that counts as named by it. */
  ids: readonly string[];
}

const NESTINGS = ["data", "result", "output", "task"] as const;

/** The more exact names first: beside one of those, `status` may be the envelope's. */
const STATUS_MEMBERS = ["task_status", "TaskStatus", "status", "state"] as const;
const ID_MEMBERS = ["task_id", "id"] as const;

/** The texts that Go and JavaScript programs write without an id. */
const ZERO_IDS = new Set(["", "0", "-0", "null"]);

/** The answer, and each object or list's first object below `data`, `result`, `output` or `task`; outer ones first. */
export function taskCandidates(answer: JsonObject): TaskCandidate[] {
  return withInner({
    object: answer,
    parent: null,
    depth: 0,
    member: null,
    isUnderTopLevelData: false,
    isInList: false,
    inheritsIds: false,
    ids: idsNamedBy(answer),
  });
}

function withInner(candidate: TaskCandidate): TaskCandidate[] {
  const inner = NESTINGS.flatMap((member) => {
    const object = innerObject(candidate.object, member);
    return object ? withInner(candidateIn(candidate, member, object)) : [];
  });
  return [candidate, ...inner];
}

function candidateIn(
  parent: TaskCandidate,
  member: (typeof NESTINGS)[number],
  object: JsonObject,
): TaskCandidate {
  const inheritsIds = parent.inheritsIds || member === "data";
  return {
    object,
    parent,
    depth: parent.depth + 1,
    member,
    isUnderTopLevelData: parent.isUnderTopLevelData || (parent.depth === 0 && member === "data"),
    isInList: parent.isInList || Array.isArray(parent.object[member]),
    inheritsIds,
    ids: [...new Set([...idsNamedBy(object), ...(inheritsIds ? parent.ids : [])])],
  };
}

/** The task's own object, as rule 1 finds it; null: the answer says nothing about the task. */
export function ownCandidate(
  candidates: readonly TaskCandidate[],
  taskIds: readonly string[],
): TaskCandidate | null {
  const named = candidates.filter((candidate) => namesOneOf(candidate, taskIds));
  const withStatus = candidates.filter(({ object }) => hasStatus(object));
  const [answer] = candidates;
  return (
    innermost(named.filter(({ object }) => hasStatus(object))) ??
    innermost(named) ??
    (answer !== undefined && own(answer.object, "data") === undefined
      ? innermost(withStatus.filter(({ isInList }) => !isInList))
      : innermost(withStatus.filter(({ isUnderTopLevelData }) => isUnderTopLevelData)))
  );
}

export function namesOneOf({ ids }: TaskCandidate, taskIds: readonly string[]): boolean {
  return ids.some((id) => taskIds.includes(id));
}

/** The candidate and those around it, from the inside out. */
export function outwards(candidate: TaskCandidate): TaskCandidate[] {
  return candidate.parent === null ? [candidate] : [candidate, ...outwards(candidate.parent)];
}

/** The values of an object's status members, the most trusted first. */
export function statusValues(object: JsonObject): JsonValue[] {
  return STATUS_MEMBERS.map((name) => own(object, name)).filter((value) => value !== undefined);
}

export function hasStatus(object: JsonObject): boolean {
  return STATUS_MEMBERS.some((name) => own(object, name) !== undefined);
}

/**
 * Every id in the answer, the best one for polls first: the top's `task_id`, those inside, then the bare `id`s from the
 * inside out, because an outer one may be the request's. Integers come after texts, because gateways number their rows,
 * and what stands below `result` or `output` comes last, because it may be a file's.
 */
export function allIds(candidates: readonly TaskCandidate[]): string[] {
  const innerFirst = candidates.toSorted((a, b) => b.depth - a.depth);
  const taskIds = [...candidates.slice(0, 1), ...innerFirst].map(({ object }) => taskIdIn(object));
  const bare = innerFirst
    .map((candidate) => ({
      id: idIn(candidate.object, "id"),
      doubt: (isBelowResult(candidate) ? 2 : 0) + (typeof candidate.object["id"] === "string" ? 0 : 1),
    }))
    .toSorted((a, b) => a.doubt - b.doubt);
  const all = [...taskIds, ...bare.map(({ id }) => id)].filter((id) => id !== null);
  return [...new Set(all)];
}

/**
 * Whether the answer names a task by its id. A bare `id` without a status below `result` or `output` is a file's: it
 * identifies a task only if Ringback knows it.
 */
export function namesAnyTask(candidates: readonly TaskCandidate[]): boolean {
  return candidates.some(({ object, member }) => {
    const isFile = (member === "result" || member === "output") && !hasStatus(object);
    return taskIdIn(object) !== null || (!isFile && idIn(object, "id") !== null);
  });
}

export function taskIdIn(object: JsonObject): string | null {
  return idIn(object, "task_id");
}

export function idsNamedBy(object: JsonObject): string[] {
  return ID_MEMBERS.flatMap((name) => idIn(object, name) ?? []);
}

function isBelowResult({ member, parent }: TaskCandidate): boolean {
  return member === "result" || member === "output" || (parent !== null && isBelowResult(parent));
}

function idIn(object: JsonObject, name: (typeof ID_MEMBERS)[number]): string | null {
  return idOf(own(object, name));
}

/** A string, or an integer with all its digits; null: it is no id. */
export function idOf(value: JsonValue | undefined): string | null {
  const text = typeof value === "string" ? value : integerText(value);
  return text === null || ZERO_IDS.has(text.toLowerCase()) ? null : text;
}

function integerText(value: JsonValue | undefined): string | null {
  const text = JSON.isRawJSON(value) ? value.rawJSON : typeof value === "number" ? String(value) : "";
  return /^-?\d+$/.test(text) ? text : null;
}

function innermost(candidates: readonly TaskCandidate[]): TaskCandidate | null {
  return candidates.reduce<TaskCandidate | null>(
    (best, candidate) => (best === null || candidate.depth > best.depth ? candidate : best),
    null,
  );
}
