import { RETRY_MS } from "../../domain/account/reconcile.ts";
import { shouldRethrow } from "../../domain/errors/stall.ts";
import {
  begunRecovery,
  endedRecovery,
  isGivenUp,
  newRecovery,
  viewOf,
  type Recovery,
  type RecoveryCounts,
  type RecoveryFilter,
  type RecoveryPreview,
  type RecoveryRequest,
  type RecoveryView,
} from "../../domain/recovery/recovery.ts";
import type { Receiver } from "../../domain/delivery/delivery.ts";
import { newRecoveryId } from "../../keys/ids.ts";
import { errorFields, log } from "../../log.ts";
import { matchesOf, Previews } from "./preview.ts";
import { MATCHES_A_ROW } from "./rows.ts";
import { RecoveryRun, type RecoveryDeps } from "./run.ts";
import { openTarget, sealTarget } from "./target.ts";

export type StartAnswer =
  | { kind: "started"; recovery: RecoveryView }
  | { kind: "running"; recoveryId: string };

/** A run of the alarm ends then, and the next one follows. */
const RUN_MS = 25_000;

type Roots = readonly [string, ...string[]];

/** What an account does with its recoveries; one runs at a time. */
export class Recoveries {
  readonly #deps: RecoveryDeps;
  readonly #previews: Previews;
  /** It counts what it is for, and is stored then. */
  #starting: Recovery | null = null;
  #run: RecoveryRun | null = null;
  /** Of a recovery that was cancelled: what it has asked may not have answered yet. */
  #cancelled: RecoveryRun | null = null;

  constructor(deps: RecoveryDeps) {
    this.#deps = deps;
    this.#previews = new Previews(deps);
  }

  async preview(filter: RecoveryFilter): Promise<RecoveryPreview> {
    return this.#previews.read(filter);
  }

  async start(request: RecoveryRequest, roots: Roots): Promise<StartAnswer> {
    const { account, store } = this.#deps;
    const busy = this.#starting ?? store.running();
    if (busy) return { kind: "running", recoveryId: busy.id };
    const { filter } = request;
    this.#starting = newRecovery({ id: newRecoveryId(), account: account(), filter, now: Date.now() });
    try {
      return { kind: "started", recovery: await this.#begin(this.#starting, request.target, roots) };
    } finally {
      this.#starting = null;
    }
  }

  async #begin(starting: Recovery, target: Receiver | null, roots: Roots): Promise<RecoveryView> {
    const { store } = this.#deps;
    const { id, account, filter, createdAt } = starting;
    const sealed = target && (await sealTarget(roots, id, target));
    store.clearMatches();
    let matched = 0;
    const keys: string[] = [];
    for await (const matches of matchesOf(this.#deps, filter, createdAt)) {
      if (this.#starting?.status !== "running") break;
      keys.push(...matches.map(({ key }) => key));
      matched += matches.length;
      this.#starting = { ...starting, counts: { ...starting.counts, matched } };
      while (keys.length >= MATCHES_A_ROW) store.writeMatches(keys.splice(0, MATCHES_A_ROW));
    }
    const reconcileAt = (await store.alarmAt()) ?? Date.now();
    const recovery = begunRecovery(this.#starting ?? starting, sealed, reconcileAt);
    store.begin(recovery, keys, Date.now());
    await store.armed();
    log("recovery.started", { account, recovery_id: id, matched });
    if (recovery.status !== "running") logEnd(recovery);
    return this.find(id) ?? viewOf(recovery, recovery.counts);
  }

  /** Newest first. */
  list(): RecoveryView[] {
    const stored = this.#deps.store.all();
    const starting = this.#starting;
    const isStored = starting === null || stored.some(({ id }) => id === starting.id);
    return [...(isStored ? [] : [starting]), ...stored].map((recovery) => this.#view(recovery));
  }

  find(id: string): RecoveryView | null {
    return this.list().find((recovery) => recovery.id === id) ?? null;
  }

  /** What is on its way still arrives, and counts. Null: there is none with this id. */
  async cancel(id: string): Promise<RecoveryView | null> {
    const { store } = this.#deps;
    const recovery = store.find(id);
    if (recovery?.status === "running") {
      logEnd(store.end(id, "cancelled", this.#counts(recovery), Date.now()));
      this.#cancelled = this.#run;
      this.#run?.wake();
      await store.armed();
    } else if (this.#starting?.id === id) {
      this.#starting = endedRecovery(this.#starting, "cancelled", Date.now());
    }
    return this.find(id);
  }

  /**
   * A run of the alarm, which began at `now`, for the recovery that is under way, if there is one; arms for the next.
   * @throws what storage and the platform throw
   */
  async run(roots: Roots, retryCount: number, now: number): Promise<void> {
    const { store } = this.#deps;
    const recovery = store.running();
    if (!recovery) {
      // A process that died while it counted has left them.
      if (this.#starting === null) store.clearMatches();
      return;
    }
    const { id, account } = recovery;
    store.armForRun(Date.now());
    try {
      if (this.#run?.id !== id) {
        const target = recovery.target === null ? null : await openTarget(roots, id, recovery.target);
        this.#run = new RecoveryRun(this.#deps, recovery, target);
      }
      // Two recoveries at a time would be too many for a receiver.
      await this.#cancelled?.answers(now + RUN_MS);
      await this.#run.goOn(now + RUN_MS);
      if (store.running()?.id === id) {
        await store.armNextRun(Date.now());
      } else {
        this.#run = null;
        await store.armed();
      }
    } catch (error) {
      this.#run?.abandon();
      this.#run = null;
      log("recovery.failed", { account, recovery_id: id, ...errorFields(error) });
      if (shouldRethrow(error, retryCount)) throw error;
      await this.#standStill(recovery);
    }
    const after = store.find(id);
    if (after?.status === "done" || after?.status === "halted") logEnd(after);
  }

  /** Ringback never guesses: a recovery whose seal does not open waits for its operator, for a day. */
  async #standStill({ id, counts }: Recovery): Promise<void> {
    const { store } = this.#deps;
    const now = Date.now();
    const recovery = store.find(id);
    if (recovery?.status !== "running") return;
    if (isGivenUp(recovery, now)) store.end(id, "halted", counts, now);
    else await store.armNextRun(now + RETRY_MS);
  }

  #view(recovery: Recovery): RecoveryView {
    return viewOf(recovery, this.#counts(recovery));
  }

  /** While it runs, with what is not stored yet. */
  #counts({ id, status, counts }: Recovery): RecoveryCounts {
    return status === "running" && this.#run?.id === id ? this.#run.counts : counts;
  }
}

function logEnd(recovery: Recovery | null): void {
  if (!recovery) return;
  const { id, account, status, counts } = recovery;
  const { matched, delivered, failed } = counts;
  log("recovery.ended", { account, recovery_id: id, status, matched, delivered, failed });
}
