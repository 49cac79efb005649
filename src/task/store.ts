import { agenda, alarmAt, type Step } from "../domain/agenda.ts";
import type { AttemptResult, AttemptTrigger, Delivery } from "../domain/delivery.ts";
import type { PollRhythm, Task } from "../domain/task.ts";
import { TABLES, type TableName } from "./migrations.ts";

/** What a task's object knows, as one turn sees it. */
export interface TaskState {
  task: Task;
  rhythm: PollRhythm;
  /** In order of `seq`. */
  deliveries: readonly Delivery[];
}

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
  rhythm?: PollRhythm;
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

/** A deleted task that had an idempotency key. `until` is epoch milliseconds. */
export interface DeletedTask {
  fingerprint: string;
  until: number;
}

type SealedColumn = "key" | "headers" | "answer";
const SEALED_COLUMNS: readonly SealedColumn[] = ["key", "headers", "answer"];

/** Attempts of one delivery stay below this: 9 scheduled ones, and 10 a minute by hand within the retention. */
const ATTEMPTS_PER_DELIVERY = 10_000_000;
/** How many given-up creates an id remembers; only a create with an idempotency key can have more than one. */
const REFUSED_MAX = 64;
const DAY_MS = 86_400_000;

/** The only SQL of a task, and the only place that arms its alarm. */
export class TaskStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  #tables: Set<string> | null = null;
  #state: TaskState | null = null;
  #armedAt: number | null = null;
  /** Steps that could not run: not before this instant. In memory, because the alarm itself remembers the time. */
  readonly #stalled = new Map<string, number>();

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** The state as it is now; the same object until something is written. Null: no task here. */
  load(): TaskState | null {
    this.#state ??= this.#read();
    return this.#state;
  }

  /** What is to be done, with stalled steps moved back. */
  steps(state: TaskState, retentionMs: number): Step[] {
    const steps = agenda(state.task, state.rhythm, state.deliveries, retentionMs);
    for (const step of steps) step.dueAt = Math.max(step.dueAt, this.#stalled.get(stepKey(step)) ?? 0);
    return steps;
  }

  stall(step: Step, until: number): void {
    this.#stalled.set(stepKey(step), until);
  }

  /** Writes a change and arms the alarm in one transaction. */
  apply(change: Change, at: { now: number; retentionMs: number }): TaskState {
    const before = this.load();
    const task = change.task ?? before?.task;
    const rhythm = change.rhythm ?? before?.rhythm;
    if (!task || !rhythm) throw new Error("a change without a task");
    const after: TaskState = {
      task,
      rhythm,
      deliveries: merged(before?.deliveries ?? [], change.deliveries ?? []),
    };
    this.#transact(() => {
      if (before === null) this.#insertTask(after, change);
      else this.#updateTask(after, change);
      this.#writeDeliveries(before?.deliveries ?? [], change);
      if (change.attempt) this.#writeAttempt(change.attempt);
      if (change.parts !== undefined) this.#writeParts(change.parts);
      this.#arm(after, at);
    });
    this.#state = after;
    return after;
  }

  /** Arms the alarm for what is to be done, without a change. */
  rearm(at: { now: number; retentionMs: number }): void {
    const state = this.load();
    if (state) this.#transact(() => this.#arm(state, at));
  }

  /** The last resort when even the agenda cannot be made (settings that do not parse). */
  armAt(instant: number): void {
    void this.#storage.setAlarm(instant);
    this.#armedAt = instant;
  }

  /** The alarm has fired: none is set until the next change. */
  alarmFired(): void {
    this.#armedAt = null;
  }

  async alarm(): Promise<number | null> {
    return this.#storage.getAlarm();
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

  /** Refuses a create for good that was given up before it stored anything. */
  refuse(createId: string, now: number): void {
    this.#transact(() => {
      this.#ensure("refused");
      this.#sql.exec("INSERT INTO refused (create_id, at) VALUES (?, ?)", createId, now);
      this.#sql.exec("DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ?", REFUSED_MAX);
      // Without a task nothing else would ever wake this object to empty it.
      if (this.load() === null) void this.#storage.setAlarm(now + DAY_MS);
    });
  }

  isRefused(createId: string): boolean {
    if (!this.#has("refused")) return false;
    return this.#sql.exec("SELECT 1 FROM refused WHERE create_id = ?", createId).toArray().length > 0;
  }

  /**
   * Empties the storage, alarm included. Only creates refused within the last day are remembered on, and the digest
   * of a deleted task until its day is over.
   */
  async erase(now: number, digest: DeletedTask | null = this.deleted(now)): Promise<void> {
    const refused = this.#has("refused")
      ? this.#sql.exec("SELECT 1 FROM refused WHERE at > ?", now - DAY_MS).toArray().length > 0
      : false;
    if (!refused && digest === null) {
      // Forgotten first: a step that comes back while the rows go must find no task to write to.
      this.#forget();
      await this.#storage.deleteAll();
    } else {
      this.#transact(() => {
        for (const table of Object.keys(TABLES) as TableName[]) {
          if (this.#has(table) && !(table === "refused" && refused)) this.#sql.exec(`DELETE FROM ${table}`);
        }
        if (digest !== null) this.#writeDeleted(digest);
        void this.#storage.setAlarm(Math.max(refused ? now + DAY_MS : 0, digest?.until ?? 0));
      });
    }
    this.#forget();
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

  #writeDeleted({ fingerprint, until }: DeletedTask): void {
    this.#ensure("deleted");
    this.#sql.exec("INSERT INTO deleted (fingerprint, until) VALUES (?, ?)", fingerprint, until);
  }

  #forget(): void {
    this.#tables = null;
    this.#state = null;
    this.#armedAt = null;
    this.#stalled.clear();
  }

  #transact(write: () => void): void {
    try {
      this.#storage.transactionSync(write);
    } catch (error) {
      // Rolled back: what memory holds may be ahead of the rows.
      this.#forget();
      throw error;
    }
  }

  #arm(state: TaskState, { now, retentionMs }: { now: number; retentionMs: number }): void {
    const at = alarmAt(this.steps(state, retentionMs), now);
    if (at === this.#armedAt) return;
    void this.#storage.setAlarm(at);
    this.#armedAt = at;
  }

  #read(): TaskState | null {
    if (!this.#has("task")) return null;
    const row = this.#sql.exec<{ doc: string }>("SELECT doc FROM task").toArray()[0];
    if (!row) return null;
    const { task, rhythm } = JSON.parse(row.doc) as Pick<TaskState, "task" | "rhythm">;
    return { task, rhythm, deliveries: this.#readDeliveries() };
  }

  #readDeliveries(): Delivery[] {
    if (!this.#has("message")) return [];
    const rows = this.#sql.exec<{ doc: string }>("SELECT doc FROM message ORDER BY seq").toArray();
    return rows.map(({ doc }) => JSON.parse(doc) as Delivery);
  }

  #insertTask({ task, rhythm }: TaskState, change: Change): void {
    this.#ensure("task");
    const sealed = SEALED_COLUMNS.map((column) => change[column] ?? null);
    this.#sql.exec(
      "INSERT INTO task (id, doc, key, headers, answer) VALUES (1, ?, ?, ?, ?)",
      JSON.stringify({ task, rhythm }),
      ...sealed,
    );
  }

  /** One row whatever changes. A new rhythm alone writes none: an unchanged poll costs its alarm and nothing else. */
  #updateTask({ task, rhythm }: TaskState, change: Change): void {
    const columns = SEALED_COLUMNS.filter((column) => change[column] !== undefined);
    if (!change.task && columns.length === 0) return;
    const sets = ["doc = ?", ...columns.map((column) => `${column} = ?`)].join(", ");
    const values = columns.map((column) => change[column] ?? null);
    this.#sql.exec(`UPDATE task SET ${sets}`, JSON.stringify({ task, rhythm }), ...values);
  }

  #writeDeliveries(before: readonly Delivery[], { deliveries = [], bodies }: Change): void {
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

  #writeAttempt(attempt: AttemptRow): void {
    this.#ensure("attempt");
    this.#sql.exec(
      "INSERT INTO attempt (id, seq, doc) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc",
      attemptId(attempt.seq, attempt.number),
      attempt.seq,
      JSON.stringify(attempt),
    );
  }

  #writeParts(parts: readonly Uint8Array[] | null): void {
    if (this.#has("part")) this.#sql.exec("DELETE FROM part");
    if (parts === null) return;
    this.#ensure("part");
    for (const [id, sealed] of parts.entries()) {
      this.#sql.exec("INSERT INTO part (id, sealed) VALUES (?, ?)", id, sealed);
    }
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

/** Names a step among those of one task: two turns never run the same one at once. */
export function stepKey(step: Step): string {
  switch (step.kind) {
    case "submit":
    case "submit_lost":
      return "submit";
    case "attempt":
    case "attempt_lost":
      return `attempt ${step.seq}`;
    default:
      return step.kind;
  }
}

function attemptId(seq: number, number: number): number {
  return seq * ATTEMPTS_PER_DELIVERY + number;
}

function merged(before: readonly Delivery[], changed: readonly Delivery[]): readonly Delivery[] {
  if (changed.length === 0) return before;
  const bySeq = new Map([...before, ...changed].map((delivery) => [delivery.seq, delivery]));
  return [...bySeq.values()].toSorted((a, b) => a.seq - b.seq);
}
