import { RECONCILE_EVERY_MS } from "../../../../src/domain/account/reconcile.ts";
import type { KeyVerdict } from "../../../../src/domain/task/key-proof.ts";
import { createTask, resolveCreate } from "../../../../src/task-object/steps/create.ts";
import { T0 } from "../../builders.ts";
import { chanceOf } from "../chance.ts";
import { HEADER_VALUES, type EndpointChangeWord, type EndpointId } from "../endpoints.ts";
import { readRows } from "../read-rows.ts";
import {
  emptyScript,
  type CrashPlan,
  type CreateCall,
  type CreateRequest,
  type LifePlan,
  type Recovery,
  type Redelivery,
  type Rows,
  type WireCall,
  type World,
} from "../world.ts";
import { SimulatedAccount } from "./account.ts";
import { answerOf, readCall, recoverCall, redeliverCall, removeCall, type ObjectCall } from "./calls.ts";
import { quiet, SimulatedClock, TURNS_MAX } from "./clock.ts";
import { API_KEY, createInput, PROMPT, SETTINGS } from "./deployment.ts";
import type { FailingStorage } from "./failing-storage.ts";
import { MemoryStorage } from "./memory-storage.ts";
import { SimulatedObject } from "./object.ts";
import { SimulatedWire } from "./wire.ts";

/** While one call hangs, everything else gets so long. */
const HANG_MS = 500;
const RECOVERIES_MAX = 6;

/**
 * Everything but the core is simulated: clock, chance, storage, upstream, receiver, account, and the process itself.
 */
export class SimulatedWorld implements World {
  readonly life: LifePlan;
  readonly script = emptyScript();
  readonly creates: CreateCall[] = [];
  readonly deaths: string[] = [];
  readonly problems: string[] = [];
  readonly verdicts: KeyVerdict[] = [];
  readonly shown: string[] = [];
  readonly secrets = [API_KEY, PROMPT, ...HEADER_VALUES];
  readonly retryMs = SETTINGS.callback.retryMs;
  readonly pollMinMs = SETTINGS.poll.minMs;
  readonly holdMs = SETTINGS.callback.holdMs;
  readonly retentionMs = SETTINGS.retentionMs;

