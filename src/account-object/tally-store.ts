import type { Counted } from "../domain/account/counters.ts";
import { timeKey, type KnownTask } from "../domain/account/report.ts";
import { RECENT_MS, Tally, type Snapshot } from "../domain/account/tally.ts";
import { LAST_KEY, ROWS_AT_ONCE, type AccountRows } from "./rows.ts";

/** A snapshot is written after so many changes: a process that starts reads as many rows to count what came since. */
const CHANGES_PER_SNAPSHOT = 500;

type CountedRows = Pick<AccountRows, "document" | "writeDocument" | "task" | "tasksBetween">;

/** The counters of an account, and when their snapshot is written. */
export class TallyStore {
  readonly #rows: CountedRows;
  /** Loaded when it is first needed: a process that only takes a report or two does without. */
  #tally: Tally | null = null;
  /** Rows written since the last snapshot, or since this process began. */
  #changes = 0;
  /** A row that no process would find by the last snapshot has changed. */
  #isSnapshotDue = false;

  constructor(rows: CountedRows) {
    this.#rows = rows;
  }

  stats(): Counted {
    return this.#loaded().stats();
  }

  /** Keys of the unsettled tasks that were not heard of since then, oldest first. */
  unheard(until: number): string[] {
    return this.#loaded().unheard(until);
  }

  /** The task was asked, whatever came of it. */
  hear(key: string, now: number): void {
    this.#tally?.hear(key, now);
  }

  /**
   * A row is about to change. Where the last snapshot may count it, the tally is loaded first, to count the row as it is;
   * a tally that is loaded later finds every other row.
   */
  expect(key: string, before: KnownTask | null, now: number): void {
    const mayBeCounted = before ? before.summary.settledAt !== null : key < timeKey(now - RECENT_MS);
    const tally = mayBeCounted ? this.#loaded() : this.#tally;
    if (tally && !tally.finds(key)) this.#isSnapshotDue = true;
  }

  /** The row has changed. */
  move(key: string, before: KnownTask | null, after: KnownTask | null): void {
    this.#tally?.move(key, before, after);
    this.#changes += 1;
  }

  /** A round is over: the next transaction writes what the last snapshot leaves to its reader. */
  endRound(now: number): void {
    if (this.#loaded().hasNews(now)) this.#isSnapshotDue = true;
  }

  /** Ends a transaction: writes a snapshot that is due. */
  flush(now: number): void {
    if (!this.#isSnapshotDue && this.#changes < CHANGES_PER_SNAPSHOT) return;
    this.#rows.writeDocument("counts", this.#loaded().snapshot(now));
    this.#changes = 0;
    this.#isSnapshotDue = false;
  }

  /** Drops what memory holds: it may be ahead of the rows. */
  forget(): void {
    this.#tally = null;
    this.#changes = 0;
    this.#isSnapshotDue = false;
  }

  #loaded(): Tally {
    this.#tally ??= loadTally(this.#rows);
    return this.#tally;
  }
}

/** From the last snapshot and the rows that it leaves out. */
function loadTally(rows: CountedRows): Tally {
  const snapshot = rows.document("counts") as Snapshot | null;
  const tally = new Tally(snapshot);
  for (const key of snapshot?.open ?? []) {
    const task = rows.task(key);
    if (task) tally.load(key, task);
  }
  let after = snapshot?.since ?? "";
  for (;;) {
    const read = rows.tasksBetween(after, LAST_KEY, ROWS_AT_ONCE);
    for (const { key, task } of read) tally.load(key, task);
    if (read.length < ROWS_AT_ONCE) return tally;
    after = read.at(-1)?.key ?? after;
  }
}
