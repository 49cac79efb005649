import { Tally, type Snapshot } from "../domain/account/tally.ts";
import { LAST_KEY, type AccountRows } from "./rows.ts";

/** Rows that one statement reads where a row alone says whether it is wanted. */
export const CHUNK = 500;

/** The counters of an account, from the last snapshot and the rows that it leaves out. */
export function loadTally(rows: Pick<AccountRows, "document" | "task" | "tasksBetween">): Tally {
  const snapshot = rows.document("counts") as Snapshot | null;
  const tally = new Tally(snapshot);
  for (const key of snapshot?.open ?? []) {
    const task = rows.task(key);
    if (task) tally.load(key, task);
  }
  let after = snapshot?.since ?? "";
  for (;;) {
    const read = rows.tasksBetween(after, LAST_KEY, CHUNK);
    for (const { key, task } of read) tally.load(key, task);
    if (read.length < CHUNK) return tally;
    after = read.at(-1)?.key ?? after;
  }
}
