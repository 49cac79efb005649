import { DurableObject } from "cloudflare:workers";
import type { AccountStats, TaskSummary, ListPage } from "../domain/account/summary.ts";
import { rotated, versionsInForce, type SigningVersion } from "../domain/account/signing-versions.ts";
import { shouldRethrow } from "../domain/errors/stall.ts";
import { readSettings } from "../env.ts";
import { errorFields, log } from "../log.ts";
import type { Retention } from "./rows.ts";
import { AccountStore } from "./store.ts";

/** Tasks that one run of the alarm looks at, and how many of them at once. */
const LOOKS_PER_RUN = 120;
const LOOKS_AT_ONCE = 6;

/** What one caller sees: its tasks, as they report themselves, and the versions of its signing secret. */
export class AccountObject extends DurableObject<Env> {
  readonly #store: AccountStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new AccountStore(ctx.storage);
  }

  /** The versions that sign now, newest first. */
  async signingVersions(): Promise<SigningVersion[]> {
    await this.#awake();
    return versionsInForce(this.#store.rows.signingVersions(), Date.now());
  }

  /** Makes a new secret and gives the versions in force; null if three previous ones still sign. */
  async rotate(overlapMs: number): Promise<SigningVersion[] | null> {
    await this.#awake();
    const versions = rotated(this.#store.rows.signingVersions(), Date.now(), overlapMs);
    if (versions !== null) this.#store.writeSigningVersions(versions);
    return versions;
  }

  /** Tasks say how far they are. The same report twice, or one that comes late, changes nothing. */
  async report(summaries: readonly TaskSummary[]): Promise<void> {
    await this.#awake();
    this.#store.writeSummaries(summaries, this.#retention());
    await this.#store.armed();
  }

  /** A task was deleted. */
  async forget(task: Pick<TaskSummary, "name" | "createdAt">): Promise<void> {
    await this.#awake();
    this.#store.deleteSummary(task);
  }

  /** One page of the tasks, and the key to go on from; null: there are no more. */
  async list(page: ListPage): Promise<{ summaries: TaskSummary[]; next: string | null }> {
    await this.#awake();
    const rows = this.#store.rows.summaries({ ...page, limit: page.limit + 1 }, this.#retention());
    const shown = rows.slice(0, page.limit);
    return {
      summaries: shown.map(({ summary }) => summary),
      next: rows.length > page.limit ? (shown.at(-1)?.key ?? null) : null,
    };
  }

  async stats(): Promise<AccountStats> {
    await this.#awake();
    return this.#store.rows.stats(this.#retention());
  }

  /**
   * The hourly look: asks every task that is not settled how it is, which wakes one whose alarm was lost, and every one
   * whose alarm is set by a retention that has changed.
   * @throws what storage and the platform throw, so that the platform repeats it
   */
  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#store.alarmFired();
    const settings = readSettings(this.env);
    if (!settings.ok) {
      // Nothing runs on a guess.
      log("settings.bad", { settings: settings.problems.map(({ setting }) => setting).join(" ") });
      return this.#store.armLater(Date.now());
    }
    try {
      const retention = this.#retention();
      this.#store.deleteExpired(retention);
      const due = this.#store.summariesToReconcile(retention, LOOKS_PER_RUN);
      for (let start = 0; start < due.length; start += LOOKS_AT_ONCE) {
        await Promise.all(due.slice(start, start + LOOKS_AT_ONCE).map(async (task) => this.#look(task)));
      }
      await this.#store.settle(this.#retention());
    } catch (error) {
      if (shouldRethrow(error, info?.retryCount ?? 0)) throw error;
      log("account.failed", errorFields(error));
      await this.#store.armLater(Date.now());
    }
  }

  async #look(summary: TaskSummary): Promise<void> {
    const { name, account, taskId, createdAt } = summary;
    let current: TaskSummary | null;
    try {
      current = await this.env.TASKS.get(this.env.TASKS.idFromName(name)).look(account);
    } catch (error) {
      // Asked again in an hour like every other: a task that cannot answer must not keep this object awake.
      log("look.failed", { task_id: taskId, account, ...errorFields(error) });
      this.#store.markLookedAt(summary, Date.now());
      return;
    }
    const retention = this.#retention();
    const isOver = current === null || (current.expiresAt ?? Infinity) <= retention.now;
    if (current === null || isOver || current.createdAt !== createdAt) this.#store.deleteSummary(summary);
    else this.#store.writeSummaries([current], retention);
  }

  /** The account's own watchdog: any request re-arms an alarm that is lost. */
  async #awake(): Promise<void> {
    await this.#store.watch(this.#retention());
  }

  /** By the present setting, whatever tasks said when they ended; settings that do not parse let nothing expire. */
  #retention(): Retention {
    const settings = readSettings(this.env);
    return { now: Date.now(), retentionMs: settings.ok ? settings.settings.retentionMs : Infinity };
  }
}
