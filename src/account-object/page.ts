import { matchesFilter } from "../domain/account/filter.ts";
import { isOver, type Retention } from "../domain/account/reconcile.ts";
import { timeKey, type KnownTask } from "../domain/account/report.ts";
import type { ListPage, TaskSummary } from "../domain/account/summary.ts";
import { wait } from "../net/wait.ts";
import { LAST_KEY, type AccountRows } from "./rows.ts";

/** `next`: the key to go on from; null: there are no more. */
export interface Page {
  summaries: TaskSummary[];
  next: string | null;
}

/** Rows that one statement reads once the first ones were not enough: some milliseconds' work. */
const CHUNK = 250;
/** What one page reads at most; with fewer tasks found it is a short page. */
const ROWS_MAX = 5_000;
const BYTES_MAX = 8_000_000;

/** Tasks that fit the filter and are not over, newest first. Between two chunks other calls are answered. */
export async function readPage(
  rows: Pick<AccountRows, "rowsBefore">,
  { before, limit, filter }: ListPage,
  retention: Retention,
): Promise<Page> {
  const { statuses, createdAfter, createdBefore } = filter;
  const until = createdBefore === null ? LAST_KEY : timeKey(createdBefore);
  const downTo = createdAfter === null ? "" : timeKey(createdAfter);
  const found: { key: string; summary: TaskSummary }[] = [];
  const pageTo = (next: string | null): Page => ({ summaries: found.map(({ summary }) => summary), next });
  let from = before === null || before > until ? until : before;
  let [rowsRead, bytesRead] = [0, 0];
  while (rowsRead < ROWS_MAX && bytesRead < BYTES_MAX) {
    const chunk = rowsRead === 0 ? limit + 1 : Math.min(CHUNK, ROWS_MAX - rowsRead);
    const read = rows.rowsBefore(from, downTo, chunk);
    for (const { key, status, doc, bytes } of read) {
      if (bytesRead >= BYTES_MAX) return pageTo(from);
      rowsRead += 1;
      bytesRead += bytes;
      from = key;
      // The column says it without the document.
      if (statuses !== null && !statuses.some((asked) => asked === status)) continue;
      const { summary } = JSON.parse(doc) as KnownTask;
      if (isOver(summary, retention) || !matchesFilter(summary, filter)) continue;
      if (found.length === limit) return pageTo(found.at(-1)?.key ?? null);
      found.push({ key, summary });
    }
    if (read.length < chunk) return pageTo(null);
    await wait(0);
  }
  return pageTo(from);
}
