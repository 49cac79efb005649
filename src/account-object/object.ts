import { DurableObject } from "cloudflare:workers";
import type { Retention } from "../domain/account/reconcile.ts";
import { outlook, teach } from "../cadence-object/client.ts";
import type { AttemptBriefing, Briefing, TaskReport } from "../domain/account/report.ts";
import { rotated, versionsInForce, type SigningVersion } from "../domain/account/signing-versions.ts";
import type { AccountStats } from "../domain/account/stats.ts";
import type { ListPage } from "../domain/account/filter.ts";
import type { TaskSummary } from "../domain/account/summary.ts";
import type { EndpointRequest } from "../domain/endpoint/change.ts";
import type { AccountEndpoint } from "../domain/endpoint/endpoint.ts";
import type { RecoveryAnswer, RecoveryOrder } from "../domain/recovery/order.ts";
import type {
  RecoveryFilter,
  RecoveryPreview,
  RecoveryRequest,
  RecoveryView,
} from "../domain/recovery/recovery.ts";
import type { HealthTransition } from "../domain/account/hosts.ts";
import type { UpstreamTrouble } from "../domain/alerts/upstream.ts";
import type { CadenceClass, Outlook } from "../domain/task/cadence.ts";
import { shouldRethrow } from "../domain/errors/stall.ts";
import { readSettings } from "../env.ts";
import { errorFields, log } from "../log.ts";
import { inTime } from "../net/in-time.ts";
import { Endpoints, type PatchAnswer, type RegisterAnswer } from "./endpoints/endpoints.ts";
import { AccountAlerts } from "./alerts/alerts.ts";
import type { AlertTarget } from "./alerts/send.ts";
import { Lessons } from "./lessons.ts";
import { Recoveries, type StartAnswer } from "./recovery/recoveries.ts";
import { reconcile } from "./reconcile.ts";
import type { Page } from "./page.ts";
import { AccountStore } from "./store.ts";
import { logTransitions } from "./transitions.ts";

/** A run of the alarm does not wait longer for a task. */
const TASK_PATIENCE_MS = 10_000;
/** A recovery waits for an attempt that is on the wire and for its own, each of half a minute at most. */
const RECOVER_PATIENCE_MS = 90_000;

