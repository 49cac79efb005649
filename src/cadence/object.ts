import { DurableObject } from "cloudflare:workers";
import { forecastFor, learn, type Forecast } from "../domain/forecast.ts";
import type { TaskClass } from "../domain/forecast-class.ts";
import type { FinishSample } from "../domain/sightings.ts";
import { errorFields, log } from "../log.ts";
import { CadenceStore } from "./store.ts";

/** What the tasks of one upstream key share: the forecast of their finish times. */
export class CadenceObject extends DurableObject<Env> {
  readonly #store: CadenceStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new CadenceStore(ctx.storage);
  }

  /** What a task of this class may expect. Stores nothing. */
  join(task: TaskClass): Forecast {
    return forecastFor(this.#store.forecast(), task, Date.now());
  }

  /** Learns when a task was finished. The same task twice counts once. `name`: of the task's object. */
  settle(name: string, task: TaskClass, sample: FinishSample): void {
    if (this.#store.isSettled(name)) return;
    const now = Date.now();
    this.#store.writeSettled(name, learn(this.#store.forecast(), task, sample, now), now);
  }

  /** Nobody came for a long time: what was learned is stale by now. */
  override async alarm(): Promise<void> {
    try {
      await this.#store.eraseIfIdle(Date.now());
    } catch (error) {
      // Never thrown on: after seven throws the runtime deletes the alarm, and the rows would stay for ever.
      log("cadence.failed", errorFields(error));
      this.#store.armLater(Date.now());
    }
  }
}
