import { nameInTaskId } from "../../domain/task/task-id.ts";
import { taskFields, type TaskDeps } from "../deps.ts";

/** A deleted task's idempotency key is remembered until this long after its creation. */
const DIGEST_KEPT_MS = 86_400_000;

/** Erases the task; what is on the wire is not recorded any more. False: no task of this account here. */
export async function removeTask(
  deps: Pick<TaskDeps, "store" | "now" | "log">,
  account: string,
): Promise<boolean> {
  const state = deps.store.load();
  if (!state || state.task.account !== account) return false;
  const { taskId, fingerprint, createdAt } = state.task;
  const now = deps.now();
  const until = createdAt + DIGEST_KEPT_MS;
  const keep = fingerprint !== null && until > now;
  await deps.store.erase(now, {
    digest: keep ? { fingerprint, until } : null,
    farewell: { name: nameInTaskId(taskId) ?? "", account, createdAt },
  });
  deps.log("task.deleted", taskFields(state.task));
  return true;
}
