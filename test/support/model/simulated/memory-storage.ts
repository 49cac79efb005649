import type { TaskKv, TaskStorage } from "../../../../src/task-object/document/storage.ts";

type Stored = string | Uint8Array;

/**
 * An object's storage in memory. As in the real one, a write is durable only once its outcome has left the object:
 * until `commit` a crash may lose it.
 */
export class MemoryStorage implements TaskStorage {
  #values = new Map<string, Stored>();
  #committed = new Map<string, Stored>();
  readonly #arming: (instant: number) => void;
  #alarm: number | null = null;
  #committedAlarm: number | null = null;

  /** `arming` is told each time that an alarm is set. */
  constructor(arming: (instant: number) => void) {
    this.#arming = arming;
  }

  readonly kv: TaskKv = {
    get: (key) => this.#values.get(key),
    list: () => [...this.#values].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    put: (key, value) => void this.#values.set(key, value),
    delete: (key) => this.#values.delete(key),
  };

  transactionSync<T>(act: () => T): T {
    const [values, alarm] = [new Map(this.#values), this.#alarm];
    try {
      return act();
    } catch (error) {
      this.#values = values;
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
    this.#values.clear();
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
    this.#committed = new Map(this.#values);
    this.#committedAlarm = this.#alarm;
  }

  /** A crash that loses the writes whose outcome has not left the object. */
  rollback(): void {
    this.#values = new Map(this.#committed);
    this.#alarm = this.#committedAlarm;
  }
}
