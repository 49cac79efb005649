import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { World } from "../../../support/model/world.ts";
import { crash } from "../crash.ts";
import { runtime } from "../runtime.ts";
import { WAITS_MAX, type RealWire } from "./wire.ts";

/** Turns without any news after which what is under way hangs on the wire. */
const CALM_TURNS = 20;

/** The task's object in workerd: calls of it, its alarm, and its deaths made real. */
export class RealObject {
  isInAlarm = false;
  readonly #world: Pick<World, "problems" | "shown">;
  readonly #wire: RealWire;
  /** Commands that are not over yet. */
  #calls = 0;
  #firedAt = 0;

  constructor(world: Pick<World, "problems" | "shown">, wire: RealWire) {
    this.#world = world;
    this.#wire = wire;
  }

  stub() {
    return env.TASKS.get(env.TASKS.idFromName(runtime.name ?? ""));
  }

  /** Runs the alarm that was set for then. */
  async fire(alarm: number): Promise<void> {
    vi.setSystemTime(Math.max(Date.now(), alarm));
    this.#firedAt = alarm;
    this.isInAlarm = true;
    const deaths = crash.deaths.length;
    await this.settle(async () => {
      await runDurableObjectAlarm(this.stub());
      if (crash.deaths.length === deaths) this.isInAlarm = false;
    });
  }

  /** Runs it until everything under way is over or hangs; a death on the way is made real. */
  async settle(act: (() => Promise<void>) | null): Promise<void> {
    if (act) void this.#begin(act);
    let calm = 0;
    let seen = "";
    for (let wait = 0; wait < WAITS_MAX; wait++) {
      if (crash.dead) await this.#die();
      if (this.#calls + runtime.background === 0) return;
      const news = `${crash.passed.length} ${this.#calls} ${runtime.background} ${this.#world.shown.length}`;
      calm = news === seen ? calm + 1 : 0;
      seen = news;
      if (this.#wire.hangs && calm > CALM_TURNS) return;
      await scheduler.wait(1);
    }
    throw new Error("a command without an end");
  }

  async die(where: string): Promise<void> {
    crash.deaths.push(where);
    crash.dead = true;
    crash.next = null;
    await this.settle(null);
  }

  async #begin(act: () => Promise<void>): Promise<void> {
    const deaths = crash.deaths.length;
    this.#calls += 1;
    try {
      await act();
    } catch (error) {
      if (crash.deaths.length === deaths) this.#world.problems.push(`the object threw: ${String(error)}`);
    } finally {
      this.#calls -= 1;
    }
  }

  async #die(): Promise<void> {
    await abortAllDurableObjects();
    runtime.background = 0;
    crash.dead = false;
    this.#wire.release();
    if (this.isInAlarm) {
      // The platform runs an alarm again whose run died, unless the run has set a new one.
      await runInDurableObject(this.stub(), async (_object, { storage }) => {
        if ((await storage.getAlarm()) === null)
          await storage.setAlarm(Math.max(this.#firedAt, Date.now() + 1));
      });
    }
    this.isInAlarm = false;
  }
}
