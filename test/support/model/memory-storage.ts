import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { TaskStorage } from "../../../src/task-object/storage.ts";

/**
 * An object's storage in memory. As in the real one, what is written is kept for certain only once somebody outside
 * was told: until `commit` a crash may lose it.
 */
export class MemoryStorage implements TaskStorage {
  readonly #database = new DatabaseSync(":memory:");
  readonly #statements = new Map<string, StatementSync>();
  readonly #arming: (instant: number) => void;
  #alarm: number | null = null;
  #committedAlarm: number | null = null;

  /** `arming` is told each time that an alarm is set. */
  constructor(arming: (instant: number) => void) {
    this.#arming = arming;
    this.#database.exec("BEGIN");
  }

  readonly sql: TaskStorage["sql"] = {
    exec: <Row>(query: string, ...bindings: unknown[]) => {
      const rows = this.#statement(query).all(...(bindings as SQLInputValue[])) as Row[];
      return {
        toArray: () => rows,
        one: () => {
          const [row] = rows;
          if (row === undefined || rows.length > 1) throw new Error("not one row");
          return row;
        },
      };
    },
  };

  transactionSync<T>(act: () => T): T {
    const alarm = this.#alarm;
    this.#database.exec("SAVEPOINT step");
    try {
      const result = act();
      this.#database.exec("RELEASE step");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK TO step; RELEASE step");
      this.#alarm = alarm;
      throw error;
    }
  }

  async setAlarm(instant: number): Promise<void> {
    this.#arming(instant);
    this.#alarm = instant;
  }

  async getAlarm(): Promise<number | null> {
    return this.#alarm;
  }

  async deleteAll(): Promise<void> {
    const tables = this.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    for (const { name } of tables.toArray()) this.#database.exec(`DROP TABLE ${name}`);
    this.#alarm = null;
  }

  async sync(): Promise<void> {
    this.commit();
  }

  /** The platform's side of the alarm: it fires, or a run that died is repeated. */
  get alarm(): number | null {
    return this.#alarm;
  }

  set alarm(instant: number | null) {
    this.#alarm = instant;
  }

  commit(): void {
    this.#database.exec("COMMIT; BEGIN");
    this.#committedAlarm = this.#alarm;
  }

  /** A crash that loses what nobody was told. */
  rollback(): void {
    this.#database.exec("ROLLBACK; BEGIN");
    this.#alarm = this.#committedAlarm;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(query: string): StatementSync {
    const known = this.#statements.get(query);
    if (known) return known;
    const made = this.#database.prepare(query);
    this.#statements.set(query, made);
    return made;
  }
}
