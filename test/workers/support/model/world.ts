import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { vi } from "vitest";
import { deliveriesTo } from "../../../../src/domain/delivery/by-receiver.ts";
import type { Delivery } from "../../../../src/domain/delivery/delivery.ts";
import type { KeyVerdict } from "../../../../src/domain/task/key-proof.ts";
import { readSettings } from "../../../../src/env.ts";
import { CopySlots } from "../../../../src/files/copy-slots.ts";
import { keyedName, ownKeyAccount } from "../../../../src/keys/ids.ts";
import { chanceOf } from "../../../support/model/chance.ts";
import {
  HEADER_VALUES,
  targetOf,
  type EndpointChangeWord,
  type EndpointId,
} from "../../../support/model/endpoints.ts";
import { readRows } from "../../../support/model/read-rows.ts";
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
} from "../../../support/model/world.ts";
import { crash, planCrash, planNthCrash } from "../crash.ts";
import { runtime } from "../runtime.ts";
import { alarmOf } from "../stored.ts";
import { bucketFiles, ELSEWHERE, network } from "../world.ts";
import { RealAccount } from "./account.ts";
import { answerOf } from "./answers.ts";
import { accountsOf, bucketOf, VARS } from "./bindings.ts";
import { RealObject } from "./object.ts";
import { createRequest, PROMPT } from "./request.ts";
import { RealWire } from "./wire.ts";

const REMOVES_MAX = 6;

/** The real objects in workerd; simulated are the network, `Date`, and the death of a process. */
export class RealWorld implements World {
  readonly life: LifePlan;
  readonly script = emptyScript();
  readonly creates: CreateCall[] = [];
  readonly problems: string[] = [];
  readonly verdicts: KeyVerdict[] = [];
  readonly shown: string[] = [];
  readonly secrets: readonly string[];
  readonly retryMs: readonly number[];
  readonly pollMinMs: number;
  readonly holdMs: number;
  readonly retentionMs: number;
  readonly #key: string;
  readonly #account: RealAccount;
  readonly #settings: { good: object; bad: object };
  #good = true;
  readonly #wire: RealWire;
  readonly #object: RealObject;
  /** Files were on their way into the bucket: before that it need not be asked. */
  #hasWritten = false;

