import { lookAlarmAt, LOOK_EVERY_MS, OVERDUE_MS } from "../domain/look.ts";
import { stageRank, type Listing } from "../domain/listing.ts";
import { FIRST_VERSION, type SigningVersion } from "../domain/signing-versions.ts";

/** Each is created with its first row: an account that only asks for its secret stores nothing. */
const TABLES = {
  secret: "CREATE TABLE IF NOT EXISTS secret (version INTEGER PRIMARY KEY, expires_at INTEGER)",
  /** A row per task, in order of creation. Without a rowid, because that would be a second row to pay for. */
  task: `CREATE TABLE IF NOT EXISTS task (key TEXT PRIMARY KEY, looked_at INTEGER NOT NULL, expires_at INTEGER, doc TEXT NOT NULL) WITHOUT ROWID`,
} as const;

/** The rows of an account and its alarm: the only SQL here, and the only place that arms it. */
export class AccountStore {
  readonly #storage: DurableObjectStorage;
  #tables: Set<string> | null = null;
  /** Null: not known in this process, or none set. */
  #armedAt: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Every version that is kept, newest first; expired ones may be among them. */
  signingVersions(): readonly SigningVersion[] {
    if (!this.#has("secret")) return FIRST_VERSION;
    const rows = this.#storage.sql
      .exec<{ version: number; expires_at: number | null }>("SELECT * FROM secret ORDER BY version DESC")
      .toArray();
    return rows.map(({ version, expires_at: expiresAt }) => ({ version, expiresAt }));
  }

  /** Replaces the versions, all or nothing. */
  writeSigningVersions(versions: readonly SigningVersion[]): void {
    this.#transact(() => {
      this.#ensure("secret");
      this.#storage.sql.exec("DELETE FROM secret");
      for (const { version, expiresAt } of versions) {
        this.#storage.sql.exec("INSERT INTO secret (version, expires_at) VALUES (?, ?)", version, expiresAt);
      }
    });
  }

  /** Writes what a task said at `now`, unless something later is known already. */
  writeListing(listing: Listing, now: number): void {
    const known = this.#listing(keyOf(listing));
    this.#transact(() => {
      this.#ensure("task");
      if (known === null || stageRank(known) <= stageRank(listing)) {
        this.#storage.sql.exec(
          `INSERT INTO task (key, looked_at, expires_at, doc) VALUES (?, ?, ?, ?)
           ON CONFLICT (key) DO UPDATE SET
             looked_at = excluded.looked_at, expires_at = excluded.expires_at, doc = excluded.doc`,
          keyOf(listing),
          now,
          listing.expiresAt,
          JSON.stringify(listing),
        );
      }
      this.#armBy(lookAlarmAt([{ lookedAt: now, expiresAt: listing.expiresAt }], now));
    });
  }

  deleteListing(task: Pick<Listing, "name" | "createdAt">): void {
    if (this.#has("task")) this.#storage.sql.exec("DELETE FROM task WHERE key = ?", keyOf(task));
  }

  markLookedAt(task: Listing, now: number): void {
    this.#storage.sql.exec("UPDATE task SET looked_at = ? WHERE key = ?", now, keyOf(task));
  }

  /** Tasks whose objects have emptied themselves. */
  deleteExpired(now: number): void {
    if (this.#has("task")) this.#storage.sql.exec("DELETE FROM task WHERE expires_at <= ?", now);
  }

  /** Tasks with something left to do that were not heard of for an hour, oldest first. */
  listingsToLookAt(now: number, limit: number): Listing[] {
    if (!this.#has("task")) return [];
    const rows = this.#storage.sql
      .exec<{ doc: string }>(
        "SELECT doc FROM task WHERE expires_at IS NULL AND looked_at <= ? ORDER BY key LIMIT ?",
        now - LOOK_EVERY_MS,
        limit,
      )
      .toArray();
    return rows.map(({ doc }) => JSON.parse(doc) as Listing);
  }

  alarmFired(): void {
    this.#armedAt = null;
  }

  /** After a look: arms for the next one, or empties an account that has neither tasks nor rotated secrets. */
  async settle(now: number): Promise<void> {
    const at = this.#nextAlarm(now);
    if (at !== null) this.#armBy(at);
    else if (this.signingVersions() === FIRST_VERSION) {
      this.#tables = null;
      await this.#storage.deleteAll();
    }
  }

  /** The last resort when the rows cannot even be read. */
  armLater(now: number): void {
    this.#armedAt = null;
    this.#armBy(now + OVERDUE_MS);
  }

  /** Sets an alarm that is missing or overdue. */
  async watch(now: number): Promise<void> {
    if (this.#armedAt !== null && this.#armedAt > now - OVERDUE_MS) return;
    this.#armedAt = await this.#storage.getAlarm();
    if (this.#armedAt !== null && this.#armedAt > now - OVERDUE_MS) return;
    this.#armedAt = null;
    const at = this.#nextAlarm(now);
    if (at !== null) this.#armBy(at);
  }

  #nextAlarm(now: number): number | null {
    if (!this.#has("task")) return null;
    const row = this.#storage.sql
      .exec<{ looked: number | null; expires: number | null }>(
        "SELECT min(CASE WHEN expires_at IS NULL THEN looked_at END) AS looked, min(expires_at) AS expires FROM task",
      )
      .one();
    const due = [
      ...(row.looked === null ? [] : [{ lookedAt: row.looked, expiresAt: null }]),
      ...(row.expires === null ? [] : [{ lookedAt: now, expiresAt: row.expires }]),
    ];
    return due.length === 0 ? null : lookAlarmAt(due, now);
  }

  /** Arms the alarm unless it is set for then or earlier. */
  #armBy(at: number): void {
    if (this.#armedAt !== null && this.#armedAt <= at) return;
    void this.#storage.setAlarm(at);
    this.#armedAt = at;
  }

  #listing(key: string): Listing | null {
    if (!this.#has("task")) return null;
    const rows = this.#storage.sql.exec<{ doc: string }>("SELECT doc FROM task WHERE key = ?", key).toArray();
    return rows[0] ? (JSON.parse(rows[0].doc) as Listing) : null;
  }

  #transact(write: () => void): void {
    try {
      this.#storage.transactionSync(write);
    } catch (error) {
      // Rolled back: what memory holds may be ahead of the rows.
      this.#tables = null;
      this.#armedAt = null;
      throw error;
    }
  }

  #has(table: keyof typeof TABLES): boolean {
    this.#tables ??= new Set(
      this.#storage.sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray()
        .map(({ name }) => name),
    );
    return this.#tables.has(table);
  }

  #ensure(table: keyof typeof TABLES): void {
    if (this.#has(table)) return;
    this.#storage.sql.exec(TABLES[table]);
    this.#tables?.add(table);
  }
}

/** Sorts by creation; 15 digits last until the year 33658. */
function keyOf({ name, createdAt }: Pick<Listing, "name" | "createdAt">): string {
  return `${String(createdAt).padStart(15, "0")} ${name}`;
}
