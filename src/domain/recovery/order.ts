import type { AttemptReason, DeliveryStatus } from "../../contract/words.ts";

/** Where a recovery sends everything, instead of to the stored receivers. */
export interface RecoveryTarget {
  url: string;
  headers: [name: string, value: string][];
}

/** One recovery's order to a task: deliver your terminal event again, if its delivery has one of these statuses. */
export interface RecoveryOrder {
  recoveryId: string;
  statuses: readonly DeliveryStatus[];
  /** Null: the stored receiver. */
  target: RecoveryTarget | null;
}

/** What became of the terminal event's delivery. The same recovery asks again after a crash, and gets the same answer. */
export type RecoveryAnswer =
  /** By this recovery; or meanwhile by the schedule or by hand, and then nothing was sent. */
  | { kind: "delivered" }
  /** The one attempt of this recovery failed, or its outcome is unknown. */
  | { kind: "failed"; reason: AttemptReason }
  /** Its status is none of `statuses`, or there is no terminal event yet. */
  | { kind: "unmatched" }
  /** No such task of this account any more. */
  | { kind: "gone" };
