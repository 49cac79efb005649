import { isOverloaded, OverloadedError } from "../domain/errors/unavailable.ts";
import { inTime } from "../net/in-time.ts";
import type { CreateAnswer, TaskObject } from "./object.ts";
import type { CreateInput } from "./steps/create.ts";
import type { EventsAnswer, WaitAnswer } from "./waiters/subscribe.ts";

export type { CreateAnswer } from "./object.ts";
export type { CreateInput } from "./steps/create.ts";
export type { EventsAnswer, WaitAnswer } from "./waiters/subscribe.ts";
export type { SentAnswer, SentQuestion } from "./sent.ts";
export {
  ELSEWHERE_WAITING_MAX,
  REDELIVERIES_A_MINUTE,
  type RedeliverAnswer,
  type RedeliverOrder,
} from "./steps/redeliver.ts";
export { PLACES_MAX } from "./waiters/waiting-room.ts";

type TaskNamespace = DurableObjectNamespace<TaskObject>;
export type TaskStub = DurableObjectStub<TaskObject>;

/**
 * Waits between the questions to an object that was lost, in milliseconds. They are long because the 503 at their end is a
 * guess: clients repeat a create, and its task may have been submitted.
 */
const LOST_WAITS_MS = [0, 100, 500, 2000, 4000, 8000];

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
    return resolveCreate(tasks, name, input);
  }
}

async function resolveCreate(tasks: TaskNamespace, name: string, input: CreateInput): Promise<CreateAnswer> {
  const { createId, fingerprint, taskId, acceptedTaskIds } = input;
  for (const waitMs of LOST_WAITS_MS) {
    await scheduler.wait(waitMs);
    try {
      return await taskStub(tasks, name).resolveCreate({ createId, fingerprint, taskId, acceptedTaskIds });
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

/** An object without an answer this long after the time was up is lost. */
const SILENCE_MS = 10_000;

/** The request behind a call that may take minutes. */
export interface Connection {
  account: string;
  /** Aborted when the client disconnects. */
  signal: AbortSignal;
  /** Keeps something going after that. */
  outlive(promise: Promise<unknown>): void;
}

/**
 * The task once it has ended, or as it is at `until`. An object that dies takes its waiters with it: a new one is asked
 * for the time that remains. Asks at least once.
 * @throws OverloadedError if the object cannot be reached
 */
export async function waitForEnd(
  tasks: TaskNamespace,
  name: string,
  connection: Connection & { until: number },
): Promise<WaitAnswer> {
  const { account, until, signal } = connection;
  for (const lostMs of LOST_WAITS_MS) {
    const waitMs = Math.max(until - Date.now(), 0);
    const stub = taskStub(tasks, name);
    const ticket = crypto.randomUUID();
    const stopListening = cancelOnHangUp(stub, connection, ticket);
    try {
      const answer: Promise<WaitAnswer> = stub.wait({ account, ticket, waitMs });
      return await inTime(waitMs + SILENCE_MS, answer);
    } catch (error) {
      if (signal.aborted || isOverloaded((error as Error).cause)) throw error;
      await scheduler.wait(Math.min(lostMs, Math.max(until - Date.now(), 0)));
    } finally {
      stopListening();
    }
  }
  throw new OverloadedError("the task's object was lost and does not come back");
}

/** Opens a stream of the task's events; it breaks with the object, and the listener comes again. */
export async function openEvents(
  tasks: TaskNamespace,
  name: string,
  connection: Connection & { lastEventId: string | null },
): Promise<EventsAnswer> {
  const { account, lastEventId } = connection;
  return askTask(tasks, name, async (stub) => {
    const ticket = crypto.randomUUID();
    cancelOnHangUp(stub, connection, ticket);
    return stub.events({ account, ticket, lastEventId });
  });
}

/** Detects that the client disconnects, and reports it to the object, where its call goes on. Returns how to undo it. */
function cancelOnHangUp(stub: TaskStub, connection: Connection, ticket: string): () => void {
  const cancel = (): void => {
    // An object that does not answer has lost its waiters, or ends them when their time is up.
    connection.outlive(stub.cancelWait(ticket).catch(() => undefined));
  };
  connection.signal.addEventListener("abort", cancel);
  return () => connection.signal.removeEventListener("abort", cancel);
}
