import { issue, type Issue } from "../../contract/problems.ts";
import { DEFAULT_EVENTS } from "../../contract/words.ts";
import type { CallbackRequest, TestPlan } from "../../domain/task/task.ts";
import { coerceBoolean, objectish } from "../body/fields.ts";
import type { RequestObject, RequestValue } from "../body/json-body.ts";
import type { CreateRules } from "./asked-create.ts";
import { judgeCallback, sentHeaders } from "./callback-issues.ts";
import type { OwnFields } from "./video-schema.ts";

/** Ringback's own fields of a create: what the schema cannot judge alone, and what they ask of the task. */
export interface OwnRequest {
  /** JSON text of an object. */
  metadata: string | null;
  test: TestPlan | null;
  /** Null: the deployment's default. */
  timeoutMs: number | null;
  repeatServerErrors: boolean;
  callback: CallbackRequest | null;
  /** Whether its events go to the account's registered endpoints. */
  endpoints: boolean;
  /** Whether Ringback is to keep a copy of the result; null: as the deployment has it. */
  keepResult: boolean | null;
}

/** By the policies, and by what the deployment offers. The fields are as they came. */
export function judgeOwn(
  fields: RequestObject,
  { rules, keeps }: CreateRules,
): { callbackUrl: string | null; issues: Issue[] } {
  const { endpoint, issues } = judgeCallback(fields, rules);
  const wantsCopy = coerceBoolean(fields["keep_result"]) === true;
  return {
    callbackUrl: endpoint?.ok ? endpoint.url : null,
    issues: [...(wantsCopy && !keeps ? [issue("keep_result", "nothing_kept")] : []), ...issues],
  };
}

/** What good fields ask for; `callbackUrl` as it was judged. */
export function ownRequest(fields: OwnFields, callbackUrl: string | null): OwnRequest {
  const { test, timeout_seconds: timeoutSeconds } = fields;
  return {
    metadata: fields.metadata ?? null,
    test: test ? { outcome: test.outcome, delayMs: test.delay_seconds * 1000 } : null,
    timeoutMs: timeoutSeconds === undefined ? null : timeoutSeconds * 1000,
    repeatServerErrors: fields.retry_ambiguous_submit ?? false,
    endpoints: fields.endpoints ?? !test,
    keepResult: fields.keep_result ?? null,
    callback: callbackUrl === null ? null : callbackTo(callbackUrl, fields),
  };
}

function callbackTo(url: string, fields: OwnFields): CallbackRequest {
  return {
    url,
    events: fields.callback_events ?? [...DEFAULT_EVENTS],
    format: fields.callback_format ?? "standard",
    headers: sentHeaders(fields.callback_headers ?? {}),
  };
}

/** A coerced field as it counts for an idempotency key. `given`: as it came. */
export function meaningOf(
  [name, value]: readonly [name: string, value: RequestValue],
  given: RequestValue | undefined,
  callbackUrl: string | null,
): [name: string, value: RequestValue] {
  if (name === "callback_url" && callbackUrl !== null) return [name, callbackUrl];
  // As an object: the coerced one is JSON text, in which the order of members and white space would count.
  return name === "metadata" ? [name, (objectish(given) ?? null) as RequestValue] : [name, value];
}
