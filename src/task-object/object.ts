import { DurableObject } from "cloudflare:workers";
import { joinCadence, knownForecast, pace, settleCadence, slowDown } from "../cadence-object/client.ts";
import { summaryOf, type TaskSummary } from "../domain/account/summary.ts";
import type { Task } from "../domain/task/task.ts";
import { nameInTaskId } from "../domain/task/task-id.ts";
import { jsonObject } from "../domain/task/task-json.ts";
import { readSettings, type TaskSettings } from "../env.ts";
import { newMessageId } from "../keys/ids.ts";
import { errorFields, log } from "../log.ts";
import {
  forgetTask,
  registerTask,
  reportEnd,
  reportTask,
  versionsForAttempt,
} from "../account-object/client.ts";
import { AnswerMemory } from "../upstream/answer-memory.ts";
import { judgeKey, rememberAccepted, type AskedKey } from "../upstream/key-check.ts";
import { httpUpstream } from "../upstream/http-upstream.ts";
import type { KnownTask, Upstream } from "../upstream/provider.ts";
import { simulatedUpstream } from "../upstream/simulated-upstream.ts";
import { sendCallback } from "../webhook/send.ts";
import { reportInPassing } from "./run.ts";
import { leave, rearmIfLost, runAlarm, waitForSettings, WITHOUT_SETTINGS } from "./alarm.ts";
import { createTask, recoverCreate, type CreateInput, type CreateOutcome } from "./steps/create.ts";
import { forgetKey, MissingKeyError, type Running, type TaskDeps } from "./deps.ts";
import { diagnosticsOf } from "./diagnostics.ts";
import { openText } from "./sealed.ts";
import { redeliver, type RedeliverAnswer } from "./steps/redeliver.ts";
import { removeTask } from "./steps/remove.ts";
import { TaskStore } from "./store.ts";
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

/** A create's outcome as it crosses to the Worker: with the task as JSON instead of its state. */
export type CreateAnswer =
  | { kind: "created" | "replayed"; taskId: string; body: string }
  | Exclude<CreateOutcome, { state: unknown }>
  | { kind: "misconfigured"; settings: string[] };

