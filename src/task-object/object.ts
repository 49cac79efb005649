import { DurableObject } from "cloudflare:workers";
import { isKeyProved, tellTrouble } from "../account-object/client.ts";
import { reportOf, type TaskReport } from "../domain/account/report.ts";
import { summaryOf } from "../domain/account/summary.ts";
import type { RecoveryAnswer, RecoveryOrder } from "../domain/recovery/order.ts";
import { jsonObject, JsonText } from "../domain/task/task-json.ts";
import { readSettings, type TaskSettings } from "../env.ts";
import { errorFields, log, type LogEvent } from "../log.ts";
import { tellInPassing } from "./run.ts";
import { rearmIfLost, runAlarm, waitForSettings, WITHOUT_SETTINGS } from "./alarm.ts";
import {
  createTask,
  resolveCreate,
  type CreateInput,
  type CreateOutcome,
  type CreateQuestion,
} from "./steps/create.ts";
import type { TaskDeps } from "./deps.ts";
import type { TaskDocument } from "./document/document.ts";
import { ObjectDeps } from "./object-deps.ts";
import { diagnosticsOf } from "../domain/task/diagnostics.ts";
import { recoverDelivery } from "./steps/recover.ts";
import { redeliver, type RedeliverAnswer, type RedeliverOrder } from "./steps/redeliver.ts";
import { finishRemoval, removeTask } from "./steps/remove.ts";
import { Pacing } from "./pacing.ts";
import { RunningSteps } from "./running-steps.ts";
import { UpstreamSession } from "./upstream-session.ts";
import { viewSent, type SentAnswer, type SentQuestion } from "./sent.ts";
import { TaskStore } from "./document/store.ts";
import { TaskUpstream } from "./task-upstream.ts";
import { viewDeliveries, viewTask } from "./view.ts";
import { WaitingRoom } from "./waiters/waiting-room.ts";
import {
  awaitEnd,
  openEvents,
  type EventsAnswer,
  type Listening,
  type Wait,
  type WaitAnswer,
} from "./waiters/subscribe.ts";

/** A create's outcome as it crosses to the Worker: with the task as JSON instead of its document. */
export type CreateAnswer =
  | { kind: "created" | "replayed"; taskId: string; body: string }
  | Exclude<CreateOutcome, { document: unknown }>
  | { kind: "misconfigured"; settings: string[] };

