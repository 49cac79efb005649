import type { LaneKind, PaceAnswer, Refusal } from "../domain/pacing/pacing.ts";
import type { TaskClass } from "../domain/polling/class.ts";
import { cadenceName, type Lesson, type Outlook } from "../domain/task/cadence.ts";
import { nameInTaskId } from "../domain/task/task-id.ts";
import type { Task } from "../domain/task/task.ts";
import { inTime } from "../net/in-time.ts";
import type { CadenceObject } from "./object.ts";

type CadenceNamespace = DurableObjectNamespace<CadenceObject>;

/** No call waits for it longer than this: without an answer the task goes by its own plan and the prior. */
const PATIENCE_MS = 1_000;

function cadenceStub(cadences: CadenceNamespace, name: string): DurableObjectStub<CadenceObject> {
  return cadences.get(cadences.idFromName(name));
}

/** What a task of this class may expect. @throws OverloadedError if the cadence does not answer within a second */
export async function outlook(
  cadences: CadenceNamespace,
  cadence: string,
  task: TaskClass,
): Promise<Outlook> {
  return inTime<Outlook>(PATIENCE_MS, cadenceStub(cadences, cadence).outlook(task));
}

/** Teaches when tasks were finished. @throws OverloadedError if the cadence does not answer within a second */
export async function teach(
  cadences: CadenceNamespace,
  cadence: string,
  lessons: readonly Lesson[],
): Promise<void> {
  return inTime(PATIENCE_MS, cadenceStub(cadences, cadence).learn(lessons));
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
  const answer: Promise<PaceAnswer> = cadenceStub(cadences, cadenceName(task)).pace(lane, waiter);
  return inTime(PATIENCE_MS, answer);
}

/** A call of this task was answered 429. @throws OverloadedError if the cadence does not answer within a second */
export async function slowDown(
  cadences: CadenceNamespace,
  task: Task,
  lane: LaneKind,
  refusal: Refusal,
): Promise<void> {
  return inTime(PATIENCE_MS, cadenceStub(cadences, cadenceName(task)).slowDown(lane, refusal));
}
