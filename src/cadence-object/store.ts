import { ObjectAlarm } from "../net/object-alarm.ts";
import { NO_FORECAST, type ForecastState } from "../domain/polling/forecast.ts";

const TABLE = "CREATE TABLE IF NOT EXISTS forecast (id INTEGER PRIMARY KEY, doc TEXT NOT NULL)";
/** What was learned three months ago says little of today. */
const IDLE_MS = 90 * 86_400_000;
const DAY_MS = 86_400_000;
/** A task settles again only if its own record of it was lost, or its call's answer: within moments. One call may bring 500. */
const REMEMBERED_MAX = 500;

interface Document {
  forecast: ForecastState;
  /** Names of the tasks that settled last, oldest first. */
  settled: string[];
  lastAt: number;
}

/** The one row of a cadence and its alarm: the only SQL here, and the only place that arms it. */
export class CadenceStore {
  readonly #storage: DurableObjectStorage;
  readonly #alarm: ObjectAlarm;
  #document: Document | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#alarm = new ObjectAlarm(storage);
  }

  forecast(): ForecastState {
    return this.#load().forecast;
  }

  isSettled(name: string): boolean {
    return this.#load().settled.includes(name);
  }

  writeSettled(names: readonly string[], forecast: ForecastState, now: number): void {
    const settled = [...this.#load().settled, ...names].slice(-REMEMBERED_MAX);
    const document = { forecast, settled, lastAt: now };
    this.#transact(() => {
      this.#storage.sql.exec(TABLE);
      this.#storage.sql.exec(
        "INSERT OR REPLACE INTO forecast (id, doc) VALUES (1, ?)",
        JSON.stringify(document),
      );
      // Not moved on with each task: a day's blur is cheaper than a row.
      const { at } = this.#alarm;
      if (at === null || at < now + IDLE_MS - DAY_MS) this.#alarm.set(now + IDLE_MS);
    });
    this.#document = document;
  }

  alarmFired(): void {
    this.#alarm.forget();
  }

  /** When the alarm that was armed last is set. @throws what storage throws */
  async armed(): Promise<void> {
    await this.#alarm.whenSet();
  }

  /** @throws what storage throws */
  async eraseIfIdle(now: number): Promise<void> {
    const dueAt = this.#load().lastAt + IDLE_MS - DAY_MS;
    if (dueAt > now) this.#alarm.set(dueAt + DAY_MS);
    else {
      this.#document = null;
      await this.#storage.deleteAll();
    }
    await this.armed();
  }

  /** The last resort where nothing can be decided. @throws what storage throws */
  async armLater(now: number): Promise<void> {
    this.#alarm.set(now + DAY_MS);
    await this.armed();
  }

  #transact(write: () => void): void {
    try {
      this.#storage.transactionSync(write);
    } catch (error) {
      // Rolled back: what memory holds may be ahead of the rows.
      this.#alarm.forget();
      throw error;
    }
  }

  #load(): Document {
    this.#document ??= this.#read();
    return this.#document;
  }

  #read(): Document {
    const tables = this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'forecast'").toArray();
    const row =
      tables.length === 0
        ? undefined
        : this.#storage.sql.exec<{ doc: string }>("SELECT doc FROM forecast").toArray()[0];
    return row ? (JSON.parse(row.doc) as Document) : { forecast: NO_FORECAST, settled: [], lastAt: 0 };
  }
}
