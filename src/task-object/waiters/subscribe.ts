import { streamedSchedule } from "../../domain/task/poll.ts";
import { streamEventId } from "../../domain/task/events/stream-event.ts";
import { isTerminal } from "../../domain/task/task.ts";
import type { TaskDeps } from "../deps.ts";
import { pollLimits } from "../task-upstream.ts";
import type { WaitingRoom } from "./waiting-room.ts";

type NotHere =
  /** No task of this account. */
  | { kind: "none" }
  /** Too many calls wait for this task already. */
  | { kind: "full" };

export type WaitAnswer = { kind: "task"; ended: boolean; body: string } | NotHere;

export type EventsAnswer =
  | { kind: "stream"; stream: ReadableStream<Uint8Array> }
  /** This listener has received the end of the task already. */
  | { kind: "ended" }
  | NotHere;

export interface Wait {
  account: string;
  /** Names the wait when the caller disconnects. */
  ticket: string;
  waitMs: number;
}

export interface Listening {
  account: string;
  ticket: string;
  /** The last event that a reconnecting listener has received. */
  lastEventId: string | null;
}

/** Answers when the task ends or the time is up. It registers the waiter before its first await. */
export async function awaitEnd(
  deps: TaskDeps,
  room: WaitingRoom,
  { account, ticket, waitMs }: Wait,
): Promise<WaitAnswer> {
  const before = deps.store.load();
  if (before?.task.account !== account) return { kind: "none" };
  if (waitMs > 0 && !isTerminal(before.task)) {
    if (room.isFull) return { kind: "full" };
    await room.wait(ticket, waitMs);
  }
  const state = deps.store.load();
  if (state?.task.account !== account) return { kind: "none" };
  return { kind: "task", ended: isTerminal(state.task), body: await room.view(state) };
}

/** The task's life from now on, as server-sent events. */
export function openEvents(
  deps: TaskDeps,
  room: WaitingRoom,
  { account, ticket, lastEventId }: Listening,
): EventsAnswer {
  const document = deps.store.load();
  if (document?.task.account !== account) return { kind: "none" };
  const { task } = document;
  if (isTerminal(task) && lastEventId === streamEventId(task)) return { kind: "ended" };
  if (room.isFull) return { kind: "full" };
  const stream = room.stream(ticket, document);
  const turn = { random: deps.random(), limits: pollLimits(deps.settings, task) };
  const sooner = deps.store.update(task.createId, (current, now) => {
    const schedule = streamedSchedule(current.task, current.schedule, { ...turn, now });
    return schedule === current.schedule ? null : { schedule, inMemory: true };
  });
  if (sooner) deps.running.wake();
  return { kind: "stream", stream };
}
