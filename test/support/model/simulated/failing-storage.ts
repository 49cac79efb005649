import type { TaskStorage } from "../../../../src/task-object/document/storage.ts";

/** A call of storage that fails, counted while an alarm runs. */
export interface FailurePlan {
  /** From 1. */
  nth: number;
  /** That call alone, or every one from then on until the run is over. */
  lasting: boolean;
  error: Error;
}

/** An object's storage that fails as planned. A method that gives a promise rejects, any other throws. */
export class FailingStorage implements TaskStorage {
  readonly #storage: TaskStorage;
  #plan: FailurePlan | null = null;
  #calls = 0;
  #running = false;
  /** The method that has failed in this run. */
  failed: keyof TaskStorage | null = null;

  constructor(storage: TaskStorage) {
    this.#storage = storage;
  }

  plan(plan: FailurePlan): void {
    this.#plan = plan;
    this.#calls = 0;
  }

  /** Whether the planned failure is over. */
  get done(): boolean {
    return this.#plan !== null && this.#calls >= this.#plan.nth;
  }

  begin(): void {
    this.#running = true;
    this.failed = null;
  }

  end(): void {
    this.#running = false;
  }

  readonly kv: TaskStorage["kv"] = {
    get: (key) => {
      this.#pass("kv");
      return this.#storage.kv.get(key);
    },
    list: () => {
      this.#pass("kv");
      return this.#storage.kv.list();
    },
    put: (key, value) => {
      this.#pass("kv");
      this.#storage.kv.put(key, value);
    },
    delete: (key) => {
      this.#pass("kv");
      return this.#storage.kv.delete(key);
    },
  };

  transactionSync<T>(act: () => T): T {
    this.#pass("transactionSync");
    return this.#storage.transactionSync(act);
  }

  async setAlarm(instant: number): Promise<void> {
    this.#pass("setAlarm");
    return this.#storage.setAlarm(instant);
  }

  async getAlarm(): Promise<number | null> {
    this.#pass("getAlarm");
    return this.#storage.getAlarm();
  }

  async deleteAll(): Promise<void> {
    this.#pass("deleteAll");
    return this.#storage.deleteAll();
  }

  async sync(): Promise<void> {
    this.#pass("sync");
    return this.#storage.sync();
  }

  #pass(method: keyof TaskStorage): void {
    if (!this.#running || this.#plan === null) return;
    this.#calls += 1;
    const { nth, lasting, error } = this.#plan;
    if (this.#calls === nth) this.failed = method;
    if (this.#calls === nth || (this.failed !== null && lasting)) throw error;
  }
}
