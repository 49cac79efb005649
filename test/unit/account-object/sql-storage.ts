import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { AccountStorage } from "../../../src/account-object/storage.ts";

/** The storage of an object that keeps tables, in memory. */
export class SqlMemoryStorage implements AccountStorage {
  readonly #database = new DatabaseSync(":memory:");
  readonly #statements = new Map<string, StatementSync>();
  alarm: number | null = null;

  readonly sql: AccountStorage["sql"] = {
    exec: <Row>(query: string, ...bindings: unknown[]) => {
      const rows = this.#statement(query).all(...(bindings as SQLInputValue[])) as Row[];
      return {
        toArray: () => rows,
      };
    },
  };

  transactionSync<T>(act: () => T): T {
    const alarm = this.alarm;
    this.#database.exec("SAVEPOINT step");
    try {
      const result = act();
      this.#database.exec("RELEASE step");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK TO step; RELEASE step");
      this.alarm = alarm;
      throw error;
    }
  }

  async setAlarm(instant: number): Promise<void> {
    this.alarm = instant;
  }

  async getAlarm(): Promise<number | null> {
    return this.alarm;
  }

  async deleteAll(): Promise<void> {
    const tables = this.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    for (const { name } of tables.toArray()) this.#database.exec(`DROP TABLE ${name}`);
    this.alarm = null;
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
