import type { Account, Stats } from "../contract/shapes/account.ts";
import type { DeliveryJson, SentDelivery } from "../contract/shapes/delivery.ts";
import type { FlatMessage, FlatPing, StandardMessage, StandardPing } from "../contract/shapes/message.ts";
import type { TaskData, TaskError, TaskJson, TaskList } from "../contract/shapes/task.ts";
import { TASK_ERRORS } from "../contract/errors.ts";
import { AIO, type EventType } from "../contract/words.ts";
import { FRAMES_EXAMPLE, REFERENCE_EXAMPLE, TEXT_EXAMPLE } from "./upstream-examples.ts";

/** One task, its callback and its neighbours, as they look on the wire. */

/** Of a kept file. */
export const FILE_ID = "mzxw6ytboi5dcmrtgq2tmnzyge";
export const REQUEST_ID = "req_mzxw6ytboi5dcmrtgq2tmnzy";
export const TASK_ID = "task_ngalwj7b64tsrcsy6zooajx3pigb5e4coyod3bahxv";
export const MESSAGE_ID = "msg_gef2yzn4nkjxmtloxtxph5xmne";
export const CALLBACK_URL = "https://hooks.example.com/ringback";

/**
 * A value for each field of a create. A reference page fills its form with all of them, so together they are a request
 * that is taken and costs nothing.
 */
export const FIELD_EXAMPLES: Record<string, unknown> = {
  ...TEXT_EXAMPLE,
  prompt: "A lighthouse at dusk.",
  image: FRAMES_EXAMPLE.image,
  end_image: FRAMES_EXAMPLE.end_image,
  reference_images: REFERENCE_EXAMPLE.reference_images,
  callback_url: CALLBACK_URL,
  callback_events: ["video.succeeded", "video.failed"],
  callback_headers: { "x-make-apikey": "the receiver's own key" },
  metadata: { order: 42 },
  timeout_seconds: 3600,
  retry_ambiguous_submit: false,
  endpoints: false,
  keep_result: false,
  upstream_body: { metadata: { campaign: "spring" } },
  test: { outcome: "succeeded", delay_seconds: 5 },
};

const VIDEO_URL = "https://cdn.example.com/cgt-20261123151147.mp4";
const CREATED_AT = "2026-11-23T15:10:02.120Z";
const FINISHED_AT = "2026-11-23T15:11:47.957Z";

const CALLBACK: NonNullable<TaskJson["callback"]> = {
  url: CALLBACK_URL,
  events: ["video.succeeded", "video.failed"],
  format: "standard",
  status: "waiting",
  attempts: 0,
  next_attempt_at: null,
};

const QUEUED_DATA: TaskData = {
  object: "video.task",
  id: TASK_ID,
  task_id: TASK_ID,
  status: "queued",
  progress: null,
  model: TEXT_EXAMPLE.model,
  upstream_name: AIO,
  video_url: null,
  source_url: null,
  file: null,
  error: null,
  error_message: null,
  metadata: { order: 42 },
  test: false,
  upstream_task_id: "cgt-20261123151002",
  created_at: CREATED_AT,
  submitted_at: "2026-11-23T15:10:02.910Z",
  finished_at: null,
  deadline_at: "2026-11-24T15:10:02.120Z",
};

export const RUNNING_DATA: TaskData = { ...QUEUED_DATA, status: "running", progress: 42 };

export const SUCCEEDED_DATA: TaskData = {
  ...QUEUED_DATA,
  status: "succeeded",
  progress: 100,
  video_url: VIDEO_URL,
  finished_at: FINISHED_AT,
};

/** Of a task whose result Ringback keeps. */
export const KEPT_DATA: TaskData = {
  ...SUCCEEDED_DATA,
  video_url: `https://ringback.example.com/v1/files/${FILE_ID}.mp4`,
  source_url: VIDEO_URL,
  file: {
    status: "kept",
    bytes: 10_249_830,
    content_type: "video/mp4",
    expires_at: "2026-12-23T15:11:47.957Z",
  },
};

const FAILURE: TaskError = {
  code: "generation_failed",
  message: "The prompt was refused by content review.",
  retryable: false,
};

export const FAILED_DATA: TaskData = {
  ...QUEUED_DATA,
  status: "failed",
  error: FAILURE,
  error_message: FAILURE.message,
  finished_at: FINISHED_AT,
};

export const QUEUED_TASK: TaskJson = {
  ...QUEUED_DATA,
  callback: CALLBACK,
  upstream: { task_id: QUEUED_DATA.upstream_task_id, status: "queued" },
};

export const SUCCEEDED_TASK: TaskJson = {
  ...SUCCEEDED_DATA,
  callback: { ...CALLBACK, status: "delivered", attempts: 1 },
  upstream: { task_id: QUEUED_DATA.upstream_task_id, status: "completed", video_url: VIDEO_URL },
};

export const KEPT_TASK: TaskJson = {
  ...SUCCEEDED_TASK,
  ...KEPT_DATA,
};

