import { OVERDUE_MS } from "../domain/account/reconcile.ts";
import { shouldRethrow } from "../domain/errors/stall.ts";
import { isTerminal } from "../domain/task/task.ts";
import type { TaskSettings } from "../env.ts";
import { errorFields } from "../log.ts";
import { advance, STALL_MS } from "./run.ts";
import { taskFields, type TaskDeps } from "./deps.ts";
import { finishRemoval } from "./steps/remove.ts";
import { expireStep } from "./steps/submit.ts";

/**
 * One run of the alarm, which has thrown `retryCount` times before. An alarm that is lost all the same is armed again by
 * any request, and by the account's hourly reconciliation.
 * @throws what storage and the platform throw, so that the platform repeats the run
 */
export async function runAlarm(deps: TaskDeps, retryCount: number): Promise<void> {
  await guarded(deps, retryCount, async () => {
    if (deps.store.load()) await advance(deps);
    else await finishRemoval(deps);
    const document = deps.store.load();
    if (!document || isTerminal(document.task)) deps.session.forgetKey();
  });
}

/** Enough to store that a deadline has passed; every step that acts waits for real settings. */
export const WITHOUT_SETTINGS: TaskSettings = {
  upstreams: [],
  roots: [""],
  poll: { firstMs: null, minMs: STALL_MS, maxMs: STALL_MS, lostMs: 0, unauthorizedMs: 0, resultMissingMs: 0 },
  callback: { retryMs: [], timeoutMs: 0, holdMs: 0, allowPrivate: false },
  ownHosts: [],
  upstreamTimeoutMs: 0,
  taskTimeoutMs: 0,
  retentionMs: STALL_MS,
  alerts: null,
  keep: { mode: "off", maxBytes: 0, patienceMs: 0, publicUrl: null },
};

/** Ringback never guesses: while the settings do not parse, the alarm moves a minute on, until the deadline ends the task. */
export async function waitForSettings(
  deps: TaskDeps,
  bad: readonly string[],
  retryCount: number,
): Promise<void> {
  await guarded(deps, retryCount, async () => {
    const now = deps.now();
    deps.log("settings.bad", { settings: bad.join(" ") });
    const task = deps.store.load()?.task;
    if (task && !isTerminal(task) && now >= task.deadlineAt) expireStep(deps);
    await deps.store.armAt(now + STALL_MS);
  });
}

/** A Ringback fault delays the run by a minute; every other error goes through. Either way the alarm is not lost. */
async function guarded(deps: TaskDeps, retryCount: number, run: () => Promise<void>): Promise<void> {
  deps.store.alarmFired();
  try {
    await run();
  } catch (error) {
    const threw = shouldRethrow(error, retryCount);
    deps.log(threw ? "alarm.threw" : "alarm.failed", errorFields(error));
    if (threw) throw error;
    await deps.store.armAt(deps.now() + STALL_MS);
  }
}

/**
 * Arms an alarm that is lost, or that a longer retention had set. Does nothing during a run, which arms one at its end.
 */
export async function rearmIfLost(deps: TaskDeps): Promise<void> {
  const document = deps.store.load();
  if (!document) return;
  const alarm = await deps.store.alarm();
  const now = deps.now();
  const erase = deps.store.steps(document).find(({ kind }) => kind === "erase");
  const latest = Math.max(Math.ceil(erase?.dueAt ?? Infinity), now + OVERDUE_MS);
  if (alarm !== null && alarm >= now - OVERDUE_MS && alarm <= latest) return;
  deps.log("alarm.rearmed", { ...taskFields(document.task), was: alarm });
  deps.store.alarmFired();
  await deps.store.rearm();
}