/** The life of one task, named by its id without the tag. Its alarm is the only driver. */
export class TaskObject extends DurableObject<Env> {
  readonly #store: TaskStore;
  readonly #room: WaitingRoom;
  /** Steps on the wire in this process. */
  readonly #running: Running = new Map();
  #advancing = false;
  #deps: TaskDeps | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new TaskStore(ctx.storage, (state) => this.#room.changed(state));
    this.#room = new WaitingRoom({
      view: async (state) => viewTask(this.#deps ?? this.#makeDeps(WITHOUT_SETTINGS), state),
      durable: async () => ctx.storage.sync(),
    });
  }

  async create(input: CreateInput): Promise<CreateAnswer> {
    return this.#answerCreate(async (deps) => createTask(deps, input, this.#running));
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
    const state = this.#store.load();
    return deps && state && state.task.account === account
      ? viewDeliveries(state, this.#store.rows.attempts())
      : null;
  }

  /** The task, its deliveries and where it stands, for the console: JSON; null if there is no task of this account here. */
  async inspect(account: string): Promise<string | null> {
    const deps = await this.#awake();
    const alarmAt = await this.#store.alarm();
    const state = this.#store.load();
    if (!deps || !state || state.task.account !== account) return null;
    const { retentionMs } = deps.settings;
    return jsonObject([
      ["task", await viewTask(deps, state)],
      ["deliveries", viewDeliveries(state, this.#store.rows.attempts())],
      ["life", JSON.stringify(diagnosticsOf(state, { now: Date.now(), alarmAt, retentionMs }))],
    ]);
  }

  /** One more attempt of one event, the newest if none is named. `isKnownKey`: the upstream knows the account's key. */
  async redeliver(account: string, messageId: string | null, isKnownKey: boolean): Promise<RedeliverAnswer> {
    const deps = await this.#awake();
    const state = this.#store.load();
    if (!deps || !state || state.task.account !== account) return { kind: "no_task" };
    const answer = await redeliver(deps, messageId, isKnownKey);
    await this.#store.armed();
    return answer;
  }

  /** Erases the task; what is on the wire is not recorded any more. False: no task of this account here. */
  async remove(account: string): Promise<boolean> {
    const removed = await removeTask({ store: this.#store, now: Date.now, log }, account);
    if (!removed) return false;
    if (this.#deps) {
      forgetKey(this.#deps);
      this.#deps.lastAnswer = undefined;
    }
    // The alarm that is set for the farewell waits for the run that is under way, and that for the wire.
    if (this.#advancing) {
      const deps = this.#deps ?? this.#makeDeps(WITHOUT_SETTINGS);
      this.#inPassing("farewell.failed", async () => leave(deps, this.#running));
    }
    return true;
  }

  /**
   * The account's hourly look: any request re-arms an alarm that is lost. Null: no task of this account here.
   * @throws Error if the settings do not parse: then nothing is known
   */
  async look(account: string): Promise<TaskSummary | null> {
    const deps = await this.#awake();
    const state = this.#store.load();
    if (!state || state.task.account !== account) return null;
    if (!deps) throw new Error("the settings do not parse");
    return summaryOf(state, deps.settings.retentionMs);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const retryCount = info?.retryCount ?? 0;
    this.#advancing = true;
    try {
      const deps = this.#ready();
      if (deps) await runAlarm(deps, this.#running, retryCount);
      else await waitForSettings(this.#makeDeps(WITHOUT_SETTINGS), badSettings(this.env), retryCount);
    } finally {
      this.#advancing = false;
    }
  }

  async #answerCreate(act: (deps: TaskDeps) => Promise<CreateOutcome>): Promise<CreateAnswer> {
    const deps = this.#ready();
    if (!deps) return { kind: "misconfigured", settings: badSettings(this.env) };
    const outcome = await act(deps);
    // What is promised has its alarm.
    await this.#store.armed();
    if (!("state" in outcome)) return outcome;
    this.#inPassing("report.failed", async () => reportInPassing(deps, this.#running));
    const { kind, state } = outcome;
    return { kind, taskId: state.task.taskId, body: await viewTask(deps, state) };
  }

  /** Off the caller's path: what others have not heard yet. What fails is logged by that name, and the alarm repeats it. */
  #inPassing(failure: string, tell: () => Promise<void>): void {
    const told = tell().catch((error: unknown) => log(failure, errorFields(error)));
    this.ctx.waitUntil(told);
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

  #makeDeps(settings: TaskSettings): TaskDeps {
    const deps: TaskDeps = {
      store: this.#store,
      settings,
      now: () => Date.now(),
      random: () => Math.random(),
      newMessageId,
      apiKey: null,
      memory: new AnswerMemory(),
      lastAnswer: undefined,
      wake: () => undefined,
      streamed: () => this.#room.isStreamed,
      upstream: async (task) => this.#upstream(deps, task),
      judgeKey: async (task) => judgeKey(await this.#askedKey(deps, task)),
      keyAccepted: ({ mode, test, account: name }) => {
        if (mode === "own" && test === null) rememberAccepted({ baseUrl: settings.baseUrl, name });
      },
      signingVersions: async (account) => versionsForAttempt(this.env.ACCOUNTS, account),
      report: async (summary) => reportTask(this.env.ACCOUNTS, summary),
      reportEnd: async (summary) => reportEnd(this.env.ACCOUNTS, summary),
      register: async (summary) => registerTask(this.env.ACCOUNTS, summary),
      knownForecast,
      slot: null,
      refusal: null,
      pace: async (task, lane, since) => pace(this.env.CADENCES, task, lane, since),
      slowDown: async (task, lane, refusal) => slowDown(this.env.CADENCES, task, lane, refusal),
      joinCadence: async (task) => joinCadence(this.env.CADENCES, task),
      settleCadence: async (task, sample) => settleCadence(this.env.CADENCES, task, sample),
      forget: async (farewell) => forgetTask(this.env.ACCOUNTS, farewell),
      send: sendCallback,
      log,
    };
    return deps;
  }

  async #upstream(deps: TaskDeps, task: Task): Promise<Upstream> {
    if (task.test) return simulatedUpstream(task.test, nameInTaskId(task.taskId) ?? "", task.submittedAt);
    return httpUpstream(await this.#askedKey(deps, task), knownTask(task), deps.memory);
  }

  async #askedKey(deps: TaskDeps, task: Task): Promise<AskedKey> {
    const { baseUrl, operatorKey, upstreamTimeoutMs: timeoutMs } = deps.settings;
    const apiKey = task.mode === "operator" ? operatorKey : await ownKey(deps, task);
    if (apiKey === null) throw new MissingKeyError(`no upstream key for a task of mode ${task.mode}`);
    return { baseUrl, apiKey, timeoutMs, name: task.account };
  }
}

function knownTask({ upstreamTaskId, upstreamAliases, requestDigests }: Task): KnownTask {
  return { taskIds: upstreamTaskId === null ? null : [upstreamTaskId, ...upstreamAliases], requestDigests };
}

async function ownKey(deps: TaskDeps, task: Task): Promise<string | null> {
  deps.apiKey ??= await openText(deps, task, "key");
  return deps.apiKey;
}

function badSettings(env: object): string[] {
  const result = readSettings(env);
  return result.ok ? [] : result.problems.map(({ setting }) => setting);
}
