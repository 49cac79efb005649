import { HEARD_LATELY_MS, type Retention } from "../domain/account/reconcile.ts";
import type { HealthTransition } from "../domain/account/hosts.ts";
import type { TaskReport } from "../domain/account/report.ts";
import type { TaskSummary } from "../domain/account/summary.ts";
import { errorFields, log } from "../log.ts";
import { wait } from "../net/wait.ts";
import type { AccountStore } from "./store.ts";

/** A run starts nothing new after this: the signing secrets' questions come in between, but a run must end. */
const RUN_MS = 20_000;
/** Tasks that are asked at the same time. */
const ASKS_AT_ONCE = 6;

/** What a run needs. */
interface Reconciling {
  store: AccountStore;
  /** Takes what has become of receivers, and of the tasks that were asked. */
  passOn: (transitions: readonly HealthTransition[]) => void;
  retention: () => Retention;
  /** A task's own summary; null: there is none of this account. The call alone makes the task re-arm a lost alarm. */
  ask: (task: TaskSummary) => Promise<TaskReport | null>;
}

/**
 * One run of the account's alarm: drops what is over, asks what is not settled, and sets the next alarm. Where there is too
 * much for one run, the next ones go on with those that were not asked since the first one began. Gives when the next is due.
 * @throws what storage throws
 */
export async function reconcile(run: Reconciling): Promise<number> {
  const { store, retention, passOn } = run;
  const { now } = retention();
  passOn(store.judgeEndpoints(now));
  const stopAt = now + RUN_MS;
  const roundAt = store.beginRun(now);
  const isLate = (): boolean => retention().now >= stopAt;
  const due: string[] = [];
  for (let after: string | null = ""; after !== null && !isLate();) {
    const { ask, next } = store.expire(after, retention());
    due.push(...ask);
    after = next;
    // Calls that came meanwhile are answered between two chunks.
    if (after !== null) await wait(0);
  }
  due.push(...store.unheard(roundAt - HEARD_LATELY_MS));
  while (due.length > 0 && !isLate()) {
    await Promise.all(due.splice(0, ASKS_AT_ONCE).map(async (key) => askOne(run, key)));
  }
  return store.endRun(retention(), !isLate());
}

async function askOne({ store, retention, ask, passOn }: Reconciling, key: string): Promise<void> {
  const summary = store.task(key)?.summary;
  if (!summary) return;
  try {
    const answer = await ask(summary);
    passOn(store.receiveAnswer(key, answer, retention()));
  } catch (error) {
    // The next run asks again: a task that fails must not keep this object awake.
    const { taskId, account } = summary;
    log("reconcile.failed", { task_id: taskId, account, ...errorFields(error) });
    store.hear(key, retention().now);
  }
}
