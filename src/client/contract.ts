/** Made from `src/contract` by `npm run types`: do not edit. */

/** The upstream's fields and Ringback's own. Fields that are in neither are forwarded as they are, but a name that is one of them but for case, blanks, `-`, `_` or invisible characters is refused, and so is an unknown one that begins with `callback` or `webhook`, and in JSON one such as `test.outcome`. Numbers and booleans may come as strings, objects as JSON in a string, lists as JSON in one or with a line each; null and the empty string count as absent, but an empty `test` is refused. A text task with `content` (an array) needs no `prompt`. */
export interface CreateVideo extends RingbackFields {
  /** The upstream's model id. */
  model: string;
  /** What is asked for. `VALIDATION=lenient` forwards other values, too, because the upstream's lists change. */
  capability?: "video_generation";
  /** Content, camera, motion, style and limits, in words. A text task needs it. */
  prompt?: string;
  /** `text` for text to video, which needs `prompt`; `single_image` for a first frame, which needs `image`; `multi_image` for references. `VALIDATION=lenient` forwards other values, too, because the upstream's lists change. */
  input_mode?: "text" | "single_image" | "multi_image";
  /** Usually `none`; `end_frame` for first and last frame, which needs `end_image`; `reference`, which needs `reference_images`. `VALIDATION=lenient` forwards other values, too, because the upstream's lists change. */
  control_mode?: "none" | "end_frame" | "reference";
  /** Width to height. `VALIDATION=lenient` forwards other values, too, because the upstream's lists change. */
  aspect_ratio?: "16:9" | "4:3" | "1:1" | "3:4" | "9:16" | "21:9" | "adaptive";
  /** Length of the video; -1 lets the upstream choose. `VALIDATION=lenient` forwards other values, too, because the upstream's lists change. */
  duration_seconds?: number;
  /** Lines of the picture. `VALIDATION=lenient` forwards other values, too, because the upstream's lists change. */
  resolution?: "480p" | "720p" | "1080p";
  /** Make sound as well. */
  with_audio?: boolean;
  /** The first frame: an http(s) URL, a `data:image/…;base64,` URL or bare base64 of at least 64 characters; in a `multipart/form-data` body also a file. */
  image?: string;
  /** The last frame: an http(s) URL, a `data:image/…;base64,` URL or bare base64 of at least 64 characters; in a `multipart/form-data` body also a file. Needs `image`. */
  end_image?: string;
  /** What to refer to: each an http(s) URL, a `data:image/…;base64,` URL or bare base64 of at least 64 characters; in a `multipart/form-data` body also a file, or an `asset://` URL. Also URLs with commas or line breaks between them, or a JSON array in a string. */
  reference_images?: ReadonlyArray<string>;
  [member: string]: unknown;
}

/** Ringback's own fields of a create. */
export interface RingbackFields {
  /** Where to call back: `https`, port 443 or 1024 and above, a public DNS name, no user info, at most 2048 characters. Without it the task is only kept and polled. */
  callback_url?: string;
  /** Up to 10 headers sent with each callback, 8 KB in all: what a receiver asks for, such as `authorization` or `x-make-apikey`. Sealed at rest and never shown again. Names of the transport, of cookies, `webhook-*` and `ringback-*` are refused. */
  callback_headers?: {
    [member: string]: string;
  };
  /** `flat` is one level of scalars, for no-code tools. `standard` if left out. */
  callback_format?: "standard" | "flat";
  /** What to call back about. The end of the task, well or badly, if left out. */
  callback_events?: ReadonlyArray<"video.succeeded" | "video.failed" | "video.running" | "video.progress">;
  /** Your own words, echoed in reads and callbacks; at most 4096 bytes of JSON. */
  metadata?: {
    [member: string]: unknown;
  };
  /** Give up after so long. The deployment's default if left out (a day, unless it is changed). */
  timeout_seconds?: number;
  /** Repeat a submit that was answered with a complete 5xx, at most 3 times. It may pay twice. */
  retry_ambiguous_submit?: boolean;
  /** Whether the account's registered endpoints are told of this task as well. Yes if left out, but not of a `test`. */
  endpoints?: boolean;
  /** Whether Ringback keeps a copy of the result, which `video_url` then points to. If left out, as the deployment has it (`KEEP_RESULTS`); `true` is refused where it keeps no files. Of a `test` nothing is kept. */
  keep_result?: boolean;
  /** Try it without the upstream: nothing is submitted and nothing is paid, everything else is real. Also the bare outcome as a string. */
  test?: {
    outcome: "succeeded" | "failed" | "timeout";
    delay_seconds?: number;
  } | "succeeded" | "failed" | "timeout";
  /** Members that go upstream beside the other fields, for those of its fields that have the name of one of Ringback's own, such as `metadata`. No other name is taken. */
  upstream_body?: {
    [member: string]: unknown;
  };
}

