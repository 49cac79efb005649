/** What a task needs of its object's storage, and nothing else. A `DurableObjectStorage` is one. */
export interface TaskStorage {
  readonly kv: TaskKv;
  /** All or nothing, the alarm included. */
  transactionSync<T>(act: () => T): T;
  /** Takes effect with the write that it stands beside. */
  setAlarm(instant: number): Promise<void>;
  /** Null: none is set, or it is running. */
  getAlarm(): Promise<number | null>;
  /** Every key, and the alarm. */
  deleteAll(): Promise<void>;
  /** When everything that was written is on disk. */
  sync(): Promise<void>;
}

/** Each `put` and each `delete` is one row written. */
export interface TaskKv {
  /** Undefined: there is no such key. */
  get(key: string): unknown;
  /** In the order of the keys. */
  list(): Iterable<[key: string, value: unknown]>;
  put(key: string, value: string | Uint8Array): void;
  delete(key: string): boolean;
}
