import { runAlarm, waitForSettings, WITHOUT_SETTINGS } from "../../../../src/task-object/alarm.ts";
import type { CrashPlan, World } from "../world.ts";
import type { SimulatedAccount } from "./account.ts";
import type { ObjectCall } from "./calls.ts";
import { API_KEY, SETTINGS } from "./deployment.ts";
import { FailingStorage } from "./failing-storage.ts";
import type { MemoryStorage } from "./memory-storage.ts";
import { SimulatedProcess } from "./process.ts";
import type { SimulatedWire } from "./wire.ts";

interface Around extends Pick<World, "deaths" | "problems" | "shown"> {
  storage: MemoryStorage;
  account: SimulatedAccount;
  wire: SimulatedWire;
  chance: () => number;
}

const alarmCall: ObjectCall<void> = async (process, deps) =>
  deps ? runAlarm(deps, 0) : waitForSettings(process.deps(WITHOUT_SETTINGS), ["RINGBACK_SECRET"], 0);

/** The task's object as the platform runs it: one process at a time, its alarm, and its deaths. */
export class SimulatedObject {
  /** What the object sees of its storage. */
  readonly failing: FailingStorage;
  /** Runs of the alarm that threw. */
  thrown = 0;
  /** Calls that are not over. */
  calls = 0;
  isInAlarm = false;
  hasSettings = true;
  plan: CrashPlan | null = null;
  readonly #around: Around;
  #process: SimulatedProcess;
  #messages = 0;
  #firedAt = 0;

  constructor(around: Around) {
    this.#around = around;
    this.failing = new FailingStorage(around.storage);
    this.#process = this.#newProcess();
  }

  close(): void {
    this.#process.die();
  }

  /** Runs the alarm that was set for then. */
  async fire(alarm: number): Promise<void> {
    const process = this.#process;
    const { storage, deaths } = this.#around;
    this.#firedAt = alarm;
    storage.alarm = null;
    this.isInAlarm = true;
    process.advancing = true;
    this.failing.begin();
    const { thrown } = this;
    await this.call(alarmCall);
    this.failing.end();
    process.advancing = false;
    // To the guarantees it is a death: what was to be written may be lost.
    if (this.failing.failed !== null) deaths.push("of its storage");
    if (process !== this.#process) return;
    this.isInAlarm = false;
    // The platform runs it again, unless the run has set a new one.
    if (this.thrown > thrown) storage.alarm ??= alarm;
  }

  async call<T>(act: ObjectCall<T>): Promise<T | "died"> {
    const process = this.#process;
    this.calls += 1;
    try {
      const value = await Promise.race([
        act(process, this.hasSettings ? process.deps(SETTINGS) : null),
        process.died,
      ]);
      // The platform holds an answer back until what was written is kept: of one that died by then nothing is heard.
      return process.dead ? "died" : value;
    } catch (error) {
      if (process.dead) return "died";
      if (this.failing.failed !== null) {
        this.thrown += 1;
        return "died";
      }
      this.#around.problems.push(`the object threw: ${String(error)}`);
      throw error;
    } finally {
      this.calls -= 1;
    }
  }

  die(where: string, { lossy }: Pick<CrashPlan, "lossy">): void {
    const { storage, deaths, wire } = this.#around;
    this.plan = null;
    deaths.push(where);
    this.#process.die();
    if (lossy) storage.rollback();
    else storage.commit();
    wire.forget();
    // The platform runs an alarm again whose run died, unless the run has set a new one.
    if (this.isInAlarm) storage.alarm ??= this.#firedAt;
    this.isInAlarm = false;
    this.#process = this.#newProcess();
  }

  #newProcess(): SimulatedProcess {
    const { storage, account, wire, chance, shown } = this.#around;
    return new SimulatedProcess({
      apiKey: API_KEY,
      storage,
      failing: this.failing,
      retentionMs: SETTINGS.retentionMs,
      random: chance,
      newMessageId: () => `msg_${(this.#messages += 1)}`,
      account,
      wire,
      log: (event, fields) => void shown.push(JSON.stringify({ event, ...fields })),
      point: (process, when, verb) => this.#point(process, when, verb),
    });
  }

  #point(process: SimulatedProcess, when: "before" | "after", verb: string): void {
    const { plan } = this;
    if (process !== this.#process || plan?.when !== when) return;
    plan.nth -= 1;
    if (plan.nth <= 0) this.die(`${when} ${verb}`, plan);
  }
}