/** Why a task failed. */
export interface TaskError {
  /** `generation_failed`: The upstream reported that the generation failed. `timed_out`: The task did not finish before its deadline. `submit_unknown`: The upstream's answer to the submit is unknown. It may have accepted the request, so it was not sent again. `upstream_lost`: The upstream no longer knows this task. `result_missing`: The upstream reported success but gave no usable video URL. `upstream_unauthorized`: The upstream refused the API key. `upstream_payment_required`: The upstream asks for payment: check the account's balance. `upstream_forbidden`: The upstream forbids this: check the balance, the token group's quota and the model's permission. `upstream_not_found`: The upstream does not know this model or path: check the model id and the base URL. `upstream_rejected`: The upstream rejected the request. */
  code: "generation_failed" | "timed_out" | "submit_unknown" | "upstream_lost" | "result_missing" | "upstream_unauthorized" | "upstream_payment_required" | "upstream_forbidden" | "upstream_not_found" | "upstream_rejected";
  /** In words; the upstream's, where it said why. */
  message: string;
  /** The same request, sent again, pays for nothing twice and may succeed. */
  retryable: boolean;
}

/** How the callback is going. */
export interface TaskCallback {
  /** Where it is sent. */
  url: string;
  /** Which events are sent. */
  events: ReadonlyArray<"video.succeeded" | "video.failed" | "video.running" | "video.progress">;
  format: "standard" | "flat";
  /** Of the end's delivery, or of the newest one if no end is subscribed; `waiting` before there is one. */
  status: "waiting" | "pending" | "delivered" | "exhausted" | "stopped";
  /** Attempts of this delivery that have begun, without redeliveries to another URL. */
  attempts: number;
  /** When the next one is due. */
  next_attempt_at: string | null;
}

/** The task as a callback carries it: without `callback` and `upstream`. */
export interface TaskData {
  object: "video.task";
  /** The same as `task_id`. */
  id: string;
  /** Ringback's id; not the upstream's. */
  task_id: string;
  /** `succeeded` and `failed` are the end and never change. */
  status: "queued" | "running" | "succeeded" | "failed";
  /** In percent, as the upstream reported it last; null before it has reported any. */
  progress: number | null;
  /** As it was asked for. */
  model: string;
  /** Which upstream makes it; `aio` is the one at `AIO_BASE_URL`, and `GET /v1/upstreams` lists the others. */
  upstream_name: string;
  /** Where the video is; usually for about 24 hours. Null on success if only the upstream key opens it (see `file`). */
  video_url: string | null;
  /** Where the upstream keeps a file of which `video_url` is a copy. */
  source_url: string | null;
  /** The state of the video's file; null: nothing to report. */
  file: {
    status: "kept";
    /** Its length. */
    bytes: number;
    content_type: "video/mp4" | "video/webm" | "video/quicktime" | "video/x-matroska" | "image/png" | "image/jpeg" | "image/webp" | "image/gif" | "image/avif";
    /** Until when Ringback keeps it, at least. */
    expires_at: string;
  } | {
    status: "failed";
    /** `needs_key`: only the upstream key opens the result, and it is not the caller's. Else why the last try to copy it failed: `not_media`, `too_large`, `url_rejected`, `redirect`, `timeout`, `connection`, `storage`, or `http_404` and the like. */
    reason: string;
  } | null;
  error: TaskError | null;
  /** The error's message once more. */
  error_message: string | null;
  /** The caller's own, as it was sent. */
  metadata: {
    [member: string]: unknown;
  } | null;
  /** Made by `test`: nothing went upstream. */
  test: boolean;
  /** The upstream's id for it. */
  upstream_task_id: string | null;
  /** When Ringback accepted it. */
  created_at: string;
  /** When the upstream accepted it. */
  submitted_at: string | null;
  /** When it succeeded or failed. */
  finished_at: string | null;
  /** When Ringback gives up: `created_at` and the timeout. */
  deadline_at: string;
}

