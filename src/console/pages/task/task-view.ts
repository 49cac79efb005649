import type { AttemptJson, DeliveryList } from "../../../contract/shapes/delivery.ts";
import type { TaskJson } from "../../../contract/shapes/task.ts";
import { isTerminal } from "../../../domain/task/task.ts";
import type { TaskDiagnostics } from "../../../domain/task/diagnostics.ts";

/** What `diagnostics` of a task's object gives: the public JSON of the task and its deliveries, and what stands beside it. */
export interface TaskView {
  task: TaskJson;
  /** Newest event first. */
  deliveries: DeliveryList;
  diagnostics: TaskDiagnostics;
}

const SOON_MS = 60_000;
const LIVE_MS = 2000;
const LIVE_SLOWLY_MS = 15_000;

/** How often the page asks again: quickly while something is about to happen; null once nothing will. */
export function liveEveryMs({ task, deliveries, diagnostics }: TaskView, now: number): number | null {
  if (!isTerminal(task) || diagnostics.deliveries.some(({ by_hand: waiting }) => waiting > 0)) return LIVE_MS;
  const onTheWire = deliveries.data.some(({ attempts }) => attempts.some(isOnTheWire));
  const pending = deliveries.data.filter(({ status }) => status === "pending");
  const soon = pending.some(({ next_attempt_at: next }) => next !== null && Date.parse(next) < now + SOON_MS);
  if (onTheWire || soon) return LIVE_MS;
  return pending.length > 0 ? LIVE_SLOWLY_MS : null;
}

export function isOnTheWire({ reason }: Pick<AttemptJson, "reason">): boolean {
  return reason === "in_flight";
}
