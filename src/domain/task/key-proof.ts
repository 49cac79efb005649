import type { TaskState } from "./state.ts";
import { postponeDelivery, stopDelivery, type Delivery, type DeliveryLimits } from "../delivery/delivery.ts";
import type { Task } from "./task.ts";

/**
 * A made-up key must not make Ringback send signed requests. A create proves its key when the upstream accepts
 * it; a task whose key nothing has proved asks the upstream before its first attempt.
 */

/** The upstream's verdict on a key; silent: no readable answer. */
export type KeyVerdict = "accepted" | "refused" | "silent";

export function isUnproved({ unproved }: Task): boolean {
  return unproved !== null;
}

export function withProvedKey(task: Task): Task {
  return isUnproved(task) ? { ...task, unproved: null } : task;
}

/** Whether the key is needed beyond the end of its task: an attempt, or one to come, depends on the upstream's verdict. */
export function awaitsProof(task: Task, deliveries: readonly Delivery[]): boolean {
  if (!isUnproved(task)) return false;
  return task.endpoints === null || deliveries.some(({ status }) => status === "pending");
}

/** Applies the upstream's verdict on the key to the task, and to the deliveries that it changes. */
export function judgeTask(
  { task, deliveries }: TaskState,
  verdict: KeyVerdict,
  at: { now: number; random: number; limits: DeliveryLimits },
): { task: Task; deliveries: Delivery[] } {
  const pending = deliveries.filter(({ status, onTheWire }) => status === "pending" && onTheWire === null);
  switch (verdict) {
    case "accepted":
      return { task: withProvedKey(task), deliveries: [] };
    case "refused": {
      const callback = task.callback && { ...task.callback, stopped: true };
      return { task: { ...task, callback }, deliveries: pending.map((one) => stopDelivery(one, at.now)) };
    }
    case "silent": {
      const due = pending.filter(({ nextAttemptAt }) => nextAttemptAt !== null && nextAttemptAt <= at.now);
      // The attempts at several receivers ask at one time, and all are postponed by the first answer.
      if (due.length === 0) return { task, deliveries: [] };
      const asks = (task.unproved?.asks ?? 0) + 1;
      return {
        task: { ...task, unproved: { asks } },
        deliveries: due.map((one) => postponeDelivery(one, asks, at)),
      };
    }
    default:
      return verdict satisfies never;
  }
}
