import type { Context } from "hono";
import type * as z from "zod/mini";
import { issue, type Issue } from "../../../contract/problems.ts";
import type { Receiver } from "../../../domain/delivery/delivery.ts";
import type { AppEnv } from "../../app-env.ts";
import type { RequestObject } from "../../body/json-body.ts";
import { headerEntries, headersWithoutUrl, judgeCallback } from "../../create/callback-issues.ts";
import { invalidRequest } from "../../errors.ts";
import { endpointRules } from "../../guards.ts";
import { deduplicated, issuesOf } from "../../issue.ts";

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
  const parsed = schema.safeParse(fields);
  const { endpoint, issues: callbackIssues } = judgeCallback(fields, endpointRules(context));
  const all = deduplicated([
    ...issues,
    ...empty.map((name) => issue(name, "empty")),
    ...(parsed.success ? headersWithoutUrl(parsed.data) : issuesOf(parsed.error)),
    ...callbackIssues,
  ]);
  if (!parsed.success || all.length > 0) throw invalidRequest(all);
  const headers = headerEntries(parsed.data.callback_headers ?? {}) as [string, string][];
  return { asked: parsed.data, receiver: endpoint?.ok ? { url: endpoint.url, headers } : null };
}
