import { vi } from "vitest";
import { Recoveries } from "../../../../src/account-object/recovery/recoveries.ts";
import type { AccountStorage } from "../../../../src/account-object/storage.ts";
import { AccountStore } from "../../../../src/account-object/store.ts";
import { EVERY_TASK } from "../../../../src/domain/account/filter.ts";
import { reportOf } from "../../../../src/domain/account/report.ts";
import type { TaskSummary } from "../../../../src/domain/account/summary.ts";
import type { RecoveryAnswer, RecoveryOrder } from "../../../../src/domain/recovery/order.ts";
import type { RecoveryRequest, RecoveryView } from "../../../../src/domain/recovery/recovery.ts";
import { aSummary, T0 } from "../../../support/builders.ts";
import { watchLog } from "../../../support/log-lines.ts";
import { SqlMemoryStorage } from "../sql-storage.ts";

export const ROOTS = ["a root secret of a deployment that has many letters"] as const;
export const HOUR = 3_600_000;
const ACCOUNT = "key:somebody";

/** An account and its recoveries, in plain Node: one a test, under a fake clock, with tasks that remember what they answered. */
export class RecoveringAccount {
  readonly storage = new SqlMemoryStorage();
  /** What each task answers, by its name and endpoint; without an entry it takes what it is sent. */
  readonly answers = new Map<string, RecoveryAnswer | Error>();
  /** What tasks remember of the recovery. */
  readonly remembered = new Map<string, Promise<RecoveryAnswer>>();
  readonly asked: { name: string; order: RecoveryOrder }[] = [];
  /** Where the registered endpoints are. */
  readonly endpoints = new Map<string, string>();
  /** Deliveries that take ten seconds. */
  readonly slow = new Set<string>();
  takesMs = 50;
  mostAtOnce = 0;
  atOnce = 0;
  store: AccountStore;
  recoveries: Recoveries;
  /** Counts the account's processes. */
  #process = 0;
  #version = 1;

  constructor() {
    vi.useFakeTimers({ now: T0 });
    watchLog(() => undefined);
    ({ store: this.store, recoveries: this.recoveries } = this.#newProcess());
  }

  close(): void {
    vi.useRealTimers();
    vi.restoreAllMocks();
    this.storage.close();
  }

  /** Another process of the account; the one that was there before is gone, and what it asked goes on. */
  begin(): void {
    Object.assign(this, this.#newProcess());
  }

  report(...summaries: TaskSummary[]): void {
    this.#version += 1;
    const version = this.#version;
    this.store.receive(
      summaries.map((summary) => reportOf({ ...summary, version })),
      Date.now(),
    );
  }

  outage(count: number): void {
    this.report(...Array.from({ length: count }, (_, index) => anExhausted(index)));
  }

  async started(overrides: Partial<RecoveryRequest> = {}): Promise<RecoveryView> {
    const answer = await passing(this.recoveries.start(request(overrides), ROOTS));
    if (answer.kind !== "started") throw new Error(answer.kind);
    return answer.recovery;
  }

  /** Fires the alarm when it is due. */
  async fire(roots: readonly [string, ...string[]] = ROOTS): Promise<void> {
    await vi.advanceTimersByTimeAsync(Math.max((this.storage.alarm ?? 0) - Date.now(), 0));
    this.storage.alarm = null;
    this.store.alarmFired();
    await passing(this.recoveries.run(roots, 0, Date.now()));
  }

  /** Fires the alarm now, and lets no time pass. */
  async fireNow(): Promise<void> {
    this.storage.alarm = null;
    this.store.alarmFired();
    await this.recoveries.run(ROOTS, 0, Date.now());
  }

  async ended(id: string): Promise<RecoveryView | null> {
    const { recoveries } = this;
    for (let run = 0; run < 100 && recoveries.find(id)?.status === "running"; run += 1) await this.fire();
    return recoveries.find(id);
  }

  matchRows(): number {
    return this.storage.sql.exec("SELECT last FROM recovery_match").toArray().length;
  }

  #newProcess(): { store: AccountStore; recoveries: Recoveries } {
    this.#process += 1;
    const store = new AccountStore(this.#storageOf(this.#process));
    const recoveries = new Recoveries({
      account: () => ACCOUNT,
      store: store.recoveries,
      readTasks: (...range) => store.tasksBetween(...range),
      retention: () => ({ now: Date.now(), retentionMs: 720 * HOUR }),
      endpointHost: (id) => this.endpoints.get(id) ?? null,
      ask: async (name, order) => this.#ask(name, order),
    });
    return { store, recoveries };
  }

  /** The storage as a process sees it: one that is gone writes nothing any more. */
  #storageOf(owner: number): AccountStorage {
    const alive = (): SqlMemoryStorage => {
      if (owner !== this.#process) throw new Error("the process is gone");
      return this.storage;
    };
    return {
      sql: { exec: (query, ...bindings) => alive().sql.exec(query, ...bindings) },
      transactionSync: (act) => alive().transactionSync(act),
      setAlarm: async (instant) => alive().setAlarm(instant),
      getAlarm: async () => alive().getAlarm(),
      deleteAll: async () => alive().deleteAll(),
    };
  }

  async #ask(name: string, order: RecoveryOrder): Promise<RecoveryAnswer> {
    const delivery = deliveryOf(name, order.endpoint);
    const known = this.remembered.get(delivery);
    const answer = known?.then(repeated) ?? this.#answerOf(name, order);
    this.remembered.set(delivery, answer);
    // An error is no answer: it is asked again.
    answer.catch(() => this.remembered.delete(delivery));
    return answer;
  }

  async #answerOf(name: string, order: RecoveryOrder): Promise<RecoveryAnswer> {
    const delivery = deliveryOf(name, order.endpoint);
    this.asked.push({ name, order });
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    const takesMs = this.slow.has(delivery) ? 10_000 : this.takesMs;
    await new Promise((resolve) => setTimeout(resolve, takesMs));
    this.atOnce -= 1;
    const answer = this.answers.get(delivery) ?? { kind: "delivered" as const };
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

/** A failure that a task remembers tells nothing new about its host. */
function repeated(answer: RecoveryAnswer): RecoveryAnswer {
  return answer.kind === "failed" ? { kind: "interrupted" } : answer;
}

export function deliveryOf(name: string, endpoint: string | null): string {
  return endpoint === null ? name : `${name} ${endpoint}`;
}

export const nameOf = (index: number): string =>
  `task${String(index).padStart(22, "a")}`.replaceAll(/\d/g, letterOf);

const letterOf = (digit: string): string => "bcdefghijk"[Number(digit)] ?? "";

export function anExhausted(index: number, overrides: Partial<TaskSummary> = {}): TaskSummary {
  return aSummary({
    name: nameOf(index),
    createdAt: T0 - 1_000_000 + index,
    delivery: "exhausted",
    callbackHost: "hooks.acme.com",
    settledAt: T0 - 1,
    expiresAt: T0 + 720 * HOUR,
    ...overrides,
  });
}

export function request(overrides: Partial<RecoveryRequest> = {}): RecoveryRequest {
  return {
    filter: { statuses: ["exhausted"], tasks: EVERY_TASK, isElsewhere: false },
    target: null,
    ...overrides,
  };
}

/** Lets time pass until this has come. */
export async function passing<T>(promise: Promise<T>): Promise<T> {
  const state = { isDone: false };
  const settled = (): void => {
    state.isDone = true;
  };
  promise.then(settled, settled);
  while (!state.isDone) await vi.advanceTimersByTimeAsync(10);
  return promise;
}
