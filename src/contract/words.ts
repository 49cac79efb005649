/**
 * The words of the public API that stand for a state or a kind. Free of zod: the Worker, its pages and the schemas
 * share them.
 */

export const TASK_STATUSES = ["queued", "running", "succeeded", "failed"] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const EVENT_TYPES = ["video.succeeded", "video.failed", "video.running", "video.progress"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What a test of an endpoint can send. */
export const TEST_MESSAGES = ["ping", ...EVENT_TYPES] as const;
export type TestMessage = (typeof TEST_MESSAGES)[number];

/** What a callback tells if its `callback_events` are left out. */
export const DEFAULT_EVENTS = ["video.succeeded", "video.failed"] as const satisfies readonly EventType[];

/** What a stream of server-sent events names its events: the state as it is, then each change. */
export type StreamEventType = `video.${TaskStatus}` | "video.progress";

export const CALLBACK_FORMATS = ["standard", "flat"] as const;
export type CallbackFormat = (typeof CALLBACK_FORMATS)[number];

export const DELIVERY_STATUSES = ["pending", "delivered", "exhausted", "stopped"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** `waiting`: there is no delivery yet. */
export const CALLBACK_STATUSES = ["waiting", ...DELIVERY_STATUSES] as const;
export type CallbackStatus = (typeof CALLBACK_STATUSES)[number];

/** What a list can be asked for; `none`: tasks without a callback. */
export const CALLBACK_FILTERS = [...CALLBACK_STATUSES, "none"] as const;
export type CallbackFilter = (typeof CALLBACK_FILTERS)[number];

/** The name of the upstream at `AIO_BASE_URL`. */
export const AIO = "aio";

/** The types of file that Ringback keeps, each with the ending of its name. */
export const MEDIA_ENDINGS = {
  "video/mp4": "mp4",
  "video/webm": "webm",
  "video/quicktime": "mov",
  "video/x-matroska": "mkv",
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
  "image/avif": "avif",
} as const;
export type MediaType = keyof typeof MEDIA_ENDINGS;

/** Why a result was not kept, where the source's status does not say it by itself. */
export const FILE_REASONS = [
  "needs_key",
  "not_media",
  "too_large",
  "url_rejected",
  "redirect",
  "timeout",
  "connection",
  "storage",
] as const;
/** `http_404` and the like say the source's status. */
export type FileReason = (typeof FILE_REASONS)[number] | `http_${number}`;

/** What a recovery can be for. */
export const RECOVERABLE_STATUSES = ["exhausted", "stopped", "pending"] as const;

/** Which callbacks a recovery is for, by the names of its request's members. */
export const RECOVERY_FILTERS = [
  "statuses",
  "created_after",
  "created_before",
  "callback_host",
  "endpoint",
  "model",
] as const;
export type RecoveryFilterName = (typeof RECOVERY_FILTERS)[number];

/** `halted`: too many failures in a row at its hosts; the rest stays undelivered. */
export const RECOVERY_STATUSES = ["running", "done", "halted", "cancelled"] as const;
export type RecoveryStatus = (typeof RECOVERY_STATUSES)[number];

/** `failing`: its last attempts have failed, and it is tried on. */
export const ENDPOINT_STATUSES = ["active", "failing", "disabled"] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

/** Why Ringback sends nothing to a registered endpoint: its 410, five days of failing, or its owner's wish. */
export const DISABLED_REASONS = ["gone", "failing", "manual"] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

export const ATTEMPT_TRIGGERS = ["scheduled", "manual"] as const;
export type AttemptTrigger = (typeof ATTEMPT_TRIGGERS)[number];

export const ATTEMPT_OUTCOMES = ["delivered", "retryable", "permanent", "unknown"] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** Why an attempt did not deliver, where the receiver's status does not say it by itself. */
export const ATTEMPT_REASONS = [
  "timeout",
  "connection",
  "redirect",
  "gone",
  "url_rejected",
  "endpoint_deleted",
  "headers_rejected",
  "interrupted",
  "in_flight",
] as const;
export type WordedReason = (typeof ATTEMPT_REASONS)[number];
/** `http_503` and the like say the receiver's status. */
export type AttemptReason = WordedReason | `http_${number}`;

export function isWorded(reason: AttemptReason): reason is WordedReason {
  return !reason.startsWith("http_");
}

export const VERIFY_REASONS = ["missing_header", "timestamp_out_of_range", "no_match"] as const;
export type VerifyReason = (typeof VERIFY_REASONS)[number];

/** How a task of `test` can end. */
export const TEST_OUTCOMES = ["succeeded", "failed", "timeout"] as const;
export type TestOutcome = (typeof TEST_OUTCOMES)[number];

/** Whose key goes upstream: the caller's own, or the operator's. */
export const ACCOUNT_MODES = ["own", "operator"] as const;
export type AccountMode = (typeof ACCOUNT_MODES)[number];
