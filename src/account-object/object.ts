import { DurableObject } from "cloudflare:workers";
import type { Retention } from "../domain/account/reconcile.ts";
import { learn, outlook } from "../cadence-object/client.ts";
import type { Briefing, TaskReport } from "../domain/account/report.ts";
import { rotated, versionsInForce, type SigningVersion } from "../domain/account/signing-versions.ts";
import type { AccountStats, TaskSummary, ListPage } from "../domain/account/summary.ts";
import type { CadenceClass, Outlook } from "../domain/task/cadence.ts";
import { shouldRethrow } from "../domain/errors/stall.ts";
import { readSettings } from "../env.ts";
import { errorFields, log } from "../log.ts";
import { inTime } from "../net/in-time.ts";
import { Lessons } from "./lessons.ts";
import { reconcile } from "./reconcile.ts";
import type { Page } from "./page.ts";
import { AccountStore } from "./store.ts";

/** A run of the alarm does not wait longer for a task. */
const TASK_PATIENCE_MS = 10_000;

/** What one caller sees: its tasks, as they report themselves, and the versions of its signing secret. */
export class AccountObject extends DurableObject<Env> {
  readonly #store: AccountStore;
  readonly #lessons: Lessons;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new AccountStore(ctx.storage);
    this.#lessons = new Lessons(async (cadence, lessons) => learn(env.CADENCES, cadence, lessons));
  }

  /** The versions that sign now, newest first. */
  async signingVersions(): Promise<SigningVersion[]> {
    await this.#store.watch(Date.now());
    return versionsInForce(this.#store.signingVersions(), Date.now());
  }

  /** Makes a new secret and gives the versions in force; null if three previous ones still sign. */
  async rotate(overlapMs: number): Promise<SigningVersion[] | null> {
    await this.#store.watch(Date.now());
    const versions = rotated(this.#store.signingVersions(), Date.now(), overlapMs);
    if (versions !== null) this.#store.writeSigningVersions(versions);
    return versions;
  }

  /**
   * Takes the reports of tasks, and briefs the one that asks. The same report twice, or one that comes late, changes
   * nothing.
   */
  async sync(reports: readonly TaskReport[], asked: CadenceClass | null = null): Promise<Briefing> {
    await this.#store.watch(Date.now());
    this.#lessons.add(this.#store.receive(reports, Date.now()));
    await this.#store.armed();
    return {
      signing: versionsInForce(this.#store.signingVersions(), Date.now()),
      outlook: asked && (await this.#outlook(asked)),
    };
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

  /**
   * The hourly reconciliation.
   * @throws what storage and the platform throw, so that the platform repeats it
   */
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#store.alarmFired();
    const settings = readSettings(this.env);
    if (!settings.ok) {
      // Ringback never guesses.
      log("settings.bad", { settings: settings.problems.map(({ setting }) => setting).join(" ") });
      return this.#store.armLater(Date.now());
    }
    try {
      await reconcile({
        store: this.#store,
        retention: () => this.#retention(),
        ask: async (task) => this.#ask(task),
      });
    } catch (error) {
      if (shouldRethrow(error, info?.retryCount ?? 0)) throw error;
      log("account.failed", errorFields(error));
      await this.#store.armLater(Date.now());
    }
  }

  async #ask({ name, account }: TaskSummary): Promise<TaskReport | null> {
    const task = this.env.TASKS.get(this.env.TASKS.idFromName(name));
    return inTime<TaskReport | null>(TASK_PATIENCE_MS, task.reconcile(account));
  }

  /** By the present setting, not by the one at a task's end; settings that do not parse let nothing expire. */
  #retention(): Retention {
    const settings = readSettings(this.env);
    return { now: Date.now(), retentionMs: settings.ok ? settings.settings.retentionMs : Infinity };
  }
}