/** What one caller sees: its tasks, as they report themselves, and the versions of its signing secret. */
export class AccountObject extends DurableObject<Env> {
  readonly #store: AccountStore;
  readonly #lessons: Lessons;
  readonly #recoveries: Recoveries;
  readonly #endpoints: Endpoints;
  readonly #alerts: AccountAlerts;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new AccountStore(ctx.storage, { hasAlerts: this.#alertTarget() !== null });
    this.#recoveries = new Recoveries({
      account: () => this.#account,
      store: this.#store.recoveries,
      readTasks: (...range) => this.#store.tasksBetween(...range),
      retention: () => this.#retention(),
      endpointHost: (id) => this.#store.endpoints.hostOf(id),
      ask: async (name, order) => this.#recover(name, order),
    });
    this.#endpoints = new Endpoints(this.#store.endpoints, (transitions) => this.#passOn(transitions));
    this.#alerts = new AccountAlerts({
      account: () => this.#account,
      store: this.#store.alerts,
      target: () => this.#alertTarget(),
      background: (work) => ctx.waitUntil(work),
    });
    this.#lessons = new Lessons(async (cadence, lessons) => teach(env.CADENCES, cadence, lessons));
  }

  /**
   * Every stub is made of it (`accountStub`), but an alarm that wakes a new process may come without it
   * (cloudflare/partykit#391): then a row of its tasks has it. Empty: it has none, and asks no task.
   */
  get #account(): string {
    return this.ctx.id.name ?? this.#store.accountOfRows() ?? "";
  }

  /** The versions that sign now, newest first. */
  async signingVersions(): Promise<SigningVersion[]> {
    await this.#store.watch(Date.now());
    return versionsInForce(this.#store.signing.get(), Date.now());
  }

  /** Whether an upstream without another way to tell has accepted a create with the account's own key. */
  async isKeyProved(): Promise<boolean> {
    await this.#store.watch(Date.now());
    return this.#store.proof.isProved;
  }

  /** What an attempt must know: the versions that sign now, and where each registered endpoint is. */
  async attemptBriefing(): Promise<AttemptBriefing> {
    return { signing: await this.signingVersions(), endpoints: this.#store.endpoints.receivers() };
  }

  /** Makes a new secret and gives the versions in force; null if three previous ones still sign. */
  async rotate(overlapMs: number): Promise<SigningVersion[] | null> {
    await this.#store.watch(Date.now());
    const versions = rotated(this.#store.signing.get(), Date.now(), overlapMs);
    if (versions !== null) this.#store.signing.set(versions);
    return versions;
  }

  /**
   * Takes the reports of tasks, and briefs the one that asks. The same report twice, or one that comes late, changes
   * nothing.
   */
  async sync(reports: readonly TaskReport[], asked: CadenceClass | null = null): Promise<Briefing> {
    await this.#store.watch(Date.now());
    const { lessons, transitions } = this.#store.receive(reports, Date.now());
    this.#lessons.add(lessons);
    this.#passOn(transitions);
    await this.#store.armed();
    return {
      signing: versionsInForce(this.#store.signing.get(), Date.now()),
      endpoints: this.#store.endpoints.briefed(),
      outlook: asked && (await this.#outlook(asked)),
    };
  }

  /** Takes what tasks met at the upstream. */
  async upstreamTroubles(troubles: readonly UpstreamTrouble[]): Promise<void> {
    await this.#store.watch(Date.now());
    this.#alerts.tell({ troubles });
    await this.#store.armed();
  }

  /** Logs what has become of receivers, and tells the alerts of it and of what was reported. */
  #passOn(transitions: readonly HealthTransition[]): void {
    logTransitions(this.#account, transitions);
    this.#alerts.tell({ transitions, changes: this.#store.alerts.takeChanges() });
  }

  async #outlook({ cadence, task }: CadenceClass): Promise<Outlook | null> {
    try {
      return await outlook(this.env.CADENCES, cadence, task);
    } catch (error) {
      log("outlook.failed", { cadence, ...errorFields(error) });
      return null;
    }
  }

  /** One page of the tasks, and the key to go on from; null: there are no more. */
  async list(page: ListPage): Promise<Page> {
    await this.#store.watch(Date.now());
    return this.#store.list(page, this.#retention());
  }

  async stats(): Promise<AccountStats> {
    await this.#store.watch(Date.now());
    return this.#store.stats();
  }

  /** What a recovery that began now would deliver again. */
  async previewRecovery(filter: RecoveryFilter): Promise<RecoveryPreview> {
    await this.#store.watch(Date.now());
    return this.#recoveries.preview(filter);
  }

  /** @throws Error if the settings do not parse */
  async startRecovery(request: RecoveryRequest): Promise<StartAnswer> {
    await this.#store.watch(Date.now());
    return this.#recoveries.start(request, this.#roots());
  }

  /** Newest first. */
  async recoveries(): Promise<RecoveryView[]> {
    await this.#store.watch(Date.now());
    return this.#recoveries.list();
  }

  /** Null: the account has none with this id. */
  async recovery(id: string): Promise<RecoveryView | null> {
    await this.#store.watch(Date.now());
    return this.#recoveries.find(id);
  }

  /** The recovery after it was cancelled, or as it had ended before. Null: the account has none with this id. */
  async cancelRecovery(id: string): Promise<RecoveryView | null> {
    await this.#store.watch(Date.now());
    return this.#recoveries.cancel(id);
  }

  /** @throws Error if the settings do not parse */
  async registerEndpoint(request: EndpointRequest & { url: string }): Promise<RegisterAnswer> {
    await this.#store.watch(Date.now());
    return this.#endpoints.register(request, this.#roots()[0]);
  }

  /** Oldest first. */
  async endpoints(): Promise<AccountEndpoint[]> {
    await this.#store.watch(Date.now());
    return this.#endpoints.list();
  }

  /** Null: the account has none with this id. */
  async endpoint(id: string): Promise<AccountEndpoint | null> {
    await this.#store.watch(Date.now());
    return this.#endpoints.find(id);
  }

  /** @throws Error if the settings do not parse */
  async patchEndpoint(id: string, request: EndpointRequest): Promise<PatchAnswer> {
    await this.#store.watch(Date.now());
    return this.#endpoints.patch(id, request, this.#roots()[0]);
  }

  /** False: the account has none with this id. */
  async deleteEndpoint(id: string): Promise<boolean> {
    await this.#store.watch(Date.now());
    const wasThere = this.#endpoints.delete(id);
    await this.#store.armed();
    return wasThere;
  }

  /**
   * The hourly reconciliation, and the recovery that is under way.
   * @throws what storage and the platform throw, so that the platform repeats it
   */
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const now = Date.now();
    this.#store.alarmFired();
    const settings = readSettings(this.env);
    if (!settings.ok) {
      // Ringback never guesses.
      log("settings.bad", { settings: settings.problems.map(({ setting }) => setting).join(" ") });
      return this.#store.armLater(Date.now());
    }
    const retryCount = info?.retryCount ?? 0;
    try {
      // While a recovery runs, the alarm fires for it, too.
      if ((this.#store.recoveries.running()?.reconcileAt ?? 0) <= now) await this.#reconcile();
      await this.#recoveries.run(settings.settings.roots, retryCount, now);
    } catch (error) {
      if (shouldRethrow(error, retryCount)) throw error;
      log("account.failed", errorFields(error));
      await this.#store.armLater(Date.now());
    }
  }

  async #reconcile(): Promise<void> {
    const nextAt = await reconcile({
      store: this.#store,
      passOn: (transitions) => this.#passOn(transitions),
      retention: () => this.#retention(),
      ask: async (task) => this.#ask(task),
    });
    this.#store.recoveries.reconcileNextAt(nextAt);
  }

  async #recover(name: string, order: RecoveryOrder): Promise<RecoveryAnswer> {
    const task = this.env.TASKS.get(this.env.TASKS.idFromName(name));
    return inTime<RecoveryAnswer>(RECOVER_PATIENCE_MS, task.recover(this.#account, order));
  }

  async #ask({ name }: TaskSummary): Promise<TaskReport | null> {
    const task = this.env.TASKS.get(this.env.TASKS.idFromName(name));
    return inTime<TaskReport | null>(TASK_PATIENCE_MS, task.reconcile(this.#account));
  }

  /** @throws Error if the settings do not parse */
  #roots(): readonly [string, ...string[]] {
    const settings = readSettings(this.env);
    if (!settings.ok) throw new Error("the settings do not parse");
    return settings.settings.roots;
  }

  #alertTarget(): AlertTarget | null {
    const result = readSettings(this.env);
    if (!result.ok || result.settings.alerts === null) return null;
    const { alerts, callback, ownHosts } = result.settings;
    return { alerts, rules: { allowPrivate: callback.allowPrivate, ownHosts } };
  }

  /** By the present setting, not by the one at a task's end; settings that do not parse let nothing expire. */
  #retention(): Retention {
    const settings = readSettings(this.env);
    return { now: Date.now(), retentionMs: settings.ok ? settings.settings.retentionMs : Infinity };
  }
}
