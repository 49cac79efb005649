import type { ListedTask, TaskStatus } from "./task.ts";

/** Of the tasks of a list: all that are given must hold. */
export interface ListFilters {
  /** One of these. */
  status?: TaskStatus | readonly TaskStatus[];
  /** That of the task's own callback, one of these; `none`: it has none. With `endpoint`: of the terminal event there. */
  callbackStatus?: CallbackFilter | readonly CallbackFilter[];
  /** Of the task's own callback, with its port unless that is 443. */
  callbackHost?: string;
  /** The id of a registered endpoint that the task's events go to. */
  endpoint?: string;
  model?: string;
  upstreamName?: string;
  test?: boolean;
  /** Created then or later; a string is ISO 8601, UTC without a zone. */
  createdAfter?: Date | string;
  /** Created earlier than that. */
  createdBefore?: Date | string;
  upstreamTaskId?: string;
  /** Up to three members at the top of the metadata. */
  metadata?: Readonly<Record<string, string | number | boolean>>;
}

type CallbackFilter = NonNullable<ListedTask["callback"]>["status"] | "none";

/** The query's parameters that stand for the filters. */
export function filterQuery(filters: ListFilters): Record<string, string | undefined> {
  const {
    status,
    callbackStatus,
    callbackHost,
    endpoint,
    model,
    upstreamName,
    test,
    upstreamTaskId,
    metadata = {},
  } = filters;
  const members = Object.entries(metadata).map(([name, value]) => [`metadata.${name}`, String(value)]);
  return {
    status: status && [status].flat().join(),
    callback_status: callbackStatus && [callbackStatus].flat().join(),
    callback_host: callbackHost,
    endpoint,
    model,
    upstream_name: upstreamName,
    test: test === undefined ? undefined : String(test),
    created_after: timeOf(filters.createdAfter),
    created_before: timeOf(filters.createdBefore),
    upstream_task_id: upstreamTaskId,
    ...(Object.fromEntries(members) as Record<string, string>),
  };
}

function timeOf(time: Date | string | undefined): string | undefined {
  return typeof time === "object" ? time.toISOString() : time;
}