  private constructor(life: LifePlan, key: string, account: string) {
    const RESULTS = bucketOf(this.script, () => (this.#hasWritten = true));
    const good = { ...env, ...VARS, ACCOUNTS: accountsOf(this.script), RESULTS };
    const read = readSettings(good);
    if (!read.ok) throw new Error("the settings of the model do not parse");
    this.life = life;
    this.secrets = [key, PROMPT, ...HEADER_VALUES];
    this.script.silentAccount = life.silent;
    this.retryMs = read.settings.callback.retryMs;
    this.pollMinMs = read.settings.poll.minMs;
    this.holdMs = read.settings.callback.holdMs;
    this.retentionMs = read.settings.retentionMs;
    this.#key = key;
    this.#account = new RealAccount(account, life);
    this.#wire = new RealWire(this, this.#account);
    this.#object = new RealObject(this, this.#wire);
    this.#settings = { good, bad: { ...good, RINGBACK_SECRET: "short" } };
  }

  /** `nth` makes its key, and with it account and task, one of its own. */
  static async of(life: LifePlan, nth: number): Promise<RealWorld> {
    const key = `sk-model-${nth}`;
    const account = await ownKeyAccount(key);
    const world = new RealWorld(life, key, account);
    planCrash([]);
    await world.#account.register();
    network.calls.length = 0;
    network.answer = async (call) => world.#wire.answer(call);
    const name = life.keyed ? await keyedName(account, "once") : `nothing of life ${nth} yet`;
    Object.assign(runtime, { settings: world.#settings.good, name, background: 0 });
    runtime.badAlarms = world.problems;
    runtime.logLines = world.shown;
    // A death takes the isolate's places along; here the isolate lives on.
    vi.spyOn(CopySlots.prototype, "tryTake").mockReturnValue(true);
    vi.spyOn(Math, "random").mockImplementation(chanceOf(life.seed));
    return world;
  }

  get wire(): WireCall[] {
    return this.#wire.calls;
  }

  get deaths(): string[] {
    return crash.deaths;
  }

  now(): number {
    return Date.now();
  }

  async create(request: CreateRequest): Promise<void> {
    const call: CreateCall = { request, answer: null, answeredAt: 0 };
    this.creates.push(call);
    await this.#object.settle(async () => {
      const init = createRequest(this.life, request, this.#key);
      const response = await exports.default.fetch("http://ringback.test/v1/videos", init);
      const text = await response.text();
      this.shown.push(text);
      const replayed = response.headers.get("idempotent-replayed") === "true";
      Object.assign(call, { answer: answerOf(text, replayed), answeredAt: Date.now() });
    });
  }

  async fire(): Promise<boolean> {
    const alarm = await alarmOf(this.#object.stub());
    if (this.#object.isInAlarm) {
      await this.release();
      return true;
    }
    if (alarm === null) return false;
    await this.#object.fire(alarm);
    return true;
  }

  async pass(ms: number): Promise<void> {
    vi.setSystemTime(Date.now() + ms);
  }

  async release(): Promise<void> {
    this.script.hold.clear();
    this.#wire.release();
    await this.#object.settle(null);
  }

  async redeliver(order: Redelivery): Promise<string> {
    const { messageId, endpoint } = order;
    let kind = "no answer";
    await this.#object.settle(async () => {
      const asked = { messageId, endpoint, target: targetOf(order, ELSEWHERE) };
      ({ kind } = await this.#object.stub().redeliver(this.#account.name, asked, { isKnownKey: false }));
    });
    // An object without settings does not know its tasks.
    return kind === "no_task" && !this.#good ? "misconfigured" : kind;
  }

  async recover(order: Recovery): Promise<string> {
    const { recoveryId, statuses, endpoint } = order;
    await this.#outliveLease(endpoint);
    let kind = "no answer";
    await this.#object.settle(async () => {
      try {
        const asked = { recoveryId, statuses: [...statuses], endpoint, target: targetOf(order, ELSEWHERE) };
        ({ kind } = await this.#object.stub().recover(this.#account.name, asked));
      } catch (error) {
        if (this.#good) throw error;
        kind = "misconfigured";
      }
    });
    return kind;
  }

  /** A recovery waits until an attempt whose process is gone must be over: time that does not go by itself here. */
  async #outliveLease(endpoint: EndpointId | null): Promise<void> {
    const { state } = await this.rows();
    const open = (state?.deliveries ?? []).filter(({ onTheWire }) => onTheWire !== null);
    if (deliveriesTo(open, endpoint).every((one) => this.#isLive(one))) return;
    // No lease of this process may run out meanwhile.
    await this.release();
    vi.setSystemTime(Math.max(this.now(), ...open.map(({ onTheWire }) => onTheWire?.leaseUntil ?? 0)));
  }

  #isLive({ messageId, endpoint }: Delivery): boolean {
    return this.wire.some(
      (call) =>
        call.messageId === messageId &&
        call.endpoint === (endpoint?.id ?? null) &&
        call.answeredAt === null &&
        call.process === this.deaths.length,
    );
  }

  async rotate(overlapMs: number): Promise<void> {
    await this.#object.settle(async () => this.#account.rotate(overlapMs));
    this.#account.rotated(overlapMs);
  }

  async changeEndpoint(id: EndpointId, word: EndpointChangeWord): Promise<void> {
    const endpoint = (await this.#account.endpoints()).find((one) => one.id === id);
    if (endpoint) await this.#object.settle(async () => this.#account.change(endpoint, word));
  }

  async remove(): Promise<boolean> {
    for (let again = 0; again < REMOVES_MAX; again++) {
      let removed: boolean | null = null;
      await this.#object.settle(async () => {
        removed = await this.#object.stub().remove(this.#account.name);
      });
      if (removed !== null) return removed;
    }
    throw new Error("a delete that is never answered");
  }

  async read(): Promise<void> {
    await this.#object.settle(async () => {
      this.shown.push((await this.#object.stub().read(this.#account.name)) ?? "");
    });
  }

  planCrash(plan: CrashPlan | null): void {
    planNthCrash(plan);
  }

  async crash(): Promise<void> {
    await this.#object.die("between two commands");
  }

  async setSettings(good: boolean): Promise<void> {
    if (good === this.#good) return;
    this.#good = good;
    runtime.settings = good ? this.#settings.good : this.#settings.bad;
    await this.#object.die("by a deployment");
  }

  async rows(): Promise<Rows> {
    this.#account.everSilent ||= this.script.silentAccount;
    const endpoints = await this.#account.endpoints();
    return runInDurableObject(this.#object.stub(), async (_object, { storage }) => {
      return { ...readRows(storage), alarm: await storage.getAlarm(), endpoints };
    });
  }

  busy(): { alarm: boolean; create: boolean } {
    return { alarm: this.#object.isInAlarm, create: this.creates.some(({ answer }) => answer === null) };
  }

  async bucket(): Promise<readonly string[]> {
    return this.#hasWritten ? bucketFiles() : [];
  }

  async accountRows(): Promise<number> {
    return this.#account.rowsLeft(this.#settings.good);
  }
}
