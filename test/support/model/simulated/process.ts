import { receiverHost } from "../../../../src/domain/delivery/endpoint-policy.ts";
import type {
  BriefedEndpoint,
  Endpoint,
  EndpointReceiver,
} from "../../../../src/domain/endpoint/endpoint.ts";
import type { PaceAnswer } from "../../../../src/domain/pacing/pacing.ts";
import type { TaskSettings } from "../../../../src/env.ts";
import type { TaskDeps } from "../../../../src/task-object/deps.ts";
import type { Change, NewDocument, TaskDocument } from "../../../../src/task-object/document/document.ts";
import { openText } from "../../../../src/task-object/document/sealed.ts";
import { TaskStore } from "../../../../src/task-object/document/store.ts";
import { Pacing } from "../../../../src/task-object/pacing.ts";
import { RunningSteps } from "../../../../src/task-object/running-steps.ts";
import { UpstreamSession } from "../../../../src/task-object/upstream-session.ts";
import type { SimulatedAccount } from "./account.ts";
import type { FailingStorage } from "./failing-storage.ts";
import type { MemoryStorage } from "./memory-storage.ts";
import type { SimulatedWire } from "./wire.ts";

/** What is outside of the object. */
export interface Outside {
  /** What a task's key must open to. */
  apiKey: string;
  storage: MemoryStorage;
  retentionMs: number;
  /** The same as the object sees it: it may fail. */
  failing: FailingStorage;
  random(): number;
  newMessageId(): string;
  account: SimulatedAccount;
  wire: SimulatedWire;
  log: TaskDeps["log"];
  /** Before and after each verb: the process may die here. */
  point(process: SimulatedProcess, when: "before" | "after", verb: string): void;
}

class DeadError extends Error {
  override name = "DeadError";
}

/** One process of the object: its memory, and nothing that outlives it. Once dead, nothing of it has an effect. */
export class SimulatedProcess {
  readonly store: TaskStore;
  readonly running = new RunningSteps();
  readonly died: Promise<"died">;
  advancing = false;
  dead = false;
  #die: (died: "died") => void = () => {};
  readonly #outside: Outside;
  readonly #deps = new Map<TaskSettings, TaskDeps>();

  constructor(outside: Outside) {
    this.#outside = outside;
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
    this.store = new MortalStore(this, outside);
  }

  die(): void {
    this.dead = true;
    this.#die("died");
  }

  /** A verb of the store: a dead process writes nothing. */
  now<T>(verb: string, act: () => T): T {
    this.#point("before", verb);
    const result = act();
    this.#point("after", verb);
    return result;
  }

  /** A verb that reaches outside: a dead process never hears the answer. What was written is kept from here on. */
  async later<T>(verb: string, act: () => Promise<T>): Promise<T> {
    if (!this.dead) this.#outside.point(this, "before", verb);
    if (this.dead) return new Promise(() => {});
    this.#outside.storage.commit();
    const result = await act().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if (!this.dead) this.#outside.point(this, "after", verb);
    if (this.dead) return new Promise(() => {});
    if ("error" in result) throw result.error;
    return result.value;
  }

