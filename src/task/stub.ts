import type { Listing } from "../domain/listing.ts";
import { isOverloaded, OverloadedError } from "../domain/overload.ts";
import type { CreateAnswer, TaskObject } from "./object.ts";
import type { CreateInput } from "./create.ts";

export type { CreateAnswer } from "./object.ts";
export type { CreateInput } from "./create.ts";
export type { RedeliverAnswer } from "./redeliver.ts";

export type TaskNamespace = DurableObjectNamespace<TaskObject>;
export type TaskStub = DurableObjectStub<TaskObject>;

/**
 * After a lost create, how often and how far apart the object is asked what became of it, in milliseconds. Long,
 * because the 503 at its end is a guess: clients repeat it, and the task may have been submitted.
 */
const RECOVERY_WAITS_MS = [0, 100, 500, 2000, 4000, 8000];

/** A new stub each time: one that has thrown stays broken. */
export function taskStub(tasks: TaskNamespace, name: string): TaskStub {
  return tasks.get(tasks.idFromName(name));
}

/**
 * Creates a task in its object. A call that breaks off says nothing about what the object did, so the object is asked
 * by id: begun is `submit_unknown`, and nothing stored means that this create is refused for good.
 * @throws OverloadedError if the object cannot be reached
 */
export async function createInObject(
  tasks: TaskNamespace,
  name: string,
  input: CreateInput,
): Promise<CreateAnswer> {
  try {
    return await taskStub(tasks, name).create(input);
  } catch (error) {
    if (isOverloaded(error)) throw new OverloadedError("the task's object is overloaded");
    return recover(tasks, name, input);
  }
}

async function recover(tasks: TaskNamespace, name: string, input: CreateInput): Promise<CreateAnswer> {
  const { createId, fingerprint, taskId, acceptedTaskIds } = input;
  for (const waitMs of RECOVERY_WAITS_MS) {
    await scheduler.wait(waitMs);
    try {
      // A new stub each time: one that has thrown stays broken.
      return await taskStub(tasks, name).recoverCreate({ createId, fingerprint, taskId, acceptedTaskIds });
    } catch {
      // Still restarting, or lost again: ask once more.
      continue;
    }
  }
  throw new OverloadedError("the task's object was lost and does not come back");
}

/** Reads from a task's object; repeated once on a new stub, because a read is safe to repeat. */
export async function askTask<T>(
  tasks: TaskNamespace,
  name: string,
  ask: (stub: TaskStub) => Promise<T>,
): Promise<T> {
  try {
    return await ask(taskStub(tasks, name));
  } catch (error) {
    if (isOverloaded(error)) throw new OverloadedError("the task's object is overloaded");
    return ask(taskStub(tasks, name));
  }
}

/** What an account's look finds; null: no such task. @throws Error if the object cannot say */
export async function lookAtTask(
  tasks: TaskNamespace,
  name: string,
  account: string,
): Promise<Listing | null> {
  return taskStub(tasks, name).look(account);
}
