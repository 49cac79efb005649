import { lastCallAt } from "../../domain/task/submit.ts";
import { isTerminal, type Task } from "../../domain/task/task.ts";
import type { LaneKind, Refusal } from "../../domain/pacing/pacing.ts";
import { errorFields } from "../../log.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { TaskDocument } from "../document/document.ts";

/**
 * A call of a task whose upstream key is paced. The cadence is asked only by tasks that know of a 429, and never needed:
 * where it is silent, the task's own plan counts.
 */

/** Permission to call now: with a slot, or null if the step did not ask. */
interface Pass {
  slotAt: number | null;
}

const NO_SLOT: Pass = { slotAt: null };

/** Permission to call now. Null: not yet; the step is moved. */
export async function passFor(deps: TaskDeps, lane: LaneKind): Promise<Pass | null> {
  const document = deps.store.load();
  // Shortly before the deadline there is no later: the last call goes out as it is.
  if (!document?.sync.paced || deps.now() >= lastCallAt(document.task)) return NO_SLOT;
  const { store, pacing } = deps;
  const slotAt = pacing.takeSlot(lane, deps.now());
  if (slotAt !== null) return { slotAt };
  const { task } = document;
  const answer = await deps.pace(task, lane, dueAt(document, lane)).catch((error: unknown) => {
    deps.log("pace.failed", { ...taskFields(task), ...errorFields(error) });
    return null;
  });
  if (answer === null) return NO_SLOT;
  if (answer.kind === "free") {
    setPaced(deps, task, false);
    return NO_SLOT;
  }
  if (answer.kind === "slot" && pacing.isNow(answer.at, deps.now())) return { slotAt: answer.at };
  const current = store.load();
  if (current?.task.createId !== task.createId || isTerminal(current.task)) return null;
  // A slot that comes too late is none: the call goes out while its answer can still count.
  const at = Math.min(answer.at, lastCallAt(current.task));
  pacing.keepSlot(lane, answer.kind === "slot" ? answer.at : null);
  store.stall({ kind: lane, dueAt: at }, at);
  return null;
}

/** The call's place in the queue: for a submit the task's creation, for a poll its due time. */
function dueAt({ task, schedule }: TaskDocument, lane: LaneKind): number {
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
    // Other tasks tell it too; and a task that asks for a slot meanwhile hears that none is needed.
    deps.log("pace.failed", { ...taskFields(task), ...errorFields(error) });
  }
}

/** Written down, because a process that does not know would run into the next 429. */
function setPaced(deps: TaskDeps, { createId }: Task, paced: boolean): void {
  deps.store.update(createId, ({ task, sync }) =>
    isTerminal(task) || sync.paced === paced ? null : { sync: { ...sync, paced } },
  );
}
