import {
  fate,
  OVERDUE_MS,
  RECONCILE_EVERY_MS,
  RETRY_MS,
  type ExpiryChunk,
  type Retention,
} from "../domain/account/reconcile.ts";
import {
  isOld,
  taskKey,
  timeKey,
  type KnownTask,
  type Received,
  type TaskReport,
} from "../domain/account/report.ts";
import type { HealthTransition } from "../domain/account/hosts.ts";
import { FIRST_VERSION, type SigningVersion } from "../domain/account/signing-versions.ts";
import type { AccountStats } from "../domain/account/stats.ts";
import type { ListPage } from "../domain/account/filter.ts";
import type { Lesson } from "../domain/task/cadence.ts";
import { isTerminal } from "../domain/task/task.ts";
import { ObjectAlarm } from "../net/object-alarm.ts";
import { AlertStore } from "./alerts/store.ts";
import { EndpointStore } from "./endpoints/store.ts";
import { HostStore } from "./host-store.ts";
import { readPage, type Page } from "./page.ts";
import { AccountRows, LAST_KEY, ROWS_AT_ONCE, type TaskRow } from "./rows.ts";
import { RecoveryStore } from "./recovery/store.ts";
import { ProofStore } from "./proof-store.ts";
import type { AccountStorage, Transact } from "./storage.ts";
import { StoredDocument } from "./stored-document.ts";
import { TallyStore } from "./tally-store.ts";

/** An account's rows, counters and alarm; the only place that writes them. */
export class AccountStore {
  readonly #storage: AccountStorage;
  readonly #rows: AccountRows;
  readonly #alarm: ObjectAlarm;
  /** The versions of the signing secret, newest first; expired ones may be among them. */
  readonly signing: StoredDocument<readonly SigningVersion[]>;
  readonly proof: ProofStore;
  readonly recoveries: RecoveryStore;
  readonly endpoints: EndpointStore;
  readonly alerts: AlertStore;
  readonly #hosts: HostStore;
  readonly #tally: TallyStore;
  #roundAt: number | null = null;

