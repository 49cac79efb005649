import { rearmIfLost } from "../../../../src/task-object/alarm.ts";
import type { TaskDeps } from "../../../../src/task-object/deps.ts";
import { tellInPassing } from "../../../../src/task-object/run.ts";
import type { CreateOutcome } from "../../../../src/task-object/steps/create.ts";
import { recoverDelivery } from "../../../../src/task-object/steps/recover.ts";
import { redeliver } from "../../../../src/task-object/steps/redeliver.ts";
import { finishRemoval, removeTask } from "../../../../src/task-object/steps/remove.ts";
import { targetOf } from "../endpoints.ts";
import type { CreateAnswer, Recovery, Redelivery } from "../world.ts";
import { ACCOUNT, ELSEWHERE, SETTINGS } from "./deployment.ts";
import type { SimulatedProcess } from "./process.ts";
import type { SimulatedWire } from "./wire.ts";

/** A call to the object, by what the real one does in it; `deps` is null while the settings do not parse. */
export type ObjectCall<T> = (process: SimulatedProcess, deps: TaskDeps | null) => Promise<T>;

export const readCall: ObjectCall<null> = async (process, deps) => {
  if (deps && !process.advancing) await rearmIfLost(deps);
  return null;
};

export const removeCall: ObjectCall<boolean> = async (process) => {
  const deps = process.deps(SETTINGS);
  const done = await removeTask(deps, ACCOUNT);
  if (done) deps.session.forget();
  // What fails, or dies, the alarm repeats.
  if (done && process.advancing) void finishRemoval(deps).catch(() => undefined);
  return done;
};

export function redeliverCall(order: Redelivery): ObjectCall<string> {
  const { messageId, endpoint } = order;
  const target = targetOf(order, ELSEWHERE);
  return async (process, deps) => {
    if (!deps) return "misconfigured";
    if (!process.advancing) await rearmIfLost(deps);
    return (await redeliver(deps, { messageId, endpoint, target }, { isKnownKey: false })).kind;
  };
}

export function recoverCall(order: Recovery, wire: SimulatedWire): ObjectCall<string> {
  const { recoveryId, statuses, endpoint } = order;
  const target = targetOf(order, ELSEWHERE);
  return async (process, deps) => {
    if (!deps) return "misconfigured";
    if (!process.advancing) await rearmIfLost(deps);
    if (process.store.load() === null) return "gone";
    // A recovery starts for a key that the upstream knows.
    wire.isProved = true;
    const { kind } = await recoverDelivery(deps, { recoveryId, statuses, endpoint, target });
    // What fails, or dies, the alarm repeats.
    void tellInPassing(deps).catch(() => undefined);
    return kind;
  };
}

/** As a caller hears it; null: the settings did not parse. */
export function answerOf(outcome: CreateOutcome | null): CreateAnswer {
  if (outcome === null) return { kind: "misconfigured" };
  if (!("document" in outcome)) return { kind: outcome.kind };
  return { kind: "taken", replayed: outcome.kind === "replayed", taskId: outcome.document.task.taskId };
}
