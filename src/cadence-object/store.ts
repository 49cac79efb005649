import { ObjectAlarm } from "../net/object-alarm.ts";
import type { CadenceStorage } from "./storage.ts";
import { NO_FORECAST, type ForecastState } from "../domain/polling/forecast.ts";

/** Lessons of three months ago are worth little today. */
const IDLE_MS = 90 * 86_400_000;
const DAY_MS = 86_400_000;
/**
 * A row a lesson would cost as much as seven requests. What is learned is written once it is a tenth of what is known,
 * or ten minutes after the last time. A process that ends loses less than that.
 */
const WRITE_AFTER_SHARE = 1 / 10;
const WRITE_AFTER_MS = 600_000;
const KEY = "forecast";

interface Document {
  forecast: ForecastState;
  /** Lessons so far. */
  learned: number;
  lastAt: number;
}

const NOTHING_LEARNED: Document = { forecast: NO_FORECAST, learned: 0, lastAt: 0 };

/** The one document of a cadence and its alarm; the only place that writes them. */
export class CadenceStore {
  readonly #storage: CadenceStorage;
  readonly #alarm: ObjectAlarm;
  #written: Document | null = null;
  /** Ahead of the one that is written. */
  #document: Document | null = null;

  constructor(storage: CadenceStorage) {
    this.#storage = storage;
    this.#alarm = new ObjectAlarm(storage);
  }

  forecast(): ForecastState {
    return this.#load().forecast;
  }

  /** After so many lessons more. */
  learned(forecast: ForecastState, lessons: number, now: number): void {
    const document = { forecast, learned: this.#load().learned + lessons, lastAt: now };
    const { learned, lastAt } = this.#written ?? NOTHING_LEARNED;
    const isWorthIt = document.learned - learned >= learned * WRITE_AFTER_SHARE;
    if (isWorthIt || now - lastAt >= WRITE_AFTER_MS) this.#write(document);
    this.#document = document;
  }

  /** Learns when the alarm is set, so that the next write need not set it again. @throws what storage throws */
  async findAlarm(): Promise<void> {
    if (this.#alarm.at !== null) return;
    const at = await this.#storage.getAlarm();
    if (at !== null) this.#alarm.found(at);
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
      this.#written = null;
      await this.#storage.deleteAll();
    }
    await this.armed();
  }

  /** The last resort where nothing can be decided. @throws what storage throws */
  async armLater(now: number): Promise<void> {
    this.#alarm.set(now + DAY_MS);
    await this.armed();
  }

  #write(document: Document): void {
    try {
      this.#storage.transactionSync(() => {
        this.#storage.kv.put(KEY, JSON.stringify(document));
        // Not moved on with each task: a day's blur is cheaper than a row.
        const { at } = this.#alarm;
        const { lastAt } = document;
        if (at === null || at < lastAt + IDLE_MS - DAY_MS) this.#alarm.set(lastAt + IDLE_MS);
      });
    } catch (error) {
      // Rolled back: what memory holds of the alarm may be ahead of it.
      this.#alarm.forget();
      throw error;
    }
    this.#written = document;
  }

  #load(): Document {
    if (this.#document) return this.#document;
    const text = this.#storage.kv.get(KEY) as string | undefined;
    const document = text === undefined ? NOTHING_LEARNED : (JSON.parse(text) as Document);
    this.#written = document;
    this.#document = document;
    return document;
  }
}
