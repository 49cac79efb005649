import { OverloadedError } from "../../../../src/domain/errors/unavailable.ts";
import type { KeyVerdict } from "../../../../src/domain/task/key-proof.ts";
import { RECONCILE_EVERY_MS } from "../../../../src/domain/account/reconcile.ts";
import type { TaskSummary } from "../../../../src/domain/account/summary.ts";
import {
  FIRST_VERSION,
  rotated,
  versionsInForce,
  type SigningVersion,
} from "../../../../src/domain/account/signing-versions.ts";
import type { CopyOutcome } from "../../../../src/domain/task/keep.ts";
import type { PollAnswer, SubmitAnswer } from "../../../../src/domain/task/upstream-answer.ts";
import type { CopyOrder } from "../../../../src/files/order.ts";
import { NEW_HOST } from "../../../../src/domain/account/hosts.ts";
import { patched, without } from "../../../../src/domain/endpoint/change.ts";
import { disablingOf } from "../../../../src/domain/endpoint/disabling.ts";
import type { Endpoint } from "../../../../src/domain/endpoint/endpoint.ts";
import { deliveriesTo } from "../../../../src/domain/delivery/by-receiver.ts";
import type { Receiver } from "../../../../src/domain/delivery/delivery.ts";
import { sealEndpointHeaders } from "../../../../src/keys/endpoint-headers.ts";
import type { TaskSettings } from "../../../../src/env.ts";
import {
  rearmIfLost,
  runAlarm,
  waitForSettings,
  WITHOUT_SETTINGS,
} from "../../../../src/task-object/alarm.ts";
import {
  createTask,
  resolveCreate,
  type CreateInput,
  type CreateOutcome,
} from "../../../../src/task-object/steps/create.ts";
import type { TaskDeps } from "../../../../src/task-object/deps.ts";
import { reportInPassing } from "../../../../src/task-object/run.ts";
import { recoverDelivery } from "../../../../src/task-object/steps/recover.ts";
import { redeliver } from "../../../../src/task-object/steps/redeliver.ts";
import { finishRemoval, removeTask } from "../../../../src/task-object/steps/remove.ts";
import type { Callback } from "../../../../src/webhook/send.ts";
import { anEndpoint, anUpstream, T0 } from "../../builders.ts";
import {
  addressee,
  changeOf,
  elsewhereFor,
  ENDPOINT_IDS,
  HEADER_ELSEWHERE,
  HEADER_VALUE,
  HEADER_VALUES,
  headerAt,
  headerOf,
  type EndpointChangeWord,
  type EndpointId,
} from "../endpoints.ts";
import { FailingStorage } from "./failing-storage.ts";
import { MemoryStorage } from "./memory-storage.ts";
import { freshStore, readRows } from "../read-rows.ts";
import { attemptResult, pollAnswer, submitAnswer, withResult } from "./answers.ts";
import { quiet, SimulatedClock } from "./clock.ts";
import { SimulatedProcess } from "./process.ts";
import {
  emptyScript,
  nextWord,
  type CrashPlan,
  type CreateAnswer,
  type CreateCall,
  type CreateRequest,
  type LifePlan,
  type Recovery,
  type Redelivery,
  type Rows,
  type WireCall,
  type World,
} from "../world.ts";

const ROOT = "a secret of the model, long enough to count";
const SETTINGS: TaskSettings = {
  upstreams: [anUpstream({ baseUrl: "https://upstream.test/v1" })],
  roots: [ROOT],
  poll: {
    firstMs: null,
    minMs: 1_000,
    maxMs: 120_000,
    lostMs: 120_000,
    unauthorizedMs: 600_000,
    resultMissingMs: 120_000,
  },
  callback: {
    retryMs: [5_000, 30_000, 120_000, 300_000, 1_800_000],
    timeoutMs: 15_000,
    holdMs: 2_000,
    allowPrivate: false,
  },
  ownHosts: [],
  upstreamTimeoutMs: 20_000,
  taskTimeoutMs: 86_400_000,
  alerts: null,
  keep: { mode: "off", maxBytes: 536_870_912, patienceMs: 120_000, publicUrl: null },
  retentionMs: 7_200_000,
};

