import { FIRST_VERSION, type SigningVersion } from "../domain/signing-versions.ts";

/** The only SQL of an account. Created with the first row: an account that never rotates stores nothing. */
const SECRET_TABLE = "CREATE TABLE IF NOT EXISTS secret (version INTEGER PRIMARY KEY, expires_at INTEGER)";

export class AccountStore {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Every version that is kept, newest first; expired ones may be among them. */
  signingVersions(): readonly SigningVersion[] {
    const tables = this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'secret'").toArray();
    if (tables.length === 0) return FIRST_VERSION;
    const rows = this.#storage.sql
      .exec<{ version: number; expires_at: number | null }>("SELECT * FROM secret ORDER BY version DESC")
      .toArray();
    return rows.map(({ version, expires_at: expiresAt }) => ({ version, expiresAt }));
  }

  /** Replaces the versions, all or nothing. */
  writeSigningVersions(versions: readonly SigningVersion[]): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(SECRET_TABLE);
      this.#storage.sql.exec("DELETE FROM secret");
      for (const { version, expiresAt } of versions) {
        this.#storage.sql.exec("INSERT INTO secret (version, expires_at) VALUES (?, ?)", version, expiresAt);
      }
    });
  }
}
