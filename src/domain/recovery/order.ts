import type { DeliveryStatus } from "../../contract/words.ts";
import type { Receiver } from "../delivery/delivery.ts";

/** One recovery's order to a task: deliver your terminal event again, if its delivery has one of these statuses. */
export interface RecoveryOrder {
  recoveryId: string;
  statuses: readonly DeliveryStatus[];
  /** The registered endpoint whose delivery is meant; null: that of the task's own callback. */
  endpoint: string | null;
  /** Null: the stored receiver. */
  target: Receiver | null;
}

/** What became of the terminal event's delivery. The same recovery asks again after a crash. */
export type RecoveryAnswer =
  /** By this recovery; or meanwhile by the schedule or by hand, and then nothing was sent. */
  | { kind: "delivered" }
  /** This call has sent it, and the attempt failed. */
  | { kind: "failed" }
  /** It has failed, too, but that tells nothing new about the receiver: an earlier call's, broken off, or never made. */
  | { kind: "interrupted" }
  /** Its status is none of `statuses`, or there is no terminal event yet. */
  | { kind: "unmatched" }
  /** No such task of this account any more. */
  | { kind: "gone" };