const NAME = "abcdefghijklmnopqrstuvwxyz";
const TASK_ID = `task_${NAME}aaaaaaaaaaaaaaaa`;
const ACCOUNT = "key:somebody";
/** None of them is in what others are told. */
const API_KEY = "sk-own-key";
const PROMPT = "a cat of the caller";
const ELSEWHERE = "https://elsewhere.acme.com/ringback";
const ENDPOINT_URLS: Record<EndpointId, string> = {
  ep_a: "https://endpoint-a.acme.com/hook",
  ep_b: "https://endpoint-b.acme.com/hook",
};
/** What only the key opens, and only the sealed source may name. */
const SECRET_RESULT = { url: `https://cdn.test/v.mp4?key=${API_KEY}`, containsKey: true, needsKey: true };
const SEALED_HEADERS = Object.fromEntries(
  await Promise.all(
    ENDPOINT_IDS.map(
      async (id) => [id, await sealEndpointHeaders(ROOT, id, [["x-endpoint", headerOf(id)]])] as const,
    ),
  ),
) as Record<EndpointId, string>;
const LATENCY_MS = 40;
/** While one call hangs, everything else gets so long. */
const HANG_MS = 500;
/** No command needs more turns of the clock. */
const TURNS_MAX = 5_000;
const RECOVERIES_MAX = 6;

/**
 * Everything but the core is simulated: clock, chance, storage, upstream, receiver, account, and the process itself.
 */
export class SimulatedWorld implements World {
  readonly life: LifePlan;
  readonly script = emptyScript();
  readonly wire: WireCall[] = [];
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
  /** What the object sees of it. */
  readonly failing = new FailingStorage(this.#storage);
  /** Runs of the alarm that threw. */
  thrown = 0;
  readonly #summaries = new Map<string, TaskSummary>();
  #endpoints: readonly Endpoint[];
  #versions: readonly SigningVersion[] = FIRST_VERSION;
  #toldVersions: readonly SigningVersion[] = FIRST_VERSION;
  readonly #bucket = new Set<string>();
  #random: number;
  #messages = 0;
  #plan: CrashPlan | null = null;
  #held: (() => void)[] = [];
  #calls = 0;
  #alarmRun = false;
  #firedAt = 0;
  #good = true;
  #everSilent = false;
  /** An alarm that came so late that it erased a task with news: its account has asked it in the hours before. */
  #everMissed = false;
  /** The upstream has said that it knows the key. */
  #proved = false;
  #process: SimulatedProcess;

  constructor(life: LifePlan) {
    this.life = life;
    this.script.silentAccount = life.silent;
    this.#endpoints = life.endpoints.map(({ id, events, format }) =>
      anEndpoint({ id, url: ENDPOINT_URLS[id], events, format, headers: SEALED_HEADERS[id], createdAt: 0 }),
    );
    this.#random = life.seed % 2_147_483_647;
    this.#process = this.#newProcess();
  }

  close(): void {
    this.#clock.restore();
    this.#process.die();
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
    const { keyed, repeats, events, timeoutMs } = this.life;
    const input: CreateInput = {
      taskId: TASK_ID,
      acceptedTaskIds: [TASK_ID],
      account: ACCOUNT,
      mode: "own",
      upstreamName: "aio",
      createPath: null,
      apiKey: API_KEY,
      createId: `create-${this.creates.length}`,
      fingerprint: keyed ? `body ${call.request.other}` : null,
      model: "m",
      traits: { resolution: null, seconds: null, inputMode: null },
      metadata: null,
      requestDigests: [],
      test: null,
      timeoutMs,
      repeatServerErrors: repeats,
      callback: events && {
        url: "https://hooks.acme.com/ringback",
        events: [...events],
        format: "standard",
        headers: [["x-make-apikey", HEADER_VALUE]],
      },
      endpoints: true,
      keep: this.life.keep ? this.#newKeep() : null,
      ownHost: "ringback.test",
      body: new TextEncoder().encode(JSON.stringify({ model: "m", prompt: PROMPT })),
      // The Worker has asked before it answers at once.
      isKnownKey: call.request.respondAsync,
      respondAsync: call.request.respondAsync,
      waitMs: 0,
    };
    this.#proved ||= input.isKnownKey;
    this.#calls += 1;
    let outcome = await this.#call(async (_process, deps) => deps && createTask(deps, input));
    for (let again = 0; again < RECOVERIES_MAX && outcome === "died"; again++) {
      outcome = await this.#call(async (_process, deps) => deps && resolveCreate(deps, input));
    }
    this.#calls -= 1;
    if (outcome === "died") throw new Error("a create that is never answered");
    this.#storage.commit();
    Object.assign(call, { answer: answerOf(outcome), answeredAt: Date.now() });
  }

