import { RETRY_AFTER_SECONDS, RETRYABLE, STATUS } from "../http/error-codes.ts";

/** Every error code in words: what it means and what to do about it. */

type UpstreamCode =
  | "upstream_unauthorized"
  | "upstream_payment_required"
  | "upstream_forbidden"
  | "upstream_not_found"
  | "upstream_rejected";

export type ErrorCode = keyof typeof STATUS | UpstreamCode;

export const ERROR_MEANINGS: Record<ErrorCode, string> = {
  invalid_request: "The request breaks a rule; `issues` names all of them.",
  unauthorized: "The key or token is missing or not known.",
  not_found: "There is no such path, or no message of that id.",
  task_not_found: "There is no such task, or it is another account's.",
  method_not_allowed: "The path does not take this method; `Allow` says which it takes.",
  request_timeout: "The body did not arrive in time.",
  idempotency_deleted: "The task of this `Idempotency-Key` was deleted.",
  idempotency_in_progress: "The first request with this `Idempotency-Key` is being submitted.",
  idempotency_mismatch: "This `Idempotency-Key` was used with another request.",
  nothing_to_deliver: "The task has no event to deliver yet.",
  too_many_redeliveries: "The task was redelivered 1,000 times, which is its limit.",
  too_many_secrets: "Three previous secrets still sign; wait until one has expired.",
  payload_too_large: "The body is larger than this deployment takes.",
  unsupported_media_type: "The body is neither JSON nor a form, or it has a content encoding.",
  rate_limited: "Too many requests.",
  internal: "Something went wrong on Ringback's side; nothing is told but the request id.",
  upstream_error: "The upstream did not answer a question that this call depends on.",
  misconfigured: "A setting of this deployment is missing or does not parse; the message names it.",
  overloaded: "Ringback cannot take this now; nothing was submitted.",
  loop_detected: "The request was sent by a Ringback itself, as a callback or upstream.",
  upstream_unauthorized: "The upstream refuses the key.",
  upstream_payment_required: "The upstream asks for payment.",
  upstream_forbidden: "The upstream forbids this: check balance, quota and the model's permission.",
  upstream_not_found: "The upstream does not know the model or the path.",
  upstream_rejected: "The upstream rejected the request, with the status that it gave.",
};

/** The status of a refusal by the upstream, where its own key was used; with the operator's key the first three are 502. */
const UPSTREAM_STATUS: Record<UpstreamCode, string> = {
  upstream_unauthorized: "401",
  upstream_payment_required: "402",
  upstream_forbidden: "403",
  upstream_not_found: "404",
  upstream_rejected: "4XX",
};

export function statusOf(code: ErrorCode): string {
  return code in UPSTREAM_STATUS
    ? UPSTREAM_STATUS[code as UpstreamCode]
    : String(STATUS[code as keyof typeof STATUS]);
}

export const ERROR_CODES = Object.keys(ERROR_MEANINGS) as ErrorCode[];

/** The reference's table of errors, in Markdown, by status. */
export function errorTable(): string {
  const rows = ERROR_CODES.toSorted((a, b) => statusOf(a).localeCompare(statusOf(b))).map((code) => {
    const retryAfter = RETRY_AFTER_SECONDS[code];
    const again = RETRYABLE.has(code) ? (retryAfter === undefined ? "yes" : `after ${retryAfter} s`) : "";
    return `| ${statusOf(code)} | \`${code}\` | ${ERROR_MEANINGS[code]} | ${again} |`;
  });
  return ["| status | code | meaning | again |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