  /** `hasAlerts`: changes of tasks are collected for alerts, until these are taken. */
  constructor(storage: AccountStorage, { hasAlerts } = { hasAlerts: false }) {
    this.#storage = storage;
    this.#rows = new AccountRows(storage.sql);
    this.#alarm = new ObjectAlarm(storage);
    this.signing = new StoredDocument(this.#rows, "signing", FIRST_VERSION);
    this.proof = new ProofStore(this.#rows);
    const transact: Transact = (write) => this.#transact(write);
    const { tables } = this.#rows;
    this.recoveries = new RecoveryStore({ storage, tables, alarm: this.#alarm, transact });
    this.#hosts = new HostStore(this.#rows);
    this.#tally = new TallyStore(this.#rows);
    this.endpoints = new EndpointStore({ rows: this.#rows, alarm: this.#alarm, transact });
    this.alerts = new AlertStore({
      rows: this.#rows,
      arm: (at) => this.#alarm.setBy(at),
      collects: hasAlerts,
    });
  }

  /** Writes what tasks report, unless a higher version is known already. */
  receive(reports: readonly TaskReport[], now: number): Received {
    const lessons: Lesson[] = [];
    if (reports.length === 0) return { lessons, transitions: [] };
    const transitions = this.#transactAndFlush(now, () => {
      for (const report of reports) {
        if (this.#receiveOne(report, now) && report.lesson) lessons.push(report.lesson);
      }
      this.#alarm.setBy(now + RECONCILE_EVERY_MS);
    });
    return { lessons, transitions };
  }

  /** Whether the task was not known to have ended, and now is known so. */
  #receiveOne({ summary, ...task }: TaskReport, now: number): boolean {
    const key = taskKey(task);
    const known = this.#rows.task(key);
    this.#tally.hear(key, now);
    if (known ? isOld(summary, known) : this.#rows.isDeleted(key)) return false;
    if (summary === null) this.#rows.writeDeleted(key, now);
    if (known || summary) this.#change(key, known, summary && { summary, heardAt: now }, now);
    return summary !== null && isTerminal(summary) && !(known && isTerminal(known.summary));
  }

  /** Applies a task's answer to the reconciliation. Null: the task no longer exists. */
  receiveAnswer(key: string, answer: TaskReport | null, retention: Retention): HealthTransition[] {
    const { now } = retention;
    return this.#transactAndFlush(now, () => {
      const known = this.#rows.task(key);
      this.#tally.hear(key, now);
      if (!known) return;
      const summary = answer && taskKey(answer) === key ? answer.summary : null;
      if (!answer || !summary || fate(summary, retention) === "drop") {
        this.#change(key, known, null, now);
        return;
      }
      // Its retention changes without a version.
      const olderBy = known.summary.version - summary.version;
      if (olderBy > 0 || (olderBy === 0 && summary.expiresAt === known.summary.expiresAt)) return;
      this.#change(key, known, { summary, heardAt: now }, now);
    });
  }

  /** The task could not be asked; it is asked again in an hour, like every other one. */
  hear(key: string, now: number): void {
    this.#tally.hear(key, now);
  }

  /** Newest first; tasks whose retention is over are not among them. Other calls are answered while it reads. */
  async list(page: ListPage, retention: Retention): Promise<Page> {
    return readPage(this.#rows, page, retention);
  }

  stats(): AccountStats {
    const { hosts, ...counted } = this.#tally.stats();
    return { ...counted, hosts: hosts.map((count) => this.#hosts.shown(count)) };
  }

  /** Whose tasks and recoveries these are. Null: there is none. */
  accountOfRows(): string | null {
    const [first] = this.#rows.tasksBetween("", LAST_KEY, 1);
    return first?.task.summary.account ?? this.recoveries.all()[0]?.account ?? null;
  }

  /** Oldest first, between two keys. */
  tasksBetween(after: string, before: string, limit: number): TaskRow[] {
    return this.#rows.tasksBetween(after, before, limit);
  }

  /** What is known of the task with this key. */
  task(key: string): KnownTask | null {
    return this.#rows.task(key);
  }

  /** Keys of the unsettled tasks that were not heard of since then, oldest first. */
  unheard(until: number): string[] {
    return this.#tally.unheard(until);
  }

  /** Disables endpoints that have failed for too long, though nothing was reported of them lately. */
  judgeEndpoints(now: number): HealthTransition[] {
    if (this.endpoints.all().length === 0) return [];
    const ended: HealthTransition[] = [];
    this.#transactAndFlush(now, () => void ended.push(...this.endpoints.health.judge(now)));
    return ended;
  }

  /**
   * Drops rows whose retention is over, oldest first. A task that can be over was created before the retention began, so
   * nothing younger is read; a retention that was shorter before may have erased what this one would keep.
   */
  expire(after: string, retention: Retention): ExpiryChunk {
    const { now, retentionMs } = retention;
    const shortestMs = Math.min(retentionMs, this.#lastRetentionMs() ?? retentionMs);
    const rows = this.#rows.tasksBetween(after, timeKey(Math.floor(now - shortestMs) + 1), ROWS_AT_ONCE);
    const ask: string[] = [];
    this.#transactAndFlush(now, () => {
      for (const { key, task } of rows) {
        const what = fate(task.summary, retention);
        if (what === "ask") ask.push(key);
        if (what === "drop") this.#change(key, task, null, now);
      }
    });
    return { ask, next: rows.length < ROWS_AT_ONCE ? null : (rows.at(-1)?.key ?? null) };
  }

  /** The retention by which the last complete run dropped rows. */
  #lastRetentionMs(): number | null {
    return this.#rows.document("retention") as number | null;
  }

  /** Sets an alarm that is missing or overdue. @throws what storage throws */
  async watch(now: number): Promise<void> {
    const overdue = now - OVERDUE_MS;
    if (this.#alarm.at !== null && this.#alarm.at > overdue) return;
    const at = await this.#storage.getAlarm();
    if (at !== null && at > overdue) {
      this.#alarm.found(at);
    } else {
      this.#alarm.forget();
      if (this.#rows.hasTasks() || this.endpoints.health.hasFailing() || this.#keptUntil() > now) {
        this.#alarm.setBy(now + RETRY_MS);
      }
    }
    // A process that is gone has left it in the middle.
    if (this.recoveries.running()) this.#alarm.setBy(now + 1);
    await this.armed();
  }

  /** When the first run began that has not come to its end: now, or earlier. */
  beginRun(now: number): number {
    this.#roundAt ??= now;
    return this.#roundAt;
  }

  alarmFired(): void {
    this.#alarm.forget();
  }

  /** When the alarm that was armed last is set. @throws what storage throws */
  async armed(): Promise<void> {
    await this.#alarm.whenSet();
  }

  /**
   * Ends a run: arms for the next one, or empties an account that has neither tasks nor rotated secrets nor endpoints nor a
   * recovery of the last 30 days nor an alert of the last hour. Gives the time at which the next run is due.
   * @throws what storage throws
   */
  async endRun({ now, retentionMs }: Retention, isDone: boolean): Promise<number> {
    const roundEndAt = (this.#roundAt ?? now) + RECONCILE_EVERY_MS;
    const nextAt = isDone ? Math.max(roundEndAt, now + RETRY_MS) : now + RETRY_MS;
    if (isDone) this.#roundAt = null;
    const keptUntil = this.#keptUntil();
    const hasDeletions = this.#rows.forgetDeleted(now - RECONCILE_EVERY_MS);
    if (this.#rows.hasTasks() || hasDeletions || this.endpoints.health.hasFailing()) {
      this.#transactAndFlush(now, () => {
        if (isDone && this.#lastRetentionMs() !== retentionMs) {
          this.#rows.writeDocument("retention", retentionMs);
        }
        if (isDone) this.#tally.endRound(now);
        this.#alarm.setBy(nextAt);
      });
    } else if (keptUntil > now) {
      this.#alarm.setBy(keptUntil);
    } else if (this.signing.get() === FIRST_VERSION && this.endpoints.all().length === 0) {
      this.#forget();
      await this.#storage.deleteAll();
    }
    await this.armed();
    return nextAt;
  }

  /** Until when an account is kept that has nothing else. */
  #keptUntil(): number {
    return Math.max(this.recoveries.keptUntil(), this.alerts.keptUntil());
  }

  /** The last resort where nothing can be decided. @throws what storage throws */
  async armLater(now: number): Promise<void> {
    this.#alarm.set(now + RETRY_MS);
    await this.armed();
  }

  #change(key: string, before: KnownTask | null, after: KnownTask | null, now: number): void {
    this.#tally.expect(key, before, now);
    if (after) {
      this.#rows.writeTask(key, after);
      this.proof.observe(after.summary);
      this.alerts.observe(before?.summary ?? null, after.summary);
      this.#hosts.observe(before?.summary ?? null, after.summary);
      this.endpoints.health.observe(before?.summary ?? null, after.summary);
    } else this.#rows.deleteTask(key);
    this.#tally.move(key, before, after);
  }

  /** All or nothing, a snapshot that is due included. Says which receivers began to fail, recovered, or are disabled. */
  #transactAndFlush(now: number, write: () => void): HealthTransition[] {
    return this.#transact(() => {
      write();
      const transitions = [...this.#hosts.flush(), ...this.endpoints.health.flush(now)];
      this.#tally.flush(now);
      return transitions;
    });
  }

  /** All or nothing. */
  #transact<T>(write: () => T): T {
    try {
      return this.#storage.transactionSync(write);
    } catch (error) {
      // Rolled back: what memory holds may be ahead of the rows.
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#rows.tables.forget();
    this.signing.forget();
    this.proof.forget();
    this.recoveries.forget();
    this.#hosts.forget();
    this.endpoints.forget();
    this.alerts.forget();
    this.#alarm.forget();
    this.#tally.forget();
  }
}
