import { lookAlarmAt, LOOK_EVERY_MS, OVERDUE_MS, UNDECIDED_RETRY_MS } from "../domain/account/reconcile.ts";
import { stageRank, type TaskSummary } from "../domain/account/summary.ts";
import { FIRST_VERSION, type SigningVersion } from "../domain/account/signing-versions.ts";
import { ObjectAlarm } from "../net/object-alarm.ts";
import { AccountRows, type Retention } from "./rows.ts";

/** An account's rows and its alarm; the only place that arms it. */
export class AccountStore {
  readonly #storage: DurableObjectStorage;
  readonly #rows: AccountRows;
  readonly #alarm: ObjectAlarm;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#rows = new AccountRows(storage.sql);
    this.#alarm = new ObjectAlarm(storage);
  }

  /** For reading; whatever is written goes through this class. */
  get rows(): Pick<AccountRows, "signingVersions" | "summaries" | "stats"> {
    return this.#rows;
  }

  /** Replaces the versions, all or nothing. */
  writeSigningVersions(versions: readonly SigningVersion[]): void {
    this.#transact(() => this.#rows.writeSigningVersions(versions));
  }

  /** Writes what tasks said now, unless something later is known already. */
  writeSummaries(summaries: readonly TaskSummary[], { now, retentionMs }: Retention): void {
    if (summaries.length === 0) return;
    this.#transact(() => {
      for (const summary of summaries) {
        const known = this.#rows.summary(summary);
        if (known === null || stageRank(known) <= stageRank(summary)) this.#rows.writeSummary(summary, now);
        // Heard of all the same: a row that stayed due would be looked at again at once, for ever.
        else this.#rows.markLookedAt(summary, now);
      }
      const due = summaries.map(({ settledAt, expiresAt }) =>
        settledAt === null ? now + LOOK_EVERY_MS : Math.max(settledAt + retentionMs, expiresAt ?? 0),
      );
      this.#armBy(lookAlarmAt(due, now));
    });
  }

  deleteSummary(task: Pick<TaskSummary, "name" | "createdAt">): void {
    this.#rows.deleteSummary(task);
  }

  markLookedAt(task: TaskSummary, now: number): void {
    this.#rows.markLookedAt(task, now);
  }

  /** Tasks whose objects have emptied themselves. */
  deleteExpired(retention: Retention): void {
    this.#rows.deleteExpired(retention);
  }

  /** Tasks that the hourly look is due for, oldest first. */
  summariesToReconcile(retention: Retention, limit: number): TaskSummary[] {
    return this.#rows.summariesToReconcile(retention.now - LOOK_EVERY_MS, retention, limit);
  }

  alarmFired(): void {
    this.#alarm.forget();
  }

  /** When the alarm that was armed last is set. @throws what storage throws */
  async armed(): Promise<void> {
    await this.#alarm.whenSet();
  }

  /**
   * After a look: arms for the next one, or empties an account that has neither tasks nor rotated secrets.
   * @throws what storage throws
   */
  async settle(retention: Retention): Promise<void> {
    const at = this.#nextAlarm(retention);
    if (at !== null) this.#armBy(at);
    else if (this.#rows.signingVersions() === FIRST_VERSION) {
      this.#rows.forget();
      await this.#storage.deleteAll();
    }
    await this.armed();
  }

  /** The last resort where nothing can be decided. @throws what storage throws */
  async armLater(now: number): Promise<void> {
    this.#alarm.set(now + UNDECIDED_RETRY_MS);
    await this.armed();
  }

  /** Sets an alarm that is missing or overdue. @throws what storage throws */
  async watch(retention: Retention): Promise<void> {
    const overdue = retention.now - OVERDUE_MS;
    if (this.#alarm.at !== null && this.#alarm.at > overdue) return;
    const at = await this.#storage.getAlarm();
    if (at !== null && at > overdue) {
      this.#alarm.found(at);
      return;
    }
    this.#alarm.forget();
    const next = this.#nextAlarm(retention);
    if (next !== null) this.#armBy(next);
    await this.armed();
  }

  #nextAlarm(retention: Retention): number | null {
    const { lookedAt, overAt } = this.#rows.earliest(retention);
    const due = [
      ...(lookedAt === null ? [] : [lookedAt + LOOK_EVERY_MS]),
      ...(overAt === null ? [] : [overAt]),
    ];
    return due.length === 0 ? null : lookAlarmAt(due, retention.now);
  }

  /** Arms the alarm unless it is set for then or earlier. */
  #armBy(at: number): void {
    if (this.#alarm.at === null || this.#alarm.at > at) this.#alarm.set(at);
  }

  #transact(write: () => void): void {
    try {
      this.#storage.transactionSync(write);
    } catch (error) {
      // Rolled back: what memory holds may be ahead of the rows.
      this.#rows.forget();
      this.#alarm.forget();
      throw error;
    }
  }
}
