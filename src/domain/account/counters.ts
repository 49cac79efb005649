import type { DeliveryStatus, TaskStatus } from "../../contract/words.ts";
import { isTerminal } from "../task/task.ts";
import { lastAttemptAt } from "./attempts.ts";
import { HOSTS_MAX } from "./hosts.ts";
import { receiversOf, type TaskReceiver } from "./receivers.ts";
import type { AccountStats, HostCount } from "./stats.ts";
import type { TaskSummary } from "./summary.ts";

/** What a task adds to its account's counters. */
export type Countable = Pick<
  TaskSummary,
  | "status"
  | "terminalDelivery"
  | "callbackHost"
  | "attempts"
  | "endpoints"
  | "model"
  | "test"
  | "polls"
  | "keptBytes"
  | "submittedAt"
  | "finishedAt"
>;

/** Counters as they are stored. */
export interface CountersDocument {
  tasks: Record<TaskStatus, number>;
  deliveries: Record<DeliveryStatus, number>;
  hosts: [host: string, attempts: HostAttempts][];
  /** The newest attempt at a host that was forgotten; 0: none was. */
  forgottenUntil: number;
  ended: number;
  polls: number;
  /** Copies of results, and their bytes. */
  files: { kept: number; bytes: number };
  /** By model: tasks that succeeded, by the bucket of their run time. */
  models: [model: string, runs: [bucket: number, count: number][]][];
}

/** Attempts at a host. */
interface HostAttempts {
  delivered: number;
  failed: number;
  lastAt: number;
  /** Receivers with no attempt after this are not counted: they may have been, before the host was forgotten. */
  since: number;
}

/** What the counters say by themselves. */
export interface Counted extends Omit<AccountStats, "hosts"> {
  hosts: HostCount[];
}

/** Run times in one bucket differ by 4 %, so a percentile is at most 2 % off. */
const BUCKET_RATIO = 1.04;
/** Model names are the callers' own words: a name beyond these is counted once others have gone. */
const MODELS_MAX = 200;
/** The statistics name the most used ones. */
const MODELS_SHOWN = 100;
const HOSTS_SHOWN = 100;

