import { matchesFilter } from "../account/filter.ts";
import { isOver, type Retention } from "../account/reconcile.ts";
import { timeKey } from "../account/report.ts";
import { isTerminal } from "../task/task.ts";
import type { TaskSummary } from "../account/summary.ts";
import type { Candidate } from "./queue.ts";
import type { RecoveryFilter } from "./recovery.ts";

/** The receiver that a recovery by this filter has for the task, by what its account knows; null: none. */
export function receiverOf(
  summary: TaskSummary,
  { statuses, tasks }: RecoveryFilter,
  retention: Retention,
): { host: string } | null {
  const { terminalDelivery, callbackHost } = summary;
  if (terminalDelivery === null || !statuses.includes(terminalDelivery)) return null;
  if (!isTerminal(summary) || isOver(summary, retention) || !matchesFilter(summary, tasks)) return null;
  return { host: callbackHost ?? "" };
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
 * The candidates of a run of rows: those that fit now, and those that did before (`matched`). A task's own answer decides
 * what becomes of each. `isLate`: it fits only now. `isGone`: its row is not there any more. In the order of their keys.
 */
export function candidatesOf(
  rows: readonly Row[],
  matched: readonly string[],
  judge: (summary: TaskSummary) => { host: string } | null,
): (Candidate & { isLate: boolean; isGone: boolean })[] {
  const left = new Set(matched);
  const found = rows.flatMap(({ key, summary }) => {
    const isMatched = left.delete(key);
    const receiver = judge(summary) ?? (isMatched ? { host: summary.callbackHost ?? "" } : null);
    return receiver ? [{ key, host: receiver.host, isLate: !isMatched, isGone: false }] : [];
  });
  const gone = Array.from(left, (key) => ({ key, host: "", isLate: false, isGone: true }));
  return [...found, ...gone].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}
