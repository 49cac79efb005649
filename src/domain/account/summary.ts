import type { TaskError } from "../../contract/shapes/task.ts";
import { deliveriesTo, leadingDelivery, terminalDelivery } from "../delivery/by-receiver.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { receiverHost } from "../delivery/endpoint-policy.ts";
import { isTerminal, type PollSchedule, type Task } from "../task/task.ts";
import { nameInTaskId } from "../task/task-id.ts";
import { AIO, type CallbackStatus, type DeliveryStatus, type TaskStatus } from "../../contract/words.ts";
import { attemptsOf, goneAtOf, isAttemptNews, type AttemptTally } from "./attempts.ts";

/** What an account keeps of one of its tasks. Instants are epoch milliseconds. */
export interface TaskSummary {
  /** The name of the task's object. */
  name: string;
  /** Of two reports of one task the one with the higher version is the newer. */
  version: number;
  account: string;
  taskId: string;
  status: TaskStatus;
  model: string;
  upstreamName: string;
  /** Null before the upstream has accepted it. */
  upstreamTaskId: string | null;
  test: boolean;
  /** JSON text of an object. */
  metadata: string | null;
  videoUrl: string | null;
  /** The length of the copy that is kept of its result; null: there is none. */
  keptBytes: number | null;
  error: TaskError | null;
  createdAt: number;
  submittedAt: number | null;
  finishedAt: number | null;
  /** Null without a callback. */
  delivery: CallbackStatus | null;
  /** Of the terminal event's delivery; null before there is one, and without a callback that wants that event. */
  terminalDelivery: DeliveryStatus | null;
  /** As `receiverHost` has it; null without a callback. */
  callbackHost: string | null;
  /** At that host. */
  attempts: AttemptTally;
  /** Of the registered endpoints that the task took along; empty until it knows them. */
  endpoints: readonly EndpointSummary[];
  polls: number;
  /** Since when there is nothing left to do; null while there is. */
  settledAt: number | null;
  /** When the task's object empties itself, by the retention that it knows; null while there is something left to do. */
  expiresAt: number | null;
}

/** How a task's events go to one registered endpoint. */
export interface EndpointSummary {
  id: string;
  /** As `receiverHost` has it. */
  host: string;
  /** Of the terminal event's delivery; null before there is one, and if the endpoint does not want that event. */
  terminalDelivery: DeliveryStatus | null;
  attempts: AttemptTally;
  /** When the attempt began that it answered with 410 last; null: it has not. */
  goneAt: number | null;
}

interface TaskParts {
  task: Task;
  schedule: Pick<PollSchedule, "polls">;
  deliveries: readonly Delivery[];
  version: number;
}

/** What the parts of a summary that change are made from. */
type Moving = Pick<TaskParts, "task" | "deliveries">;

export function summaryOf(known: TaskParts, retentionMs: number): TaskSummary {
  const { task, schedule } = known;
  return {
    name: nameInTaskId(task.taskId) ?? "",
    version: known.version,
    account: task.account,
    taskId: task.taskId,
    status: task.status,
    model: task.model,
    upstreamName: task.upstreamName,
    upstreamTaskId: task.upstreamTaskId,
    test: task.test !== null,
    metadata: task.metadata,
    videoUrl: task.videoUrl,
    keptBytes: task.file?.status === "kept" ? task.file.bytes : null,
    error: task.error,
    createdAt: task.createdAt,
    submittedAt: task.submittedAt,
    finishedAt: task.finishedAt,
    delivery: deliveryOf(known),
    terminalDelivery: terminalDelivery(known.deliveries)?.status ?? null,
    callbackHost: task.callback && receiverHost(task.callback.url),
    attempts: tallyAt(known.deliveries, null),
    endpoints: endpointsOf(known),
    polls: schedule.polls,
    settledAt: settledAtOf(known),
    expiresAt: expiresAtOf(known, retentionMs),
  };
}

/**
 * Whether an upstream has accepted its create with the task's key. `aio` can be asked whether it knows a key, so its tasks prove
 * nothing that must be kept.
 */
export function provesKey({ upstreamName, upstreamTaskId, test }: TaskSummary): boolean {
  return upstreamTaskId !== null && !test && upstreamName !== AIO;
}

/** Whether the account would see something new in a summary of `after`; the count of polls alone is no news. */
export function isNews(before: Moving, after: Moving): boolean {
  if (before.task === after.task && before.deliveries === after.deliveries) return false;
  const [was, is] = [before.task, after.task];
  return (
    was.status !== is.status ||
    was.taskId !== is.taskId ||
    was.upstreamTaskId !== is.upstreamTaskId ||
    deliveryOf(before) !== deliveryOf(after) ||
    settledAtOf(before) !== settledAtOf(after) ||
    (before.deliveries !== after.deliveries &&
      isAttemptNews(tallyAt(before.deliveries, null), tallyAt(after.deliveries, null))) ||
    isEndpointNews(endpointsOf(before), endpointsOf(after))
  );
}

function endpointsOf({ task, deliveries }: Moving): EndpointSummary[] {
  return (task.endpoints ?? []).map(({ id, host }) => ({
    id,
    host,
    terminalDelivery: terminalDelivery(deliveries, id)?.status ?? null,
    attempts: tallyAt(deliveries, id),
    goneAt: goneAtOf(deliveriesTo(deliveries, id)),
  }));
}

function tallyAt(deliveries: readonly Delivery[], endpointId: string | null): AttemptTally {
  return attemptsOf(deliveriesTo(deliveries, endpointId));
}

function isEndpointNews(before: readonly EndpointSummary[], after: readonly EndpointSummary[]): boolean {
  if (before.length !== after.length) return true;
  return after.some(({ terminalDelivery: status, attempts }, index) => {
    const was = before[index];
    return !was || was.terminalDelivery !== status || isAttemptNews(was.attempts, attempts);
  });
}

function deliveryOf({ task, deliveries }: Moving): TaskSummary["delivery"] {
  return task.callback === null ? null : (leadingDelivery(deliveries)?.status ?? "waiting");
}

function expiresAtOf(known: Moving, retentionMs: number): number | null {
  const settledAt = settledAtOf(known);
  return settledAt === null ? null : settledAt + retentionMs;
}

function settledAtOf({ task, deliveries }: Moving): number | null {
  // Of a task that does not know its endpoints deliveries may be to come.
  const isKnown = isTerminal(task) && task.endpoints !== null;
  const settled = isKnown && deliveries.every(({ status }) => status !== "pending");
  return settled ? lastEnd(task, deliveries) : null;
}

/** Retention counts from the later of the task's end and its last delivery's settling. */
export function retentionEnd(task: Task, deliveries: readonly Delivery[], retentionMs: number): number {
  return lastEnd(task, deliveries) + retentionMs;
}

function lastEnd(task: Task, deliveries: readonly Delivery[]): number {
  const ends = deliveries.map(({ settledAt }) => settledAt ?? 0);
  return Math.max(task.finishedAt ?? task.createdAt, ...ends);
}