/** The upstream may or may not have taken it: an answer that no client repeats by itself. */
export const UNKNOWN_TASK: TaskJson = {
  ...QUEUED_TASK,
  status: "failed",
  upstream_task_id: null,
  submitted_at: null,
  error: { code: "submit_unknown", message: TASK_ERRORS.submit_unknown, retryable: false },
  error_message: TASK_ERRORS.submit_unknown,
  finished_at: "2026-11-23T15:10:22.130Z",
  callback: { ...CALLBACK, status: "pending", next_attempt_at: "2026-11-23T15:10:24.130Z" },
  upstream: null,
};

export const LIST: TaskList = {
  object: "list",
  data: [
    {
      object: "video.task",
      id: TASK_ID,
      task_id: TASK_ID,
      status: "succeeded",
      model: TEXT_EXAMPLE.model,
      test: false,
      video_url: VIDEO_URL,
      error: null,
      metadata: { order: 42 },
      upstream_task_id: "cgt-20261123151002",
      created_at: CREATED_AT,
      finished_at: FINISHED_AT,
      callback: { status: "delivered", host: "hooks.example.com" },
    },
  ],
  next_cursor: "MDAxNzk1NDQ2NjAyMTIwIG5nYWx3ajdiNjR0c3Jjc3k2em9vYWp4M3Bp",
};

export const DELIVERY: DeliveryJson = {
  message_id: MESSAGE_ID,
  event: "video.succeeded",
  endpoint: null,
  status: "delivered",
  next_attempt_at: null,
  attempts: [
    {
      number: 1,
      trigger: "scheduled",
      started_at: "2026-11-23T15:11:47.970Z",
      duration_ms: 180,
      status_code: 503,
      outcome: "retryable",
      reason: "http_503",
      response_excerpt: "starting up",
    },
    {
      number: 2,
      trigger: "scheduled",
      started_at: "2026-11-23T15:11:52.604Z",
      duration_ms: 61,
      status_code: 200,
      outcome: "delivered",
      reason: null,
      response_excerpt: "ok",
    },
  ],
};

export const SENT_DELIVERY: SentDelivery = {
  ...DELIVERY,
  request: {
    url: CALLBACK.url,
    headers: {
      "x-make-apikey": "…",
      "content-type": "application/json",
      "user-agent": "Ringback/0.2.0",
      "ringback-attempt": "2",
      "webhook-id": MESSAGE_ID,
      "webhook-timestamp": "1795446720",
      "webhook-signature": "v1,arWpLWtRGzvnb+gZhXmPOFYxK6jKQz/33G9dLjKJ30E=",
    },
    body: JSON.stringify(standardMessage("video.succeeded", SUCCEEDED_DATA)),
  },
};

export const STATS: Stats = {
  object: "stats",
  tasks: { queued: 2, running: 3, succeeded: 410, failed: 9 },
  models: [{ model: TEXT_EXAMPLE.model, count: 410, p50_seconds: 104.6, p95_seconds: 231.2 }],
  deliveries: { pending: 1, delivered: 417, exhausted: 1, stopped: 0 },
  hosts: [
    { host: "hooks.example.com", delivered: 417, failed: 6, failing_since: null, last_reason: "http_503" },
    {
      host: "n8n.example.com:5678",
      delivered: 0,
      failed: 5,
      failing_since: "2026-11-23T15:11:48.150Z",
      last_reason: "timeout",
    },
  ],
  files: { kept: 402, bytes: 4_120_500_224 },
  polls_per_task: 11.2,
};

export const ACCOUNT: Account = {
  object: "account",
  name: "acme",
  mode: "operator",
  base_url_host: "api.aiearth.dev",
};

/** The state as it is, then each change; it ends after the end. */
export const EVENT_STREAM = [
  `event: video.running\ndata: ${JSON.stringify({ ...QUEUED_TASK, ...RUNNING_DATA })}\n\n`,
  ": still there\n\n",
  `event: video.succeeded\ndata: ${JSON.stringify(SUCCEEDED_TASK)}\n\n`,
].join("");

/** The event `type` about `data`, in either format. */
export function standardMessage(type: EventType, data: TaskData): StandardMessage {
  return { id: MESSAGE_ID, type, timestamp: FINISHED_AT, data };
}

export function flatMessage(event: EventType, data: TaskData): FlatMessage & { metadata_order: number } {
  return {
    message_id: MESSAGE_ID,
    event,
    timestamp: FINISHED_AT,
    task_id: data.task_id,
    status: data.status,
    progress: data.progress,
    model: data.model,
    test: data.test,
    video_url: data.video_url,
    source_url: data.source_url,
    file_status: data.file?.status ?? null,
    file_expires_at: data.file?.status === "kept" ? data.file.expires_at : null,
    error_code: data.error?.code ?? null,
    error_message: data.error_message,
    upstream_task_id: data.upstream_task_id,
    created_at: data.created_at,
    finished_at: data.finished_at,
    metadata_order: 42,
  };
}

export const STANDARD_PING: StandardPing = { id: MESSAGE_ID, type: "ping", timestamp: FINISHED_AT, data: {} };
export const FLAT_PING: FlatPing = { message_id: MESSAGE_ID, event: "ping", timestamp: FINISHED_AT };
