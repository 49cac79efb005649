/** What an account needs of its object's storage, and nothing else. A `DurableObjectStorage` is one. */
export interface AccountStorage {
  readonly sql: AccountSql;
  /** All or nothing, the alarm included. */
  transactionSync<T>(act: () => T): T;
  /** Takes effect with the write that it stands beside. */
  setAlarm(instant: number): Promise<void>;
  /** Null: none is set, or it is running. */
  getAlarm(): Promise<number | null>;
  /** Rows and alarm. */
  deleteAll(): Promise<void>;
}

/** Writes all or nothing; after a rollback memory knows nothing of the account. */
export type Transact = (write: () => void) => void;

export interface AccountSql {
  exec<Row extends Record<string, string | number | null>>(
    query: string,
    ...bindings: unknown[]
  ): { toArray(): Row[] };
}
