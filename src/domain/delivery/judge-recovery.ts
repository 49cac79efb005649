import type { RecoveryAnswer, RecoveryOrder } from "../recovery/order.ts";
import { terminalDelivery } from "./by-receiver.ts";
import { attemptsByHand, ATTEMPTS_BY_HAND_MAX, type Delivery } from "./delivery.ts";

/** What to do next for an order. */
type RecoveryMove =
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
  { recoveryId, statuses, endpoint }: RecoveryOrder,
): RecoveryMove {
  const delivery = terminalDelivery(deliveries, endpoint);
  if (!delivery) return { kind: "answer", answer: { kind: "unmatched" } };
  const { status, onTheWire, finished } = delivery;
  if (status === "delivered") return { kind: "answer", answer: { kind: "delivered" } };
  const isMade = finished.some((attempt) => attempt.recoveryId === recoveryId);
  if (isMade) return { kind: "answer", answer: { kind: "interrupted" } };
  const isMatch = statuses.includes(status) || onTheWire?.recoveryId === recoveryId;
  if (!isMatch) return { kind: "answer", answer: { kind: "unmatched" } };
  if (onTheWire !== null) return { kind: "wait", delivery };
  if (attemptsByHand(deliveries) >= ATTEMPTS_BY_HAND_MAX) {
    return { kind: "answer", answer: { kind: "interrupted" } };
  }
  return { kind: "send", delivery };
}
