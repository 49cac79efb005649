import { awaitsProof, isUnproved, judgeTask } from "../../domain/task/key-proof.ts";
import { isTerminal } from "../../domain/task/task.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import { changed, type TaskDocument } from "../document/document.ts";

/**
 * Asks the upstream about the task's key, if nothing has proved it yet, and stores the consequences; asking twice after a
 * crash costs nothing. False: the task may not send.
 */
export async function proveKey(deps: TaskDeps, asked: TaskDocument): Promise<boolean> {
  if (!isUnproved(asked.task)) return true;
  const verdict = await deps.session.judgeKey(asked);
  const { createId } = asked.task;
  const limits = { retryMs: deps.settings.callback.retryMs };
  const judged = deps.store.update(createId, (document, now) => {
    if (!isUnproved(document.task)) return null;
    const change = judgeTask(document, verdict, { now, random: deps.random(), limits });
    if (change.task === document.task) return null;
    const after = changed(document, change);
    const isSpent = isTerminal(after.task) && !awaitsProof(after.task, after.deliveries);
    return { ...change, ...(isSpent ? { sealed: { key: null } } : {}) };
  });
  if (judged) {
    deps.log("key.judged", { ...taskFields(judged.task), verdict });
    return verdict === "accepted";
  }
  // Another call has proved the key meanwhile, or the caller deleted the task.
  const current = deps.store.load()?.task;
  return current?.createId === createId && !isUnproved(current);
}
