import * as z from "zod/mini";
import { issue, says, type Issue } from "../../contract/problems.ts";
import { CALLBACK_FILTERS, TASK_STATUSES } from "../../contract/words.ts";
import type { ListPage, TaskFilter } from "../../domain/account/filter.ts";
import { receiverHost } from "../../domain/delivery/endpoint-policy.ts";
import { instantOf } from "../../domain/text/time.ts";
import {
  coerceBoolean,
  commaSeparated,
  field,
  fieldOr,
  integer,
  numeric,
  prepared,
  present,
  string,
} from "../body/fields.ts";
import { MODEL_MAX } from "../create/video-schema.ts";
import { deduplicated, issuesOf } from "../issue.ts";
import { openCursor, parameterIssues, pathOfParameter } from "../query.ts";

const LIMIT_MAX = 100;
const LIMIT = 20;
/** A key of the account's index: where the page before ended. */
const KEY = /^\d{15} [a-z2-7]{26}$/;
const UPSTREAM_ID_MAX = 256;
const METADATA = /^metadata\..+$/s;
const METADATA_FILTERS_MAX = 3;

/**
 * The query of `GET /v1/videos`, `metadata.…` aside. A filter without a value would be a list of every task: it is
 * refused.
 */
export const LIST_QUERY = z.object({
  status: someOf(TASK_STATUSES),
  callback_status: someOf(CALLBACK_FILTERS),
  callback_host: filter(
    hostOf,
    string(says("not_host")).check(z.meta({ description: "A host, with its port unless that is 443." })),
  ),
  endpoint: filter((value) => value, endpointId()),
  model: text(MODEL_MAX),
  upstream_name: filter(
    (value) => value,
    string().check(z.regex(/^[a-z][a-z0-9-]{0,30}$/, says("not_upstream_name"))),
  ),
  test: filter(coerceBoolean, z.boolean(says("not_boolean"))),
  created_after: instant(),
  created_before: instant(),
  upstream_task_id: text(UPSTREAM_ID_MAX),
  limit: fieldOr(numeric, integer(1, LIMIT_MAX), LIMIT),
  cursor: field(
    (value) => (typeof value === "string" && value !== "" ? openCursor(value) : present(value)),
    z.string().check(z.regex(KEY, says("not_cursor"))),
  ),
});

const NAMES = Object.keys(LIST_QUERY.shape);

export function isListParameter(name: string): boolean {
  return NAMES.includes(name) || METADATA.test(name);
}

/** The page that a query asks for, or all that is wrong with it. */
export function readListQuery(
  query: URLSearchParams,
): { ok: true; page: ListPage } | { ok: false; issues: Issue[] } {
  const metadata = [...query].filter(([name]) => METADATA.test(name));
  const excess = metadata
    .slice(METADATA_FILTERS_MAX)
    .map(([name]) =>
      issue(pathOfParameter(name), "too_many_metadata_filters", { max: METADATA_FILTERS_MAX }),
    );
  const result = LIST_QUERY.safeParse(Object.fromEntries(query));
  const valueIssues = result.success ? [] : issuesOf(result.error);
  const issues = deduplicated([...parameterIssues(query, isListParameter), ...excess, ...valueIssues]);
  if (!result.success || issues.length > 0) return { ok: false, issues };
  const { limit, cursor = null, ...asked } = result.data;
  const filters: TaskFilter = {
    statuses: asked.status ?? null,
    callbackStatuses: asked.callback_status ?? null,
    callbackHost: asked.callback_host ?? null,
    endpoint: asked.endpoint ?? null,
    model: asked.model ?? null,
    upstreamName: asked.upstream_name ?? null,
    test: asked.test ?? null,
    createdAfter: asked.created_after ?? null,
    createdBefore: asked.created_before ?? null,
    upstreamTaskId: asked.upstream_task_id ?? null,
    metadata: metadata.map(([name, value]) => ({ name: name.slice("metadata.".length), value })),
  };
  return { ok: true, page: { filter: filters, limit, before: cursor } };
}

/** One that is unknown finds nothing. */
export function endpointId() {
  return string(says("not_endpoint_id")).check(z.regex(/^ep_[a-z2-7]{26}$/, says("not_endpoint_id")));
}

/** Absent, or of that type: an empty value is none. */
function filter<T extends z.ZodMiniType>(prepare: (value: unknown) => unknown, type: T) {
  return z.optional(prepared(prepare, type));
}

function someOf<const Word extends string>(words: readonly Word[]) {
  return filter(
    commaSeparated,
    z
      .custom<readonly Word[]>(
        (value) =>
          Array.isArray(value) && value.length > 0 && value.every((one) => words.includes(one as Word)),
        says("not_some_of", { values: words }),
      )
      .check(z.meta({ type: "array", items: { type: "string", enum: [...words] }, minItems: 1 })),
  );
}

function text(max: number) {
  return filter(
    (value) => value,
    string().check(z.minLength(1, says("empty")), z.maxLength(max, says("text_too_long", { max }))),
  );
}

function instant() {
  return filter(
    (value) => (typeof value === "string" ? instantOf(value) : null),
    z.number(says("not_instant")).check(z.meta({ type: "string", format: "date-time" })),
  );
}

/** As the account knows it; null: no host. */
export function hostOf(value: unknown): unknown {
  const isBare = typeof value === "string" && /^[^/\\?#@\s]+$/.test(value);
  const url = isBare ? URL.parse(`https://${value}`) : null;
  return url && receiverHost(url.href);
}
