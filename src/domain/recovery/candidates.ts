import { matchesFilter } from "../account/filter.ts";
import { receiversOf, type TaskReceiver } from "../account/receivers.ts";
import { isOver, type Retention } from "../account/reconcile.ts";
import { timeKey } from "../account/report.ts";
import { isTerminal } from "../task/task.ts";
import type { TaskSummary } from "../account/summary.ts";
import { candidateKey } from "./candidate-key.ts";
import type { Candidate } from "./queue.ts";
import type { RecoveryFilter } from "./recovery.ts";

/** What a recovery must know of its account. */
export interface RecoveryScope {
  filter: RecoveryFilter;
  retention: Retention;
  /** Where a registered endpoint is now; null: it was deleted. */
  endpointHost: (id: string) => string | null;
}

/** A receiver of a task, and whether its delivery matches now, by what the account knows. */
export interface JudgedReceiver {
  /** Null: the task's own callback. */
  endpoint: string | null;
  host: string;
  isMatch: boolean;
}

export function judgeReceivers(summary: TaskSummary, scope: RecoveryScope): JudgedReceiver[] {
  const { filter, retention, endpointHost } = scope;
  const isTaskMatch =
    isTerminal(summary) && !isOver(summary, retention) && matchesFilter(summary, filter.tasks);
  return receiversOf(summary).map((receiver) => {
    const { endpoint } = receiver;
    const host = (endpoint !== null && endpointHost(endpoint)) || receiver.host;
    return { endpoint, host, isMatch: isTaskMatch && isReceiverMatch(receiver, scope) };
  });
}

/** A filter by the callback's host means the callbacks there, one by an endpoint the deliveries to it. */
function isReceiverMatch(
  { endpoint, terminalDelivery }: TaskReceiver,
  { filter: { statuses, tasks, isElsewhere }, endpointHost }: RecoveryScope,
): boolean {
  if (terminalDelivery === null || !statuses.includes(terminalDelivery)) return false;
  if (tasks.endpoint !== null) {
    if (endpoint !== tasks.endpoint) return false;
  } else if (tasks.callbackHost !== null && endpoint !== null) {
    return false;
  }
  const isThere = endpoint === null || endpointHost(endpoint) !== null;
  // What is stopped there the deletion has stopped; nothing knows the URL for the rest.
  return isThere || (isElsewhere && terminalDelivery !== "stopped");
}

/** Between which keys the tasks of a recovery stand that began at `now`. */
export function keyRange(
  { tasks: { createdAfter, createdBefore } }: RecoveryFilter,
  now: number,
): { after: string; before: string } {
  return { after: timeKey(createdAfter ?? 0), before: timeKey(Math.min(createdBefore ?? now, now)) };
}

/** A row of the account's tasks. */
interface Row {
  key: string;
  summary: TaskSummary;
}

/**
 * The candidates of a run of rows that come after `after`: those that match now, and those that did before (`matched`). A
 * task's own answer decides what becomes of each. `isLate`: it matches only now. `isGone`: its row is not there any more. In
 * the order of their keys.
 */
export function candidatesOf(
  rows: readonly Row[],
  { after, matched }: { after: string; matched: readonly string[] },
  judge: (summary: TaskSummary) => readonly JudgedReceiver[],
): (Candidate & { isLate: boolean; isGone: boolean })[] {
  const left = new Set(matched);
  const found = rows.flatMap((row) =>
    judge(row.summary).flatMap(({ endpoint, host, isMatch }) => {
      const key = candidateKey(row.key, endpoint);
      const wasMatch = left.delete(key);
      const isCandidate = key > after && (wasMatch || isMatch);
      return isCandidate ? [{ key, host, isLate: !wasMatch, isGone: false }] : [];
    }),
  );
  const gone = Array.from(left, (key) => ({ key, host: "", isLate: false, isGone: true }));
  return [...found, ...gone].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}
