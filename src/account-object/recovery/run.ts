import type { Retention } from "../../domain/account/reconcile.ts";
import { endOf, partsOf, rowsFrom } from "../../domain/recovery/candidate-key.ts";
import { candidatesOf, judgeReceivers, keyRange } from "../../domain/recovery/candidates.ts";
import type { Outcome } from "../../domain/recovery/host-pace.ts";
import type { RecoveryAnswer, RecoveryOrder } from "../../domain/recovery/order.ts";
import { RecoveryQueue, type Candidate } from "../../domain/recovery/queue.ts";
import { endStatus, type Recovery, type RecoveryCounts } from "../../domain/recovery/recovery.ts";
import type { Receiver } from "../../domain/delivery/delivery.ts";
import { receiverHost } from "../../domain/delivery/endpoint-policy.ts";
import { errorFields, log } from "../../log.ts";
import { wait } from "../../net/wait.ts";
import { LAST_KEY, ROWS_AT_ONCE, type TaskRow } from "../rows.ts";
import type { RecoveryStore } from "./store.ts";

/** What a recovery needs of its account. */
export interface RecoveryDeps {
  account: () => string;
  store: RecoveryStore;
  /** Oldest first, between two keys. */
  readTasks: (after: string, before: string, limit: number) => TaskRow[];
  retention: () => Retention;
  /** Where a registered endpoint is now; null: there is none with this id. */
  endpointHost: (id: string) => string | null;
  /** Asks the task of that name. @throws OverloadedError if it does not answer */
  ask: (name: string, order: RecoveryOrder) => Promise<RecoveryAnswer>;
}

/** What memory has beyond the stored progress is asked again after a crash. */
const SAVE_EVERY_MS = 1_000;
const SAVE_AFTER_ANSWERS = 100;
/** Before a task that did not answer is asked again. */
const ASK_AGAIN_MS = [1_000, 5_000, 20_000];

/** A recovery at work in this process; what it has under way goes on between two runs of the alarm. */
export class RecoveryRun {
  readonly id: string;
  readonly #deps: RecoveryDeps;
  readonly #recovery: Recovery;
  readonly #target: Receiver | null;
  readonly #queue: RecoveryQueue;
  #isRead = false;
  #isAbandoned = false;
  /** Candidates that were asked and have not answered. */
  #onTheWay = 0;
  #onChange: (() => void) | null = null;
  #answers = 0;
  #savedAt = 0;

  constructor(deps: RecoveryDeps, recovery: Recovery, target: Receiver | null) {
    this.id = recovery.id;
    this.#deps = deps;
    this.#recovery = recovery;
    this.#target = target;
    this.#queue = new RecoveryQueue(recovery);
  }

  get counts(): RecoveryCounts {
    return this.#queue.counts;
  }

  /** Goes on until it has ended, is cancelled, or the time is up. @throws what storage throws */
  async goOn(stopAt: number): Promise<void> {
    this.#savedAt = Date.now();
    while (this.#isRunning && Date.now() < stopAt) {
      await this.#read(stopAt);
      this.#askAll();
      if (this.#isRead && this.#queue.isIdle) {
        this.#deps.store.end(this.id, endStatus(this.counts), this.counts, Date.now());
        return;
      }
      const saveAt = this.#answers > 0 ? this.#savedAt + SAVE_EVERY_MS : stopAt;
      await this.#changed(Math.min(stopAt, saveAt));
      if (this.#answers >= SAVE_AFTER_ANSWERS || Date.now() - this.#savedAt >= SAVE_EVERY_MS) this.#save();
    }
    this.#save();
  }

  /** Another takes its place, from what is stored. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** It was cancelled: nothing waits for an answer any more. */
  wake(): void {
    this.#onChange?.();
  }

  /** Until every candidate that was asked has answered, or the time is up. */
  async answers(stopAt: number): Promise<void> {
    while (this.#onTheWay > 0 && Date.now() < stopAt) await this.#changed(stopAt);
  }

  get #isRunning(): boolean {
    return !this.#isAbandoned && this.#deps.store.find(this.id)?.status === "running";
  }

  /** Reads on while a place is free; other calls are answered between two chunks. */
  async #read(stopAt: number): Promise<void> {
    while (this.#isRunning && !this.#isRead && this.#queue.wantsMore && Date.now() < stopAt) {
      this.#readChunk();
      await wait(0);
    }
  }

  #readChunk(): void {
    const { store, readTasks, retention, endpointHost } = this.#deps;
    const { filter, createdAt } = this.#recovery;
    const range = keyRange(filter, createdAt);
    const after = this.#queue.position > range.after ? this.#queue.position : range.after;
    const rows = readTasks(rowsFrom(after), range.before, ROWS_AT_ONCE);
    const last = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1);
    const upTo = last ? endOf(last.key) : LAST_KEY;
    const scope = { filter, retention: retention(), endpointHost };
    const targetHost = this.#target && receiverHost(this.#target.url);
    const found = candidatesOf(
      rows.map(({ key, task }) => ({ key, summary: task.summary })),
      { after, matched: store.matchesBetween(after, upTo) },
      (summary) => judgeReceivers(summary, scope),
    );
    const late = found.filter(({ isLate }) => isLate).map(({ key }) => key);
    if (late.length > 0) {
      // Stored before they are asked: once it is delivered, a row does not show any more what it was.
      store.addMatches(this.id, late);
      this.#queue.countLate(late.length);
    }
    for (const { key, host, isGone } of found) {
      if (isGone) this.#queue.drop(key);
      else this.#queue.add({ key, host: targetHost ?? host });
    }
    this.#queue.passTo(upTo);
    this.#isRead = upTo === LAST_KEY;
  }

  #askAll(): void {
    for (let one = this.#queue.next(); one; one = this.#queue.next()) void this.#ask(one);
  }

  async #ask({ key }: Candidate): Promise<void> {
    this.#onTheWay += 1;
    const outcome = await this.#outcome(partsOf(key));
    this.#onTheWay -= 1;
    this.#queue.answer(key, outcome);
    this.#answers += 1;
    this.#onChange?.();
    this.#recountLate();
  }

  /** What was on its way when the recovery was cancelled still counts. */
  #recountLate(): void {
    if (this.#isRunning || this.#isAbandoned) return;
    try {
      this.#deps.store.recount(this.id, this.counts);
    } catch (error) {
      const { account } = this.#deps;
      log("recovery.failed", { account: account(), recovery_id: this.id, ...errorFields(error) });
    }
  }

  /** A task that does not answer may have sent it; its host has nothing to do with that. */
  async #outcome({ name, endpoint }: ReturnType<typeof partsOf>): Promise<Outcome> {
    const { account, ask } = this.#deps;
    const { filter } = this.#recovery;
    const order = { recoveryId: this.id, statuses: filter.statuses, endpoint, target: this.#target };
    for (const waitMs of [...ASK_AGAIN_MS, null]) {
      try {
        const { kind } = await ask(name, order);
        return kind;
      } catch (error) {
        log("recovery.unanswered", {
          account: account(),
          recovery_id: this.id,
          task: name,
          ...errorFields(error),
        });
      }
      if (waitMs === null) break;
      await wait(waitMs);
      if (!this.#isRunning) return "left";
    }
    return "interrupted";
  }

  /** Waits for an answer or for `wake`, but no longer than that. */
  async #changed(until: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(until - Date.now(), 0));
      this.#onChange = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#onChange = null;
  }

  #save(): void {
    this.#answers = 0;
    this.#savedAt = Date.now();
    this.#deps.store.writeProgress(this.id, this.#queue.progress(), Date.now());
  }
}
