import { DurableObject } from "cloudflare:workers";
import { joinCadence, settleCadence } from "../cadence/stub.ts";
import { listingOf, type Listing } from "../domain/listing.ts";
import { OVERDUE_MS } from "../domain/look.ts";
import { isTerminal, type Task } from "../domain/task.ts";
import { nameInTaskId } from "../domain/task-id.ts";
import { readSettings, type TaskSettings } from "../env.ts";
import { newMessageId } from "../keys/ids.ts";
import { errorFields, log } from "../log.ts";
import { forgetTask, reportTask, signingVersions } from "../account/stub.ts";
import { httpUpstream } from "../upstream/http-upstream.ts";
import type { Upstream } from "../upstream/provider.ts";
import { simulatedUpstream } from "../upstream/simulated-upstream.ts";
import { sendCallback } from "../webhook/send.ts";
import { advance, reportInPassing, STALL_MS } from "./advance.ts";
import { createTask, recoverCreate, type CreateInput, type CreateOutcome } from "./create.ts";
import { MissingKeyError, type TaskDeps } from "./deps.ts";
import { openText } from "./sealed.ts";
import { redeliver, type RedeliverAnswer } from "./redeliver.ts";
import { TaskStore } from "./store.ts";
import { expireStep } from "./submit-step.ts";
import { viewDeliveries, viewTask } from "./view.ts";

/** A create's outcome as it crosses to the Worker: with the task as JSON instead of its state. */
export type CreateAnswer =
  | { kind: "created" | "replayed"; taskId: string; body: string }
  | Exclude<CreateOutcome, { state: unknown }>
  | { kind: "misconfigured"; settings: string[] };

/** A deleted task's idempotency key is remembered until this long after its creation. */
const DIGEST_KEPT_MS = 86_400_000;

