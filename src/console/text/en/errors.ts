import type { ErrorCode } from "../../../contract/errors.ts";

/** What to do about an error, by its code. */
export const errors: Record<ErrorCode, string> = {
  invalid_request: "Something in the form is not as it must be.",
  unauthorized: "This key is not known here. Sign in again.",
  not_found: "There is no such page.",
  task_not_found:
    "There is no such task. It may have been deleted, its time may be over, or it belongs to another key.",
  method_not_allowed: "This address is for another kind of request.",
  request_timeout: "The form did not arrive in time. Send it again.",
  nothing_to_deliver: "There is no event to deliver yet.",
  too_many_redeliveries: "This task was delivered by hand 1,000 times; that is its limit.",
  too_many_secrets: "Three older secrets still sign. Wait until one of them has expired.",
  payload_too_large: "The form is larger than this deployment takes. Use URLs in place of large images.",
  unsupported_media_type: "This page takes its own form only.",
  internal: "The error is ours. If it happens again, tell the operator this request id.",
  loop_detected: "This request was sent by a Ringback itself, so nothing was done.",
  generation_failed:
    "The upstream could not make this video. Read its message, change the prompt or the images, and start a new task.",
  timed_out:
    "The task took longer than it was given. Start it again with a longer timeout_seconds, or ask the upstream about its id.",
  submit_unknown:
    "Ringback does not know whether the upstream took the request, so it did not send it a second time. Check the upstream's own console before you start it again, or you may pay twice.",
  upstream_lost:
    "The upstream answers that it has no such task. Check the base URL and the model id, and write down the task id for the upstream's support.",
  upstream_unauthorized:
    "Check the API key and the Authorization header (401). If the key was changed, start the task again with the new one.",
  upstream_payment_required: "Check the balance of the upstream account (402), then start the task again.",
  upstream_forbidden:
    "Check the account's balance, the quota of the token group and the permission for this model (403).",
  upstream_not_found: "Check the base URL and the model id (404, model_not_found).",
  upstream_rejected: "The upstream did not accept the request. Read its message and change the request.",
  result_missing:
    "The upstream said that it succeeded but gave no video. Write down the task id and the time, and ask the upstream's support.",
  rate_limited: "Too many requests (429). Send fewer at a time and wait a little longer after each refusal.",
  upstream_error:
    "The upstream has trouble (500 or 502). Write down the task id and the time, try again later, or ask its support.",
  overloaded: "Ringback did not answer in time. Try again in a moment.",
  misconfigured: "A setting of this deployment is missing or does not parse.",
  idempotency_mismatch:
    "This form was sent before with other values. Look at the list whether the task is there; sending it again starts another one.",
  idempotency_in_progress: "The first click is still being submitted. Wait a moment and look at the list.",
  idempotency_deleted: "The task that this form started was deleted. Sending it again starts another one.",
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
  refused: "Not done",
  home: "Back to the tasks",
};
