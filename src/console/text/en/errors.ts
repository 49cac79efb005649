import type { ErrorCode, TaskSentence } from "../../../contract/errors.ts";

/** What to do about an error, by its code. */
export const errors: Record<ErrorCode, string> = {
  invalid_request: "Something in the form is not as it must be.",
  unauthorized: "We don't recognise this key. Sign in again.",
  forbidden: "This key may not do this.",
  not_found: "There is no such page.",
  task_not_found: "There is no such task. It may have been deleted, have expired, or belong to another key.",
  method_not_allowed: "This address takes another kind of request.",
  request_timeout: "The form did not arrive in time. Send it again.",
  recovery_running: "A recovery is running. Wait for its end, or cancel it.",
  nothing_to_deliver: "There is no event to deliver yet.",
  too_many_endpoints: "This account has 10 endpoints. Delete one first.",
  too_many_redeliveries: "This task has reached its limit of 1,000 manual deliveries.",
  too_many_secrets: "Three older secrets are still in use. Wait until one of them has expired.",
  payload_too_large: "The form is larger than this deployment takes. Use URLs in place of large images.",
  unsupported_media_type: "This page takes its own form only.",
  range_not_satisfiable: "The file has none of these bytes.",
  internal: "The error is ours. If it happens again, tell the operator this request id.",
  loop_detected: "A Ringback sent this request, so nothing was done.",
  generation_failed: "Read the provider's message, change the prompt or the images, and start a new task.",
  timed_out: "Start it again with a longer timeout_seconds, or ask the provider about its task id.",
  submit_unknown: "Check the provider's own console before you start it again, or you may pay twice.",
  upstream_lost:
    "Check the base URL and the model id, and keep the provider's task id for the provider's support.",
  upstream_unauthorized:
    "Check the API key and the Authorization header (401). If the key was changed, start the task again with the new one.",
  upstream_payment_required: "Check the balance of the provider account (402), then start the task again.",
  upstream_forbidden:
    "Check the account's balance, the quota of the token group and the permission for this model (403).",
  upstream_not_found: "Check the base URL and the model id (404, model_not_found).",
  upstream_rejected: "Read the provider's message and change the request.",
  result_missing: "Keep the provider's task id and the time, and ask the provider's support.",
  rate_limited: "Too many requests (429). Send fewer at a time and wait a little longer after each refusal.",
  upstream_error:
    "The provider has trouble (500 or 502). Try again later, or ask its support with the task id and the time.",
  overloaded: "Ringback did not answer in time. Try again in a moment.",
  misconfigured: "A setting of this deployment is missing or does not parse.",
  idempotency_mismatch:
    "This form was sent before with other values. Check the list for the task; sending the form again starts another one.",
  idempotency_in_progress: "The first click is still being submitted. Wait a moment and check the list.",
  idempotency_deleted:
    "The task that this form started was deleted. Sending the form again starts another one.",
};

/** What happened to a task, where the sentence is Ringback's own; the provider's words stay as they came. */
export const taskErrors: Record<TaskSentence, string> = {
  generation_failed: "The provider reported that the generation failed.",
  timed_out: "The task did not finish before its deadline.",
  never_submitted: "The provider did not take the task before its deadline.",
  submit_unknown:
    "The provider's answer to the submit is unknown. It may have accepted the request, so Ringback did not send it again.",
  upstream_lost: "The provider no longer knows this task.",
  result_missing: "The provider reported success but gave no usable video URL.",
  upstream_unauthorized: "The provider refused the API key.",
  upstream_payment_required: "The provider asks for payment.",
  upstream_forbidden: "The provider forbids this request.",
  upstream_not_found: "The provider does not know this model or path.",
  upstream_rejected: "The provider rejected the request.",
  test_failed: "This test task was asked to fail.",
};

/** With the operator's key its balance and permissions are not the caller's to mend. */
export const operatorErrors = {
  refuses: (status: number) => `The operator's provider account refuses this (${status}).`,
  tellRequest: (id: string) => `Tell your operator this request id: ${id}`,
  tellTask: "Tell your operator this task id.",
};

/** Titles of the pages that say no. */
export const problem = {
  notFound: "Not found",
  crossSite: "Not sent from here",
  crossSiteLead: "This form was not sent by a page of this console, so nothing was done.",
  settings: "This deployment is not ready yet",
  settingsLead: "Nothing runs while a setting is missing or does not parse:",
  settingsHint: "Set it with wrangler secret put or in wrangler.toml, and deploy again.",
  busy: "Busy",
  broken: "Something went wrong",
  refused: "Request refused",
  linkExpired: "This page link has expired.",
  home: "Back to the tasks",
};
