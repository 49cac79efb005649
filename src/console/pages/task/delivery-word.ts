import type { DeliveryJson } from "../../../contract/shapes/delivery.ts";
import type { Text } from "../../text/en.ts";
import { isOnTheWire } from "./task-view.ts";

/** Answers by which a receiver ends a task's callbacks. */
const STOPS: ReadonlySet<number | null> = new Set([410, 501]);

/** A delivery's state in words: the attempts of its task say what the state alone leaves open. */
export function deliveryWord(
  { event, status, attempts }: DeliveryJson,
  all: readonly DeliveryJson[],
  text: Text,
): string {
  if (status === "pending") {
    if (attempts.some(isOnTheWire)) return text.deliveries.onTheWire;
    // A retry is what follows an attempt.
    return attempts.length === 0 ? text.callback.waiting : text.callback.pending;
  }
  if (status !== "stopped") return text.callback[status];
  // Of one event the receiver stops all.
  if (all.some(isEndedByReceiver)) return text.deliveries.stoppedByReceiver;
  const isPassing = event === "video.running" || event === "video.progress";
  return isPassing ? text.deliveries.superseded : text.callback.stopped;
}

function isEndedByReceiver({ status, attempts }: DeliveryJson): boolean {
  return status === "stopped" && attempts.some(({ status_code: code }) => STOPS.has(code));
}
