import { expect } from "vitest";
import type { TaskState } from "../../../src/domain/task/state.ts";
import { isTerminalEvent } from "../../../src/domain/task/events/event.ts";
import { isUnproved } from "../../../src/domain/task/key-proof.ts";
import { retentionEnd } from "../../../src/domain/account/summary.ts";
import { isTerminal, type Task } from "../../../src/domain/task/task.ts";
import { copies, copyEndsBy } from "./copies.ts";
import { EndpointHistory } from "./endpoints.ts";
import type { CreateCall, Recovery, Rows, WireCall, World } from "./world.ts";
import type { Life } from "./life.ts";
import { attempts, events, receivers, toldOfTheEnd } from "./deliveries.ts";

/** A step that cannot run, and bad settings, are looked at again after this. */
const STALL_MS = 60_000;
const NOT_NOW = ["429", "429+7", "503+7"];

/** The model: what must hold after every command, whatever the commands were. Numbers are guarantees and invariants. */
export class Guarantees {
  life: Life | null = null;
  /** Which of the two bodies the task was created with, or the one before it. */
  other = false;
  #wireSeen = 0;
  #answersSeen = new Set<CreateCall>();
  /** No request may leave any more after this many. */
  #closedAt: number | null = null;
  readonly #endpoints = new EndpointHistory();
  /** Those that are over. */
  readonly past: Life[] = [];
  /** How many were before the last command. */
  #pastSeen = 0;

  /** A new life may begin. */
  reopen(): void {
    this.#closedAt = null;
  }

  /** A redelivery was asked for. */
  asked(promised: boolean): void {
    if (!this.life) return;
    this.life.asked += 1;
    if (promised) this.life.queued += 1;
  }

  /** A recovery's order came; not always for the first time. */
  recovers({ recoveryId, endpoint }: Pick<Recovery, "recoveryId" | "endpoint">): void {
    const order = `${recoveryId} ${endpoint}`;
    if (!this.life || this.life.recoveries.has(order)) return;
    this.life.recoveries.add(order);
    this.life.asked += 1;
  }

  /** A delete was answered. */
  removed(world: World): void {
    if (this.life) this.life.removed = true;
    this.#closedAt = world.wire.length;
  }

  async look(world: World): Promise<Rows> {
    const rows = await world.rows();
    expect(world.problems, "what the world saw").toEqual([]);
    this.#endpoints.look(rows.endpoints, world.now());
    this.#follow(world, rows);
    this.#answers(world, rows);
    liveness(world, rows);
    const files = await world.bucket();
    if (rows.keys.length === 0) expect(files, "10: no file outlives what knows of it").toEqual([]);
    if (this.life && rows.state) {
      const { life } = this;
      const wire = world.wire.slice(life.from);
      const { state } = rows;
      submits(world, state, wire);
      endpoints(world, life, state, rows);
      ending(world, life, state, rows);
      events(world, life, state);
      polls(world, life, state, wire);
      copies(world, state, { wire, files });
      attempts({ world, life, state, rows, wire });
      life.lastState = state;
      life.lastRows = rows;
    }
    this.#wireSeen = world.wire.length;
    this.#pastSeen = this.past.length;
    return rows;
  }

  /** Which life this is: begun by a create, and over by a delete, a definite no, or the end of its retention. */
  #follow(world: World, rows: Rows): void {
    const { state } = rows;
    if (this.life && state?.task.createId !== this.life.createId) this.#over(world, this.life);
    if (state && !this.life) {
      const ended = this.past.map(({ createId }) => createId);
      expect(ended, "a task that was erased is back").not.toContain(state.task.createId);
      this.#closedAt = null;
      this.other = world.creates.at(-1)?.request.other ?? false;
      this.life = {
        createId: state.task.createId,
        taskId: state.task.taskId,
        from: this.#wireSeen,
        until: Infinity,
        takenAt: null,
        removed: false,
        end: null,
        asked: 0,
        queued: 0,
        recoveries: new Set(),
        deliveries: new Map(),
        checked: new Map(),
        taken: null,
        wasCutOff: false,
        wasSilent: false,
        endpoints: this.#endpoints,
        lastState: state,
        lastRows: rows,
      };
    }
    if (this.#closedAt !== null) {
      expect(world.wire.length, "delete: nothing goes out after its answer").toBe(this.#closedAt);
    }
  }

