import { nameInTaskId } from "../../domain/task/task-id.ts";
import { taskFields, type TaskDeps } from "../deps.ts";

/** A deleted task's idempotency key is remembered until this long after its creation. */
const DIGEST_KEPT_MS = 86_400_000;

/** Erases the task; the outcome of a call in flight is no longer recorded. False: no task of this account here. */
export async function removeTask(deps: Pick<TaskDeps, "store" | "log">, account: string): Promise<boolean> {
  const document = deps.store.load();
  if (document?.task.account !== account) return false;
  const { taskId, fingerprint, createdAt } = document.task;
  const until = createdAt + DIGEST_KEPT_MS;
  await deps.store.erase({
    digest: fingerprint === null ? null : { fingerprint, until },
    tombstone: { name: nameInTaskId(taskId) ?? "", account, createdAt },
  });
  deps.log("task.deleted", taskFields(document.task));
  return true;
}

/**
 * Erases a deleted task except for what its account, or a repeat of its create, must still learn.
 * @throws Error if the account does not answer in time
 */
export async function sendTombstone(
  deps: Pick<TaskDeps, "store" | "running" | "sendTombstone">,
): Promise<void> {
  const tombstone = deps.store.tombstone();
  if (tombstone) {
    // The account should hear the report in flight first: it refuses a later one only for an hour.
    await deps.running.ended("report");
    await deps.sendTombstone(tombstone);
    // Created anew meanwhile, under the same idempotency key: that one is here to stay.
    if (deps.store.load()) return;
  }
  await deps.store.erase({ tombstone: null });
}
