import { isJsonObject, own, type JsonValue } from "../domain/json.ts";

/** The objects of an answer that may be the task's own. Source: the contract's rules of the reader, rule 1. */

export type JsonObject = { [key: string]: JsonValue };

export interface AnswerPart {
  object: JsonObject;
  /** The part around it; null for the answer itself. */
  parent: AnswerPart | null;
  depth: number;
  /** The member in which it stands; null for the answer itself. */
  member: (typeof NESTINGS)[number] | null;
  /** Stands somewhere below the answer's own `data`. */
  insideData: boolean;
  /** Stands in a list, or in something that does. */
  insideList: boolean;
  /** Every id that it names (`task_id` first), and below `data` those of the parts around it. */
  ids: readonly string[];
}

const NESTINGS = ["data", "result", "output", "task"] as const;
/** No honest answer nests deeper. */
const MAX_DEPTH = 6;

const STATUS_MEMBERS = ["status", "task_status", "state", "TaskStatus"] as const;
const ID_MEMBERS = ["task_id", "id"] as const;

/** What Go and JavaScript programs write where they have no id. */
const ZERO_IDS = new Set(["", "0", "null"]);

/** The answer, and each object or list's first object below `data`, `result`, `output` or `task`; outer parts first. */
export function partsOf(answer: JsonObject): AnswerPart[] {
  const parts: AnswerPart[] = [];
  collectParts(parts, answer, {
    parent: null,
    depth: 0,
    member: null,
    insideData: false,
    insideList: false,
    belowData: false,
  });
  return parts;
}

function collectParts(
  parts: AnswerPart[],
  object: JsonObject,
  at: Omit<AnswerPart, "object" | "ids"> & { belowData: boolean },
): void {
  const { belowData, ...place } = at;
  const named = idsIn(object);
  const ids = belowData && place.parent ? [...new Set([...named, ...place.parent.ids])] : named;
  const part: AnswerPart = { object, ...place, ids };
  parts.push(part);
  if (part.depth === MAX_DEPTH) return;
  for (const name of NESTINGS) {
    const value = own(object, name);
    const inner = Array.isArray(value) ? value.find(isJsonObject) : value;
    if (!isJsonObject(inner)) continue;
    collectParts(parts, inner, {
      parent: part,
      depth: part.depth + 1,
      member: name,
      insideData: part.insideData || (part.parent === null && name === "data"),
      insideList: part.insideList || Array.isArray(value),
      belowData: belowData || name === "data",
    });
  }
}

/** The task's own part, as rule 1 finds it; null: the answer says nothing of the task. */
export function ownPart(parts: readonly AnswerPart[], taskIds: readonly string[]): AnswerPart | null {
  const named = parts.filter((part) => namesOneOf(part, taskIds));
  const answer = parts[0]?.object ?? {};
  return (
    innermost(named.filter(({ object }) => hasStatus(object))) ??
    innermost(named) ??
    (own(answer, "data") === undefined
      ? innermost(parts.filter((part) => hasStatus(part.object) && !part.insideList))
      : innermost(parts.filter((part) => hasStatus(part.object) && part.insideData)))
  );
}

export function namesOneOf({ ids }: AnswerPart, taskIds: readonly string[]): boolean {
  return ids.some((id) => taskIds.includes(id));
}

/** The part and those around it, from the inside out. */
export function outwards(part: AnswerPart): AnswerPart[] {
  return part.parent === null ? [part] : [part, ...outwards(part.parent)];
}

/** The values of the status members, the more exact names first: beside one of those `status` may be an envelope's. */
export function statusValues(object: JsonObject): JsonValue[] {
  return (["task_status", "TaskStatus", "status", "state"] as const)
    .map((name) => own(object, name))
    .filter((value) => value !== undefined);
}

/** Every task id that the answer names, in order of trust: `task_id` before `id`, which may be the request's. */
export function idsOf(parts: readonly AnswerPart[]): string[] {
  const innerFirst = parts.toSorted((a, b) => b.depth - a.depth);
  return [
    ...new Set([
      ...[...parts.slice(0, 1), ...innerFirst].flatMap(({ object }) => taskIdIn(object) ?? []),
      ...innerFirst.flatMap(({ object }) => idIn(object, "id") ?? []),
    ]),
  ];
}

/**
 * Whether the answer speaks of a task by its id. A bare `id` below `result` or `output` may be a file's, and only tells
 * the task if it is one of the task's.
 */
export function namesATask(parts: readonly AnswerPart[]): boolean {
  return parts.some(({ object, member }) => {
    const mayBeAFile = member === "result" || member === "output";
    return taskIdIn(object) !== null || (!mayBeAFile && idIn(object, "id") !== null);
  });
}

export function taskIdIn(object: JsonObject): string | null {
  return idIn(object, "task_id");
}

export function idsIn(object: JsonObject): string[] {
  return ID_MEMBERS.flatMap((name) => idIn(object, name) ?? []);
}

export function hasStatus(object: JsonObject): boolean {
  return STATUS_MEMBERS.some((name) => own(object, name) !== undefined);
}

/** A string, or an integer with all its digits. */
function idIn(object: JsonObject, name: (typeof ID_MEMBERS)[number]): string | null {
  const value = own(object, name);
  const text = typeof value === "string" ? value : integerText(value);
  return text === null || ZERO_IDS.has(text.toLowerCase()) ? null : text;
}

function integerText(value: JsonValue | undefined): string | null {
  const text = JSON.isRawJSON(value) ? value.rawJSON : typeof value === "number" ? String(value) : "";
  return /^-?\d+$/.test(text) ? text : null;
}

function innermost(parts: readonly AnswerPart[]): AnswerPart | null {
  return parts.reduce<AnswerPart | null>(
    (best, part) => (best === null || part.depth > best.depth ? part : best),
    null,
  );
}