/** One request for a video, and its life. */
export interface Task extends TaskData {
  /** Null without a `callback_url`. */
  callback: TaskCallback | null;
  /** The upstream's last JSON answer, verbatim; null when it is over 64 KB. */
  upstream: unknown;
}

/** A task as it stands in the list. */
export interface ListedTask {
  object: "video.task";
  /** The same as `task_id`. */
  id: string;
  /** Ringback's id; not the upstream's. */
  task_id: string;
  /** `succeeded` and `failed` are the end and never change. */
  status: "queued" | "running" | "succeeded" | "failed";
  /** As it was asked for. */
  model: string;
  /** Made by `test`: nothing went upstream. */
  test: boolean;
  /** Where the video is; usually for about 24 hours. Null on success if only the upstream key opens it (see `file`). */
  video_url: string | null;
  error: TaskError | null;
  /** The caller's own, as it was sent. */
  metadata: {
    [member: string]: unknown;
  } | null;
  /** The upstream's id for it. */
  upstream_task_id: string | null;
  /** When Ringback accepted it. */
  created_at: string;
  /** When it succeeded or failed. */
  finished_at: string | null;
  /** Null without a `callback_url`. */
  callback: {
    status: "waiting" | "pending" | "delivered" | "exhausted" | "stopped";
    /** Of the `callback_url`, with its port unless that is 443. */
    host: string;
  } | null;
}

/** One try to deliver an event. */
export interface Attempt {
  /** From 1; manual attempts count on. */
  number: number;
  trigger: "scheduled" | "manual";
  /** The host of the other URL that it went to; left out for the receiver's own. */
  host?: string;
  /** When its request left. */
  started_at: string;
  duration_ms: number | null;
  /** Null if no answer came. */
  status_code: number | null;
  outcome: "delivered" | "retryable" | "permanent" | "unknown";
  /** Null when delivered; else `http_503` and the like, or `timeout`, `connection`, `redirect`, `gone`, `url_rejected`, `endpoint_deleted`, `headers_rejected`, `interrupted`, `in_flight` (the last one while it is on the wire). */
  reason: string | null;
  /** The first 2 KB of the receiver's answer. */
  response_excerpt: string | null;
}

/** One event on its way to the `callback_url`. */
export interface Delivery {
  /** The `webhook-id` of each attempt. */
  message_id: string;
  event: "video.succeeded" | "video.failed" | "video.running" | "video.progress";
  /** The registered endpoint that it goes to; null: the `callback_url`. */
  endpoint: {
    id: string;
    host: string;
  } | null;
  status: "pending" | "delivered" | "exhausted" | "stopped";
  /** Null once settled. */
  next_attempt_at: string | null;
  /** In order. */
  attempts: ReadonlyArray<Attempt>;
}

/** A delivery and its request. */
export interface SentDelivery extends Delivery {
  /** What the newest attempt at the receiver sent, or the first one there will. Null if its endpoint was deleted: the URL is not kept. */
  request: {
    /** Where it goes. */
    url: string;
    /** By lower-case name. The values of your own are `…`; timestamp and signature are made for this answer. */
    headers: {
      [member: string]: string;
    };
    /** The exact text that is signed and sent. */
    body: string;
  } | null;
}

