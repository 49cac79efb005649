import { stopDelivery, type Delivery } from "../../domain/delivery/delivery.ts";
import { takenAlong } from "../../domain/endpoint/taken-along.ts";
import { announce } from "../../domain/task/events/announce.ts";
import { isTerminalEvent } from "../../domain/task/events/event.ts";
import { awaitsProof } from "../../domain/task/key-proof.ts";
import { secretSource } from "../../domain/task/keep.ts";
import { isCopying, isTerminal, type Task } from "../../domain/task/task.ts";
import type { TaskReading } from "../../domain/task/upstream-answer.ts";
import { taskFields, type TaskDeps } from "../deps.ts";
import type { Change, TaskDocument } from "../document/document.ts";
import { sealText } from "../document/sealed.ts";

/** The task after a step, and what else the step writes. */
interface Recorded extends Pick<Change, "schedule" | "parts"> {
  task: Task;
  /** The upstream's answer, sealed. */
  answer?: string | null;
  /** The source of a copy that begins, sealed, if it contains the key. */
  source?: string | null;
}

/** What a step is about to record of the upstream's answer: its JSON, and the URL of a copy that it begins. Sealed. */
export async function sealAnswer(
  deps: TaskDeps,
  ahead: Task,
  { json, reading }: { json: string | null; reading: TaskReading | null },
): Promise<{ answer: string | null; source: string | null }> {
  const secret = reading && secretSource(ahead, reading);
  const [answer, source] = await Promise.all([
    json === null ? null : sealText(deps, ahead, "answer", json),
    secret === null ? null : sealText(deps, ahead, "source", secret),
  ]);
  return { answer, source };
}

/**
 * Writes what `decide` makes of the task as it is at that moment. Null: the task is gone, or `decide` makes nothing of it.
 */
export function recordTask(
  deps: TaskDeps,
  createId: string,
  decide: (document: TaskDocument, now: number) => Recorded | null,
): TaskDocument | null {
  const before = deps.store.load();
  const after = deps.store.update(createId, (document, now) => {
    const recorded = decide(document, now);
    const isSame = recorded === null || recorded.task === document.task;
    return isSame ? null : changeOf(deps, document, recorded, now);
  });
  if (before && after) logStatus(deps, before.task, after.task);
  return after;
}

/** The change that one step writes: the task, the deliveries of its events, and those that its end stops. */
export function changeOf(
  deps: TaskDeps,
  before: TaskDocument,
  recorded: Recorded,
  now: number,
): Change & { task: Task; deliveries: readonly Delivery[] } {
  const { answer, source, schedule, parts } = recorded;
  const held = heldFromEnd(recorded.task, now + deps.settings.callback.holdMs);
  const task = withKnownEndpoints(deps, held);
  const { deliveries, bodies } = announce(before, task, { now, newMessageId: () => deps.newMessageId() });
  const ended = isTerminal(task) && !isTerminal(before.task);
  const overtaken = ended ? pending(before.deliveries).map((delivery) => stopDelivery(delivery, now)) : [];
  const bodyNeeded = task.submit.phase === "due" && !isTerminal(task);
  const sealed = {
    ...(answer ? { answer } : {}),
    ...(source ? { source } : {}),
    ...(ended && before.sealed.source !== null ? { source: null } : {}),
    // The key is no longer needed, except for the question whether the upstream knows it.
    ...(ended && !awaitsProof(task, deliveries) ? { key: null } : {}),
  };
  return {
    task,
    deliveries: [...overtaken, ...deliveries],
    bodies,
    sealed,
    ...(schedule ? { schedule } : {}),
    ...(bodyNeeded ? {} : { parts: null }),
    ...(bodyNeeded && parts ? { parts } : {}),
    // There is nothing left to forecast, and its curves are most of what a document holds.
    ...(ended ? { sync: { ...before.sync, forecast: null } } : {}),
  };
}

/** With the endpoints of its account, if the task does not know them and another task of the isolate has heard of them. */
export function withKnownEndpoints(deps: TaskDeps, task: Task): Task {
  const briefed = task.endpoints === null ? deps.knownEndpoints(task) : undefined;
  return briefed ? { ...task, endpoints: takenAlong(task, briefed) } : task;
}

export function logStatus(deps: TaskDeps, before: Task, after: Task): void {
  if (before.status === after.status) return;
  if (isCopying(before) && after.file?.status === "failed")
    deps.log("result.copied", { ...taskFields(after), outcome: "given_up", reason: after.file.reason });
  deps.log("task.status", { ...taskFields(after), status: after.status, code: after.error?.code });
}

/** The end of a task answers its waiting create, so the hold starts at the end and not when the wait runs out. */
function heldFromEnd(task: Task, holdUntil: number): Task {
  return isTerminal(task) && task.holdUntil > holdUntil ? { ...task, holdUntil } : task;
}

function pending(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.filter(({ status, type }) => status === "pending" && !isTerminalEvent(type));
}
