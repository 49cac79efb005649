import type { JsonValue } from "../../domain/text/json.ts";
import type { TaskDiagnostics } from "../../task-object/diagnostics.ts";

/** What `inspect` of a task's object gives: the public JSON of the task and its deliveries, and where it stands. */

export interface TaskBody {
  task_id: string;
  status: "queued" | "running" | "succeeded" | "failed";
  progress: number | null;
  model: string;
  video_url: string | null;
  error: { code: string; message: string; retryable: boolean } | null;
  metadata: JsonValue;
  test: boolean;
  upstream_task_id: string | null;
  created_at: string;
  submitted_at: string | null;
  finished_at: string | null;
  deadline_at: string;
  callback: { url: string; events: string[]; format: "standard" | "flat"; status: CallbackState } | null;
  upstream: JsonValue;
}

export type CallbackState = "waiting" | DeliveryState;
type DeliveryState = "pending" | "delivered" | "exhausted" | "stopped";

export interface AttemptBody {
  number: number;
  trigger: "scheduled" | "manual";
  started_at: string;
  duration_ms: number | null;
  status_code: number | null;
  outcome: "delivered" | "retryable" | "permanent" | "unknown";
  reason: string | null;
  response_excerpt: string | null;
}

export interface DeliveryBody {
  message_id: string;
  event: string;
  status: DeliveryState;
  next_attempt_at: string | null;
  attempts: AttemptBody[];
}

export interface TaskView {
  task: TaskBody;
  /** Newest event first. */
  deliveries: { data: DeliveryBody[] };
  life: TaskDiagnostics;
}

export function isEnded({ status }: Pick<TaskBody, "status">): boolean {
  return status === "succeeded" || status === "failed";
}

const SOON_MS = 60_000;
const LIVE_MS = 2000;
const LIVE_SLOWLY_MS = 15_000;

/** How often the page asks again: quickly while something is about to happen; null once nothing will. */
export function liveEveryMs({ task, deliveries, life }: TaskView, now: number): number | null {
  if (!isEnded(task) || life.events.some(({ by_hand: waiting }) => waiting > 0)) return LIVE_MS;
  const onTheWire = deliveries.data.some(({ attempts }) => attempts.some(isOnTheWire));
  const pending = deliveries.data.filter(({ status }) => status === "pending");
  const soon = pending.some(({ next_attempt_at: next }) => next !== null && Date.parse(next) < now + SOON_MS);
  if (onTheWire || soon) return LIVE_MS;
  return pending.length > 0 ? LIVE_SLOWLY_MS : null;
}

export function isOnTheWire({ reason }: Pick<AttemptBody, "reason">): boolean {
  return reason === "in_flight";
}