export interface StartRecovery {
  /** Which deliveries: `exhausted` if left out. A list, or words with commas between. */
  statuses?: ReadonlyArray<"exhausted" | "stopped" | "pending">;
  /** Of tasks that were created then or later: ISO 8601, UTC without a zone. */
  created_after?: string;
  /** Of tasks that were created earlier than that. */
  created_before?: string;
  /** The task's own callbacks alone, where the `callback_url` has this host, with its port unless that is 443. With `endpoint`: the deliveries there of such tasks. */
  callback_host?: string;
  /** The deliveries to the registered endpoint with this id alone; of an unknown one there are none. Without it and `callback_host`: those to every receiver of a task. */
  endpoint?: string;
  /** Of tasks of this model. */
  model?: string;
  /** Send all of it there, each delivery once, with `callback_headers` and without the stored ones. A success counts as the delivery. */
  callback_url?: string;
  /** For `callback_url`. Sealed at rest, never shown, and erased at the recovery's end. */
  callback_headers?: {
    [member: string]: string;
  };
  /** Only count what it would deliver again. */
  dry_run?: boolean;
}

/** One run through what was not delivered. */
export interface Recovery {
  object: "recovery";
  id: string;
  /** `halted`: five failures in a row at a host, or a day without progress; the rest stays undelivered. */
  status: "running" | "done" | "halted" | "cancelled";
  /** What it is for. Tasks that are deleted before their turn, or whose delivery no longer has one of the statuses, are not counted any more; those that get one before their turn are. */
  matched: number;
  /** By it, or meanwhile in another way. */
  delivered: number;
  /** Tried once in vain, or with an unknown outcome; their schedules are as they were. */
  failed: number;
  /** `matched` without the two: still to do, or left undelivered at the end. */
  remaining: number;
  /** When it began: later tasks are not meant. */
  created_at: string;
  /** Null while it runs. */
  finished_at: string | null;
}

/** What a recovery would deliver again; nothing is sent. */
export interface RecoveryPreview {
  /** What a recovery would be for. */
  matched: number;
  /** The hundred that have most, most first. */
  hosts: ReadonlyArray<{
    /** Of the stored receiver. */
    host: string;
    /** Of them. */
    count: number;
  }>;
  /** The ten oldest at most. */
  tasks: ReadonlyArray<string>;
}

/** A registered receiver. */
export interface Endpoint {
  object: "webhook_endpoint";
  id: string;
  /** Where it is sent. */
  url: string;
  /** Which events are sent. */
  events: ReadonlyArray<"video.succeeded" | "video.failed" | "video.running" | "video.progress">;
  format: "standard" | "flat";
  /** Of the headers that are sent with each callback; their values are never shown. */
  header_names: ReadonlyArray<string>;
  /** The account's own words for it. */
  description: string | null;
  status: "active" | "failing" | "disabled";
  /** `gone`: it has answered 410; `failing`: for five days; `manual`: by `enabled`. */
  disabled_reason: "gone" | "failing" | "manual" | null;
  /** When the first of its last attempts began, if five or more, over at least a minute, have failed; the next success ends it. */
  failing_since: string | null;
  /** Tasks that are created from then on are sent to it. */
  created_at: string;
}

export interface RegisterEndpoint {
  /** Where to call back: `https`, port 443 or 1024 and above, a public DNS name, no user info, at most 2048 characters. */
  url: string;
  /** Which events are sent: how a task ended, well or badly, if left out. */
  events?: ReadonlyArray<"video.succeeded" | "video.failed" | "video.running" | "video.progress">;
  /** Up to 10 headers sent with each callback, 8 KB in all: what a receiver asks for, such as `authorization` or `x-make-apikey`. Sealed at rest and never shown again. Names of the transport, of cookies, `webhook-*` and `ringback-*` are refused. */
  headers?: {
    [member: string]: string;
  };
  /** `flat` is one level of scalars, for no-code tools. `standard` if left out. */
  format?: "standard" | "flat";
  /** Your own words for it, up to 200 characters. */
  description?: string;
}

export interface ChangeEndpoint {
  /** Where to call back: `https`, port 443 or 1024 and above, a public DNS name, no user info, at most 2048 characters. On another host it needs `headers` in the same call: the stored ones were for the old receiver. */
  url?: string;
  /** Which events are sent, for tasks that are created later. */
  events?: ReadonlyArray<"video.succeeded" | "video.failed" | "video.running" | "video.progress">;
  /** Replaces all headers; `{}` leaves none. Up to 10 headers sent with each callback, 8 KB in all: what a receiver asks for, such as `authorization` or `x-make-apikey`. Sealed at rest and never shown again. Names of the transport, of cookies, `webhook-*` and `ringback-*` are refused. */
  headers?: {
    [member: string]: string;
  };
  /** `standard` or `flat`, for tasks that are created later. */
  format?: "standard" | "flat";
  /** Your own words for it, up to 200 characters. An empty string takes it away. */
  description?: string | null;
  /** `false`: send nothing to it. `true`: send to it again, whatever had disabled it. */
  enabled?: boolean;
}

