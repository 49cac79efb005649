/** What Ringback takes and answers, as types: the contract's JSON, nothing renamed. */

/** `POST /v1/videos`: the upstream's fields, which pass through, and Ringback's own. */
export interface CreateRequest {
  model: string;
  capability?: "video_generation";
  /** At most 2500 characters; required for a text task. */
  prompt?: string;
  input_mode?: "text" | "single_image" | "multi_image";
  control_mode?: "none" | "end_frame" | "reference";
  aspect_ratio?: "16:9" | "4:3" | "1:1" | "3:4" | "9:16" | "21:9" | "adaptive";
  /** 4 to 15, or -1: the model decides. */
  duration_seconds?: number;
  resolution?: "480p" | "720p" | "1080p";
  with_audio?: boolean;
  /** An http(s) URL, a `data:image/…;base64,` URL or bare base64 (64 characters or more); so are the others. */
  image?: string;
  end_image?: string;
  /** `asset://…` too. */
  reference_images?: readonly string[];
  callback_url?: string;
  callback_events?: readonly EventType[];
  callback_headers?: Readonly<Record<string, string>>;
  callback_format?: "standard" | "flat";
  /** At most 4096 bytes as JSON; comes back in reads and callbacks. */
  metadata?: Readonly<Record<string, unknown>>;
  /** 60 to 259200. */
  timeout_seconds?: number;
  retry_ambiguous_submit?: boolean;
  /** Reserved: without effect yet. */
  endpoints?: boolean;
  /** Reserved: only `false` is taken yet. */
  keep_result?: boolean;
  /** Sent upstream beside the other fields: those of its own that have a name of Ringback's, such as `metadata`. */
  upstream_body?: Readonly<Record<string, unknown>>;
  test?: TestOutcome | { outcome: TestOutcome; delay_seconds?: number };
  /** Fields that the upstream has and this list does not: forwarded as they are. */
  [field: string]: unknown;
}

type TestOutcome = "succeeded" | "failed" | "timeout";

export type EventType = "video.succeeded" | "video.failed" | "video.running" | "video.progress";

export type TaskStatus = "queued" | "running" | "succeeded" | "failed";

export interface TaskError {
  code:
    | "generation_failed"
    | "timed_out"
    | "submit_unknown"
    | "upstream_lost"
    | "upstream_unauthorized"
    | "upstream_payment_required"
    | "upstream_forbidden"
    | "upstream_not_found"
    | "upstream_rejected"
    | "result_missing";
  message: string;
  /** Whether the same request, sent again, pays nothing twice and may succeed. */
  retryable: boolean;
}

export interface TaskFile {
  status: "failed";
  reason: "needs_key";
}

/** How a task can stand, and what is sure then. */
interface Outcomes {
  queued: { video_url: null; file: null; error: null; error_message: null; finished_at: null };
  running: { video_url: null; file: null; error: null; error_message: null; finished_at: null };
  /** `video_url` is null if only the upstream key opens the result, and the key is the operator's: `file` says so. */
  succeeded: {
    video_url: string | null;
    file: TaskFile | null;
    error: null;
    error_message: null;
    finished_at: string;
  };
  failed: { video_url: null; file: null; error: TaskError; error_message: string; finished_at: string };
}

/** A task as a callback carries it. Times are ISO 8601. */
export type CallbackTask<Status extends TaskStatus = TaskStatus> = {
  [One in Status]: {
    object: "video.task";
    /** The same as `task_id`. */
    id: string;
    task_id: string;
    status: One;
    /** 0 to 100, if the upstream says it. */
    progress: number | null;
    model: string;
    source_url: string | null;
    metadata: Record<string, unknown> | null;
    test: boolean;
    upstream_task_id: string | null;
    created_at: string;
    submitted_at: string | null;
    deadline_at: string;
  } & Outcomes[One];
}[Status];

/** A task as it is read. */
export type Task<Status extends TaskStatus = TaskStatus> = CallbackTask<Status> & {
  callback: {
    url: string;
    events: EventType[];
    format: "standard" | "flat";
    status: "waiting" | DeliveryStatus;
    attempts: number;
    next_attempt_at: string | null;
  } | null;
  /** The upstream's last JSON answer, as it came. */
  upstream: unknown;
};

export type EndedTask = Task<"succeeded" | "failed">;

export type DeliveryStatus = "pending" | "delivered" | "exhausted" | "stopped";

/** A line of `GET /v1/videos`. */
export interface ListedTask {
  object: "video.task";
  id: string;
  task_id: string;
  status: TaskStatus;
  model: string;
  test: boolean;
  video_url: string | null;
  error: TaskError | null;
  created_at: string;
  finished_at: string | null;
  callback: { status: "waiting" | DeliveryStatus } | null;
}

export interface Page<Item> {
  object: "list";
  data: Item[];
  next_cursor: string | null;
}

/** One event on its way to one URL. */
export interface Delivery {
  message_id: string;
  event: EventType;
  status: DeliveryStatus;
  next_attempt_at: string | null;
  attempts: {
    /** From 1. */
    number: number;
    trigger: "scheduled" | "manual";
    started_at: string;
    duration_ms: number | null;
    status_code: number | null;
    outcome: "delivered" | "retryable" | "permanent" | "unknown";
    reason: string | null;
    response_excerpt: string | null;
  }[];
}

export interface SigningSecrets {
  /** `whsec_…` */
  secret: string;
  /** They sign too, until they expire. */
  previous: { secret: string; expires_at: string | null }[];
}