  async fire(): Promise<boolean> {
    const { alarm } = this.#storage;
    if (alarm === null) return false;
    if (this.#alarmRun) {
      await this.pass(1_000);
      return true;
    }
    await this.#passTo(alarm);
    if (this.#storage.alarm !== alarm || this.#alarmRun) return true;
    this.#firedAt = alarm;
    this.#storage.alarm = null;
    this.#alarmRun = true;
    void this.#run(this.#process);
    await this.#settle();
    const isErased = Array.from(this.#storage.kv.list()).length === 0;
    if (isErased && Date.now() - alarm > RECONCILE_EVERY_MS) this.#everMissed = true;
    return true;
  }

  async #run(process: SimulatedProcess): Promise<void> {
    process.advancing = true;
    this.failing.begin();
    const thrown = this.thrown;
    await this.#call(async (_process, deps) =>
      deps ? runAlarm(deps, 0) : waitForSettings(process.deps(WITHOUT_SETTINGS), ["RINGBACK_SECRET"], 0),
    );
    this.failing.end();
    process.advancing = false;
    // To the guarantees it is a death: what was to be written may be lost.
    if (this.failing.failed !== null) this.deaths.push("of its storage");
    if (process !== this.#process) return;
    this.#alarmRun = false;
    // The platform runs it again, unless the run has set a new one.
    if (this.thrown > thrown) this.#storage.alarm ??= this.#firedAt;
  }

  async pass(ms: number): Promise<void> {
    await this.#passTo(Date.now() + ms);
    await this.#settle();
  }

  async release(): Promise<void> {
    this.script.hold.clear();
    for (const answer of this.#held.splice(0)) answer();
    await this.#settle();
  }

  async redeliver(order: Redelivery): Promise<string> {
    const { messageId, endpoint } = order;
    const target = targetOf(order);
    return this.#ask("no answer", async (process, deps) => {
      if (!deps) return "misconfigured";
      if (!process.advancing) await rearmIfLost(deps);
      return (await redeliver(deps, { messageId, endpoint, target }, false)).kind;
    });
  }

