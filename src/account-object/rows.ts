import type { DeliveryStatus, TaskStatus } from "../contract/words.ts";
import type { AccountStats, TaskSummary, ListPage } from "../domain/account/summary.ts";
import { FIRST_VERSION, type SigningVersion } from "../domain/account/signing-versions.ts";

/** Each is created with its first row: an account that only asks for its secret stores nothing. */
const TABLES = {
  secret: "CREATE TABLE IF NOT EXISTS secret (version INTEGER PRIMARY KEY, expires_at INTEGER)",
  /** A row per task, in order of creation. Without a rowid, because that would be a second row to pay for. */
  task: `CREATE TABLE IF NOT EXISTS task (
    key TEXT PRIMARY KEY, looked_at INTEGER NOT NULL, settled_at INTEGER, expires_at INTEGER, status TEXT NOT NULL,
    delivery TEXT, model TEXT NOT NULL, test INTEGER NOT NULL, run_ms INTEGER, polls INTEGER NOT NULL, doc TEXT NOT NULL
  ) WITHOUT ROWID`,
} as const;

const STATUSES: readonly TaskStatus[] = ["queued", "running", "succeeded", "failed"];
/** After every key. */
const LAST_KEY = "~";
/** Model names are the callers' own words: the most used ones are enough. */
const MODELS_MAX = 100;
/** Its retention is not over: it settled after the instant that is bound (`settledAfter`), if at all. */
const KEPT = "(settled_at IS NULL OR settled_at > ?)";
/**
 * Something is left to do, or the retention that its object knows is another one than the account's: by one of them it
 * is over (`settledAfter`), by the other (now) it is not.
 */
const OPEN = "(settled_at IS NULL OR (settled_at <= ?) <> (expires_at <= ?))";

/** Nearest rank, from the submit to the end of what succeeded. */
const MODELS_QUERY = `
  WITH ranked AS (
    SELECT model, run_ms, row_number() OVER (PARTITION BY model ORDER BY run_ms) AS rank,
      count(*) OVER (PARTITION BY model) AS count
    FROM task WHERE test = 0 AND ${KEPT} AND run_ms IS NOT NULL
  )
  SELECT model, count, max(CASE WHEN rank = (count * 50 + 99) / 100 THEN run_ms END) AS p50,
    max(CASE WHEN rank = (count * 95 + 99) / 100 THEN run_ms END) AS p95
  FROM ranked GROUP BY model, count ORDER BY count DESC, model LIMIT ?`;

/** How long a settled task is kept, by the present setting. */
export interface Retention {
  now: number;
  /** Infinity: nothing expires. */
  retentionMs: number;
}

/** The only SQL of an account. Knows rows, and neither the alarm nor the time. */
export class AccountRows {
  readonly #sql: SqlStorage;
  #tables: Set<string> | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Drops what memory holds of the tables: they are gone, or a transaction was rolled back. */
  forget(): void {
    this.#tables = null;
  }

