import type { TaskState } from "../../domain/task/due-work.ts";
import { DEADLINE_MARGIN_MS } from "../../domain/task/submit.ts";
import { isTerminal, type Task } from "../../domain/task/task.ts";
import type { LaneKind, Refusal } from "../../domain/pacing/pacing.ts";
import { errorFields } from "../../log.ts";
import { taskFields, timing, type TaskDeps } from "../deps.ts";

/**
 * A call of a task whose upstream key is paced. The cadence is asked only by tasks that know of a 429, and never needed:
 * where it is silent, the task's own plan counts.
 */

/** Leave to call now: with the slot that the cadence gave, or null, as who does not ask. */
export interface Pass {
  slotAt: number | null;
}

const NO_SLOT: Pass = { slotAt: null };

/** A slot so near is now. */
const NEAR_MS = 10;

/** Leave to call now; null: not yet, and the step was moved to when it may be. */
export async function passFor(deps: TaskDeps, lane: LaneKind): Promise<Pass | null> {
  const state = deps.store.load();
  // Shortly before the deadline there is no later: the last call goes out as it is.
  if (!state?.sync.paced || deps.now() >= latestAt(state.task)) return NO_SLOT;
  const { slot } = deps;
  if (slot?.lane === lane && deps.now() >= slot.at - NEAR_MS) {
    deps.slot = null;
    return { slotAt: slot.at };
  }
  const { task } = state;
  const answer = await deps.pace(task, lane, dueAt(state, lane)).catch((error: unknown) => {
    deps.log("pace.failed", { ...taskFields(task), ...errorFields(error) });
    return null;
  });
  if (answer === null) return NO_SLOT;
  if (answer.kind === "free") {
    setPaced(deps, task, false);
    return NO_SLOT;
  }
  if (answer.kind === "slot" && answer.at <= deps.now() + NEAR_MS) return { slotAt: answer.at };
  const current = deps.store.load();
  if (current?.task.createId !== task.createId || isTerminal(current.task)) return null;
  const at = Math.min(answer.at, latestAt(current.task));
  deps.slot = answer.kind === "slot" ? { lane, at: answer.at } : null;
  deps.store.stall({ kind: lane, dueAt: at }, at);
  return null;
}

/** Its place in the line: a submit's by its task's age, also after a 429. Waiting changes neither. */
function dueAt({ task, schedule }: TaskState, lane: LaneKind): number {
  return lane === "submit" ? task.createdAt : schedule.nextPollAt;
}

/** A call was answered 429: the cadence slows all tasks of the key, and this one asks from now on. Its own backoff stays. */
export async function tellRefusal(deps: TaskDeps, lane: LaneKind, refusal: Refusal): Promise<void> {
  const task = deps.store.load()?.task;
  if (!task || task.test) return;
  setPaced(deps, task, true);
  try {
    await deps.slowDown(task, lane, refusal);
  } catch (error) {
    // Others tell it too, and whoever asks for a slot hears that there is nobody to pace.
    deps.log("pace.failed", { ...taskFields(task), ...errorFields(error) });
  }
}

/** Written down, because a process that does not know would run into the next 429. */
function setPaced(deps: TaskDeps, { createId }: Task, paced: boolean): void {
  const state = deps.store.load();
  if (state?.task.createId !== createId || isTerminal(state.task) || state.sync.paced === paced) return;
  deps.store.apply({ sync: { ...state.sync, paced } }, timing(deps));
}

/** A slot that comes too late is none: the call goes out while its answer can still count. */
function latestAt({ deadlineAt }: Task): number {
  return deadlineAt - DEADLINE_MARGIN_MS;
}