/** The life of one task, named by its id without the tag. Its alarm is the only driver. */
export class TaskObject extends DurableObject<Env> {
  readonly #store: TaskStore;
  /** Steps on the wire in this process. */
  readonly #running = new Map<string, Promise<void>>();
  #advancing = false;
  #deps: TaskDeps | null = null;
  /** The caller's own upstream key, opened once per process and forgotten at the end of the task. */
  #apiKey: string | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new TaskStore(ctx.storage);
  }

  async create(input: CreateInput): Promise<CreateAnswer> {
    return this.#answerCreate(async (deps) => {
      if (this.#store.load() === null) this.#apiKey = input.apiKey;
      return createTask(deps, input, this.#running);
    });
  }

  /** Asked by a Worker whose `create` broke off: what became of it? */
  async recoverCreate(
    input: Pick<CreateInput, "createId" | "fingerprint" | "taskId" | "acceptedTaskIds">,
  ): Promise<CreateAnswer> {
    return this.#answerCreate(async (deps) => recoverCreate(deps, input, this.#running));
  }

  /** The task as JSON; null if there is none of this account here. */
  async read(account: string): Promise<string | null> {
    const deps = await this.#awake();
    const state = this.#store.load();
    return deps && state && state.task.account === account ? viewTask(deps, state) : null;
  }

  /** The deliveries as JSON; null if there is no task of this account here. */
  async deliveries(account: string): Promise<string | null> {
    const deps = await this.#awake();
    const state = this.#store.load();
    return deps && state && state.task.account === account
      ? viewDeliveries(state, this.#store.rows.attempts())
      : null;
  }

  /** One more attempt of one event, the newest if none is named. */
  async redeliver(account: string, messageId: string | null): Promise<RedeliverAnswer> {
    const deps = await this.#awake();
    const state = this.#store.load();
    if (!deps || !state || state.task.account !== account) return { kind: "no_task" };
    return redeliver(deps, messageId);
  }

  /** Erases the task; what is on the wire is not recorded any more. False: no task of this account here. */
  async remove(account: string): Promise<boolean> {
    const state = this.#store.load();
    if (!state || state.task.account !== account) return false;
    const { taskId, fingerprint, createdAt } = state.task;
    const until = createdAt + DIGEST_KEPT_MS;
    const keep = fingerprint !== null && until > Date.now();
    await this.#store.erase(Date.now(), {
      digest: keep ? { fingerprint, until } : null,
      farewell: { name: nameInTaskId(taskId) ?? "", account, createdAt },
    });
    this.#apiKey = null;
    if (this.#deps) this.#deps.lastAnswer = undefined;
    log("task.deleted", { task_id: taskId, account });
    return true;
  }

  /**
   * The account's hourly look: any request re-arms an alarm that is lost. Null: no task of this account here.
   * @throws Error if the settings do not parse: then nothing is known
   */
  async look(account: string): Promise<Listing | null> {
    const deps = await this.#awake();
    const state = this.#store.load();
    if (!state || state.task.account !== account) return null;
    if (!deps) throw new Error("the settings do not parse");
    return listingOf(state, deps.settings.retentionMs);
  }

  override async alarm(): Promise<void> {
    this.#store.alarmFired();
    this.#advancing = true;
    try {
      const deps = this.#ready();
      if (!deps) this.#waitForSettings();
      else if (this.#store.load()) await advance(deps, this.#running);
      else await this.#leave();
      const state = this.#store.load();
      if (!state || isTerminal(state.task)) this.#apiKey = null;
    } catch (error) {
      // Never thrown on: after seven throws the runtime deletes the alarm, and the task would sleep for ever.
      log("alarm.failed", errorFields(error));
      this.#store.armAt(Date.now() + STALL_MS);
    } finally {
      this.#advancing = false;
    }
  }

  /** Nothing is left of the task but what its account, or a repeat of its create, still has to be told. */
  async #leave(): Promise<void> {
    const farewell = this.#store.rows.farewell();
    if (farewell) {
      // The report on the wire would come after the farewell, and bring the task back.
      await this.#running.get("report");
      await forgetTask(this.env.ACCOUNTS, farewell);
    }
    const now = Date.now();
    await this.#store.erase(now, { digest: this.#store.rows.deleted(now), farewell: null });
  }

  async #answerCreate(act: (deps: TaskDeps) => Promise<CreateOutcome>): Promise<CreateAnswer> {
    const deps = this.#ready();
    if (!deps) return { kind: "misconfigured", settings: badSettings(this.env) };
    const outcome = await act(deps);
    if (!("state" in outcome)) return outcome;
    this.ctx.waitUntil(this.#report(deps));
    const { kind, state } = outcome;
    return { kind, taskId: state.task.taskId, body: await viewTask(deps, state) };
  }

  /** Off the caller's path: what the account and the cadence have not heard yet. What fails, the alarm repeats. */
  async #report(deps: TaskDeps): Promise<void> {
    try {
      await reportInPassing(deps, this.#running);
    } catch (error) {
      log("report.failed", errorFields(error));
    }
  }

  /** The dependencies, once the settings parse; and the watchdog: any request re-arms an alarm that is lost. */
  async #awake(): Promise<TaskDeps | null> {
    const deps = this.#ready();
    const state = this.#store.load();
    if (!deps || !state || this.#advancing) return deps;
    const alarm = await this.#store.alarm();
    if (alarm === null || alarm < Date.now() - OVERDUE_MS) {
      log("alarm.rearmed", { task_id: state.task.taskId, account: state.task.account, was: alarm });
      this.#store.alarmFired();
      this.#store.rearm({ now: Date.now(), retentionMs: deps.settings.retentionMs });
    }
    return deps;
  }

  #ready(): TaskDeps | null {
    const result = readSettings(this.env);
    if (!result.ok) return null;
    this.#deps ??= this.#makeDeps(result.settings);
    return this.#deps;
  }

  #makeDeps(settings: TaskSettings): TaskDeps {
    const deps: TaskDeps = {
      store: this.#store,
      settings,
      now: () => Date.now(),
      random: () => Math.random(),
      newMessageId,
      lastAnswer: undefined,
      wake: () => undefined,
      upstream: async (task) => this.#upstream(deps, task),
      signingVersions: async (account) => signingVersions(this.env.ACCOUNTS, account),
      report: async (listing) => reportTask(this.env.ACCOUNTS, listing),
      joinCadence: async (task) => joinCadence(this.env.CADENCES, task),
      settleCadence: async (task, sample) => settleCadence(this.env.CADENCES, task, sample),
      send: sendCallback,
      log,
    };
    return deps;
  }

  async #upstream(deps: TaskDeps, task: Task): Promise<Upstream> {
    if (task.test) return simulatedUpstream(task.test, nameInTaskId(task.taskId) ?? "", task.submittedAt);
    const { baseUrl, operatorKey, upstreamTimeoutMs: timeoutMs } = deps.settings;
    const apiKey = task.mode === "operator" ? operatorKey : await this.#ownKey(deps, task);
    if (apiKey === null) throw new MissingKeyError(`no upstream key for a task of mode ${task.mode}`);
    return httpUpstream({ baseUrl, apiKey, timeoutMs });
  }

  async #ownKey(deps: TaskDeps, task: Task): Promise<string | null> {
    this.#apiKey ??= await openText(deps, task, "key");
    return this.#apiKey;
  }

  /** Nothing runs on a guess: the alarm moves a minute on, until the deadline ends the task. */
  #waitForSettings(): void {
    const now = Date.now();
    log("settings.bad", { settings: badSettings(this.env).join(" ") });
    const state = this.#store.load();
    if (state && !isTerminal(state.task) && now >= state.task.deadlineAt) {
      expireStep(this.#makeDeps(WITHOUT_SETTINGS));
    }
    this.#store.armAt(now + STALL_MS);
  }
}

function badSettings(env: object): string[] {
  const result = readSettings(env);
  return result.ok ? [] : result.problems.map(({ setting }) => setting);
}

/** Enough to write down that a deadline has passed; everything that would act waits for real settings. */
const WITHOUT_SETTINGS: TaskSettings = {
  baseUrl: "",
  operatorKey: null,
  roots: [""],
  poll: { firstMs: null, minMs: STALL_MS, maxMs: STALL_MS, lostMs: 0, unauthorizedMs: 0, resultMissingMs: 0 },
  callback: { retryMs: [], timeoutMs: 0, holdMs: 0, allowPrivate: false },
  ownHosts: [],
  upstreamTimeoutMs: 0,
  taskTimeoutMs: 0,
  retentionMs: STALL_MS,
};
