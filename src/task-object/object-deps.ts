import {
  briefingForAttempt,
  knownEndpoints,
  knownForecast,
  sync,
  syncTogether,
} from "../account-object/client.ts";
import { pace, slowDown } from "../cadence-object/client.ts";
import {
  deletionOf,
  type AttemptBriefing,
  type Briefing,
  type TaskReport,
} from "../domain/account/report.ts";
import type { LaneKind, PaceAnswer, Refusal } from "../domain/pacing/pacing.ts";
import type { CadenceClass } from "../domain/task/cadence.ts";
import type { CopyOutcome } from "../domain/task/keep.ts";
import type { Task } from "../domain/task/task.ts";
import type { TaskSettings } from "../env.ts";
import { copyResult } from "../files/copy.ts";
import { fileStore } from "../files/bound.ts";
import type { CopyOrder } from "../files/order.ts";
import { newMessageId } from "../keys/ids.ts";
import { log } from "../log.ts";
import { rememberAccepted } from "../upstream/key-check.ts";
import { sendCallback } from "../webhook/send.ts";
import type { TaskDeps } from "./deps.ts";
import type { Pacing } from "./pacing.ts";
import type { Tombstone } from "./document/records.ts";
import type { RunningSteps } from "./running-steps.ts";
import type { TaskStore } from "./document/store.ts";
import { upstreamOf } from "./task-upstream.ts";
import type { UpstreamSession } from "./upstream-session.ts";
import type { WaitingRoom } from "./waiters/waiting-room.ts";

interface ObjectParts {
  env: Env;
  settings: TaskSettings;
  store: TaskStore;
  session: UpstreamSession;
  pacing: Pacing;
  running: RunningSteps;
  room: WaitingRoom;
}

/**
 * What an object's steps use in production. A class, because an isolate holds thousands of objects, and a closure for each
 * verb of each object would be work for every garbage collection.
 */
export class ObjectDeps implements TaskDeps {
  readonly store: TaskStore;
  readonly session: UpstreamSession;
  readonly pacing: Pacing;
  readonly running: RunningSteps;
  readonly settings: TaskSettings;
  readonly newMessageId = newMessageId;
  readonly knownForecast = knownForecast;
  readonly knownEndpoints = knownEndpoints;
  readonly send = sendCallback;
  readonly log = log;
  readonly #room: WaitingRoom;
  readonly #env: Env;

  constructor({ env, settings, store, session, pacing, running, room }: ObjectParts) {
    this.store = store;
    this.session = session;
    this.pacing = pacing;
    this.running = running;
    this.settings = settings;
    this.#room = room;
    this.#env = env;
  }

  now(): number {
    return Date.now();
  }

  random(): number {
    return Math.random();
  }

  streamed(): boolean {
    return this.#room.isStreamed;
  }

  keyAccepted(task: Task): void {
    if (task.mode !== "own" || task.test !== null) return;
    const { baseUrl } = upstreamOf(this.settings, task);
    rememberAccepted({ baseUrl, name: task.account });
  }

  async attemptBriefing(task: Task): Promise<AttemptBriefing> {
    return briefingForAttempt(this.#env.ACCOUNTS, task);
  }

  async sync(report: TaskReport, asked: CadenceClass | null): Promise<Briefing> {
    return sync(this.#env.ACCOUNTS, report, asked);
  }

  async syncTogether(report: TaskReport): Promise<void> {
    return syncTogether(this.#env.ACCOUNTS, report);
  }

  async pace(task: Task, lane: LaneKind, since: number): Promise<PaceAnswer> {
    return pace(this.#env.CADENCES, task, lane, since);
  }

  async slowDown(task: Task, lane: LaneKind, refusal: Refusal): Promise<void> {
    return slowDown(this.#env.CADENCES, task, lane, refusal);
  }

  async copyResult(order: CopyOrder): Promise<CopyOutcome> {
    return copyResult(fileStore(this.#env), order);
  }

  async deleteFile(fileId: string): Promise<void> {
    const store = fileStore(this.#env);
    // The bucket is there all the same, and a later deploy may bind it again.
    if (store === null) throw new Error("RESULTS is not bound");
    await store.delete(fileId);
  }

  async sendTombstone(tombstone: Tombstone): Promise<void> {
    await sync(this.#env.ACCOUNTS, deletionOf(tombstone));
  }
}
