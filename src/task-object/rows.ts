import type { AttemptTrigger } from "../contract/words.ts";
import type { SyncState, TaskState } from "../domain/task/due-work.ts";
import type { AttemptResult, Delivery } from "../domain/delivery/delivery.ts";
import type { PollSchedule, Task } from "../domain/task/task.ts";
import { TABLES, type TableName } from "./migrations.ts";
import type { TaskSql } from "./storage.ts";

/** One HTTP try of one delivery. `result` is null while it is on the wire. */
export interface AttemptRow {
  seq: number;
  number: number;
  trigger: AttemptTrigger;
  startedAt: number;
  result: AttemptResult | null;
}

/** What one turn writes, all or nothing, together with the alarm that follows from it. */
export interface Change {
  task?: Task;
  schedule?: PollSchedule;
  sync?: SyncState;
  /** New ones need their message's body. */
  deliveries?: readonly Delivery[];
  bodies?: ReadonlyMap<number, string>;
  attempt?: AttemptRow;
  /** Sealed columns: bytes to set, null to erase, absent to leave. */
  key?: Uint8Array | null;
  headers?: Uint8Array | null;
  answer?: Uint8Array | null;
  /** The sealed pieces of the request body; null erases them. */
  parts?: readonly Uint8Array[] | null;
}

/** What the account still has to forget: a task that was deleted here. */
export interface Farewell {
  name: string;
  account: string;
  createdAt: number;
}

/** A deleted task that had an idempotency key. `until` is epoch milliseconds. */
export interface DeletedTask {
  fingerprint: string;
  until: number;
}

export type SealedColumn = "key" | "headers" | "answer";
const SEALED_COLUMNS: readonly SealedColumn[] = ["key", "headers", "answer"];

/** Attempts of one delivery stay below this: 9 scheduled ones, and 10 a minute by hand within the retention. */
const ATTEMPTS_PER_DELIVERY = 10_000_000;
/** How many given-up creates an id remembers; only a create with an idempotency key can have more than one. */
const REFUSED_MAX = 64;

/** The only SQL of a task. Knows rows, and neither the alarm nor the time. */
export class TaskRows {
  readonly #sql: TaskSql;
  #tables: Set<string> | null = null;

  constructor(sql: TaskSql) {
    this.#sql = sql;
  }

  /** Drops what memory holds of the tables: they are gone, or a transaction was rolled back. */
  forget(): void {
    this.#tables = null;
  }

  readState(): TaskState | null {
    if (!this.#has("task")) return null;
    const row = this.#sql.exec<{ doc: string }>("SELECT doc FROM task").toArray()[0];
    if (!row) return null;
    const { task, schedule, sync } = JSON.parse(row.doc) as Omit<TaskState, "deliveries">;
    return { task, schedule, sync, deliveries: this.#readDeliveries() };
  }

  #readDeliveries(): Delivery[] {
    if (!this.#has("message")) return [];
    const rows = this.#sql.exec<{ doc: string }>("SELECT doc FROM message ORDER BY seq").toArray();
    return rows.map(({ doc }) => JSON.parse(doc) as Delivery);
  }

  insertTask(state: TaskState, change: Change): void {
    this.#ensure("task");
    const sealed = SEALED_COLUMNS.map((column) => change[column] ?? null);
    this.#sql.exec(
      "INSERT INTO task (id, doc, key, headers, answer) VALUES (1, ?, ?, ?, ?)",
      documentOf(state),
      ...sealed,
    );
  }

  /** One row whatever changes. A new schedule alone writes none: an unchanged poll costs its alarm and nothing else. */
  updateTask(state: TaskState, change: Change): void {
    const columns = SEALED_COLUMNS.filter((column) => change[column] !== undefined);
    if (!change.task && change.sync === undefined && columns.length === 0) return;
    const sets = ["doc = ?", ...columns.map((column) => `${column} = ?`)].join(", ");
    const values = columns.map((column) => change[column] ?? null);
    this.#sql.exec(`UPDATE task SET ${sets}`, documentOf(state), ...values);
  }

  writeDeliveries(before: readonly Delivery[], { deliveries = [], bodies }: Change): void {
    for (const delivery of deliveries) {
      const doc = JSON.stringify(delivery);
      if (before.some(({ seq }) => seq === delivery.seq)) {
        this.#sql.exec("UPDATE message SET doc = ? WHERE seq = ?", doc, delivery.seq);
      } else {
        this.#ensure("message");
        const body = bodies?.get(delivery.seq);
        if (body === undefined) throw new Error("an event without its message");
        this.#sql.exec("INSERT INTO message (seq, body, doc) VALUES (?, ?, ?)", delivery.seq, body, doc);
      }
    }
  }

  writeAttempt(attempt: AttemptRow): void {
    this.#ensure("attempt");
    this.#sql.exec(
      "INSERT INTO attempt (id, seq, doc) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc",
      attemptId(attempt.seq, attempt.number),
      attempt.seq,
      JSON.stringify(attempt),
    );
  }

