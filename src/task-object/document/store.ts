import { alarmAt, dueWork, REPORT_ALONE_MS, stepKey, type Step } from "../../domain/task/due-work.ts";
import { ObjectAlarm } from "../../net/object-alarm.ts";
import {
  changed,
  leftFilesOf,
  newDocument,
  type Change,
  type NewDocument,
  type TaskDocument,
} from "./document.ts";
import { NOTHING_REMAINS, TaskRecords, type Remains, type Tombstone } from "./records.ts";
import type { TaskStorage } from "./storage.ts";

const DAY_MS = 86_400_000;
/** How many given-up creates an id remembers; only a create with an idempotency key can have more than one. */
const REFUSED_MAX = 64;

/** What an erasure leaves, and what it need not leave any more. */
interface Erasure extends Partial<Pick<Remains, "digest" | "tombstone">> {
  deleted?: readonly string[];
}

interface StoreOptions {
  now(): number;
  /** By the present settings. */
  retentionMs(): number;
  /** Called with every change, null when the task is erased: all news of a task starts here. */
  changed?(document: TaskDocument | null): void;
}

/**
 * A task's document and its alarm: the only place that writes either, and always both together. Every await (a seal, a
 * question) comes before `update`, which decides on the document as it is at that moment.
 */
export class TaskStore {
  readonly #storage: TaskStorage;
  readonly #options: StoreOptions;
  readonly #records: TaskRecords;
  readonly #alarm: ObjectAlarm;
  /** Undefined: not read yet. */
  #document: TaskDocument | null | undefined;
  #remains: Remains | null = null;
  /** What follows from a document: asked for several times a turn. */
  #due: { document: TaskDocument; retentionMs: number; steps: readonly Step[] } | null = null;
  /** Steps that cannot run before this instant. In memory only: the alarm keeps the time. */
  readonly #stalled = new Map<string, number>();

  constructor(storage: TaskStorage, options: StoreOptions) {
    this.#storage = storage;
    this.#options = options;
    this.#records = new TaskRecords(storage.kv);
    this.#alarm = new ObjectAlarm(storage);
  }

