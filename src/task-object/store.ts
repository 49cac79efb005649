import {
  dueWork,
  alarmAt,
  NOTHING_SYNCED,
  stepKey,
  type SyncState,
  type Step,
  type TaskState,
} from "../domain/task/due-work.ts";
import type { Delivery } from "../domain/delivery/delivery.ts";
import { ObjectAlarm } from "../net/object-alarm.ts";
import { TaskRows, type Change, type DeletedTask, type Farewell } from "./rows.ts";
import type { TaskStorage } from "./storage.ts";

const DAY_MS = 86_400_000;

/** What a deleted task leaves behind. */
export interface Leftovers {
  digest: DeletedTask | null;
  farewell: Farewell | null;
}

/** What the alarm is set by. */
export interface Timing {
  now: number;
  retentionMs: number;
}

/** A task's state and its alarm, always written together; the only place that arms it. */
export class TaskStore {
  readonly #rows: TaskRows;
  readonly #storage: TaskStorage;
  readonly #alarm: ObjectAlarm;
  readonly #changed: (state: TaskState | null) => void;
  #state: TaskState | null = null;
  /** What follows from a state: asked for several times a turn. */
  #agenda: { state: TaskState; retentionMs: number; steps: readonly Step[] } | null = null;
  /** Steps that could not run: not before this instant. In memory, because the alarm itself remembers the time. */
  readonly #stalled = new Map<string, number>();

  /** `changed` hears of every write, null when the task is erased: the one place from which news of it spread. */
  constructor(storage: TaskStorage, changed: (state: TaskState | null) => void = () => undefined) {
    this.#storage = storage;
    this.#alarm = new ObjectAlarm(storage);
    this.#changed = changed;
    this.#rows = new TaskRows(storage.sql);
  }

  /** The state as it is now; the same object until something is written. Null: no task here. */
  load(): TaskState | null {
    this.#state ??= this.#rows.readState();
    return this.#state;
  }

  /** What is to be done, with stalled steps moved back. */
  steps(state: TaskState, retentionMs: number): readonly Step[] {
    if (this.#agenda?.state !== state || this.#agenda.retentionMs !== retentionMs) {
      this.#agenda = { state, retentionMs, steps: dueWork(state, retentionMs) };
    }
    const { steps } = this.#agenda;
    if (this.#stalled.size === 0) return steps;
    return steps.map((step) => movedBack(step, this.#stalled.get(stepKey(step)) ?? 0));
  }

  /** It worked after all. */
  unstall(kind: "report"): void {
    this.#stalled.delete(kind);
  }

  stall(step: Step, until: number): void {
    this.#stalled.set(stepKey(step), until);
  }

  /** Writes a change and arms the alarm in one transaction. */
  apply(change: Change, timing: Timing): TaskState {
    const before = this.load();
    const task = change.task ?? before?.task;
    const schedule = change.schedule ?? before?.schedule;
    if (!task || !schedule) throw new Error("a change without a task");
    const after: TaskState = {
      task,
      schedule,
      deliveries: merged(before?.deliveries ?? [], change.deliveries ?? []),
      sync: change.sync ?? before?.sync ?? NOTHING_SYNCED,
    };
    if (before !== null && writesNothing(change)) this.#arm(after, timing);
    else this.#write(before, after, change, timing);
    this.#state = after;
    this.#changed(after);
    return after;
  }

  #write(before: TaskState | null, after: TaskState, change: Change, timing: Timing): void {
    this.#transact(() => {
      if (before === null) this.#rows.insertTask(after, change);
      else this.#rows.updateTask(after, change);
      this.#rows.writeDeliveries(before?.deliveries ?? [], change);
      if (change.attempt) this.#rows.writeAttempt(change.attempt);
      if (change.parts !== undefined) this.#rows.writeParts(change.parts);
      this.#arm(after, timing);
    });
  }

  /** Keeps in memory what a new process may find out again; written with the next change. */
  remember(sync: SyncState): void {
    const state = this.load();
    if (state) this.#state = { ...state, sync };
  }

