import { env, exports } from "cloudflare:workers";
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import { rotateSecret } from "../../../../src/account-object/client.ts";
import { deleteEndpoint, patchEndpoint } from "../../../../src/account-object/endpoints/client.ts";
import type { AccountObject } from "../../../../src/account-object/object.ts";
import {
  FIRST_VERSION,
  rotated,
  versionsInForce,
  type SigningVersion,
} from "../../../../src/domain/account/signing-versions.ts";
import { deliveriesTo } from "../../../../src/domain/delivery/by-receiver.ts";
import type { Delivery, Receiver } from "../../../../src/domain/delivery/delivery.ts";
import type { Endpoint } from "../../../../src/domain/endpoint/endpoint.ts";
import type { KeyVerdict } from "../../../../src/domain/task/key-proof.ts";
import { CopySlots } from "../../../../src/files/copy-slots.ts";
import { R2Store } from "../../../../src/files/r2-store.ts";
import type { FileStore } from "../../../../src/files/store.ts";
import { readSettings } from "../../../../src/env.ts";
import { keyedName, ownKeyAccount } from "../../../../src/keys/ids.ts";
import {
  addressee,
  changeOf,
  elsewhereFor,
  HEADER_ELSEWHERE,
  HEADER_VALUE,
  HEADER_VALUES,
  headerAt,
  headerOf,
  type EndpointChangeWord,
  type EndpointId,
} from "../../../support/model/endpoints.ts";
import { readRows } from "../../../support/model/read-rows.ts";
import {
  emptyScript,
  nextWord,
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
import { answerOf, kindOf, responseOf } from "./answers.ts";
import { register, sealedHeaders, unregister } from "../registered.ts";
import { runtime } from "../runtime.ts";
import { bucketFiles, ELSEWHERE, ENDPOINT_A, ENDPOINT_B, network, RECEIVER, type Wire } from "../world.ts";

/** Close to those of production, so that a life is hundreds of alarms at most. */
const VARS = {
  POLL_FIRST_SECONDS: undefined,
  POLL_MIN_SECONDS: "1",
  POLL_MAX_SECONDS: "120",
  CALLBACK_RETRY_SECONDS: "5,30,120,300,1800",
  CALLBACK_TIMEOUT_SECONDS: "15",
  CALLBACK_HOLD_SECONDS: "2",
  UPSTREAM_TIMEOUT_SECONDS: "20",
  RETENTION_HOURS: "2",
};
const ENDPOINT_URLS: Record<EndpointId, string> = { ep_a: ENDPOINT_A, ep_b: ENDPOINT_B };
const PROMPT = "a cat of the caller";
/** Real milliseconds that one command may take. */
const WAITS_MAX = 20_000;
/** Turns without any news after which what is under way hangs on the wire. */
const CALM_TURNS = 20;
const REMOVES_MAX = 6;
const results = new R2Store((env as unknown as { RESULTS: R2Bucket }).RESULTS);
const ACCOUNT_ALARMS_MAX = 60;

/** The real objects in workerd; simulated are the network, `Date`, and the death of a process. */
export class RealWorld implements World {
  readonly life: LifePlan;
  readonly script = emptyScript();
  readonly wire: WireCall[] = [];
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
  readonly #account: string;
  readonly #settings: { good: object; bad: object };
  #good = true;
  #versions: readonly SigningVersion[] = FIRST_VERSION;
  #everSilent = false;
  /** Files were on their way into the bucket: before that it need not be asked. */
  #hasWritten = false;
  #random: number;
  #held = 0;
  #released = 0;
  /** Commands that are not over yet. */
  #calls = 0;
  #alarmRun = false;
  #firedAt = 0;

  private constructor(life: LifePlan, key: string, account: string) {
    const good = { ...env, ...VARS, ACCOUNTS: this.#accounts(), RESULTS: this.#results() };
    const read = readSettings(good);
    if (!read.ok) throw new Error("the settings of the model do not parse");
    this.life = life;
    this.#random = life.seed % 2_147_483_647;
    this.secrets = [key, PROMPT, ...HEADER_VALUES];
    this.script.silentAccount = life.silent;
    this.retryMs = read.settings.callback.retryMs;
    this.pollMinMs = read.settings.poll.minMs;
    this.holdMs = read.settings.callback.holdMs;
    this.retentionMs = read.settings.retentionMs;
    this.#key = key;
    this.#account = account;
    this.#settings = { good, bad: { ...good, RINGBACK_SECRET: "short" } };
  }

  /** `nth` makes its key, and with it account and task, one of its own. */
  static async of(life: LifePlan, nth: number): Promise<RealWorld> {
    const key = `sk-model-${nth}`;
    const account = await ownKeyAccount(key);
    const world = new RealWorld(life, key, account);
    planCrash([]);
    if (life.endpoints.length > 0) await register(await Promise.all(life.endpoints.map(registered)), account);
    network.calls.length = 0;
    network.answer = async (call) => world.#answer(call);
    const name = life.keyed ? await keyedName(account, "once") : `nothing of life ${nth} yet`;
    Object.assign(runtime, { settings: world.#settings.good, name, background: 0 });
    runtime.badAlarms = world.problems;
    runtime.logLines = world.shown;
    // A death takes the isolate's places along; here the isolate lives on.
    vi.spyOn(CopySlots.prototype, "tryTake").mockReturnValue(true);
    vi.spyOn(Math, "random").mockImplementation(() => world.#chance());
    return world;
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
    const { keyed, events, repeats, timeoutMs, keep } = this.life;
    await this.#settle(async () => {
      const response = await exports.default.fetch("http://ringback.test/v1/videos", {
        method: "POST",
        headers: {
          authorization: `Bearer ${this.#key}`,
          "content-type": "application/json",
          ...(keyed ? { "idempotency-key": "once" } : {}),
          ...(request.respondAsync ? { prefer: "respond-async" } : {}),
        },
        body: JSON.stringify({
          model: "m",
          prompt: `${PROMPT} ${request.other}`,
          timeout_seconds: timeoutMs / 1000,
          retry_ambiguous_submit: repeats,
          ...(keep ? { keep_result: true } : {}),
          ...(events
            ? {
                callback_url: RECEIVER,
                callback_events: events,
                callback_headers: { "x-make-apikey": HEADER_VALUE },
              }
            : {}),
        }),
      });
      const text = await response.text();
      this.shown.push(text);
      const replayed = response.headers.get("idempotent-replayed") === "true";
      Object.assign(call, { answer: answerOf(text, replayed), answeredAt: Date.now() });
    });
  }

  async fire(): Promise<boolean> {
    const alarm = await this.#alarm();
    if (this.#alarmRun) {
      await this.release();
      return true;
    }
    if (alarm === null) return false;
    vi.setSystemTime(Math.max(Date.now(), alarm));
    this.#firedAt = alarm;
    this.#alarmRun = true;
    const deaths = crash.deaths.length;
    await this.#settle(async () => {
      await runDurableObjectAlarm(this.#stub());
      if (crash.deaths.length === deaths) this.#alarmRun = false;
    });
    return true;
  }

  async pass(ms: number): Promise<void> {
    vi.setSystemTime(Date.now() + ms);
  }

  async release(): Promise<void> {
    this.script.hold.clear();
    this.#released = this.#held;
    await this.#settle(null);
  }

  async redeliver(order: Redelivery): Promise<string> {
    const { messageId, endpoint } = order;
    let kind = "no answer";
    await this.#settle(async () => {
      const asked = { messageId, endpoint, target: targetOf(order) };
      ({ kind } = await this.#stub().redeliver(this.#account, asked, false));
    });
    // An object without settings does not know its tasks.
    return kind === "no_task" && !this.#good ? "misconfigured" : kind;
  }

  async recover(order: Recovery): Promise<string> {
    const { recoveryId, statuses, endpoint } = order;
    await this.#outliveLease(endpoint);
    let kind = "no answer";
    await this.#settle(async () => {
      try {
        const asked = { recoveryId, statuses: [...statuses], endpoint, target: targetOf(order) };
        ({ kind } = await this.#stub().recover(this.#account, asked));
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
    await this.#settle(async () => {
      await rotateSecret(env.ACCOUNTS, this.#account, overlapMs);
    });
    this.#versions = rotated(this.#versions, Date.now(), overlapMs) ?? this.#versions;
  }

  async changeEndpoint(id: EndpointId, word: EndpointChangeWord): Promise<void> {
    const endpoint = (await this.#endpoints()).find((one) => one.id === id);
    if (!endpoint) return;
    const change = changeOf(endpoint, word);
    await this.#settle(async () => {
      if (change === null) await deleteEndpoint(env.ACCOUNTS, this.#account, id);
      else await patchEndpoint(env.ACCOUNTS, this.#account, id, change);
    });
  }

  /** As the account has them. */
  async #endpoints(): Promise<readonly Endpoint[]> {
    if (this.life.endpoints.length === 0) return [];
    const states = await env.ACCOUNTS.get(env.ACCOUNTS.idFromName(this.#account)).endpoints();
    return states.map(({ endpoint }) => endpoint);
  }

  async remove(): Promise<boolean> {
    for (let again = 0; again < REMOVES_MAX; again++) {
      let removed: boolean | null = null;
      await this.#settle(async () => {
        removed = await this.#stub().remove(this.#account);
      });
      if (removed !== null) return removed;
    }
    throw new Error("a delete that is never answered");
  }

  async read(): Promise<void> {
    await this.#settle(async () => {
      this.shown.push((await this.#stub().read(this.#account)) ?? "");
    });
  }

  planCrash(plan: CrashPlan | null): void {
    planNthCrash(plan);
  }

  async crash(): Promise<void> {
    await this.#dieNow("between two commands");
  }

  async setSettings(good: boolean): Promise<void> {
    if (good === this.#good) return;
    this.#good = good;
    runtime.settings = good ? this.#settings.good : this.#settings.bad;
    await this.#dieNow("by a deployment");
  }

  async rows(): Promise<Rows> {
    this.#everSilent ||= this.script.silentAccount;
    const endpoints = await this.#endpoints();
    return runInDurableObject(this.#stub(), async (_object, { storage }) => {
      return { ...readRows(storage), alarm: await storage.getAlarm(), endpoints };
    });
  }

  busy(): { alarm: boolean; create: boolean } {
    return { alarm: this.#alarmRun, create: this.creates.some(({ answer }) => answer === null) };
  }

  async bucket(): Promise<readonly string[]> {
    return this.#hasWritten ? bucketFiles() : [];
  }

  async accountRows(): Promise<number> {
    const stub = () => env.ACCOUNTS.get(env.ACCOUNTS.idFromName(this.#account));
    if (this.life.endpoints.length > 0) await unregister(this.#account);
    // All objects of a deployment have the same settings.
    await runInDurableObject<DurableObject, void>(stub(), (object) => {
      (object as unknown as { env: object }).env = { ...env, ...this.#settings.good };
    });
    for (let time = 0; time < ACCOUNT_ALARMS_MAX; time++) {
      const alarm = await runInDurableObject(stub(), async (_object, { storage }) => storage.getAlarm());
      if (alarm === null) break;
      vi.setSystemTime(Math.max(Date.now(), alarm));
      await runDurableObjectAlarm(stub());
    }
    const left = await runInDurableObject(stub(), (_object, { storage }) => rowsByTable(storage));
    // Rotated secrets stay.
    if (this.#versions !== FIRST_VERSION) delete left["document"];
    return Object.values(left).reduce((sum, count) => sum + count, 0);
  }

  /** The accounts as the task's object reaches them: a silent one costs a test no patience. */
  #accounts(): Pick<typeof env.ACCOUNTS, "idFromName" | "get"> {
    const away = async (): Promise<never> => {
      throw new Error("the account did not answer in time");
    };
    const silent = {
      attemptBriefing: away,
      sync: away,
    } as unknown as DurableObjectStub<AccountObject>;
    return {
      idFromName: (name) => env.ACCOUNTS.idFromName(name),
      get: (id) => (this.script.silentAccount ? silent : env.ACCOUNTS.get(id)),
    };
  }

  /** The bucket as the task's object reaches it. */
  #results(): FileStore {
    const mayBreak = (): void => {
      if (this.script.brokenBucket) throw new Error("an internal error of the bucket");
    };
    return {
      head: async (fileId) => results.head(fileId),
      read: async (fileId, range) => results.read(fileId, range),
      write: async (fileId, contentType, body, length) => {
        mayBreak();
        this.#hasWritten = true;
        return results.write(fileId, contentType, body, length);
      },
      delete: async (fileId) => {
        mayBreak();
        await results.delete(fileId);
      },
    };
  }

  /** For jitter; the same in each run of a seed. */
  #chance(): number {
    this.#random = (this.#random * 48_271 + 11) % 2_147_483_647;
    return this.#random / 2_147_483_647;
  }

  #stub() {
    return env.TASKS.get(env.TASKS.idFromName(runtime.name ?? ""));
  }

  async #alarm(): Promise<number | null> {
    return runInDurableObject(this.#stub(), async (_object, { storage }) => storage.getAlarm());
  }

  /** Runs it until everything under way is over or hangs; a death on the way is made real. */
  async #settle(act: (() => Promise<void>) | null): Promise<void> {
    if (act) void this.#begin(act);
    let calm = 0;
    let seen = "";
    for (let wait = 0; wait < WAITS_MAX; wait++) {
      if (crash.dead) await this.#die();
      if (this.#calls + runtime.background === 0) return;
      const news = `${crash.passed.length} ${this.#calls} ${runtime.background} ${this.shown.length}`;
      calm = news === seen ? calm + 1 : 0;
      seen = news;
      if (this.#held > this.#released && calm > CALM_TURNS) return;
      await scheduler.wait(1);
    }
    throw new Error("a command without an end");
  }

  async #begin(act: () => Promise<void>): Promise<void> {
    const deaths = crash.deaths.length;
    this.#calls += 1;
    try {
      await act();
    } catch (error) {
      if (crash.deaths.length === deaths) this.problems.push(`the object threw: ${String(error)}`);
    } finally {
      this.#calls -= 1;
    }
  }

  async #dieNow(where: string): Promise<void> {
    crash.deaths.push(where);
    crash.dead = true;
    crash.next = null;
    await this.#settle(null);
  }

  async #die(): Promise<void> {
    await abortAllDurableObjects();
    runtime.background = 0;
    crash.dead = false;
    this.#released = this.#held;
    if (this.#alarmRun) {
      // The platform runs an alarm again whose run died, unless the run has set a new one.
      await runInDurableObject(this.#stub(), async (_object, { storage }) => {
        if ((await storage.getAlarm()) === null)
          await storage.setAlarm(Math.max(this.#firedAt, Date.now() + 1));
      });
    }
    this.#alarmRun = false;
  }

  async #answer({ method, url, body, headers }: Wire): Promise<Response> {
    if (url.endsWith("/models")) return Response.json({ data: [] });
    const kind = kindOf(method, url);
    const to = addressee(url);
    const word = nextWord(this.script, this.life, kind, to);
    const call: WireCall = {
      kind,
      word,
      at: Date.now(),
      answeredAt: null,
      process: crash.deaths.length,
      messageId: headers.get("webhook-id") ?? "",
      attempt: Number(headers.get("ringback-attempt") ?? 0),
      body,
      url,
      ...to,
    };
    if (kind === "submit") this.#judgeSubmit();
    if (kind === "callback") this.#judgeCallback(call, headers);
    this.wire.push(call);
    if (this.script.hold.delete(kind)) {
      this.#held += 1;
      const ticket = this.#held;
      // Asked again and again: a promise resolved from outside would go on in the wrong object's turn.
      for (let wait = 0; wait < WAITS_MAX && this.#released < ticket; wait++) await scheduler.wait(1);
    }
    if (call.process === crash.deaths.length) call.answeredAt = Date.now();
    return responseOf(kind, word);
  }

  #judgeSubmit(): void {
    if (crash.store?.load()?.task.submit.phase === "begun") return;
    this.problems.push("2: a submit left that was not written down as begun");
  }

  #judgeCallback(call: WireCall, headers: Headers): void {
    const { messageId, attempt, process, body, endpoint } = call;
    this.shown.push(body);
    const [name, value] = headerAt(call.url);
    const own = [...headers].filter(([, sent]) => HEADER_VALUES.includes(sent));
    if (own.length !== 1 || headers.get(name) !== value) {
      this.problems.push("9: the headers of one receiver went to another");
    }
    const isWritten = deliveriesTo(crash.store?.load()?.deliveries ?? [], endpoint).some(
      (known) => known.messageId === messageId && known.attempts === attempt && known.onTheWire !== null,
    );
    if (!isWritten) this.problems.push("5: an attempt left before its row");
    const twin = this.wire.some(
      (other) =>
        other.messageId === messageId &&
        other.endpoint === endpoint &&
        other.answeredAt === null &&
        other.process === process,
    );
    if (twin) this.problems.push("INV10: two attempts of one delivery at once");
    const signed = headers.get("webhook-signature")?.split(" ").length;
    const expected = versionsInForce(this.#versions, Date.now()).length;
    if (!this.#everSilent && this.deaths.length === 0 && signed !== expected) {
      this.problems.push(`signed ${signed} times instead of ${expected}`);
    }
  }
}

async function registered({ id, events, format }: LifePlan["endpoints"][number]): Promise<Partial<Endpoint>> {
  return { id, events, format, url: ENDPOINT_URLS[id], ...(await sealedHeaders(id, headerOf(id))) };
}

function targetOf({ endpoint, isElsewhere }: Pick<Redelivery, "endpoint" | "isElsewhere">): Receiver | null {
  if (!isElsewhere) return null;
  return { url: elsewhereFor(ELSEWHERE, endpoint), headers: [["x-elsewhere", HEADER_ELSEWHERE]] };
}

/** How many rows each table has that has any. */
function rowsByTable({ sql }: DurableObjectStorage): Record<string, number> {
  const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
  const counts = tables
    .filter(({ name }) => !name.startsWith("_cf"))
    .map(({ name }) => [name, sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${name}`).one().n] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
