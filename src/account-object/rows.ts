import type { KnownTask } from "../domain/account/report.ts";
import type { AccountSql } from "./storage.ts";

/**
 * Each is created with its first row: an account that only asks for its secret stores nothing. Without a rowid, because
 * that would be a second row to pay for.
 */
const TABLES = {
  /** A row per task, in order of creation. */
  task: `CREATE TABLE IF NOT EXISTS task (
    key TEXT PRIMARY KEY, status TEXT NOT NULL, doc TEXT NOT NULL
  ) WITHOUT ROWID`,
  /** Keys of tasks that were deleted within the last hour: a report of theirs that comes late brings nothing back. */
  deleted: "CREATE TABLE IF NOT EXISTS deleted (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
  document: "CREATE TABLE IF NOT EXISTS document (name TEXT PRIMARY KEY, doc TEXT NOT NULL) WITHOUT ROWID",
  /** A row per recovery, in the order in which they began. */
  recovery: "CREATE TABLE IF NOT EXISTS recovery (key TEXT PRIMARY KEY, doc TEXT NOT NULL) WITHOUT ROWID",
  /** What the running recovery matched when it began: keys of candidates, many in a row, by the last one. */
  recovery_match: `CREATE TABLE IF NOT EXISTS recovery_match (
    last TEXT PRIMARY KEY, keys TEXT NOT NULL
  ) WITHOUT ROWID`,
} as const;

/** One of each account. */
export type DocumentName =
  | "signing"
  | "proof"
  | "counts"
  | "hosts"
  | "retention"
  | "endpoints"
  | "alerts"
  | "endpoint_health";

/** A row of `task`. */
export interface TaskRow {
  key: string;
  task: KnownTask;
}

/** The same as it is stored. */
export interface StoredRow {
  key: string;
  /** Null: not read. */
  doc: string | null;
  bytes: number;
}

/** Rows that one statement reads where all of a range are wanted. */
export const ROWS_AT_ONCE = 500;
/** After every key. */
export const LAST_KEY = "~";

/** The tables that an account has so far. */
export class AccountTables {
  readonly #sql: AccountSql;
  #known: Set<string> | null = null;

  constructor(sql: AccountSql) {
    this.#sql = sql;
  }

  has(table: keyof typeof TABLES): boolean {
    this.#known ??= new Set(
      this.#sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray()
        .map(({ name }) => name),
    );
    return this.#known.has(table);
  }

  ensure(table: keyof typeof TABLES): void {
    if (this.has(table)) return;
    this.#sql.exec(TABLES[table]);
    this.#known?.add(table);
  }

  /** Drops what memory holds: they are gone, or a transaction was rolled back. */
  forget(): void {
    this.#known = null;
  }
}

/**
 * The SQL of an account, but for that of its recoveries. Every statement on `task` names its keys or a range of them with a
 * limit.
 */
export class AccountRows {
  readonly #sql: AccountSql;
  readonly tables: AccountTables;

  constructor(sql: AccountSql) {
    this.#sql = sql;
    this.tables = new AccountTables(sql);
  }

  document(name: DocumentName): unknown {
    if (!this.tables.has("document")) return null;
    const rows = this.#sql.exec<{ doc: string }>("SELECT doc FROM document WHERE name = ?", name).toArray();
    return rows[0] ? JSON.parse(rows[0].doc) : null;
  }

  writeDocument(name: DocumentName, document: unknown): void {
    this.tables.ensure("document");
    this.#sql.exec("INSERT OR REPLACE INTO document VALUES (?, ?)", name, JSON.stringify(document));
  }

  task(key: string): KnownTask | null {
    if (!this.tables.has("task")) return null;
    const rows = this.#sql.exec<{ doc: string }>("SELECT doc FROM task WHERE key = ?", key).toArray();
    return rows[0] ? (JSON.parse(rows[0].doc) as KnownTask) : null;
  }

  writeTask(key: string, task: KnownTask): void {
    this.tables.ensure("task");
    const doc = JSON.stringify(task);
    this.#sql.exec("INSERT OR REPLACE INTO task VALUES (?, ?, ?)", key, task.summary.status, doc);
  }

  deleteTask(key: string): void {
    if (this.tables.has("task")) this.#sql.exec("DELETE FROM task WHERE key = ?", key);
  }

  /**
   * Newest first, from before one key down to the other. Documents are text, because a search parses only what it must;
   * `statuses`: those of others are not even read.
   */
  rowsBefore(
    range: { before: string; downTo: string; statuses: readonly string[] | null },
    limit: number,
  ): StoredRow[] {
    if (!this.tables.has("task")) return [];
    return this.#sql
      .exec<StoredRow & Record<string, string | number | null>>(
        `SELECT key, iif(instr(coalesce(?, status), status), doc, NULL) AS doc, octet_length(doc) AS bytes FROM task
        WHERE key < ? AND key >= ? ORDER BY key DESC LIMIT ?`,
        range.statuses?.join() ?? null,
        range.before,
        range.downTo,
        limit,
      )
      .toArray();
  }

  /** Oldest first, between two keys. */
  tasksBetween(after: string, before: string, limit: number): TaskRow[] {
    if (!this.tables.has("task")) return [];
    const rows = this.#sql
      .exec<{ key: string; doc: string }>(
        "SELECT key, doc FROM task WHERE key > ? AND key < ? ORDER BY key LIMIT ?",
        after,
        before,
        limit,
      )
      .toArray();
    return rows.map(({ key, doc }) => ({ key, task: JSON.parse(doc) as KnownTask }));
  }

  hasTasks(): boolean {
    return this.rowsBefore({ before: LAST_KEY, downTo: "", statuses: [] }, 1).length > 0;
  }

  isDeleted(key: string): boolean {
    if (!this.tables.has("deleted")) return false;
    return this.#sql.exec("SELECT 1 AS n FROM deleted WHERE key = ?", key).toArray().length > 0;
  }

  writeDeleted(key: string, now: number): void {
    this.tables.ensure("deleted");
    this.#sql.exec("INSERT OR REPLACE INTO deleted VALUES (?, ?)", key, now);
  }

  /** Forgets deletions from then or earlier. True: some are left. */
  forgetDeleted(until: number): boolean {
    if (!this.tables.has("deleted")) return false;
    this.#sql.exec("DELETE FROM deleted WHERE at <= ?", until);
    return this.#sql.exec("SELECT 1 AS n FROM deleted LIMIT 1").toArray().length > 0;
  }
}