  async recover(order: Recovery): Promise<string> {
    const { recoveryId, statuses, endpoint } = order;
    const target = targetOf(order);
    return this.#ask("no answer", async (process, deps) => {
      if (!deps) return "misconfigured";
      if (!process.advancing) await rearmIfLost(deps);
      if (process.store.load() === null) return "gone";
      // A recovery starts for a key that the upstream knows.
      this.#proved = true;
      const { kind } = await recoverDelivery(deps, { recoveryId, statuses, endpoint, target });
      // What fails, or dies, the alarm repeats.
      void reportInPassing(deps).catch(() => undefined);
      return kind;
    });
  }

  async read(): Promise<void> {
    await this.#ask(null, async (process, deps) => {
      if (deps && !process.advancing) await rearmIfLost(deps);
      return null;
    });
  }

  async rotate(overlapMs: number): Promise<void> {
    this.#versions = rotated(this.#versions, Date.now(), overlapMs) ?? this.#versions;
  }

  async changeEndpoint(id: EndpointId, word: EndpointChangeWord): Promise<void> {
    const endpoint = this.#endpoints.find((one) => one.id === id);
    if (!endpoint) return;
    const change = changeOf(endpoint, word);
    if (change === null) this.#endpoints = without(this.#endpoints, id) ?? [];
    else {
      const { headers: _none, ...fields } = change;
      const answer = patched(this.#endpoints, id, fields, Date.now());
      if (answer.kind === "patched") this.#endpoints = answer.endpoints;
    }
  }

  async remove(): Promise<boolean> {
    for (let again = 0; again < RECOVERIES_MAX; again++) {
      const removed = await this.#ask<boolean | "died">("died", async (process) => {
        const deps = process.deps(SETTINGS);
        const done = await removeTask(deps, ACCOUNT);
        if (done) deps.session.forget();
        // What fails, or dies, the alarm repeats.
        if (done && process.advancing) void finishRemoval(deps).catch(() => undefined);
        return done;
      });
      if (removed !== "died") return removed;
    }
    throw new Error("a delete that is never answered");
  }

  planCrash(plan: CrashPlan | null): void {
    this.#plan = plan && { ...plan };
  }

  async crash(): Promise<void> {
    this.#die("between two commands", false);
    await this.#settle();
  }

  async setSettings(good: boolean): Promise<void> {
    if (good === this.#good) return;
    this.#good = good;
    this.#die("by a deployment", false);
    await this.#settle();
  }

  async rows(): Promise<Rows> {
    this.#everSilent ||= this.script.silentAccount;
    return { ...readRows(this.#storage), alarm: this.#storage.alarm, endpoints: this.#endpoints };
  }

  busy(): { alarm: boolean; create: boolean } {
    return { alarm: this.#alarmRun, create: this.#calls > 0 };
  }

  async bucket(): Promise<readonly string[]> {
    return [...this.#bucket];
  }

  async accountRows(): Promise<number> {
    const left = [...this.#summaries.values()].filter(
      ({ expiresAt }) => expiresAt === null || expiresAt > Date.now(),
    );
    // What a silent account or a death left is what its hourly reconciliation is for: it finds no task, and drops the
    // row.
    const looks = this.#everSilent || this.#everMissed || this.deaths.length > 0;
    return looks ? 0 : left.length;
  }

  /** One call to the object that does not wait for the wire. */
  async #ask<T>(lost: T, act: (process: SimulatedProcess, deps: TaskDeps | null) => Promise<T>): Promise<T> {
    let result = lost;
    const asked = async (): Promise<void> => {
      const value = await this.#call(act);
      if (value === "died") return;
      this.#storage.commit();
      result = value;
    };
    void asked();
    await this.#settle();
    return result;
  }

  async #call<T>(act: (process: SimulatedProcess, deps: TaskDeps | null) => Promise<T>): Promise<T | "died"> {
    const process = this.#process;
    this.#calls += 1;
    try {
      const value = await Promise.race([
        act(process, this.#good ? process.deps(SETTINGS) : null),
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
      this.problems.push(`the object threw: ${String(error)}`);
      throw error;
    } finally {
      this.#calls -= 1;
    }
  }

  /** Lets everything go on, in time, until it is over or hangs. */
  async #settle(): Promise<void> {
    const startedAt = Date.now();
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await quiet();
      const next = this.#clock.next();
      const hangs = this.#held.length > 0 && (next === null || next > startedAt + HANG_MS);
      if (this.#calls === 0 || hangs) {
        this.#storage.commit();
        return;
      }
      if (next === null) throw new Error("something waits for nothing");
      this.#clock.ringNext();
    }
    throw new Error("a command without an end");
  }

  async #passTo(instant: number): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await quiet();
      const next = this.#clock.next();
      if (next === null || next > instant) {
        this.#clock.set(instant);
        return;
      }
      this.#clock.ringNext();
    }
    throw new Error("time does not pass");
  }

  #newProcess(): SimulatedProcess {
    return new SimulatedProcess({
      apiKey: API_KEY,
      storage: this.#storage,
      failing: this.failing,
      retentionMs: SETTINGS.retentionMs,
      random: () => this.#chance(),
      newMessageId: () => `msg_${(this.#messages += 1)}`,
      submit: async (process) => this.#told(submitAnswer(await this.#submit(process))),
      poll: async (process) => this.#told(pollAnswer(await this.#exchange(process, { kind: "poll" }))),
      copyResult: async (process, order) => this.#copy(process, order),
      deleteFile: async (fileId) => {
        await sleep(LATENCY_MS);
        if (this.script.brokenBucket) throw new Error("an internal error of the bucket");
        this.#bucket.delete(fileId);
      },
      send: async (process, callback) => attemptResult(await this.#send(process, callback)),
      judgeKey: async () => {
        const verdict = this.script.key.shift() ?? "accepted";
        await sleep(verdict === "silent" ? SETTINGS.upstreamTimeoutMs : LATENCY_MS);
        this.verdicts.push(verdict);
        this.#proved ||= verdict === "accepted";
        return verdict;
      },
      briefing: async () => {
        await this.#shared(1_000);
        this.#toldVersions = versionsInForce(this.#versions, Date.now());
        return { signing: this.#toldVersions, endpoints: this.#endpoints };
      },
      knownEndpoints: () => (this.script.silentAccount || this.#chance() < 0.7 ? undefined : this.#endpoints),
      report: async ({ name, createdAt, summary }) => {
        await this.#shared(10_000);
        if (!summary) throw new Error("a deletion is told by its tombstone");
        const known = this.#summaries.get(name);
        const isOld = known?.createdAt === createdAt && known.version >= summary.version;
        if (isOld) return;
        this.#summaries.set(name, summary);
        for (const { id, goneAt } of summary.endpoints) this.#disableGone(id, goneAt);
      },
      sendTombstone: async ({ name }) => {
        await this.#shared(10_000);
        this.#summaries.delete(name);
      },
      cadence: async (patienceMs) => this.#shared(patienceMs),
      log: (event, fields) => void this.shown.push(JSON.stringify({ event, ...fields })),
      point: (process, when, verb) => this.#point(process, when, verb),
    });
  }

  /** As an account does that hears of a 410. */
  #disableGone(id: string, goneAt: number | null): void {
    const at = Date.now();
    this.#endpoints = this.#endpoints.map((endpoint) => {
      if (endpoint.id !== id) return endpoint;
      const end = disablingOf(endpoint, { goneAt, health: NEW_HOST }, at);
      return end ? { ...endpoint, disabled: { reason: end.reason, at } } : endpoint;
    });
  }

  #chance(): number {
    this.#random = (this.#random * 48_271 + 11) % 2_147_483_647;
    return this.#random / 2_147_483_647;
  }

  #point(process: SimulatedProcess, when: "before" | "after", verb: string): void {
    const plan = this.#plan;
    if (process !== this.#process || plan?.when !== when) return;
    plan.nth -= 1;
    if (plan.nth <= 0) this.#die(`${when} ${verb}`, plan.lossy);
  }

  #die(where: string, lossy: boolean): void {
    this.#plan = null;
    this.deaths.push(where);
    this.#process.die();
    if (lossy) this.#storage.rollback();
    else this.#storage.commit();
    this.#held = [];
    // The platform runs an alarm again whose run died, unless the run has set a new one.
    if (this.#alarmRun) this.#storage.alarm ??= this.#firedAt;
    this.#alarmRun = false;
    this.#process = this.#newProcess();
  }

  async #shared(patienceMs: number): Promise<void> {
    const silent = this.script.silentAccount;
    await sleep(silent ? patienceMs : 5);
    if (silent) throw new OverloadedError("the account or the cadence did not answer in time");
  }

  #newKeep(): CreateInput["keep"] {
    const fileId = `file${this.creates.length}`.padEnd(26, "a");
    return { fileId, origin: "https://ringback.test", patienceMs: SETTINGS.keep.patienceMs };
  }

  #told<Answer extends SubmitAnswer | PollAnswer>(answer: Answer): Answer {
    return this.life.isSecret ? withResult(answer, SECRET_RESULT) : answer;
  }

  /** A process that is dead by then has stored the file all the same: a superseded one goes on for a while. */
  async #copy(process: SimulatedProcess, { fileId, url, upstream, until }: CopyOrder): Promise<CopyOutcome> {
    const isSecret = url === SECRET_RESULT.url;
    if (isSecret !== (this.life.isSecret === true)) this.problems.push(`a copy of ${url}`);
    if (isSecret !== (upstream.apiKey === API_KEY)) this.problems.push("a copy without its key, or with one");
    const word = await this.#exchange(process, { kind: "copy" }, until - Date.now());
    if (word === "slow") await sleep(until - Date.now() - 1);
    if (word === "404" || word === "timeout") {
      return { kind: "failed", reason: word === "404" ? "http_404" : "timeout" };
    }
    if (this.script.brokenBucket) return { kind: "failed", reason: "storage" };
    this.#bucket.add(fileId);
    return { kind: "kept", bytes: 5, contentType: "video/mp4" };
  }

  async #submit(process: SimulatedProcess): Promise<string> {
    const { submit } = freshStore(this.#storage).load()?.task ?? {};
    if (submit?.phase !== "begun") this.problems.push("2: a submit left that was not written down as begun");
    return this.#exchange(process, { kind: "submit" });
  }

  async #send(process: SimulatedProcess, callback: Callback): Promise<string> {
    const { url, headers, messageId, attempt, body, secrets } = callback;
    const { deliveries = [] } = freshStore(this.#storage).load() ?? {};
    const { endpoint } = addressee(url);
    if (JSON.stringify(headers) !== JSON.stringify([headerAt(url)])) {
      this.problems.push("9: the headers of one receiver went to another");
    }
    const isWritten = deliveriesTo(deliveries, endpoint).some(
      (known) => known.messageId === messageId && known.attempts === attempt && known.onTheWire !== null,
    );
    if (!isWritten) this.problems.push("5: an attempt left before its row");
    const onTheWire = this.wire.filter(
      ({ kind, answeredAt, process: of }) =>
        kind === "callback" && answeredAt === null && of === this.deaths.length,
    );
    if (onTheWire.some((call) => call.messageId === messageId && call.endpoint === endpoint)) {
      this.problems.push("INV10: two attempts of one delivery at once");
    }
    if (!this.#proved && !this.wire.some(isAccepted)) {
      this.problems.push("an attempt left before its key was proved");
    }
    if (onTheWire.length >= 6) this.problems.push("more than six attempts at once");
    const expected = versionsInForce(this.#toldVersions, Date.now()).length;
    if (!this.#everSilent && this.deaths.length === 0 && secrets.length !== expected) {
      this.problems.push(`signed ${secrets.length} times instead of ${expected}`);
    }
    return this.#exchange(process, { kind: "callback", messageId, attempt, body, url });
  }

  async #exchange(
    process: SimulatedProcess,
    what: Pick<WireCall, "kind"> & Partial<WireCall>,
    timeoutMs = what.kind === "callback" ? SETTINGS.callback.timeoutMs : SETTINGS.upstreamTimeoutMs,
  ): Promise<string> {
    const to = addressee(what.url ?? "about:blank");
    const word = nextWord(this.script, this.life, what.kind, to);
    const call: WireCall = {
      messageId: "",
      attempt: 0,
      body: "",
      url: "",
      ...to,
      ...what,
      word,
      at: Date.now(),
      answeredAt: null,
      process: this.deaths.length,
    };
    this.wire.push(call);
    if (what.kind === "callback") this.shown.push(call.body);
    if (this.script.hold.delete(what.kind)) {
      await new Promise<void>((answer) => {
        this.#held.push(answer);
        setTimeout(() => {
          if (!this.#held.includes(answer)) {
            // What a superseded process had begun to store may arrive all the same.
            if (what.kind === "copy") answer();
            return;
          }
          this.#held = this.#held.filter((other) => other !== answer);
          call.word = "timeout";
          answer();
        }, timeoutMs);
      });
    } else await sleep(word === "timeout" ? timeoutMs : LATENCY_MS);
    if (!process.dead) call.answeredAt = Date.now();
    return call.word;
  }
}

async function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** A submit by which the upstream has accepted the key. */
function isAccepted({ kind, word, answeredAt }: WireCall): boolean {
  return kind === "submit" && answeredAt !== null && ["accepted", "ended", "failed"].includes(word);
}

function targetOf({ endpoint, isElsewhere }: Pick<Redelivery, "endpoint" | "isElsewhere">): Receiver | null {
  if (!isElsewhere) return null;
  return { url: elsewhereFor(ELSEWHERE, endpoint), headers: [["x-elsewhere", HEADER_ELSEWHERE]] };
}

function answerOf(outcome: CreateOutcome | null): CreateAnswer {
  if (outcome === null) return { kind: "misconfigured" };
  if (!("document" in outcome)) return { kind: outcome.kind };
  return { kind: "taken", replayed: outcome.kind === "replayed", taskId: outcome.document.task.taskId };
}
