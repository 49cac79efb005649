import { RETRY_MS } from "../../domain/account/reconcile.ts";
import { shouldRethrow } from "../../domain/errors/stall.ts";
import {
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
import { newRecoveryId } from "../../keys/ids.ts";
import { errorFields, log } from "../../log.ts";
import { matchesOf, previewOf } from "./preview.ts";
import { MATCHES_A_ROW } from "./rows.ts";
import { RecoveryRun, type Recovering } from "./run.ts";
import { openTarget, sealTarget } from "./target.ts";

export type StartAnswer =
  | { kind: "started"; recovery: RecoveryView }
  | { kind: "running"; recoveryId: string };

/** A run of the alarm ends then, and the next one follows. */
const RUN_MS = 25_000;

type Roots = readonly [string, ...string[]];

/** What an account does with its recoveries; one runs at a time. */
export class Recoveries {
  readonly #recovering: Recovering;
  /** Of a recovery that counts what it is for. */
  #startingId: string | null = null;
  #run: RecoveryRun | null = null;

  constructor(recovering: Recovering) {
    this.#recovering = recovering;
  }

  async preview(filter: RecoveryFilter): Promise<RecoveryPreview> {
    return previewOf(this.#recovering, filter);
  }

  async start(request: RecoveryRequest, roots: Roots): Promise<StartAnswer> {
    const { store } = this.#recovering;
    const busyId = this.#startingId ?? store.running()?.id;
    if (busyId !== undefined) return { kind: "running", recoveryId: busyId };
    const id = newRecoveryId();
    this.#startingId = id;
    try {
      return { kind: "started", recovery: await this.#begin(id, request, roots) };
    } finally {
      this.#startingId = null;
    }
  }

  async #begin(
    id: string,
    { account, filter, target }: RecoveryRequest,
    roots: Roots,
  ): Promise<RecoveryView> {
    const { store } = this.#recovering;
    const now = Date.now();
    const sealed = target && (await sealTarget(roots, id, target));
    store.clearMatches();
    let matched = 0;
    let keys: string[] = [];
    for await (const matches of matchesOf(this.#recovering, filter, now)) {
      keys.push(...matches.map(({ key }) => key));
      matched += matches.length;
      if (keys.length < MATCHES_A_ROW) continue;
      store.writeMatches(keys);
      keys = [];
    }
    const reconcileAt = (await store.alarmAt()) ?? Date.now();
    const recovery = newRecovery({ id, account, filter, target: sealed, matched, now, reconcileAt });
    store.begin(recovery, keys, Date.now());
    await store.armed();
    log("recovery.started", { account, recovery_id: id, matched });
    if (recovery.status !== "running") logEnd(recovery);
    return viewOf(recovery, recovery.counts);
  }

  /** Newest first. */
  list(): RecoveryView[] {
    return this.#recovering.store.all().map((recovery) => this.#view(recovery));
  }

  find(id: string): RecoveryView | null {
    const recovery = this.#recovering.store.find(id);
    return recovery && this.#view(recovery);
  }

  /** What is on its way still arrives, and counts. Null: there is none with this id. */
  async cancel(id: string): Promise<RecoveryView | null> {
    const { store } = this.#recovering;
    const recovery = store.find(id);
    if (!recovery) return null;
    if (recovery.status === "running") {
      logEnd(store.end(id, "cancelled", this.#counts(recovery), Date.now()));
      await store.armed();
    }
    return this.find(id);
  }

  /**
   * A run of the alarm for the recovery that is under way, if there is one; arms for the next.
   * @throws what storage and the platform throw
   */
  async run(roots: Roots, retryCount: number): Promise<void> {
    const { store } = this.#recovering;
    const recovery = store.running();
    if (!recovery) return;
    const { id, account } = recovery;
    store.armForRun(Date.now());
    try {
      if (this.#run?.id !== id) {
        const target = recovery.target === null ? null : await openTarget(roots, id, recovery.target);
        this.#run = new RecoveryRun(this.#recovering, recovery, target);
      }
      await this.#run.goOn(Date.now() + RUN_MS);
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
    const { store } = this.#recovering;
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
