import type { AttemptReason, DeliveryStatus } from "../../contract/words.ts";
import { isTerminalEvent } from "../task/event.ts";
import { attemptsByHand, ATTEMPTS_BY_HAND_MAX, type Delivery } from "./delivery.ts";

/** What a recovery asks of one task, and what the task makes of it. */

/** One recovery's order to a task. */
export interface RecoveryOrder {
  recoveryId: string;
  /** Only a delivery that has one of them is sent. */
  statuses: readonly DeliveryStatus[];
  /** Null: the stored receiver. */
  target: Receiver | null;
}

/** Where an attempt goes. */
export interface Receiver {
  url: string;
  headers: [name: string, value: string][];
}

/** What became of the terminal event's delivery. */
export type RecoveryAnswer =
  /** By this recovery, or by the schedule or by hand: then nothing was sent. */
  | { kind: "delivered" }
  /** This recovery's one attempt failed, or its outcome is unknown. */
  | { kind: "failed"; reason: AttemptReason }
  /** Its status is none of the order's, or there is no terminal event yet. */
  | { kind: "unmatched" }
  /** No such task of this account any more. */
  | { kind: "gone" };

/** What to do next for an order. */
export type RecoveryMove =
  | { kind: "answer"; answer: RecoveryAnswer }
  /** This delivery has an attempt on the wire: judge again after it. */
  | { kind: "wait"; delivery: Delivery }
  | { kind: "send"; delivery: Delivery };

/**
 * Judges an order by the deliveries as they are. The attempt that was made for it is marked, so that a repeated order is
 * answered what the first one came to and never sends again.
 */
export function judgeRecovery(
  deliveries: readonly Delivery[],
  { recoveryId, statuses }: RecoveryOrder,
): RecoveryMove {
  const delivery = deliveries.findLast(({ type }) => isTerminalEvent(type));
  if (!delivery) return { kind: "answer", answer: { kind: "unmatched" } };
  const { status, onTheWire, finished } = delivery;
  if (status === "delivered") return { kind: "answer", answer: { kind: "delivered" } };
  const made = finished.find((attempt) => attempt.recoveryId === recoveryId);
  if (made) return failed(made.result.reason ?? "interrupted");
  const isMatch = statuses.includes(status) || onTheWire?.recoveryId === recoveryId;
  if (!isMatch) return { kind: "answer", answer: { kind: "unmatched" } };
  if (onTheWire !== null) return { kind: "wait", delivery };
  // No attempt shows this reason: none was made.
  if (attemptsByHand(deliveries) >= ATTEMPTS_BY_HAND_MAX) return failed("interrupted");
  return { kind: "send", delivery };
}

function failed(reason: AttemptReason): RecoveryMove {
  return { kind: "answer", answer: { kind: "failed", reason } };
}
