/** What a task needs of its object's storage, and nothing else. A `DurableObjectStorage` is one. */
export interface TaskStorage {
  readonly sql: TaskSql;
  /** All or nothing, the alarm included. */
  transactionSync<T>(act: () => T): T;
  /** Takes effect with the write that it stands beside. */
  setAlarm(instant: number): Promise<void>;
  /** Null: none is set, or it is running. */
  getAlarm(): Promise<number | null>;
  /** Rows and alarm. */
  deleteAll(): Promise<void>;
  /** When everything that was written is on disk. */
  sync(): Promise<void>;
}

export interface TaskSql {
  exec<Row extends SqlRow>(query: string, ...bindings: unknown[]): { toArray(): Row[]; one(): Row };
}

type SqlRow = Record<string, ArrayBuffer | string | number | null>;