/** Counts over an account's tasks, those of `test` left out: a task is added as it is now and taken out as it was. */
export class Counters {
  readonly #tasks: Record<TaskStatus, number> = { queued: 0, running: 0, succeeded: 0, failed: 0 };
  readonly #deliveries: Record<DeliveryStatus, number> = {
    pending: 0,
    delivered: 0,
    exhausted: 0,
    stopped: 0,
  };
  readonly #hosts = new Map<string, HostAttempts>();
  #forgottenUntil = 0;
  #ended = 0;
  #polls = 0;
  readonly #files = { kept: 0, bytes: 0 };
  readonly #models = new Map<string, Map<number, number>>();

  constructor(document: CountersDocument | null = null) {
    if (document === null) return;
    this.#tasks = { ...document.tasks };
    this.#deliveries = { ...document.deliveries };
    this.#ended = document.ended;
    this.#polls = document.polls;
    this.#files = { ...document.files };
    this.#forgottenUntil = document.forgottenUntil;
    for (const [host, attempts] of document.hosts) this.#hosts.set(host, attempts);
    for (const [model, runs] of document.models) this.#models.set(model, new Map(runs));
  }

  document(): CountersDocument {
    return {
      tasks: { ...this.#tasks },
      deliveries: { ...this.#deliveries },
      hosts: [...this.#hosts],
      forgottenUntil: this.#forgottenUntil,
      ended: this.#ended,
      polls: this.#polls,
      files: { ...this.#files },
      models: [...this.#models].map(([model, runs]) => [model, [...runs]]),
    };
  }

  add(task: Countable): void {
    this.#count(task, 1);
  }

  remove(task: Countable): void {
    this.#count(task, -1);
  }

  stats(): Counted {
    const models = [...this.#models]
      .map(([model, runs]) => ({ model, count: sum(runs), runs: [...runs].toSorted(([a], [b]) => a - b) }))
      .toSorted((a, b) => b.count - a.count || (a.model < b.model ? -1 : 1))
      .slice(0, MODELS_SHOWN);
    return {
      tasks: { ...this.#tasks },
      models: models.map(({ model, count, runs }) => ({
        model,
        count,
        p50Ms: percentile(runs, count, 0.5),
        p95Ms: percentile(runs, count, 0.95),
      })),
      deliveries: { ...this.#deliveries },
      hosts: this.#hostCounts(),
      files: { ...this.#files },
      pollsPerTask: this.#ended === 0 ? null : this.#polls / this.#ended,
    };
  }

  #count(task: Countable, by: 1 | -1): void {
    const { status, test, polls, keptBytes } = task;
    if (test) return;
    this.#tasks[status] += by;
    for (const receiver of receiversOf(task)) {
      const { terminalDelivery } = receiver;
      if (terminalDelivery !== null) this.#deliveries[terminalDelivery] += by;
      this.#countAttempts(receiver, by);
    }
    if (keptBytes !== null) {
      this.#files.kept += by;
      this.#files.bytes += by * keptBytes;
    }
    if (!isTerminal(task)) return;
    this.#ended += by;
    this.#polls += by * polls;
    if (status === "succeeded") this.#countRun(task, by);
  }

  #hostCounts(): HostCount[] {
    return [...this.#hosts]
      .toSorted(([a, { lastAt: aLastAt }], [b, { lastAt: bLastAt }]) => bLastAt - aLastAt || (a < b ? -1 : 1))
      .slice(0, HOSTS_SHOWN)
      .map(([host, { delivered, failed }]) => ({ host, delivered, failed }));
  }

  #countAttempts({ host, attempts }: TaskReceiver, by: 1 | -1): void {
    if (attempts.delivered + attempts.failed === 0) return;
    const unknown = { delivered: 0, failed: 0, lastAt: 0, since: this.#forgottenUntil };
    const known = this.#hosts.get(host) ?? (by === 1 ? unknown : null);
    // Taken out of a forgotten host, or of what was counted of it before it was forgotten.
    if (known === null || lastAttemptAt(attempts) <= known.since) return;
    const delivered = known.delivered + by * attempts.delivered;
    const failed = known.failed + by * attempts.failed;
    const lastAt = Math.max(known.lastAt, lastAttemptAt(attempts));
    if (delivered + failed > 0) this.#hosts.set(host, { ...known, delivered, failed, lastAt });
    else this.#hosts.delete(host);
    if (this.#hosts.size > HOSTS_MAX) this.#forgetOldestHost();
  }

  #forgetOldestHost(): void {
    let oldest: [host: string, lastAt: number] = ["", Infinity];
    for (const [host, { lastAt }] of this.#hosts) if (lastAt < oldest[1]) oldest = [host, lastAt];
    this.#hosts.delete(oldest[0]);
    this.#forgottenUntil = Math.max(this.#forgottenUntil, oldest[1]);
  }

  #countRun({ model, submittedAt, finishedAt }: Countable, by: 1 | -1): void {
    if (submittedAt === null || finishedAt === null) return;
    const runs = this.#models.get(model) ?? new Map<number, number>();
    const bucket = bucketOf(finishedAt - submittedAt);
    const count = (runs.get(bucket) ?? 0) + by;
    if (count > 0) runs.set(bucket, count);
    else runs.delete(bucket);
    if (runs.size === 0) this.#models.delete(model);
    else if (this.#models.has(model) || this.#models.size < MODELS_MAX) this.#models.set(model, runs);
  }
}

function bucketOf(ms: number): number {
  return Math.round(Math.log(Math.max(ms, 1)) / Math.log(BUCKET_RATIO));
}

function sum(runs: ReadonlyMap<number, number>): number {
  let total = 0;
  for (const count of runs.values()) total += count;
  return total;
}

/** Nearest rank. */
function percentile(runs: readonly [number, number][], total: number, share: number): number {
  let left = Math.ceil(total * share);
  for (const [bucket, count] of runs) {
    left -= count;
    if (left <= 0) return Math.round(BUCKET_RATIO ** bucket);
  }
  return 0;
}
