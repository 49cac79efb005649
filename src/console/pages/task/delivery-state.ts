import type { AttemptJson, DeliveryJson } from "../../../contract/shapes/delivery.ts";
import type { AttemptReason } from "../../../contract/words.ts";
import { isTerminalEvent } from "../../../domain/task/events/event.ts";
import { isTerminal } from "../../../domain/task/task.ts";
import type { Text } from "../../text/en.ts";
import { sameReceiver } from "./delivery-groups.ts";
import { isOnTheWire, type TaskView } from "./task-view.ts";

/** Where a delivery stands, for a person: one that is `pending` waits, is on the wire, or has failed before. */
type DeliveryState =
  | "unsent"
  | "sending"
  | "retrying"
  | "delivered"
  | "exhausted"
  | "stopped"
  | "stoppedByReceiver"
  | "superseded";

export function deliveryStateOf(delivery: DeliveryJson, view: Known): DeliveryState {
  const { status } = delivery;
  const attempts = ownAttempts(delivery);
  if (attempts.some(isOnTheWire)) return "sending";
  if (status === "pending") return attempts.length === 0 ? "unsent" : "retrying";
  if (status !== "stopped") return status;
  const reason = stopReasonOf(delivery, view);
  if (reason === "superseded") return reason;
  return reason === "receiver" || ENDS_CALLBACKS.has(attempts.at(-1)?.reason ?? null)
    ? "stoppedByReceiver"
    : "stopped";
}

/** The state's word. */
export function stateWord(state: DeliveryState, { callback, deliveries }: Text): string {
  switch (state) {
    case "unsent":
      return callback.waiting;
    case "sending":
      return deliveries.onTheWire;
    case "retrying":
      return callback.pending;
    case "stoppedByReceiver":
    case "superseded":
      return deliveries[state];
    default:
      return callback[state];
  }
}

type Known = Pick<TaskView, "task" | "deliveries">;

/**
 * Why a delivery stopped that its own attempts do not explain. `key`: the upstream does not know the task's key;
 * `endpoint`: it was disabled, or deleted.
 */
type StopReason = keyof Text["callbacks"]["stop"] | "superseded";

/** The receiver's own no, which ends the callbacks of a task. */
const ENDS_CALLBACKS: ReadonlySet<AttemptReason | null> = new Set(["gone", "http_501"]);

/** Null: it has not stopped, or its last attempt says why. */
export function stopReasonOf(delivery: DeliveryJson, { task, deliveries }: Known): StopReason | null {
  const { status, event, endpoint } = delivery;
  if (status !== "stopped" || ownAttempts(delivery).at(-1)?.outcome === "permanent") return null;
  const isSuperseded = isTerminal(task) && !isTerminalEvent(event);
  // Its answers to one event stop no other one: a 410 disables it.
  if (endpoint !== null) return isSuperseded ? "superseded" : "endpoint";
  // The task's end stops what is pending before its own first attempt: what that one is answered is no reason for it.
  const earlier = deliveries.data.filter(
    (other) => other !== delivery && sameReceiver(other, delivery) && !isTerminalEvent(other.event),
  );
  const refused = earlier.some((other) =>
    ownAttempts(other).some(({ reason }) => ENDS_CALLBACKS.has(reason)),
  );
  if (refused) return "receiver";
  return isSuperseded ? "superseded" : "key";
}

/** One to another URL leaves the delivery as it is. */
function ownAttempts({ attempts }: DeliveryJson): AttemptJson[] {
  return attempts.filter(({ host }) => host === undefined);
}

/** Where help is wanted: the newest attempt that has failed, at the task's own receiver and elsewhere, unless one came through since. */
export function toBeExplained(delivery: DeliveryJson): ReadonlySet<AttemptJson> {
  const latest = [ownAttempts(delivery), delivery.attempts].map((attempts) =>
    attempts.findLast((attempt) => !isOnTheWire(attempt)),
  );
  return new Set(
    latest.filter((attempt) => attempt !== undefined).filter(({ outcome }) => outcome !== "delivered"),
  );
}
