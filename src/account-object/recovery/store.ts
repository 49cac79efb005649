import { RECONCILE_EVERY_MS } from "../../domain/account/reconcile.ts";
import {
  RECOVERIES_MAX,
  RECOVERY_KEPT_MS,
  endedRecovery,
  type Recovery,
  type RecoveryCounts,
} from "../../domain/recovery/recovery.ts";
import type { Progress } from "../../domain/recovery/queue.ts";
import type { ObjectAlarm } from "../../net/object-alarm.ts";
import type { AccountTables } from "../rows.ts";
import type { AccountStorage, Transact } from "../storage.ts";
import { RecoveryRows } from "./rows.ts";

interface StoreParts {
  storage: Pick<AccountStorage, "sql" | "getAlarm">;
  tables: AccountTables;
  alarm: ObjectAlarm;
  transact: Transact;
}

/** A run of the alarm takes no longer. */
const RUN_LIMIT_MS = 30_000;
/** An alarm is never set for the past. */
const SOON_MS = 1;

/**
 * An account's recoveries, and the account's alarm while one of them runs: then it fires for the recovery, which remembers
 * when the reconciliation is due.
 */
export class RecoveryStore {
  readonly #parts: StoreParts;
  readonly #alarm: ObjectAlarm;
  readonly #rows: RecoveryRows;
  /** Newest first; loaded when they are first needed. */
  #all: readonly Recovery[] | null = null;
  /** The row of matches that was read last: it has all of them after the one key, up to the other. */
  #matches: { after: string; last: string; keys: string[] } | null = null;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#alarm = parts.alarm;
    this.#rows = new RecoveryRows(parts.storage.sql, parts.tables);
  }

  /** Drops what memory holds: storage was emptied, or rolled back. */
  forget(): void {
    this.#all = null;
    this.#matches = null;
  }

  /** Newest first. */
  all(): readonly Recovery[] {
    this.#all ??= this.#rows.all();
    return this.#all;
  }

  find(id: string): Recovery | null {
    return this.all().find((recovery) => recovery.id === id) ?? null;
  }

  running(): Recovery | null {
    return this.all().find(({ status }) => status === "running") ?? null;
  }

  /** Until when the account must be kept for its recoveries; 0: it has none. */
  keptUntil(): number {
    const [newest] = this.all();
    return newest ? (newest.finishedAt ?? newest.progressAt) + RECOVERY_KEPT_MS : 0;
  }

  /** Begins a new one, whose matches are written with it. The oldest are dropped. */
  begin(recovery: Recovery, matches: readonly string[], now: number): void {
    const kept = this.all().slice(0, RECOVERIES_MAX - 1);
    this.#parts.transact(() => {
      if (recovery.status === "running") this.#rows.writeMatches(matches);
      else this.#rows.deleteMatches();
      for (const old of this.all().slice(kept.length)) this.#rows.delete(old);
      this.#rows.write(recovery);
      this.#alarm.setBy(now + (recovery.status === "running" ? SOON_MS : RECONCILE_EVERY_MS));
    });
    this.#all = [recovery, ...kept];
  }

  /** Matches that do not fit beside the recovery that will begin with the rest of them. */
  writeMatches(keys: readonly string[]): void {
    this.#parts.transact(() => this.#rows.writeMatches(keys));
  }

  /** The running one is for these, too. */
  addMatches(id: string, keys: readonly string[]): void {
    const recovery = this.find(id);
    if (!recovery) return;
    const { counts } = recovery;
    const after = { ...recovery, counts: { ...counts, matched: counts.matched + keys.length } };
    this.#matches = null;
    this.#parts.transact(() => {
      this.#rows.addMatches(keys);
      this.#rows.write(after);
    });
    this.#replace(after);
  }

  /** What is left of a recovery that did not come to its beginning. */
  clearMatches(): void {
    this.#matches = null;
    this.#rows.deleteMatches();
  }

  /** Keys of the running recovery's matches after the first key, up to the second. */
  matchesBetween(after: string, upTo: string): string[] {
    const found: string[] = [];
    for (let from = after; from < upTo;) {
      const matches = this.#matchesAfter(from);
      if (!matches) break;
      found.push(...matches.keys.filter((key) => key > from && key <= upTo));
      from = matches.last;
    }
    return found;
  }

  #matchesAfter(key: string): { last: string; keys: string[] } | null {
    const known = this.#matches;
    if (known && known.after <= key && key < known.last) return known;
    const read = this.#rows.matchesAfter(key);
    this.#matches = read && { after: key, ...read };
    return read;
  }

  /** The running one has come so far. */
  writeProgress(id: string, { cursor, counts, haltedHosts }: Progress, now: number): void {
    const recovery = this.find(id);
    if (recovery?.status !== "running") return;
    const isSame =
      recovery.cursor === cursor && recovery.haltedHosts.at(-1)?.host === haltedHosts.at(-1)?.host;
    if (!isSame) this.#change({ ...recovery, cursor, counts, haltedHosts, progressAt: now });
  }

  /** Ends the running one, with which its secrets go, and gives the alarm back to the reconciliation. */
  end(id: string, status: Recovery["status"], counts: RecoveryCounts, now: number): Recovery | null {
    const recovery = this.find(id);
    if (recovery?.status !== "running") return recovery;
    const ended = endedRecovery({ ...recovery, counts, haltedHosts: [] }, status, now);
    this.#parts.transact(() => {
      this.#rows.deleteMatches();
      this.#rows.write(ended);
      this.#alarm.set(Math.max(recovery.reconcileAt, now + SOON_MS));
    });
    this.#matches = null;
    this.#replace(ended);
    return ended;
  }

  /** What was on its way when it was cancelled has arrived. */
  recount(id: string, counts: RecoveryCounts): void {
    const recovery = this.find(id);
    if (recovery && recovery.status !== "running") this.#change({ ...recovery, counts });
  }

  /** The reconciliation has run, and is due then. */
  reconcileNextAt(at: number): void {
    const recovery = this.running();
    if (recovery) this.#change({ ...recovery, reconcileAt: at });
  }

  /** When the alarm fires next, as far as storage says; null: none is set, or it is running. */
  async alarmAt(): Promise<number | null> {
    return this.#alarm.at ?? (await this.#parts.storage.getAlarm());
  }

  /** A process that dies during a run is followed by another, whatever else sets the alarm meanwhile. */
  armForRun(now: number): void {
    this.#alarm.setBy(now + RUN_LIMIT_MS);
  }

  /** @throws what storage throws */
  async armNextRun(at: number): Promise<void> {
    this.#alarm.set(at + SOON_MS);
    await this.armed();
  }

  /** When the alarm that was armed last is set. @throws what storage throws */
  async armed(): Promise<void> {
    await this.#alarm.whenSet();
  }

  #change(recovery: Recovery): void {
    this.#parts.transact(() => this.#rows.write(recovery));
    this.#replace(recovery);
  }

  #replace(recovery: Recovery): void {
    this.#all = this.all().map((one) => (one.id === recovery.id ? recovery : one));
  }
}