  readonly #clock = new SimulatedClock(T0);
  readonly #storage = new MemoryStorage((instant) => {
    if (instant <= Date.now()) this.problems.push(`an alarm ${Date.now() - instant} ms in the past`);
    // The platform cuts a fraction off, and the alarm would come before its work.
    if (!Number.isInteger(instant)) this.problems.push(`an alarm at ${instant}`);
  });
  readonly #account: SimulatedAccount;
  readonly #wire: SimulatedWire;
  readonly #object: SimulatedObject;
  readonly wire: WireCall[];
  /** An alarm that came so late that it erased a task with news: its account has asked it in the hours before. */
  #everMissed = false;
  /** An alarm is overdue by more than an hour; a request may have set it anew since. */
  #isLate = false;

  constructor(life: LifePlan) {
    this.life = life;
    this.script.silentAccount = life.silent;
    this.#account = new SimulatedAccount(life, this.script);
    const { script, deaths, problems, shown, verdicts } = this;
    const around = { life, script, deaths, problems, shown, verdicts, storage: this.#storage };
    const account = this.#account;
    this.#wire = new SimulatedWire({ ...around, account });
    this.wire = this.#wire.calls;
    this.#object = new SimulatedObject({ ...around, account, wire: this.#wire, chance: chanceOf(life.seed) });
  }

  get failing(): FailingStorage {
    return this.#object.failing;
  }

  /** Runs of the alarm that threw. */
  get thrown(): number {
    return this.#object.thrown;
  }

  close(): void {
    this.#clock.restore();
    this.#object.close();
  }

  now(): number {
    return Date.now();
  }

  async create(request: CreateRequest): Promise<void> {
    const call: CreateCall = { request, answer: null, answeredAt: 0 };
    this.creates.push(call);
    void this.#answer(call);
    await this.#settle();
  }

  async #answer(call: CreateCall): Promise<void> {
    const input = createInput(this.life, call.request, this.creates.length);
    this.#wire.isProved ||= input.isKnownKey;
    const object = this.#object;
    object.calls += 1;
    let outcome = await object.call(async (_process, deps) => deps && createTask(deps, input));
    for (let again = 0; again < RECOVERIES_MAX && outcome === "died"; again++) {
      outcome = await object.call(async (_process, deps) => deps && resolveCreate(deps, input));
    }
    object.calls -= 1;
    if (outcome === "died") throw new Error("a create that is never answered");
    this.#storage.commit();
    Object.assign(call, { answer: answerOf(outcome), answeredAt: Date.now() });
  }

  async fire(): Promise<boolean> {
    const { alarm } = this.#storage;
    if (alarm === null) return false;
    if (this.#object.isInAlarm) {
      await this.pass(1_000);
      return true;
    }
    await this.#clock.passTo(alarm);
    if (this.#storage.alarm !== alarm || this.#object.isInAlarm) return true;
    void this.#object.fire(alarm);
    await this.#settle();
    const isErased = Array.from(this.#storage.kv.list()).length === 0;
    this.#noteLateness(alarm);
    if (isErased && this.#isLate) this.#everMissed = true;
    this.#isLate = false;
    return true;
  }

  async pass(ms: number): Promise<void> {
    await this.#clock.passTo(Date.now() + ms);
    await this.#settle();
    this.#noteLateness(this.#storage.alarm);
  }

  #noteLateness(alarm: number | null): void {
    this.#isLate ||= alarm !== null && Date.now() - alarm > RECONCILE_EVERY_MS;
  }

  async release(): Promise<void> {
    this.script.hold.clear();
    this.#wire.release();
    await this.#settle();
  }

  async redeliver(order: Redelivery): Promise<string> {
    return this.#ask("no answer", redeliverCall(order));
  }

  async recover(order: Recovery): Promise<string> {
    return this.#ask("no answer", recoverCall(order, this.#wire));
  }

  async read(): Promise<void> {
    await this.#ask(null, readCall);
  }

  async rotate(overlapMs: number): Promise<void> {
    this.#account.rotate(overlapMs);
  }

  async changeEndpoint(id: EndpointId, word: EndpointChangeWord): Promise<void> {
    this.#account.change(id, word);
  }

  async remove(): Promise<boolean> {
    for (let again = 0; again < RECOVERIES_MAX; again++) {
      const removed = await this.#ask<boolean | "died">("died", removeCall);
      if (removed !== "died") return removed;
    }
    throw new Error("a delete that is never answered");
  }

  planCrash(plan: CrashPlan | null): void {
    this.#object.plan = plan && { ...plan };
  }

  async crash(): Promise<void> {
    this.#object.die("between two commands", { lossy: false });
    await this.#settle();
  }

  async setSettings(good: boolean): Promise<void> {
    if (good === this.#object.hasSettings) return;
    this.#object.hasSettings = good;
    this.#object.die("by a deployment", { lossy: false });
    await this.#settle();
  }

  async rows(): Promise<Rows> {
    const account = this.#account;
    account.everSilent ||= this.script.silentAccount;
    return { ...readRows(this.#storage), alarm: this.#storage.alarm, endpoints: account.endpoints };
  }

  busy(): { alarm: boolean; create: boolean } {
    return { alarm: this.#object.isInAlarm, create: this.#object.calls > 0 };
  }

  async bucket(): Promise<readonly string[]> {
    return [...this.#wire.bucket];
  }

  async accountRows(): Promise<number> {
    // What a silent account or a death left is what its hourly reconciliation is for: it finds no task, and drops the
    // row.
    const looks = this.#account.everSilent || this.#everMissed || this.deaths.length > 0;
    return looks ? 0 : this.#account.tasksLeft();
  }

  /** One call to the object that does not wait for the wire. */
  async #ask<T>(lost: T, act: ObjectCall<T>): Promise<T> {
    let result = lost;
    const asked = async (): Promise<void> => {
      const value = await this.#object.call(act);
      if (value === "died") return;
      this.#storage.commit();
      result = value;
    };
    void asked();
    await this.#settle();
    return result;
  }

  /** Lets everything go on, in time, until it is over or hangs. */
  async #settle(): Promise<void> {
    const startedAt = Date.now();
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await quiet();
      const next = this.#clock.next();
      const hangs = this.#wire.hangs && (next === null || next > startedAt + HANG_MS);
      if (this.#object.calls === 0 || hangs) {
        this.#storage.commit();
        return;
      }
      if (next === null) throw new Error("something waits for nothing");
      this.#clock.ringNext();
    }
    throw new Error("a command without an end");
  }
}