  /** Every version that is kept, newest first; expired ones may be among them. */
  signingVersions(): readonly SigningVersion[] {
    if (!this.#has("secret")) return FIRST_VERSION;
    const rows = this.#sql
      .exec<{ version: number; expires_at: number | null }>("SELECT * FROM secret ORDER BY version DESC")
      .toArray();
    return rows.map(({ version, expires_at: expiresAt }) => ({ version, expiresAt }));
  }

  writeSigningVersions(versions: readonly SigningVersion[]): void {
    this.#ensure("secret");
    this.#sql.exec("DELETE FROM secret");
    for (const { version, expiresAt } of versions) {
      this.#sql.exec("INSERT INTO secret (version, expires_at) VALUES (?, ?)", version, expiresAt);
    }
  }

  summary(task: Pick<TaskSummary, "name" | "createdAt">): TaskSummary | null {
    if (!this.#has("task")) return null;
    const rows = this.#sql.exec<{ doc: string }>("SELECT doc FROM task WHERE key = ?", keyOf(task)).toArray();
    return rows[0] ? (JSON.parse(rows[0].doc) as TaskSummary) : null;
  }

  writeSummary(summary: TaskSummary, lookedAt: number): void {
    this.#ensure("task");
    this.#sql.exec(
      "INSERT OR REPLACE INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      keyOf(summary),
      lookedAt,
      summary.settledAt,
      summary.expiresAt,
      summary.status,
      summary.delivery,
      summary.model,
      summary.test ? 1 : 0,
      runMs(summary),
      summary.polls,
      JSON.stringify(summary),
    );
  }

  deleteSummary(task: Pick<TaskSummary, "name" | "createdAt">): void {
    if (this.#has("task")) this.#sql.exec("DELETE FROM task WHERE key = ?", keyOf(task));
  }

  markLookedAt(task: Pick<TaskSummary, "name" | "createdAt">, now: number): void {
    this.#sql.exec("UPDATE task SET looked_at = ? WHERE key = ?", now, keyOf(task));
  }

  /** Tasks whose objects have emptied themselves. */
  deleteExpired(retention: Retention): void {
    if (!this.#has("task")) return;
    this.#sql.exec(
      "DELETE FROM task WHERE settled_at <= ? AND expires_at <= ?",
      settledAfter(retention),
      retention.now,
    );
  }

  /** Newest first, from before that key on; tasks whose retention is over are not among them. */
  summaries(page: ListPage, retention: Retention): { key: string; summary: TaskSummary }[] {
    if (!this.#has("task")) return [];
    const rows = this.#sql
      .exec<{ key: string; doc: string }>(
        `SELECT key, doc FROM task WHERE key < ? AND ${KEPT} AND status IN (?, ?, ?, ?)
         ORDER BY key DESC LIMIT ?`,
        page.before ?? LAST_KEY,
        settledAfter(retention),
        ...STATUSES.map((status) => page.status ?? status),
        page.limit,
      )
      .toArray();
    return rows.map(({ key, doc }) => ({ key, summary: JSON.parse(doc) as TaskSummary }));
  }

  /** Counts over all tasks that are kept, those of `test` and those whose retention is over left out. */
  stats(retention: Retention): AccountStats {
    const after = settledAfter(retention);
    const stats: AccountStats = {
      tasks: { queued: 0, running: 0, succeeded: 0, failed: 0 },
      models: [],
      deliveries: { pending: 0, delivered: 0, exhausted: 0, stopped: 0 },
      pollsPerTask: null,
    };
    if (!this.#has("task")) return stats;
    for (const { value, n } of this.#counts("status", after)) stats.tasks[value as TaskStatus] = n;
    for (const { value, n } of this.#counts("delivery", after)) {
      if (value in stats.deliveries) stats.deliveries[value as DeliveryStatus] = n;
    }
    stats.models = this.#sql
      .exec<{ model: string; count: number; p50: number; p95: number }>(MODELS_QUERY, after, MODELS_MAX)
      .toArray()
      .map(({ model, count, p50, p95 }) => ({ model, count, p50Ms: p50, p95Ms: p95 }));
    stats.pollsPerTask = this.#sql
      .exec<{ polls: number | null }>(
        `SELECT avg(polls) AS polls FROM task
         WHERE test = 0 AND ${KEPT} AND status IN ('succeeded', 'failed')`,
        after,
      )
      .one().polls;
    return stats;
  }

  #counts(column: "status" | "delivery", after: number): { value: string; n: number }[] {
    return this.#sql
      .exec<{ value: string; n: number }>(
        `SELECT ${column} AS value, count(*) AS n FROM task
         WHERE test = 0 AND ${KEPT} AND ${column} IS NOT NULL GROUP BY ${column}`,
        after,
      )
      .toArray();
  }

  /** Open tasks that were not heard of since then, oldest first. */
  summariesToReconcile(heardUntil: number, retention: Retention, limit: number): TaskSummary[] {
    if (!this.#has("task")) return [];
    const rows = this.#sql
      .exec<{ doc: string }>(
        `SELECT doc FROM task WHERE ${OPEN} AND looked_at <= ? ORDER BY key LIMIT ?`,
        settledAfter(retention),
        retention.now,
        heardUntil,
        limit,
      )
      .toArray();
    return rows.map(({ doc }) => JSON.parse(doc) as TaskSummary);
  }

  /** The earliest instants at which something is to be done: an open task was heard of, and a retention is over. */
  earliest(retention: Retention): { lookedAt: number | null; overAt: number | null } {
    if (!this.#has("task")) return { lookedAt: null, overAt: null };
    return this.#sql
      .exec<{ lookedAt: number | null; overAt: number | null }>(
        `SELECT min(CASE WHEN ${OPEN} THEN looked_at END) AS lookedAt,
          min(max(settled_at + ?, expires_at)) AS overAt FROM task`,
        settledAfter(retention),
        retention.now,
        retention.retentionMs,
      )
      .one();
  }

  #has(table: keyof typeof TABLES): boolean {
    this.#tables ??= new Set(
      this.#sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray()
        .map(({ name }) => name),
    );
    return this.#tables.has(table);
  }

  #ensure(table: keyof typeof TABLES): void {
    if (this.#has(table)) return;
    this.#sql.exec(TABLES[table]);
    this.#tables?.add(table);
  }
}

/** What settled after this is kept. */
function settledAfter({ now, retentionMs }: Retention): number {
  return now - retentionMs;
}

/** From the submit to a success; null for everything else. */
function runMs({ status, submittedAt, finishedAt }: TaskSummary): number | null {
  return status === "succeeded" && submittedAt !== null && finishedAt !== null
    ? finishedAt - submittedAt
    : null;
}

/** Sorts by creation; 15 digits last until the year 33658. */
function keyOf({ name, createdAt }: Pick<TaskSummary, "name" | "createdAt">): string {
  return `${String(createdAt).padStart(15, "0")} ${name}`;
}
