import type { Forecast } from "../domain/forecast.ts";
import type { FinishSample } from "../domain/sightings.ts";
import { nameInTaskId } from "../domain/task-id.ts";
import type { Task } from "../domain/task.ts";
import { inTime } from "../wire/in-time.ts";
import type { CadenceObject } from "./object.ts";

export type CadenceNamespace = DurableObjectNamespace<CadenceObject>;

/** Nobody waits for it: the prior is a forecast too. */
const PATIENCE_MS = 10_000;

/** One cadence per upstream key: a caller's own key is its account, the operator's is everybody's. */
function cadenceStub(cadences: CadenceNamespace, { mode, account }: Task): DurableObjectStub<CadenceObject> {
  return cadences.get(cadences.idFromName(mode === "operator" ? "operator" : account));
}

/** What a task may expect; null: the prior. @throws OverloadedError if the cadence does not answer */
export async function joinCadence(cadences: CadenceNamespace, task: Task): Promise<Forecast | null> {
  const { model, traits } = task;
  return inTime(PATIENCE_MS, cadenceStub(cadences, task).join({ model, ...traits }));
}

/** Tells when a task was finished; the same task twice is the same. @throws OverloadedError if it does not answer */
export async function settleCadence(
  cadences: CadenceNamespace,
  task: Task,
  sample: FinishSample,
): Promise<void> {
  const { taskId, model, traits } = task;
  const name = nameInTaskId(taskId) ?? "";
  return inTime(PATIENCE_MS, cadenceStub(cadences, task).settle(name, { model, ...traits }, sample));
}
