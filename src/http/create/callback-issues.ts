import { issueAt, type Issue } from "../../contract/problems.ts";
import { headerProblems } from "../../domain/delivery/callback-headers.ts";
import {
  judgeEndpoint,
  type EndpointRules,
  type EndpointVerdict,
} from "../../domain/delivery/endpoint-policy.ts";
import { objectish, textOf } from "../body/fields.ts";
import { RawText, type RequestObject } from "../body/json-body.ts";

/** What a call names a receiver's URL and headers. */
export const CALLBACK_NAMES = { url: "callback_url", headers: "callback_headers" };

/**
 * The policies' problems with a receiver's URL and headers. The fields may be as they came: this reads them as the
 * schema does, because a policy must judge what Ringback sends.
 */
export function judgeCallback(
  fields: object,
  rules: EndpointRules,
  names = CALLBACK_NAMES,
): { endpoint: EndpointVerdict | null; issues: Issue[] } {
  const given = fields as Readonly<Record<string, unknown>>;
  const url = textOf(given[names.url]);
  const endpoint = typeof url === "string" ? judgeEndpoint(url, rules) : null;
  const urlIssues = endpoint && !endpoint.ok ? [issueAt(names.url, endpoint.problem)] : [];
  return {
    endpoint,
    issues: [...urlIssues, ...headerIssues(objectish(given[names.headers]), names.headers)],
  };
}

function headerIssues(value: unknown, field: string): Issue[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return headerProblems(headerEntries(value as RequestObject)).map(({ name, problem }) =>
    issueAt(name === null ? field : `${field}.${name.slice(0, 100)}`, problem),
  );
}

/** Headers that `judgeCallback` has no problem with, as a request carries them. */
export function sentHeaders(value: RequestObject): [string, string][] {
  return headerEntries(value) as [string, string][];
}

function headerEntries(value: RequestObject): [string, unknown][] {
  return Object.entries(value).map(([name, item]) => [name, item instanceof RawText ? item.toText() : item]);
}