  writeParts(parts: readonly Uint8Array[] | null): void {
    if (this.#has("part")) this.#sql.exec("DELETE FROM part");
    if (parts === null) return;
    this.#ensure("part");
    for (const [id, sealed] of parts.entries()) {
      this.#sql.exec("INSERT INTO part (id, sealed) VALUES (?, ?)", id, sealed);
    }
  }

  sealed(column: SealedColumn): Uint8Array | null {
    if (!this.#has("task")) return null;
    const row = this.#sql
      .exec<Record<string, ArrayBuffer | null>>(`SELECT ${column} AS sealed FROM task`)
      .toArray()[0];
    return row?.["sealed"] ? new Uint8Array(row["sealed"]) : null;
  }

  parts(): Uint8Array[] {
    if (!this.#has("part")) return [];
    const rows = this.#sql.exec<{ sealed: ArrayBuffer }>("SELECT sealed FROM part ORDER BY id").toArray();
    return rows.map(({ sealed }) => new Uint8Array(sealed));
  }

  messageBody(seq: number): string {
    return this.#sql.exec<{ body: string }>("SELECT body FROM message WHERE seq = ?", seq).one().body;
  }

  attempts(): AttemptRow[] {
    if (!this.#has("attempt")) return [];
    const rows = this.#sql.exec<{ doc: string }>("SELECT doc FROM attempt ORDER BY id").toArray();
    return rows.map(({ doc }) => JSON.parse(doc) as AttemptRow);
  }

  attempt(seq: number, number: number): AttemptRow | null {
    const rows = this.#sql
      .exec<{ doc: string }>("SELECT doc FROM attempt WHERE id = ?", attemptId(seq, number))
      .toArray();
    return rows[0] ? (JSON.parse(rows[0].doc) as AttemptRow) : null;
  }

  writeRefused(createId: string, now: number): void {
    this.#ensure("refused");
    this.#sql.exec("INSERT INTO refused (create_id, at) VALUES (?, ?)", createId, now);
    this.#sql.exec("DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ?", REFUSED_MAX);
  }

  isRefused(createId: string): boolean {
    if (!this.#has("refused")) return false;
    return this.#sql.exec("SELECT 1 FROM refused WHERE create_id = ?", createId).toArray().length > 0;
  }

  /** Whether a create was refused after this instant. */
  hasRefusedAfter(instant: number): boolean {
    if (!this.#has("refused")) return false;
    return this.#sql.exec("SELECT 1 FROM refused WHERE at > ?", instant).toArray().length > 0;
  }

  /** Empties every table but those named. */
  clear(keep: readonly TableName[]): void {
    for (const table of Object.keys(TABLES) as TableName[]) {
      if (this.#has(table) && !keep.includes(table)) this.#sql.exec(`DELETE FROM ${table}`);
    }
  }

  /** The digest of the task that was deleted here, while it is kept. */
  deleted(now: number): DeletedTask | null {
    if (!this.#has("deleted")) return null;
    const rows = this.#sql
      .exec<{ fingerprint: string; until: number }>(
        "SELECT fingerprint, until FROM deleted WHERE until > ?",
        now,
      )
      .toArray();
    return rows[0] ?? null;
  }

  writeDeleted({ fingerprint, until }: DeletedTask): void {
    this.#ensure("deleted");
    this.#sql.exec("INSERT INTO deleted (fingerprint, until) VALUES (?, ?)", fingerprint, until);
  }

  farewell(): Farewell | null {
    if (!this.#has("farewell")) return null;
    const rows = this.#sql
      .exec<{ name: string; account: string; created_at: number }>("SELECT * FROM farewell")
      .toArray();
    return rows[0] ? { name: rows[0].name, account: rows[0].account, createdAt: rows[0].created_at } : null;
  }

  writeFarewell({ name, account, createdAt }: Farewell): void {
    this.#ensure("farewell");
    this.#sql.exec(
      "INSERT INTO farewell (name, account, created_at) VALUES (?, ?, ?)",
      name,
      account,
      createdAt,
    );
  }

  #has(table: TableName): boolean {
    this.#tables ??= new Set(
      this.#sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray()
        .map(({ name }) => name),
    );
    return this.#tables.has(table);
  }

  #ensure(table: TableName): void {
    if (this.#has(table)) return;
    this.#sql.exec(TABLES[table]);
    this.#tables?.add(table);
  }
}

function documentOf({ task, schedule, sync }: TaskState): string {
  return JSON.stringify({ task, schedule, sync });
}

function attemptId(seq: number, number: number): number {
  return seq * ATTEMPTS_PER_DELIVERY + number;
}
