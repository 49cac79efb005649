/** What a cadence needs of its object's storage, and nothing else. A `DurableObjectStorage` is one. */
export interface CadenceStorage {
  readonly kv: { get(key: string): unknown; put(key: string, value: string): void };
  /** All or nothing, the alarm included. */
  transactionSync<T>(act: () => T): T;
  /** Takes effect with the write that it stands beside. */
  setAlarm(instant: number): Promise<void>;
  /** Null: none is set, or it is running. */
  getAlarm(): Promise<number | null>;
  /** Values and alarm. */
  deleteAll(): Promise<void>;
}
