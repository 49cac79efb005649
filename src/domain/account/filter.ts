import type { CallbackFilter, TaskStatus } from "../../contract/words.ts";
import {
  canonicalNumber,
  isJsonObject,
  own,
  parseJson,
  type JsonObject,
  type JsonValue,
} from "../text/json.ts";
import type { TaskSummary } from "./summary.ts";

/** Which of an account's tasks are meant: all that is not null must hold. Instants are epoch milliseconds. */
export interface TaskFilter {
  /** One of these. */
  statuses: readonly TaskStatus[] | null;
  /** Of the task's own callback, one of these; `none`: it has none. With `endpoint`: of the terminal event there. */
  callbackStatuses: readonly CallbackFilter[] | null;
  /** Of the task's own callback, as `receiverHost` has it. */
  callbackHost: string | null;
  /** The id of a registered endpoint that the task took along. */
  endpoint: string | null;
  model: string | null;
  upstreamName: string | null;
  test: boolean | null;
  /** Then or later. */
  createdAfter: number | null;
  /** Earlier than that. */
  createdBefore: number | null;
  upstreamTaskId: string | null;
  metadata: readonly MetadataFilter[];
}

/** A top-level scalar of the metadata: a string by its characters, a number or a boolean as in JSON. */
interface MetadataFilter {
  name: string;
  value: string;
}

export const EVERY_TASK: TaskFilter = {
  statuses: null,
  callbackStatuses: null,
  callbackHost: null,
  endpoint: null,
  model: null,
  upstreamName: null,
  test: null,
  createdAfter: null,
  createdBefore: null,
  upstreamTaskId: null,
  metadata: [],
};

/** One page of an account's tasks, newest first. */
export interface ListPage {
  filter: TaskFilter;
  limit: number;
  /** The last key of the page before; null: from the newest on. */
  before: string | null;
}

export function matchesFilter(task: TaskSummary, filter: TaskFilter): boolean {
  const { statuses, callbackStatuses, createdAfter, createdBefore } = filter;
  return (
    isOneOf(statuses, task.status) &&
    hasEndpoint(task, filter.endpoint) &&
    isOneOf(callbackStatuses, callbackStatusOf(task, filter.endpoint)) &&
    isAsked(filter.callbackHost, task.callbackHost) &&
    isAsked(filter.model, task.model) &&
    isAsked(filter.upstreamName, task.upstreamName) &&
    isAsked(filter.test, task.test) &&
    (createdAfter === null || createdAfter <= task.createdAt) &&
    (createdBefore === null || task.createdAt < createdBefore) &&
    isAsked(filter.upstreamTaskId, task.upstreamTaskId) &&
    matchesMetadata(task.metadata, filter.metadata)
  );
}

function hasEndpoint({ endpoints }: TaskSummary, asked: string | null): boolean {
  return asked === null || endpoints.some(({ id }) => id === asked);
}

/** That of the task's own callback, or, at an endpoint, that of its terminal event. */
function callbackStatusOf({ delivery, endpoints }: TaskSummary, endpoint: string | null): CallbackFilter {
  if (endpoint === null) return delivery ?? "none";
  return endpoints.find(({ id }) => id === endpoint)?.terminalDelivery ?? "waiting";
}

function isOneOf<T>(asked: readonly T[] | null, is: T): boolean {
  return asked === null || asked.includes(is);
}

function isAsked<T>(asked: T | null, is: T | null): boolean {
  return asked === null || asked === is;
}

function matchesMetadata(metadata: string | null, asked: readonly MetadataFilter[]): boolean {
  if (asked.length === 0) return true;
  // Most texts need no parser: Ringback wrote them, so a name is spelled in one way.
  if (metadata === null || !asked.every(({ name }) => metadata.includes(JSON.stringify(name)))) return false;
  const members = JSON.parse(metadata) as JsonObject;
  return asked.every((filter) => isSpelled(metadata, own(members, filter.name), filter));
}

function isSpelled(
  metadata: string,
  member: JsonValue | undefined,
  { name, value }: MetadataFilter,
): boolean {
  switch (typeof member) {
    case "string":
      return member === value;
    case "boolean":
      return String(member) === value;
    case "number":
      return (
        JSON_NUMBER.test(value) && member === Number(value) && isSameNumber(digitsOf(metadata, name), value)
      );
    default:
      return false;
  }
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** As the caller wrote it: a double may hold fewer digits. Ten times as slow as a plain parser. */
function digitsOf(metadata: string, name: string): string {
  const members = parseJson(metadata);
  return isJsonObject(members) ? JSON.stringify(own(members, name)) : "";
}

/** `5` is `5.0`, and digits beyond a double's count. */
function isSameNumber(one: string, other: string): boolean {
  return canonicalNumber(one) === canonicalNumber(other);
}
