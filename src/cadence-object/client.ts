import type { Forecast, Joined } from "../domain/polling/forecast.ts";
import { classKey } from "../domain/polling/class.ts";
import type { LaneKind, PaceAnswer, Refusal } from "../domain/pacing/pacing.ts";
import type { FinishSample } from "../domain/task/observations.ts";
import { nameInTaskId } from "../domain/task/task-id.ts";
import type { Task } from "../domain/task/task.ts";
import { inTime } from "../net/in-time.ts";
import { RpcBatcher } from "../net/rpc-batcher.ts";
import { TtlCache } from "../net/ttl-cache.ts";
import type { CadenceObject, Finished } from "./object.ts";

export type CadenceNamespace = DurableObjectNamespace<CadenceObject>;

/** A call to the upstream does not wait longer for its slot. */
const PACE_PATIENCE_MS = 1_000;
/** Nobody waits for it: the prior is a forecast too. */
const PATIENCE_MS = 10_000;

/** What makes a task one of its cadence and class. */
type CadenceTask = Pick<Task, "mode" | "account" | "model" | "traits">;

/** A forecast changes with each finished task, and by little. */
const KNOWN_MS = 10_000;
const KNOWN_MAX = 1000;
/** What objects of this isolate were told lately, by cadence and class. */
const known = new TtlCache<Forecast | null>(KNOWN_MS, KNOWN_MAX);

/** One cadence per upstream key: a caller's own key is its account, the operator's is everybody's. */
function cadenceName({ mode, account }: CadenceTask): string {
  return mode === "operator" ? "operator" : account;
}

function cadenceStub(cadences: CadenceNamespace, task: CadenceTask): DurableObjectStub<CadenceObject> {
  return cadences.get(cadences.idFromName(cadenceName(task)));
}

function knownKey(task: CadenceTask): string {
  return `${cadenceName(task)} ${classKey({ model: task.model, ...task.traits })}`;
}

/** What a task may expect, if another object of this isolate has asked a moment ago; undefined: ask the cadence. */
export function knownForecast(task: CadenceTask): Forecast | null | undefined {
  return known.get(knownKey(task));
}

/** What a task may expect, and whether it is paced. @throws OverloadedError if the cadence does not answer */
export async function joinCadence(cadences: CadenceNamespace, task: CadenceTask): Promise<Joined> {
  const { model, traits } = task;
  const joined: Joined = await inTime(PATIENCE_MS, cadenceStub(cadences, task).join({ model, ...traits }));
  // While a key is paced, each of its tasks must hear so for itself.
  if (joined.paced) known.delete(knownKey(task));
  else known.set(knownKey(task), joined.forecast, Date.now());
  return joined;
}

const finishes = new RpcBatcher<Finished>();

/**
 * Tells when a task was finished, in one call with others of this moment; the same task twice is the same. One that is
 * lost with the isolate is a lesson less.
 * @throws OverloadedError if the cadence does not answer; whoever comes next tells of all
 */
export async function settleCadence(
  cadences: CadenceNamespace,
  task: Task,
  sample: FinishSample,
): Promise<void> {
  const { taskId, model, traits } = task;
  const name = nameInTaskId(taskId) ?? "";
  const item: Finished = { name, task: { model, ...traits }, sample };
  await finishes.tell({ to: cadenceName(task), name, item }, async (finished) =>
    inTime(PATIENCE_MS, cadenceStub(cadences, task).settle(finished)),
  );
}

/**
 * When a task may make its call that was due at `since`.
 * @throws OverloadedError if the cadence does not answer within a second
 */
export async function pace(
  cadences: CadenceNamespace,
  task: Task,
  lane: LaneKind,
  since: number,
): Promise<PaceAnswer> {
  const { taskId, account } = task;
  const waiter = { name: nameInTaskId(taskId) ?? "", account, since };
  const answer: Promise<PaceAnswer> = cadenceStub(cadences, task).pace(lane, waiter);
  return inTime(PACE_PATIENCE_MS, answer);
}

/** A call of this task was answered 429. @throws OverloadedError if the cadence does not answer within a second */
export async function slowDown(
  cadences: CadenceNamespace,
  task: CadenceTask,
  lane: LaneKind,
  refusal: Refusal,
): Promise<void> {
  return inTime(PACE_PATIENCE_MS, cadenceStub(cadences, task).slowDown(lane, refusal));
}