export interface TestEndpoint {
  /** What to send: a `ping` if left out, or a sample of an event. */
  type?: "ping" | "video.succeeded" | "video.failed" | "video.running" | "video.progress";
}

/** What the receiver said to a ping. */
export interface PingResult {
  delivered: boolean;
  /** Null if no answer came. */
  status_code: number | null;
  duration_ms: number | null;
  /** Null when delivered; else `http_503` and the like, or `timeout`, `connection`, `redirect`, `gone`, `url_rejected`, `endpoint_deleted`, `headers_rejected`, `interrupted`, `in_flight` (the last one while it is on the wire). */
  reason: string | null;
  /** The first 2 KB of the receiver's answer. */
  response_excerpt: string | null;
}

/** The account's signing secrets (Standard Webhooks). */
export interface SigningSecrets {
  /** Signs every callback of this account. */
  secret: string;
  /** Those that sign beside it until they expire; at most three after rotations. */
  previous: ReadonlyArray<{
    secret: string;
    /** Null under `RINGBACK_SECRET_PREVIOUS`, which the operator removes. */
    expires_at: string | null;
  }>;
}

/** The account that a key belongs to: a label for a connection. */
export interface Account {
  object: "account";
  /** The operator's name for it, or `key …` and the end of its own key's digest. */
  name: string;
  /** Whose key goes upstream: the caller's own, or the operator's. */
  mode: "own" | "operator";
  /** Where the upstream is. */
  base_url_host: string;
}

/** An upstream that makes tasks. */
export interface Upstream {
  object: "upstream";
  /** As tasks carry it in `upstream_name`. */
  name: string;
  /** The built-in profile; null: the deployment has one of its own. */
  profile: string | null;
  /** Where the upstream's own paths begin here. */
  base_path: string;
  /** The paths of its creates below that; a name in braces is yours to fill in. */
  create_paths: ReadonlyArray<string>;
  /** How long after its end a result can be fetched; null: not known. */
  lifetime_hours: number | null;
}

/** Whether Ringback signed this message for this account in the last minutes. */
export interface VerifyResult {
  valid: boolean;
  /** Null when valid; the timestamp may be 5 minutes off. */
  reason: "missing_header" | "timestamp_out_of_range" | "no_match" | null;
}

/** An event in the `flat` format: one level, scalars only. Each key of `metadata` stands as `metadata_<key>`, a nested value as JSON in a string. */
export interface FlatMessage {
  /** The same as `webhook-id`. */
  message_id: string;
  event: "video.succeeded" | "video.failed" | "video.running" | "video.progress";
  /** When it happened. */
  timestamp: string;
  /** Ringback's id; not the upstream's. */
  task_id: string;
  /** `succeeded` and `failed` are the end and never change. */
  status: "queued" | "running" | "succeeded" | "failed";
  /** In percent, as the upstream reported it last; null before it has reported any. */
  progress: number | null;
  /** As it was asked for. */
  model: string;
  /** Made by `test`: nothing went upstream. */
  test: boolean;
  /** Where the video is; usually for about 24 hours. Null on success if only the upstream key opens it (see `file`). */
  video_url: string | null;
  /** Where the upstream keeps a file of which `video_url` is a copy. */
  source_url: string | null;
  /** `file.status`. */
  file_status: string | null;
  /** Until when Ringback keeps the file; null: it keeps none. */
  file_expires_at: string | null;
  /** `error.code`. */
  error_code: string | null;
  /** The error's message once more. */
  error_message: string | null;
  /** The upstream's id for it. */
  upstream_task_id: string | null;
  /** When Ringback accepted it. */
  created_at: string;
  /** When it succeeded or failed. */
  finished_at: string | null;
  [member: `metadata_${string}`]: string | number | boolean | null;
}