  #point(when: "before" | "after", verb: string): void {
    if (!this.dead) this.#outside.point(this, when, verb);
    if (this.dead) throw new DeadError(`dead ${when} ${verb}`);
  }

  deps(settings: TaskSettings): TaskDeps {
    const known = this.#deps.get(settings);
    if (known) return known;
    const outside = this.#outside;
    const deps: TaskDeps = {
      store: this.store,
      session: this.#session(settings),
      pacing: new Pacing(),
      running: this.running,
      settings,
      now: () => Date.now(),
      random: () => outside.random(),
      newMessageId: () => outside.newMessageId(),
      streamed: () => false,
      keyAccepted: () => undefined,
      attemptBriefing: async () =>
        this.later("attemptBriefing", async () => {
          const { signing, endpoints } = await outside.account.briefing();
          return { signing: [...signing], endpoints: endpoints.map(told) };
        }),
      sync: async (report, asked) =>
        this.later("sync", async () => {
          await outside.account.report(report);
          const outlook = { forecast: null, paced: outside.random() < 0.1 };
          const { signing, endpoints } = await outside.account.briefing();
          return {
            signing: [...signing],
            endpoints: endpoints.map(told),
            outlook: asked && outside.random() < 0.9 ? outlook : null,
          };
        }),
      // What one task says for all may be lost with it. Of an end the hourly reconciliation would find it out, which is
      // not simulated: an end is lost with a death only.
      syncTogether: async (report) =>
        this.later("syncTogether", async () => {
          const isLost = report.summary?.finishedAt === null && outside.random() < 0.5;
          return isLost ? undefined : outside.account.report(report);
        }),
      // Another task of the isolate asked a moment ago, or did not.
      knownForecast: () => (outside.random() < 0.5 ? null : undefined),
      knownEndpoints: () => outside.account.known(() => outside.random())?.map(told),
      pace: async () =>
        this.later("pace", async () => {
          await outside.account.answer(1_000);
          return anyPace(outside.random());
        }),
      slowDown: async () => this.later("slowDown", async () => outside.account.answer(1_000)),
      sendTombstone: async (tombstone) =>
        this.later("sendTombstone", async () => outside.account.bury(tombstone)),
      send: async (callback) => this.later("callback", async () => outside.wire.send(this, callback)),
      copyResult: async (order) => this.later("copyResult", async () => outside.wire.copy(this, order)),
      deleteFile: async (fileId) => this.later("deleteFile", async () => outside.wire.deleteFile(fileId)),
      log: outside.log,
    };
    this.#deps.set(settings, deps);
    return deps;
  }

  #session(settings: TaskSettings): UpstreamSession {
    const outside = this.#outside;
    const mustBeTheKey = (key: string | null): void => {
      if (key !== outside.apiKey) throw new Error("another key");
    };
    return new UpstreamSession({
      openKey: async (document) => openText({ settings }, document, "key"),
      apiKey: (_task, key) => {
        mustBeTheKey(key);
        return key ?? "";
      },
      connect: (_task, key) => {
        mustBeTheKey(key);
        return {
          submit: async () => this.later("submit", async () => outside.wire.submit(this)),
          poll: async () => this.later("poll", async () => outside.wire.poll(this)),
        };
      },
      judgeKey: async (_task, key) => {
        mustBeTheKey(key);
        return this.later("judgeKey", async () => outside.wire.judgeKey());
      },
    });
  }
}

/** What an account tells of an endpoint, to a task and to an attempt. */
function told(endpoint: Endpoint): BriefedEndpoint & EndpointReceiver {
  return { ...endpoint, host: receiverHost(endpoint.url), isDisabled: endpoint.disabled !== null };
}

/** What a cadence may answer, from 30 s of waiting to none. */
function anyPace(random: number): PaceAnswer {
  if (random < 0.3) return { kind: "free" };
  const at = Date.now() + Math.max(random - 0.6, 0) * 75_000;
  return { kind: random < 0.7 ? "slot" : "again", at };
}

/** The store of a process that can die before and after each of its verbs. */
class MortalStore extends TaskStore {
  readonly #process: SimulatedProcess;

  constructor(process: SimulatedProcess, { failing, retentionMs }: Outside) {
    super(failing, { now: () => Date.now(), retentionMs: () => retentionMs });
    this.#process = process;
  }

  override create(fields: NewDocument, parts: readonly Uint8Array[] | null) {
    return this.#process.now("create", () => super.create(fields, parts));
  }

  override update(createId: string, decide: (document: TaskDocument, now: number) => Change | null) {
    return this.#process.now("update", () => super.update(createId, decide));
  }

  override async rearm(): Promise<void> {
    await this.#process.now("rearm", async () => super.rearm());
  }

  override async armAt(instant: number): Promise<void> {
    await this.#process.now("armAt", async () => super.armAt(instant));
  }

  override async durable(): Promise<void> {
    await this.#process.later("durable", async () => super.durable());
  }

  override refuse(createId: string): void {
    this.#process.now("refuse", () => super.refuse(createId));
  }

  override async erase(news?: Parameters<TaskStore["erase"]>[0]): Promise<void> {
    await this.#process.now("erase", async () => super.erase(news));
  }
}
