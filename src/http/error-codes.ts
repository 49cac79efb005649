/** Status of every error code of the contract; a definite no of the upstream brings its own. */
export const STATUS = {
  invalid_request: 400,
  unauthorized: 401,
  not_found: 404,
  task_not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  idempotency_deleted: 409,
  idempotency_in_progress: 409,
  nothing_to_deliver: 409,
  too_many_redeliveries: 409,
  too_many_secrets: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  idempotency_mismatch: 422,
  rate_limited: 429,
  internal: 500,
  upstream_error: 502,
  misconfigured: 503,
  overloaded: 503,
  loop_detected: 508,
} as const;

/** Seconds after which a repeat makes sense, for the codes that always say so. */
export const RETRY_AFTER_SECONDS: Partial<Record<string, number>> = {
  idempotency_in_progress: 1,
  rate_limited: 60,
  misconfigured: 60,
  overloaded: 1,
};

export const RETRYABLE: ReadonlySet<string> = new Set([
  "idempotency_in_progress",
  "rate_limited",
  "request_timeout",
  "upstream_error",
  "overloaded",
  "misconfigured",
]);
