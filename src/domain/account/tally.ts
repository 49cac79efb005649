import { Counters, type Countable, type Counted, type CountersDocument } from "./counters.ts";
import { timeKey, timeOf, type KnownTask } from "./report.ts";

/**
 * An account's counters without a row for each change of them. A snapshot counts the settled tasks that were created
 * before `since`, and names the others of that time. What it leaves out are rows that can be found without a scan: those
 * from `since` on and those it names. So a process that starts with a snapshot and these rows counts exactly what its
 * predecessor did, as long as a change of any other row is written together with a new snapshot (`finds`).
 */
export interface Snapshot {
  counters: CountersDocument;
  /** A `timeKey`: rows above it are not in `counters`. */
  since: string;
  /** Keys below `since` of tasks that were not settled. */
  open: string[];
}

/** A task that `counters` of the snapshot leave out. */
interface LiveTask extends Countable {
  isSettled: boolean;
  heardAt: number;
}

/** `since` stays this far behind the clock, because reports do not come in the order of creation. */
const SINCE_BEHIND_MS = 20_000;
/** A task that was created within this is younger than any snapshot, though two machines' clocks differ by seconds. */
export const RECENT_MS = 10_000;
/** So many keys (45 bytes each) fit into one row. With more of them, `since` stays at the first one beyond. */
const OPEN_MAX = 20_000;

export class Tally {
  readonly #settled: Counters;
  readonly #all: Counters;
  readonly #live = new Map<string, LiveTask>();
  #since: string;
  #open: ReadonlySet<string>;

  constructor(snapshot: Snapshot | null) {
    this.#settled = new Counters(snapshot?.counters ?? null);
    this.#all = new Counters(snapshot?.counters ?? null);
    this.#since = snapshot?.since ?? "";
    this.#open = new Set(snapshot?.open);
  }

  /** Whether a process that starts from the last snapshot reads this row. */
  finds(key: string): boolean {
    return key > this.#since || this.#open.has(key);
  }

  /** A row that the snapshot leaves out. */
  load(key: string, task: KnownTask): void {
    this.move(key, null, task);
  }

  /** A row was written or deleted. Null: there is none. */
  move(key: string, before: KnownTask | null, after: KnownTask | null): void {
    const wasLive = this.#live.delete(key);
    if (before) {
      this.#all.remove(before.summary);
      if (!wasLive) this.#settled.remove(before.summary);
    }
    if (!after) return;
    this.#all.add(after.summary);
    this.#live.set(key, liveTask(after));
  }

  /** The task was asked, whatever came of it. */
  hear(key: string, now: number): void {
    const task = this.#live.get(key);
    if (task) task.heardAt = now;
  }

  stats(): Counted {
    return this.#all.stats();
  }

  /** Keys of the unsettled tasks that were not heard of since then, oldest first. */
  unheard(until: number): string[] {
    const found = [...this.#live].filter(([, { isSettled, heardAt }]) => !isSettled && heardAt <= until);
    return found.map(([key]) => key).toSorted();
  }

  /** Whether a new snapshot would say anything that the last one leaves to its reader. */
  hasNews(now: number): boolean {
    const recent = timeKey(now - SINCE_BEHIND_MS);
    return [...this.#live].some(([key, { isSettled }]) => (isSettled ? key < recent : !this.#open.has(key)));
  }

  /** From here on settled tasks from before `since` are counted and forgotten. */
  snapshot(now: number): Snapshot {
    const open = [...this.#live].flatMap(([key, { isSettled }]) => (isSettled ? [] : [key])).toSorted();
    const recent = timeKey(now - SINCE_BEHIND_MS);
    const beyond = open[OPEN_MAX] ? timeOf(open[OPEN_MAX]) : recent;
    const since = beyond < recent ? beyond : recent;
    // `since` never moves back: it would count tasks twice.
    if (since > this.#since) this.#since = since;
    for (const [key, task] of this.#live) {
      if (!task.isSettled || key > this.#since) continue;
      this.#settled.add(task);
      this.#live.delete(key);
    }
    const named = open.filter((key) => key < this.#since);
    this.#open = new Set(named);
    return { counters: this.#settled.document(), since: this.#since, open: named };
  }
}

function liveTask({ summary, heardAt }: KnownTask): LiveTask {
  const { status, terminalDelivery, callbackHost, attempts, endpoints, model, test, polls, keptBytes } =
    summary;
  const { submittedAt, finishedAt, settledAt } = summary;
  const isSettled = settledAt !== null;
  const about = {
    status,
    terminalDelivery,
    callbackHost,
    attempts,
    endpoints,
    model,
    test,
    polls,
    keptBytes,
    submittedAt,
    finishedAt,
  };
  return { ...about, isSettled, heardAt };
}
