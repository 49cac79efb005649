import type { Recovery } from "../../domain/recovery/recovery.ts";
import { timeKey } from "../../domain/account/report.ts";
import type { AccountTables } from "../rows.ts";
import type { AccountSql } from "../storage.ts";

/** Keys of 42 bytes, or of 72 at an endpoint: three quarters of a megabyte. */
export const MATCHES_A_ROW = 10_000;

/** The SQL of an account's recoveries. */
export class RecoveryRows {
  readonly #sql: AccountSql;
  readonly #tables: AccountTables;

  constructor(sql: AccountSql, tables: AccountTables) {
    this.#sql = sql;
    this.#tables = tables;
  }

  /** Newest first. */
  all(): Recovery[] {
    if (!this.#tables.has("recovery")) return [];
    const rows = this.#sql.exec<{ doc: string }>("SELECT doc FROM recovery ORDER BY key DESC").toArray();
    return rows.map(({ doc }) => JSON.parse(doc) as Recovery);
  }

  write(recovery: Recovery): void {
    this.#ensure();
    this.#sql.exec(
      "INSERT OR REPLACE INTO recovery VALUES (?, ?)",
      keyOf(recovery),
      JSON.stringify(recovery),
    );
  }

  delete(recovery: Recovery): void {
    this.#sql.exec("DELETE FROM recovery WHERE key = ?", keyOf(recovery));
  }

  /** Keys in their order, after all others. */
  writeMatches(keys: readonly string[]): void {
    this.#ensure();
    for (let from = 0; from < keys.length; from += MATCHES_A_ROW) {
      const row = keys.slice(from, from + MATCHES_A_ROW);
      this.#sql.exec("INSERT OR REPLACE INTO recovery_match VALUES (?, ?)", row.at(-1), JSON.stringify(row));
    }
  }

  /** Keys in their order, each to the row that has those before and after it. */
  addMatches(keys: readonly string[]): void {
    for (let rest = keys; rest.length > 0;) {
      const row = this.matchesAfter(rest[0] ?? "");
      const fitting = row ? rest.filter((key) => key < row.last) : rest;
      this.writeMatches([...new Set([...(row?.keys ?? []), ...fitting])].toSorted());
      rest = rest.slice(fitting.length);
    }
  }

  /** The row with the first key after that one. Null: no key comes after it. */
  matchesAfter(key: string): { last: string; keys: string[] } | null {
    if (!this.#tables.has("recovery_match")) return null;
    const [row] = this.#sql
      .exec<{ last: string; keys: string }>(
        "SELECT last, keys FROM recovery_match WHERE last > ? ORDER BY last LIMIT 1",
        key,
      )
      .toArray();
    return row ? { last: row.last, keys: JSON.parse(row.keys) as string[] } : null;
  }

  deleteMatches(): void {
    if (this.#tables.has("recovery_match")) this.#sql.exec("DELETE FROM recovery_match");
  }

  /** Both at once, with the first recovery. */
  #ensure(): void {
    this.#tables.ensure("recovery");
    this.#tables.ensure("recovery_match");
  }
}

function keyOf({ createdAt, id }: Recovery): string {
  return `${timeKey(createdAt)} ${id}`;
}