  /** The document as it is now; the same object until it changes. Null: no task here. */
  load(): TaskDocument | null {
    if (this.#document === undefined) this.#document = this.#records.document();
    return this.#document;
  }

  /** What is to be done, with stalled steps moved back. */
  steps(document: TaskDocument): readonly Step[] {
    const retentionMs = this.#options.retentionMs();
    if (this.#due?.document !== document || this.#due.retentionMs !== retentionMs) {
      this.#due = { document, retentionMs, steps: dueWork(document, retentionMs) };
    }
    const { steps } = this.#due;
    if (this.#stalled.size === 0) return steps;
    return steps.map((step) => movedBack(step, this.#stalled.get(stepKey(step)) ?? 0));
  }

  /** Forgets the delay of a step that has succeeded. */
  unstall(kind: "report"): void {
    this.#stalled.delete(kind);
  }

  stall(step: Step, until: number): void {
    this.#stalled.set(stepKey(step), until);
  }

  /** Begins a task. Null, and nothing written: a task is here already, or what is left of one, or this create was refused. */
  create(fields: NewDocument, parts: readonly Uint8Array[] | null): TaskDocument | null {
    const isFree = this.load() === null && this.deletedKey() === null;
    if (!isFree || this.isRefused(fields.task.createId)) return null;
    const { leftFiles } = this.#left();
    const document = newDocument(leftFiles.length === 0 ? fields : { ...fields, leftFiles }, parts);
    return this.#keep(document, parts === null ? {} : { parts }, leftFiles.length > 0);
  }

  /**
   * Writes what `decide` makes of the document as it is now, and sets the alarm, in one transaction. Null, and nothing
   * written: another task, or none, is here by now, or `decide` wants no change.
   */
  update(
    createId: string,
    decide: (document: TaskDocument, now: number) => Change | null,
  ): TaskDocument | null {
    const document = this.load();
    if (document?.task.createId !== createId) return null;
    const change = decide(document, this.#options.now());
    return change && this.#keep(changed(document, change), change);
  }

  /** `takesFiles`: it is the document now that knows of the copies of an earlier task. */
  #keep(document: TaskDocument, change: Change, takesFiles = false): TaskDocument {
    if (change.inMemory) this.#arm(document);
    else {
      const remains = takesFiles ? { ...this.#left(), leftFiles: [] } : null;
      this.#transact(() => {
        this.#records.write(document, change, this.#document?.parts ?? 0);
        if (remains) this.#records.writeRemains(remains);
        this.#arm(document);
      });
      this.#remains = remains ?? this.#remains;
    }
    this.#document = document;
    this.#options.changed?.(document);
    return document;
  }

  /** Arms the alarm for what is to be done, without a change, and waits until it is set. @throws what storage throws */
  async rearm(): Promise<void> {
    const document = this.load();
    if (document) this.#arm(document);
    await this.armed();
  }

  /** The last resort when even the due work cannot be listed (settings that do not parse). @throws what storage throws */
  async armAt(instant: number): Promise<void> {
    this.#alarm.set(instant);
    await this.armed();
  }

  /** Waits until storage has set the last alarm. The alarm can fail although the write succeeded. @throws what storage throws */
  async armed(): Promise<void> {
    await this.#alarm.whenSet();
  }

  /** Settles when all writes are on disk: only then does a request really leave. @throws what storage throws */
  async durable(): Promise<void> {
    await this.#storage.sync();
  }

  /** The alarm has fired: none is set until the next change. */
  alarmFired(): void {
    this.#alarm.forget();
  }

  async alarm(): Promise<number | null> {
    return this.#storage.getAlarm();
  }

  /** The sealed pieces of the request body. */
  parts(): Uint8Array[] {
    return this.#records.parts(this.load()?.parts ?? 0);
  }

  isRefused(createId: string): boolean {
    return this.#left().refused.some((refused) => refused.createId === createId);
  }

  /** The idempotency key of the task that was deleted here, by its fingerprint, while it is kept. */
  deletedKey(): Remains["digest"] {
    const { digest } = this.#left();
    return digest !== null && digest.until > this.#options.now() ? digest : null;
  }

  /** The deleted task that its account has not forgotten yet. */
  tombstone(): Tombstone | null {
    return this.#left().tombstone;
  }

  /** The copies of a deleted task's result that may still be in the bucket. */
  leftFiles(): Remains["leftFiles"] {
    return this.#left().leftFiles;
  }

  /** Refuses a create for good that was given up before it stored anything. */
  refuse(createId: string): void {
    const at = this.#options.now();
    const left = this.#left();
    const remains = { ...left, refused: [...left.refused, { createId, at }].slice(-REFUSED_MAX) };
    this.#transact(() => {
      this.#records.writeRemains(remains);
      // Without a task nothing else would ever wake this object to empty it.
      if (this.load() === null) this.#alarm.set(neededFrom(remains, at));
    });
    this.#remains = remains;
  }

  /**
   * Empties the storage, alarm included. Only what has to outlive the task stays: creates refused within the last day,
   * the digest of a deleted task until its day is over, its tombstone until the account has it, and the ids of copies in
   * the bucket until they were deleted when no copy could be on its way any more. `deleted`: ids of those deleted now.
   */
  async erase({ deleted = [], ...news }: Erasure = {}): Promise<void> {
    const now = this.#options.now();
    const left = this.#left();
    const document = this.load();
    const files = document === null ? left.leftFiles : [...left.leftFiles, ...leftFilesOf(document)];
    const kept = files.filter(({ fileId, until }) => until > now || !deleted.includes(fileId));
    const remains = stillNeeded({ ...left, ...news, leftFiles: kept }, now);
    if (remains === NOTHING_REMAINS) {
      // Forgotten first: a step that comes back while the keys go must find no task to write to.
      this.#forget();
      await this.#storage.deleteAll();
    } else {
      this.#transact(() => {
        this.#records.deleteEverything();
        this.#records.writeRemains(remains);
        this.#alarm.set(neededFrom(remains, now));
      });
    }
    const armed = this.armed();
    this.#forget();
    this.#options.changed?.(null);
    await armed;
  }

  #left(): Remains {
    this.#remains ??= this.#records.remains();
    return this.#remains;
  }

  #forget(): void {
    this.#document = undefined;
    this.#remains = null;
    this.#due = null;
    this.#alarm.forget();
    this.#stalled.clear();
  }

  #transact(write: () => void): void {
    try {
      this.#storage.transactionSync(write);
    } catch (error) {
      // Rolled back: what memory holds may be ahead of the store.
      this.#forget();
      throw error;
    }
  }

  #arm(document: TaskDocument): void {
    const now = this.#options.now();
    const steps = this.steps(document);
    const at = alarmAt(steps, now, { hasReportFailed: this.#stalled.has("report") });
    const { at: armedAt } = this.#alarm;
    if (at === armedAt) return;
    // The coming report arms again; until then an earlier alarm is enough: mostly that of the lease of an attempt.
    const reporting = steps.some(({ kind, dueAt }) => kind === "report" && dueAt <= now);
    if (reporting && armedAt !== null && armedAt > now && armedAt < at) return;
    // Without one, a process that dies now would leave an account that learns of a delivery only in an hour.
    const isAlone = reporting && document.deliveries.length > 0;
    this.#alarm.set(isAlone ? Math.min(at, Math.ceil(now) + REPORT_ALONE_MS) : at);
  }
}

function movedBack(step: Step, until: number): Step {
  return step.dueAt >= until ? step : { ...step, dueAt: until };
}

function stillNeeded({ digest, tombstone, leftFiles, refused }: Remains, now: number): Remains {
  const remains = {
    digest: digest !== null && digest.until > now ? digest : null,
    tombstone,
    leftFiles,
    refused: refused.filter(({ at }) => at + DAY_MS > now),
  };
  const isNeeded = remains.digest ?? tombstone ?? remains.refused[0] ?? leftFiles[0];
  return isNeeded === undefined ? NOTHING_REMAINS : remains;
}

/** When there is something to do with it: at once, when a copy can be deleted for good, or when the rest may go. */
function neededFrom({ digest, tombstone, leftFiles, refused }: Remains, now: number): number {
  if (tombstone !== null) return now + 1;
  if (leftFiles.length > 0)
    return Math.max(now + 1, Math.ceil(Math.min(...leftFiles.map(({ until }) => until))));
  return Math.max(digest?.until ?? 0, ...refused.map(({ at }) => at + DAY_MS));
}
