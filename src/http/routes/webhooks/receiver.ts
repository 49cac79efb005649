import type { Context } from "hono";
import type * as z from "zod/mini";
import { issue, type Issue } from "../../../contract/problems.ts";
import type { Receiver } from "../../../domain/delivery/delivery.ts";
import type { AppEnv } from "../../app-env.ts";
import type { RequestObject } from "../../body/json-body.ts";
import { CALLBACK_NAMES, judgeCallback, sentHeaders } from "../../create/callback-issues.ts";
import { invalidRequest } from "../../errors.ts";
import { endpointRules } from "../../guards.ts";
import { deduplicated, issuesOf } from "../../issue.ts";

interface Given<Fields> {
  fields: object;
  /** Problems beside the fields. */
  issues?: readonly Issue[];
  /** What the call names its receiver's URL and headers. */
  names?: typeof CALLBACK_NAMES;
  /** What fields that are good one by one need beside each other. */
  combinationIssues?: (asked: Fields) => Issue[];
}

interface Judged<Fields> {
  asked: Fields;
  /** The receiver's, as the policies have judged them. */
  url: string | undefined;
  headers: Receiver["headers"] | undefined;
}

/**
 * The fields of a call that names a receiver, by their schema and by the policies.
 * @throws ApiError 400 with all that is wrong
 */
export function judgedFields<T extends z.ZodMiniType>(
  context: Context<AppEnv>,
  schema: T,
  { fields, issues = [], names = CALLBACK_NAMES, combinationIssues = () => [] }: Given<z.output<T>>,
): Judged<z.output<T>> {
  const parsed = schema.safeParse(fields);
  const receiver = judgeCallback(fields, endpointRules(context), names);
  const all = deduplicated([
    ...issues,
    ...(parsed.success ? combinationIssues(parsed.data) : issuesOf(parsed.error)),
    ...receiver.issues,
  ]);
  if (!parsed.success || all.length > 0) throw invalidRequest(all);
  const headers = (parsed.data as Record<string, RequestObject | undefined>)[names.headers];
  return {
    asked: parsed.data,
    url: receiver.endpoint?.ok ? receiver.endpoint.url : undefined,
    headers: headers && sentHeaders(headers),
  };
}

interface ReceiverFields {
  callback_url?: string | undefined;
  callback_headers?: RequestObject | undefined;
}

/**
 * What the fields of a call that delivers again ask for, and its own receiver; null: the stored ones. An empty string is a
 * script's empty variable: as an absent field it would send more than was meant, or to another receiver.
 * @throws ApiError 400 with all that is wrong
 */
export function readWithReceiver<T extends z.ZodMiniType<ReceiverFields>>(
  context: Context<AppEnv>,
  schema: T,
  fields: RequestObject,
  issues: readonly Issue[] = [],
): { asked: z.output<T>; receiver: Receiver | null } {
  const empty = Object.keys(fields).filter((name) => fields[name] === "");
  const {
    asked,
    url,
    headers = [],
  } = judgedFields(context, schema, {
    fields,
    issues: [...issues, ...empty.map((name) => issue(name, "empty"))],
    combinationIssues: headersWithoutUrl,
  });
  return { asked, receiver: url === undefined ? null : { url, headers } };
}

/** Headers alone: the stored receiver has its own. */
function headersWithoutUrl({ callback_url: url, callback_headers: headers }: ReceiverFields): Issue[] {
  const isAlone = headers !== undefined && url === undefined;
  return isAlone ? [issue("callback_url", "required_with", { field: "callback_headers" })] : [];
}
