/** Every error code of the public API with its one English sentence, and what its HTTP answer is. */

/** A definite no of the upstream: the answer of a create, or the end of a task that is submitted later. */
const REFUSALS = {
  upstream_unauthorized: "The upstream refused the API key.",
  upstream_payment_required: "The upstream asks for payment: check the account's balance.",
  upstream_forbidden:
    "The upstream forbids this: check the balance, the token group's quota and the model's permission.",
  upstream_not_found: "The upstream does not know this model or path: check the model id and the base URL.",
  upstream_rejected: "The upstream rejected the request.",
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** Why a task failed, unless the upstream said it in words of its own. */
export const TASK_ERRORS = {
  generation_failed: "The upstream reported that the generation failed.",
  timed_out: "The task did not finish before its deadline.",
  submit_unknown:
    "The upstream's answer to the submit is unknown. It may have accepted the request, so it was not sent again.",
  upstream_lost: "The upstream no longer knows this task.",
  result_missing: "The upstream reported success but gave no usable video URL.",
  ...REFUSALS,
} as const;

export type TaskErrorCode = keyof typeof TASK_ERRORS;

/** Where Ringback knows more than the code's own sentence says. */
export const TASK_NOTES = {
  never_submitted: "The upstream did not take the task before its deadline.",
  test_failed: "This test task was asked to fail.",
} as const;

/** Names a sentence of Ringback's own about a task. */
export type TaskSentence = TaskErrorCode | keyof typeof TASK_NOTES;

/** Which of Ringback's own sentences a failed task's message is; null: it is in the upstream's words. */
export function taskSentence(message: string): TaskSentence | null {
  const own = Object.entries({ ...TASK_ERRORS, ...TASK_NOTES }).find(([, sentence]) => sentence === message);
  return own === undefined ? null : (own[0] as TaskSentence);
}

interface ApiErrorWords {
  /** `4XX`: the upstream's own. */
  status: number | "4XX";
  message: string;
  /** The same request may succeed later. */
  retryable?: true;
  /** Seconds after which a repeat makes sense, for the codes that always say so. */
  retryAfterSeconds?: number;
}

/** What an HTTP answer refuses with. A thrower that knows more says it in a message of its own. */
export const API_ERRORS = {
  invalid_request: { status: 400, message: "The request breaks a rule: its issues name all of them." },
  unauthorized: { status: 401, message: "A valid API key is required: Authorization: Bearer …" },
  forbidden: {
    status: 403,
    message: "This call, or this part of it, is not open to the token it came with.",
  },
  not_found: { status: 404, message: "No such path, or nothing with this id." },
  task_not_found: { status: 404, message: "No such task." },
  method_not_allowed: {
    status: 405,
    message: "The path does not take this method: Allow names those that it takes.",
  },
  request_timeout: { status: 408, message: "The request body did not arrive in time.", retryable: true },
  idempotency_deleted: { status: 409, message: "The task of this Idempotency-Key was deleted." },
  idempotency_in_progress: {
    status: 409,
    message: "The first request with this Idempotency-Key is being submitted.",
    retryable: true,
    retryAfterSeconds: 1,
  },
  recovery_running: {
    status: 409,
    message: "A recovery of this account is running; wait for its end, or cancel it.",
  },
  nothing_to_deliver: { status: 409, message: "This task has no event to deliver." },
  too_many_endpoints: { status: 409, message: "This account has 10 endpoints: delete one first." },
  too_many_redeliveries: {
    status: 409,
    message: "This task has reached its limit of 1,000 redeliveries.",
  },
  too_many_secrets: {
    status: 409,
    message: "Three previous secrets still sign; wait until one has expired.",
  },
  payload_too_large: { status: 413, message: "The request body is larger than this deployment takes." },
  unsupported_media_type: {
    status: 415,
    message:
      "Send the request as application/json, application/x-www-form-urlencoded or multipart/form-data, without a content encoding.",
  },
  range_not_satisfiable: { status: 416, message: "The file has none of the bytes that were asked for." },
  idempotency_mismatch: { status: 422, message: "This Idempotency-Key was used with another request." },
  rate_limited: {
    status: 429,
    message: "Too many requests; try again in a minute.",
    retryable: true,
    retryAfterSeconds: 60,
  },
  internal: { status: 500, message: "Ringback failed." },
  upstream_error: {
    status: 502,
    message: "The upstream did not answer a question that this call depends on.",
    retryable: true,
  },
  misconfigured: {
    status: 503,
    message: "This deployment's settings are incomplete.",
    retryable: true,
    retryAfterSeconds: 60,
  },
  overloaded: {
    status: 503,
    message: "Ringback is overloaded; try again in a moment.",
    retryable: true,
    retryAfterSeconds: 1,
  },
  loop_detected: {
    status: 508,
    message: "A Ringback sent this request, as a callback or through an upstream's base URL that leads here.",
  },
  upstream_unauthorized: { status: 401, message: REFUSALS.upstream_unauthorized },
  upstream_payment_required: { status: 402, message: REFUSALS.upstream_payment_required },
  upstream_forbidden: { status: 403, message: REFUSALS.upstream_forbidden },
  upstream_not_found: { status: 404, message: REFUSALS.upstream_not_found },
  upstream_rejected: { status: "4XX", message: REFUSALS.upstream_rejected },
} as const satisfies Record<string, ApiErrorWords>;

export type ApiErrorCode = keyof typeof API_ERRORS;

/** The same table for a reader that has any of the codes. */
export function apiError(code: ApiErrorCode): ApiErrorWords {
  return API_ERRORS[code];
}

/** Every code that a caller can meet, in an answer or in a task. */
export type ErrorCode = ApiErrorCode | TaskErrorCode;
