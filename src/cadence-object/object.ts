import { DurableObject } from "cloudflare:workers";
import { CLASSES_MAX, forecastFor, learn, NO_FORECAST, type Forecast } from "../domain/polling/forecast.ts";
import { Pacer, type LaneKind, type PaceAnswer, type Refusal } from "../domain/pacing/pacing.ts";
import type { Waiter } from "../domain/pacing/queue.ts";
import { classKey, type TaskClass } from "../domain/polling/class.ts";
import type { Lesson, Outlook } from "../domain/task/cadence.ts";
import { shouldRethrow } from "../domain/errors/stall.ts";
import { errorFields, log } from "../log.ts";
import { CadenceStore } from "./store.ts";

/** What the tasks of one upstream key share: the forecast of their finish times, and how fast they may call. */
export class CadenceObject extends DurableObject<Env> {
  readonly #store: CadenceStore;
  readonly #pacer = new Pacer();
  /** By class, until something is learned: a burst of creates asks for the same one again and again. */
  readonly #forecasts = new Map<string, Forecast>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new CadenceStore(ctx.storage);
  }

  /** What a task of this class may expect. Stores nothing. */
  outlook(task: TaskClass): Outlook {
    return { forecast: this.#forecast(task), paced: this.#pacer.isPaced("poll", Date.now()) };
  }

  /** When a task may make its next call. */
  pace(lane: LaneKind, waiter: Waiter): PaceAnswer {
    return this.#pacer.ask(lane, waiter, Date.now(), Math.random());
  }

  /** A call was answered 429. */
  slowDown(lane: LaneKind, refusal: Refusal): void {
    this.#pacer.refuse(lane, refusal, Date.now());
  }

  #forecast(task: TaskClass): Forecast | null {
    const state = this.#store.forecast();
    if (state === NO_FORECAST) return null;
    const key = classKey(task);
    const known = this.#forecasts.get(key);
    if (known) return known;
    const forecast = forecastFor(state, task);
    if (this.#forecasts.size >= CLASSES_MAX) this.#forecasts.clear();
    this.#forecasts.set(key, forecast);
    return forecast;
  }

  /** Learns when tasks were finished. The account passes each task on once. */
  async learn(lessons: readonly Lesson[]): Promise<void> {
    await this.#store.findAlarm();
    const now = Date.now();
    let forecast = this.#store.forecast();
    for (const { task, sample } of lessons) forecast = learn(forecast, task, sample, now);
    this.#forecasts.clear();
    this.#store.learned(forecast, lessons.length, now);
    await this.#store.armed();
  }

  /**
   * No task has come for a long time: what was learned is stale by now.
   * @throws what storage and the platform throw, so that the platform repeats it
   */
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#store.alarmFired();
    try {
      await this.#store.eraseIfIdle(Date.now());
    } catch (error) {
      if (shouldRethrow(error, info?.retryCount ?? 0)) throw error;
      log("cadence.failed", errorFields(error));
      await this.#store.armLater(Date.now());
    }
  }
}