/** The life of one task, named by its id without the tag. Its alarm drives everything that no request does. */
export class TaskObject extends DurableObject<Env> {
  readonly #store: TaskStore;
  readonly #room: WaitingRoom;
  readonly #running = new RunningSteps();
  readonly #pacing = new Pacing();
  readonly #session: UpstreamSession;
  #advancing = false;
  #deps: TaskDeps | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#session = new UpstreamSession(
      new TaskUpstream({
        settings: () => this.#settings(),
        isKeyProved: async (account) => isKeyProved(env.ACCOUNTS, account),
        tell: (trouble) => this.#inPassing("alert.failed", async () => tellTrouble(env.ACCOUNTS, trouble)),
      }),
    );
    this.#room = new WaitingRoom({
      view: async (document) => viewTask(this.#anyDeps(), document),
      durable: async () => ctx.storage.sync(),
    });
    this.#store = new TaskStore(ctx.storage, {
      now: () => Date.now(),
      retentionMs: () => this.#settings().retentionMs,
      changed: (document) => this.#room.changed(document),
    });
  }

  async create(input: CreateInput): Promise<CreateAnswer> {
    return this.#answerCreate(async (deps) => createTask(deps, input));
  }

  /** Asked by a Worker whose `create` broke off: what became of it? */
  async resolveCreate(question: CreateQuestion): Promise<CreateAnswer> {
    return this.#answerCreate(async (deps) => resolveCreate(deps, question));
  }

  /** The task as JSON; null if there is none of this account here. */
  async read(account: string): Promise<string | null> {
    const deps = await this.#awake();
    const document = this.#documentOf(account);
    return deps && document ? viewTask(deps, document) : null;
  }

  /** The task once it has ended, or when the time is up. */
  async wait(wait: Wait): Promise<WaitAnswer> {
    const deps = this.#ready();
    if (!deps) return { kind: "none" };
    const [answer] = await Promise.all([awaitEnd(deps, this.#room, wait), this.#awake()]);
    return answer;
  }

  /** The task's life from now on, as server-sent events. */
  async events(listening: Listening): Promise<EventsAnswer> {
    const deps = this.#ready();
    if (!deps) return { kind: "none" };
    const answer = openEvents(deps, this.#room, listening);
    await this.#awake();
    return answer;
  }

  /** The caller behind a `wait` or a stream has disconnected. */
  async cancelWait(ticket: string): Promise<void> {
    this.#room.cancel(ticket);
  }

  /** The deliveries as JSON; null if there is no task of this account here. */
  async deliveries(account: string): Promise<string | null> {
    const deps = await this.#awake();
    const document = this.#documentOf(account);
    return deps && document && viewDeliveries(document);
  }

  /** The task, its deliveries and its diagnostics, for the console: JSON; null if there is no task of this account here. */
  async diagnostics(account: string): Promise<string | null> {
    const deps = await this.#awake();
    const alarmAt = await this.#store.alarm();
    const document = this.#documentOf(account);
    if (!deps || !document) return null;
    const { retentionMs } = deps.settings;
    return jsonObject({
      task: new JsonText(await viewTask(deps, document)),
      deliveries: new JsonText(viewDeliveries(document)),
      diagnostics: diagnosticsOf(document, { now: Date.now(), alarmAt, retentionMs }),
    });
  }

  /** A delivery with the request that its attempts send. */
  async delivery(account: string, question: SentQuestion): Promise<SentAnswer> {
    const deps = await this.#awake();
    const document = this.#documentOf(account);
    if (!deps || !document) return { kind: "no_task" };
    return viewSent(deps, document, question);
  }

  /** One more attempt of one event. */
  async redeliver(
    account: string,
    order: RedeliverOrder,
    caller: { isKnownKey: boolean },
  ): Promise<RedeliverAnswer> {
    const deps = await this.#awake();
    if (!deps || !this.#documentOf(account)) return { kind: "no_task" };
    const answer = await redeliver(deps, order, caller);
    await this.#store.armed();
    return answer;
  }

  /** One recovery's attempt at the terminal event. The same order again sends nothing more. */
  async recover(account: string, order: RecoveryOrder): Promise<RecoveryAnswer> {
    const deps = await this.#awake();
    if (!this.#documentOf(account)) return { kind: "gone" };
    if (!deps) throw new Error("the settings do not parse");
    const answer = await recoverDelivery(deps, order);
    await this.#store.armed();
    this.#inPassing("report.failed", async () => tellInPassing(deps));
    return answer;
  }

  /** Erases the task; what is on the wire is not recorded any more. False: no task of this account here. */
  async remove(account: string): Promise<boolean> {
    const deps = this.#anyDeps();
    const removed = await removeTask(deps, account);
    if (!removed) return false;
    this.#session.forget();
    // The alarm of the tombstone waits for the present run, and the run for its calls: so send it now.
    if (this.#advancing) {
      this.#inPassing("tombstone.failed", async () => finishRemoval(deps));
    }
    return true;
  }

  /**
   * The account's hourly question: like any request it re-arms an alarm that is lost. Null: no task of this account here.
   * @throws Error if the settings do not parse: then nothing is known
   */
  async reconcile(account: string): Promise<TaskReport | null> {
    const deps = await this.#awake();
    const document = this.#documentOf(account);
    if (!document) return null;
    if (!deps) throw new Error("the settings do not parse");
    return reportOf(summaryOf(document, deps.settings.retentionMs));
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const retryCount = info?.retryCount ?? 0;
    this.#advancing = true;
    try {
      const deps = this.#ready();
      if (deps) await runAlarm(deps, retryCount);
      else await waitForSettings(this.#makeDeps(WITHOUT_SETTINGS), badSettings(this.env), retryCount);
    } finally {
      this.#advancing = false;
    }
  }

  async #answerCreate(act: (deps: TaskDeps) => Promise<CreateOutcome>): Promise<CreateAnswer> {
    const deps = this.#ready();
    if (!deps) return { kind: "misconfigured", settings: badSettings(this.env) };
    const outcome = await act(deps);
    if (outcome.kind === "replayed") await this.#awake();
    // A promise needs its alarm before the answer leaves.
    await this.#store.armed();
    if (!("document" in outcome)) return outcome;
    this.#inPassing("report.failed", async () => tellInPassing(deps));
    const { kind, document } = outcome;
    return { kind, taskId: document.task.taskId, body: await viewTask(deps, document) };
  }

  /**
   * Tells other objects what they do not know yet, outside the caller's wait. Logs a failure under that name; the alarm
   * repeats it.
   */
  #inPassing(failure: LogEvent, tell: () => Promise<void>): void {
    this.ctx.waitUntil(tell().catch((error: unknown) => log(failure, errorFields(error))));
  }

  /** The task as it is now; null if there is none of this account here. */
  #documentOf(account: string): TaskDocument | null {
    const document = this.#store.load();
    return document?.task.account === account ? document : null;
  }

  /** The dependencies, once the settings parse; and the watchdog: any request re-arms an alarm that is lost. */
  async #awake(): Promise<TaskDeps | null> {
    const deps = this.#ready();
    if (deps && !this.#advancing) await rearmIfLost(deps);
    return deps;
  }

  #ready(): TaskDeps | null {
    const result = readSettings(this.env);
    if (!result.ok) return null;
    this.#deps ??= this.#makeDeps(result.settings);
    return this.#deps;
  }

  /** Without settings, for what needs none. */
  #anyDeps(): TaskDeps {
    return this.#deps ?? this.#makeDeps(WITHOUT_SETTINGS);
  }

  /** The present settings; without any, only what storing a passed deadline needs. */
  #settings(): TaskSettings {
    return this.#deps?.settings ?? WITHOUT_SETTINGS;
  }

  #makeDeps(settings: TaskSettings): TaskDeps {
    return new ObjectDeps({
      env: this.env,
      settings,
      store: this.#store,
      session: this.#session,
      pacing: this.#pacing,
      running: this.#running,
      room: this.#room,
    });
  }
}

function badSettings(env: object): string[] {
  const result = readSettings(env);
  return result.ok ? [] : result.problems.map(({ setting }) => setting);
}
