import { matchesFilter, type ListPage, type TaskFilter } from "../domain/account/filter.ts";
import { isOver, type Retention } from "../domain/account/reconcile.ts";
import { timeKey, type KnownTask } from "../domain/account/report.ts";
import type { TaskSummary } from "../domain/account/summary.ts";
import { wait } from "../net/wait.ts";
import { LAST_KEY, type AccountRows, type StoredRow } from "./rows.ts";

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
  page: ListPage,
  retention: Retention,
): Promise<Page> {
  const { limit } = page;
  const { before, downTo } = rangeOf(page);
  const found: { key: string; summary: TaskSummary }[] = [];
  const pageTo = (next: string | null): Page => ({ summaries: found.map(({ summary }) => summary), next });
  let from = before;
  let [rowsRead, bytesRead] = [0, 0];
  while (rowsRead < ROWS_MAX && bytesRead < BYTES_MAX) {
    const chunk = rowsRead === 0 ? limit + 1 : Math.min(CHUNK, ROWS_MAX - rowsRead);
    const read = rows.rowsBefore({ before: from, downTo, statuses: page.filter.statuses }, chunk);
    for (const row of read) {
      if (bytesRead >= BYTES_MAX) return pageTo(from);
      rowsRead += 1;
      bytesRead += row.bytes;
      from = row.key;
      const summary = summaryIfMeant(row, page.filter, retention);
      if (summary === null) continue;
      if (found.length === limit) return pageTo(found.at(-1)?.key ?? null);
      found.push({ key: row.key, summary });
    }
    if (read.length < chunk) return pageTo(null);
    await wait(0);
  }
  return pageTo(from);
}

/** Keys begin with the time of creation. */
function rangeOf({ before, filter: { createdAfter, createdBefore } }: ListPage): {
  before: string;
  downTo: string;
} {
  const until = createdBefore === null ? LAST_KEY : timeKey(createdBefore);
  const downTo = createdAfter === null ? "" : timeKey(createdAfter);
  return { before: before === null || before > until ? until : before, downTo };
}

function summaryIfMeant({ doc }: StoredRow, filter: TaskFilter, retention: Retention): TaskSummary | null {
  if (doc === null) return null;
  const { summary } = JSON.parse(doc) as KnownTask;
  return !isOver(summary, retention) && matchesFilter(summary, filter) ? summary : null;
}