  #over(world: World, life: Life): void {
    life.until = world.wire.length;
    this.past.push(life);
    this.life = null;
    if (life.removed) return;
    const { task, deliveries } = life.lastState;
    if (life.takenAt === null && !isTerminal(task)) {
      // A definite no while its create waited: nothing ever happened to it.
      expect(deliveries, "a refused create has no event").toEqual([]);
      expect(
        world.wire.slice(life.from).map(({ kind }) => kind),
        "a refused create",
      ).toEqual(["submit"]);
      return;
    }
    expect(isTerminal(task), "1: erased only after its end").toBe(true);
    expect(world.now(), "10: not erased early").toBeGreaterThanOrEqual(
      retentionEnd(task, deliveries, world.retentionMs),
    );
    expect(
      deliveries.filter(({ status }) => status === "pending"),
      "INV7: delivered or known",
    ).toEqual([]);
    const { attempts: rows } = life.lastRows;
    const byHand = rows.filter(({ trigger }) => trigger === "manual").length;
    // One that failed when the retention was over already is erased by the run that made it.
    const unseen = world.wire.slice(this.#wireSeen).filter(({ kind }) => kind === "callback").length;
    const givenUp = life.wasSilent && task.endpoints?.length ? life.queued : 0;
    expect(byHand + unseen + givenUp, "every promised redelivery").toBeGreaterThanOrEqual(life.queued);
    expect(byHand, "no other redelivery").toBeLessThanOrEqual(life.asked);
    const fault = life.endpoints.faultOf(task.endpoints ?? [], task.createdAt, world.now());
    if (!life.wasCutOff) expect(fault, "1: it knows its endpoints at last").toBeNull();
    toldOfTheEnd(world, life);
  }