  /** Arms the alarm for what is to be done, without a change, and waits until it is set. @throws what storage throws */
  async rearm(timing: Timing): Promise<void> {
    const state = this.load();
    if (state) this.#arm(state, timing);
    await this.armed();
  }

  /** The last resort when even the due work cannot be listed (settings that do not parse). @throws what storage throws */
  async armAt(instant: number): Promise<void> {
    this.#alarm.set(instant);
    await this.armed();
  }

  /** When the alarm of the last change is set: it is written with the change, but fails by itself. @throws what storage throws */
  async armed(): Promise<void> {
    await this.#alarm.whenSet();
  }

  /** When all that was written is kept, come what may: only then does a request really leave. @throws what storage throws */
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

  /** For reading; whatever is written goes through `apply`. */
  get rows(): Pick<
    TaskRows,
    "sealed" | "parts" | "messageBody" | "attempts" | "attempt" | "isRefused" | "deleted" | "farewell"
  > {
    return this.#rows;
  }

  /** Refuses a create for good that was given up before it stored anything. */
  refuse(createId: string, now: number): void {
    this.#transact(() => {
      this.#rows.writeRefused(createId, now);
      // Without a task nothing else would ever wake this object to empty it.
      if (this.load() === null) this.#alarm.set(now + DAY_MS);
    });
  }

  /**
   * Empties the storage, alarm included. Only creates refused within the last day are remembered on, the digest of a
   * deleted task until its day is over, and whom to tell about it until it was told.
   */
  async erase(
    now: number,
    left: Leftovers = { digest: this.#rows.deleted(now), farewell: this.#rows.farewell() },
  ): Promise<void> {
    const { digest, farewell } = left;
    const refused = this.#rows.hasRefusedAfter(now - DAY_MS);
    if (!refused && digest === null && farewell === null) {
      // Forgotten first: a step that comes back while the rows go must find no task to write to.
      this.#forget();
      await this.#storage.deleteAll();
    } else {
      const keptUntil = Math.max(refused ? now + DAY_MS : 0, digest?.until ?? 0);
      this.#transact(() => {
        this.#rows.clear(refused ? ["refused"] : []);
        if (digest !== null) this.#rows.writeDeleted(digest);
        if (farewell !== null) this.#rows.writeFarewell(farewell);
        this.#alarm.set(farewell === null ? keptUntil : now + 1);
      });
    }
    const armed = this.armed();
    this.#forget();
    this.#changed(null);
    await armed;
  }

  #forget(): void {
    this.#rows.forget();
    this.#state = null;
    this.#agenda = null;
    this.#alarm.forget();
    this.#stalled.clear();
  }

  #transact(write: () => void): void {
    try {
      this.#storage.transactionSync(write);
    } catch (error) {
      // Rolled back: what memory holds may be ahead of the rows.
      this.#forget();
      throw error;
    }
  }

  #arm(state: TaskState, { now, retentionMs }: Timing): void {
    const steps = this.steps(state, retentionMs);
    const at = alarmAt(steps, now, this.#stalled.has("report"));
    const { at: armedAt } = this.#alarm;
    if (at === armedAt) return;
    // A report that is about to be made arms again: until then an alarm that comes sooner will do.
    const reporting = steps.some(({ kind, dueAt }) => kind === "report" && dueAt <= now);
    if (reporting && armedAt !== null && armedAt > now && armedAt < at) return;
    this.#alarm.set(at);
  }
}

/** A new schedule alone is kept in memory and in the alarm, which needs no transaction around it. */
function writesNothing(change: Change): boolean {
  return Object.keys(change).every((key) => key === "schedule");
}

function movedBack(step: Step, until: number): Step {
  return step.dueAt >= until ? step : { ...step, dueAt: until };
}

function merged(before: readonly Delivery[], changed: readonly Delivery[]): readonly Delivery[] {
  if (changed.length === 0) return before;
  const bySeq = new Map([...before, ...changed].map((delivery) => [delivery.seq, delivery]));
  return [...bySeq.values()].toSorted((a, b) => a.seq - b.seq);
}
