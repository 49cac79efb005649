import { awaitsProof, isUnproved, judgeTask } from "../../domain/task/key-proof.ts";
import { isTerminal, type Task } from "../../domain/task/task.ts";
import { taskFields, timing, type TaskDeps } from "../deps.ts";

/**
 * Whether something may be sent for this task. Where nothing has proved its key yet, the upstream is asked, and what
 * follows is written down; asked twice after a crash, it costs nothing twice.
 */
export async function isKeyProved(deps: TaskDeps, asked: Task): Promise<boolean> {
  if (!isUnproved(asked)) return true;
  const verdict = await deps.judgeKey(asked);
  const state = deps.store.load();
  // Deleted meanwhile, and perhaps created anew under the same idempotency key.
  if (state?.task.createId !== asked.createId) return false;
  if (!isUnproved(state.task)) return true;
  const at = { now: deps.now(), random: deps.random(), limits: { retryMs: deps.settings.callback.retryMs } };
  const { task, deliveries } = judgeTask(state, verdict, at);
  const after = state.deliveries.map((old) => deliveries.find(({ seq }) => seq === old.seq) ?? old);
  const isSpent = isTerminal(task) && !awaitsProof(task, after);
  deps.store.apply({ task, deliveries, ...(isSpent ? { key: null } : {}) }, timing(deps, at.now));
  deps.log("key.judged", { ...taskFields(task), verdict });
  return verdict === "accepted";
}