  #answers(world: World, rows: Rows): void {
    for (const call of world.creates) {
      if (call.answer === null || this.#answersSeen.has(call)) continue;
      this.#answersSeen.add(call);
      const { answer } = call;
      if (answer.kind === "taken") {
        // A death breaks off a create that hangs and a delete alike, and both are asked again at the same time.
        const deleted = this.past.slice(this.#pastSeen).find(({ removed }) => removed);
        const life = rows.state ? this.life : (deleted ?? null);
        expect(life?.taskId, "1: a 2xx has its row").toBe(answer.taskId);
        if (answer.replayed) expect(call.request.other, "a replay is of the same body").toBe(this.other);
        if (life) life.takenAt ??= call.answeredAt;
      } else if (answer.kind === "refused" || answer.kind === "given_up") {
        const stored = this.life !== null && this.life.takenAt === null && rows.state !== null;
        expect(stored, "any other answer leaves nothing").toBe(false);
      }
    }
  }
}

/** What a task takes along of its account's endpoints. */
function endpoints(world: World, life: Life, { task }: TaskState, { alarm }: Rows): void {
  life.wasSilent ||= world.script.silentAccount;
  life.wasCutOff ||= world.script.silentAccount || world.now() > (alarm ?? Infinity);
  const taken = task.endpoints && JSON.stringify(task.endpoints);
  if (task.endpoints !== null && life.taken === null) {
    expect(
      life.endpoints.faultOf(task.endpoints, task.createdAt, world.now()),
      "it takes the account's endpoints along",
    ).toBeNull();
  }
  if (life.taken !== null) expect(taken, "what it has taken along stays").toBe(life.taken);
  life.taken = taken;
}

function liveness(world: World, rows: Rows): void {
  const { alarm, state, keys } = rows;
  if (world.busy().alarm) return;
  if (keys.length > 0) expect(alarm, "6: what is stored has an alarm").not.toBeNull();
  if (alarm === null || state === null) return;
  const { task, deliveries } = state;
  const soon = world.now() + STALL_MS;
  const due = deliveries.flatMap(({ status, nextAttemptAt, onTheWire, manual, elsewhere, occurredAt }) => {
    if (onTheWire !== null) return [onTheWire.leaseUntil];
    if (manual + elsewhere.length > 0) return [occurredAt];
    return status === "pending" && nextAttemptAt !== null ? [nextAttemptAt] : [];
  });
  if (!isTerminal(task)) {
    due.push(copyEndsBy(task) ?? Math.max(task.deadlineAt, task.submit.leaseUntil ?? 0));
  }
  if (task.submit.phase === "due" && !isTerminal(task)) due.push(task.submit.dueAt);
  if (due.length === 0) due.push(retentionEnd(task, deliveries, world.retentionMs));
  expect(alarm, "6: the alarm comes no later than the work").toBeLessThanOrEqual(
    Math.max(Math.ceil(Math.min(...due)), soon + 1),
  );
}

function submits(world: World, { task }: TaskState, wire: readonly WireCall[]): void {
  const sent = wire.filter(({ kind }) => kind === "submit");
  const { refusals, serverErrors } = task.submit;
  expect(sent.length, "2: submits").toBeLessThanOrEqual(1 + refusals + serverErrors);
  expect(serverErrors, "2: repeats of a 5xx").toBeLessThanOrEqual(world.life.repeats ? 3 : 0);
  for (const { word, answeredAt } of sent.slice(0, -1)) {
    expect(answeredAt, "2: repeated only after an answer").not.toBeNull();
    expect([...NOT_NOW, ...(world.life.repeats ? ["500"] : [])], "2: repeated only after not-now").toContain(
      word,
    );
  }
  retryAfter(task, sent);
  const last = sent.at(-1);
  if (!isTerminal(task) || !last || task.upstreamTaskId !== null) return;
  const recorded = sent.length <= refusals + serverErrors;
  const repeatable = NOT_NOW.includes(last.word) || (world.life.repeats && last.word === "500");
  if (recorded || (repeatable && task.error?.code === "timed_out" && last.answeredAt !== null)) return;
  const codes = ["submit_unknown", ...(last.word === "400" ? ["upstream_rejected"] : [])];
  expect(codes, "INV3: an unknown submit says so").toContain(task.error?.code);
}

function retryAfter(task: Task, sent: readonly WireCall[]): void {
  for (const [index, { word, answeredAt }] of sent.entries()) {
    const next = sent[index + 1];
    if (next === undefined || answeredAt === null || !word.endsWith("+7")) continue;
    const latest = task.deadlineAt - 5_000;
    expect(next.at, "Retry-After of a submit").toBeGreaterThanOrEqual(Math.min(answeredAt + 7_000, latest));
  }
}

function ending(world: World, life: Life, { task, deliveries }: TaskState, rows: Rows): void {
  const end = isTerminal(task)
    ? JSON.stringify([
        task.status,
        task.error,
        task.videoUrl,
        task.sourceUrl,
        task.file,
        task.finishedAt,
        task.upstreamTaskId,
      ])
    : null;
  if (life.end !== null) expect(end, "3: a terminal task never changes").toBe(life.end);
  life.end = end;
  // While its key is unproved, a callback that waits for the proof keeps it, and endpoints that are not known yet.
  const hasMore = task.endpoints === null || deliveries.some(({ status }) => status === "pending");
  const waits = isUnproved(task) && hasMore;
  if (end !== null) expect(rows.key, "9: the key is erased at the end").toBe(waits);
  if (end !== null || task.upstreamTaskId !== null) {
    expect(rows.parts, "9: the request is erased on acceptance").toBe(0);
  }
  const ends = deliveries.filter(({ type }) => isTerminalEvent(type));
  const wanted = end === null ? [] : receivers(world, { task });
  expect(
    ends.map(({ type, endpoint }) => `${type} ${endpoint?.id}`).toSorted(),
    "3: one terminal event for each receiver, written with the end",
  ).toEqual(wanted.map((to) => `video.${task.status} ${to ?? undefined}`).toSorted());
  if (end === null) return;
  const overtaken = deliveries.filter(({ type, status }) => !isTerminalEvent(type) && status === "pending");
  expect(overtaken, "an end stops pending news").toEqual([]);
}

function polls(world: World, life: Life, { task }: TaskState, wire: readonly WireCall[]): void {
  const sent = wire.filter(({ kind }) => kind === "poll");
  const disturbed = world.deaths.length + life.asked;
  const after = sent.filter(({ at }) => at >= task.deadlineAt).length;
  expect(after, "one last poll at the deadline").toBeLessThanOrEqual(1 + disturbed);
  const span = Math.min(world.now(), task.deadlineAt) - task.createdAt;
  expect(sent.length, "7: polls").toBeLessThanOrEqual(2 + disturbed + span / world.pollMinMs);
  for (const [index, next] of sent.entries()) {
    const poll = sent[index - 1];
    if (!poll || poll.process !== next.process || poll.answeredAt === null || next.at >= task.deadlineAt)
      continue;
    const latest = task.deadlineAt - 5_000;
    if (poll.word !== "429+30" || poll.answeredAt >= latest) continue;
    expect(next.at, "Retry-After of a poll").toBeGreaterThanOrEqual(
      Math.min(poll.answeredAt + 30_000, latest),
    );
  }
}
