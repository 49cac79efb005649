import { beginByHand, type Delivery } from "../../domain/delivery/delivery.ts";
import { receiverHost } from "../../domain/delivery/endpoint-policy.ts";
import { judgeRecovery } from "../../domain/delivery/judge-recovery.ts";
import { isRingbackFault } from "../../domain/errors/stall.ts";
import type { RecoveryAnswer, RecoveryOrder } from "../../domain/recovery/order.ts";
import { attemptKey } from "../../domain/task/due-work.ts";
import { withProvedKey } from "../../domain/task/key-proof.ts";
import { errorFields } from "../../log.ts";
import { wait } from "../../net/wait.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document/document.ts";
import { attemptLostStep, sendAttempt, signedWith } from "./attempt.ts";
import { prepareAttempt, type Prepared } from "./prepare.ts";

/** While the lease of a process that is gone runs out, the delivery is looked at again after this. */
const LEASE_LOOK_MS = 1000;

/**
 * Sends the terminal event once for a recovery, or answers why not. The call may break off and come again at any time: the
 * marked attempt in the document says how far the first one came.
 */
export async function recoverDelivery(deps: TaskDeps, order: RecoveryOrder): Promise<RecoveryAnswer> {
  const createId = deps.store.load()?.task.createId;
  let hasSent = false;
  for (;;) {
    const document = deps.store.load();
    if (!document || document.task.createId !== createId) return { kind: "gone" };
    const move = judgeRecovery(document.deliveries, order);
    switch (move.kind) {
      case "answer":
        return hasSent && move.answer.kind === "interrupted" ? { kind: "failed" } : move.answer;
      case "wait":
        await untilFree(deps, move.delivery);
        break;
      case "send": {
        const prepared = await prepare(deps, document, move.delivery, order);
        if (prepared === null) return { kind: "interrupted" };
        const isRecorded = await sendOnce(deps, createId, { order, prepared, seq: move.delivery.seq });
        // What was not sent to a deleted endpoint says nothing of its host.
        hasSent = isRecorded && prepared.receiver !== null;
        break;
      }
      default:
        move satisfies never;
    }
  }
}

/** Waits for the attempt on the wire; one whose process is gone is recorded as lost when its lease is over. */
async function untilFree(deps: TaskDeps, { seq, onTheWire }: Delivery): Promise<void> {
  const ended = deps.running.ended(attemptKey(seq));
  if (ended) return ended;
  const leftMs = (onTheWire?.leaseUntil ?? 0) - deps.now();
  if (leftMs > 0) await wait(Math.min(leftMs, LEASE_LOOK_MS));
  else attemptLostStep(deps, seq);
}

/**
 * Null: an attempt cannot be made, because a seal does not open or the account does not say where its endpoint is. A
 * recovery must come to its end all the same.
 */
async function prepare(
  deps: TaskDeps,
  document: TaskDocument,
  delivery: Delivery,
  { target }: RecoveryOrder,
): Promise<Prepared | null> {
  try {
    return await prepareAttempt(deps, document, delivery, target);
  } catch (error) {
    if (!isRingbackFault(error)) throw error;
    deps.log("step.stalled", { ...taskFields(document.task), step: "recover", ...errorFields(error) });
    return null;
  }
}

/** The lease with the recovery's mark, then the request, then its result. False: it may not be sent any more. */
async function sendOnce(
  deps: TaskDeps,
  createId: string,
  { order, prepared, seq }: { order: RecoveryOrder; prepared: Prepared; seq: number },
): Promise<boolean> {
  const key = attemptKey(seq);
  // The alarm prepares an attempt of this delivery, too.
  const other = deps.running.ended(key);
  if (other) {
    await other;
    return false;
  }
  const begun = deps.store.update(createId, ({ task, deliveries }, now) => {
    const move = judgeRecovery(deliveries, order);
    if (move.kind !== "send") return null;
    const { timeoutMs } = deps.settings.callback;
    const delivery = beginByHand(move.delivery, now, timeoutMs, {
      recoveryId: order.recoveryId,
      ...(order.target ? { host: receiverHost(order.target.url) } : {}),
    });
    if (delivery === null) return null;
    // A recovery starts for a key that the upstream knows.
    const proved = withProvedKey(task);
    return {
      deliveries: [delivery],
      task: proved,
      sealed: { key: null },
      ...signedWith(proved, prepared),
    };
  });
  const delivery = begun?.deliveries.find((one) => one.seq === seq);
  if (!delivery) return false;
  await deps.running.track(key, sendAttempt(deps, { createId, delivery, prepared }));
  deps.running.wake();
  return true;
}
