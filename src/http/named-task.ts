import type { Context } from "hono";
import { openTaskId } from "../keys/ids.ts";
import { askTask, type Connection, type TaskStub } from "../task-object/client.ts";
import type { AppEnv } from "./app-env.ts";
import { noSuchTask } from "./errors.ts";

/** The task of this caller that the path's id names. */
export interface NamedTask {
  id: string;
  /** Of its object. */
  name: string;
  account: string;
}

/** @throws ApiError 404 for an id that is made up or another account's: it fails at its tag, here, and wakes no object */
export async function namedTask(context: Context<AppEnv>): Promise<NamedTask> {
  const id = context.req.param("id") ?? "";
  const { account } = context.get("caller");
  const name = await openTaskId(context.get("settings").roots, id, account);
  if (name === null) throw noSuchTask();
  return { id, name, account };
}

/**
 * Asks the task's object.
 * @throws ApiError 404, the same bytes as for a made-up id, where the object says null: it has no such task
 */
export async function ofTask<T>(
  context: Context<AppEnv>,
  { name, account }: NamedTask,
  ask: (stub: TaskStub, account: string) => Promise<T | null>,
): Promise<T> {
  const answer = await askTask(context.env.TASKS, name, async (stub) => ask(stub, account));
  if (answer === null) throw noSuchTask();
  return answer;
}

/** The client of this request, as one that waits. */
export function connectionOf(context: Context<AppEnv>): Connection {
  return {
    account: context.get("caller").account,
    signal: context.req.raw.signal,
    outlive: (promise) => context.executionCtx.waitUntil(promise),
  };
}
