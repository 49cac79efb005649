import { expect } from "vitest";
import type { EventType } from "../../../src/contract/words.ts";
import { deliveriesTo } from "../../../src/domain/delivery/by-receiver.ts";
import type { Delivery } from "../../../src/domain/delivery/delivery.ts";
import type { TaskState } from "../../../src/domain/task/due-work.ts";
import { isTerminalEvent } from "../../../src/domain/task/events/event.ts";
import { isUnproved } from "../../../src/domain/task/key-proof.ts";
import { retentionEnd } from "../../../src/domain/account/summary.ts";
import { isTerminal, type Task } from "../../../src/domain/task/task.ts";
import { copies, copyEndsBy } from "./copies.ts";
import { EndpointHistory } from "./endpoints.ts";
import {
  bodyKey,
  type CreateCall,
  type LoggedAttempt,
  type Recovery,
  type Rows,
  type WireCall,
  type World,
} from "./world.ts";

/** A step that cannot run, and bad settings, are looked at again after this. */
const STALL_MS = 60_000;
/** The longest lease of a submit. */
const LEASE_MS = 33_000;
const NOT_NOW = ["429", "429+7", "503+7"];

/** One task from its first row to its last. */
export interface Life {
  createId: string;
  taskId: string;
  /** Its first call in the wire's log, and the first one that is not its own any more. */
  from: number;
  until: number;
  /** A create was answered 2xx with it, and when. */
  takenAt: number | null;
  removed: boolean;
  end: string | null;
  /** Attempts by hand that were asked for, and those of them that were promised. */
  asked: number;
  queued: number;
  /** Recoveries that were asked for, by receiver: each is one attempt by hand there at most. */
  recoveries: Set<string>;
  /** What never changes of a delivery, by `seq`. */
  deliveries: Map<number, string>;
  /** How each was when it was last checked. */
  checked: Map<number, string>;
  /** The endpoints that it has taken along, once it has. */
  taken: string | null;
  /** Its account was silent, or its alarm came late: it may never have learned of its endpoints. */
  wasCutOff: boolean;
  endpoints: EndpointHistory;
  /** Its account was silent: what goes to an endpoint may be given up after 22 hours, unsent. */
  wasSilent: boolean;
  lastState: TaskState;
  lastRows: Rows;
}

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

/** Those that the end of the task goes to; null: its own. */
export function receivers(world: Pick<World, "life">, { task }: Pick<TaskState, "task">): (string | null)[] {
  const end: EventType = task.status === "succeeded" ? "video.succeeded" : "video.failed";
  const wanting = (task.endpoints ?? []).filter((endpoint) => endpoint.events.includes(end));
  return [...(world.life.events === null ? [] : [null]), ...wanting.map(({ id }) => id)];
}

/**
 * Whether its receiver was the cause that a delivery was stopped: the task's own has refused to hear any more, an endpoint
 * has refused this event, or was off. `there`: what was sent to it.
 */
export function isRefused(life: Life, end: Delivery | undefined, there: readonly WireCall[]): boolean {
  if (end?.status !== "stopped") return false;
  const { endpoint, messageId, settledAt } = end;
  const refusals = there.filter(
    ({ word, isElsewhere }) => !isElsewhere && (word === "410" || word === "501"),
  );
  if (endpoint === null) return refusals.length > 0;
  return (
    refusals.some((call) => call.messageId === messageId) ||
    life.endpoints.mayBeOff(endpoint.id, settledAt ?? 0)
  );
}

/**
 * Nothing may be sent with a key that the upstream refuses, or does not speak of within the whole schedule. What proves it
 * later, a hand or the event of another receiver, is too late for that.
 */
export function wasUnproved({ verdicts }: Pick<World, "verdicts">, end: Delivery | undefined): boolean {
  return end?.scheduled === 0 && verdicts.some((word) => word !== "accepted");
}

/** Of a life that is over: each receiver was sent the end, or there is a reason why not. */
function toldOfTheEnd(world: World, life: Life): void {
  const sent = world.wire.slice(life.from).filter(({ kind }) => kind === "callback");
  for (const to of receivers(world, life.lastState)) {
    const ends = deliveriesTo(life.lastState.deliveries, to).filter(({ type }) => isTerminalEvent(type));
    expect(ends.length, "1: exactly one terminal event at each receiver").toBe(1);
    const there = sent.filter(({ endpoint }) => endpoint === to);
    const heard = there.some(({ messageId }) => messageId === ends[0]?.messageId);
    // Every attempt may have died before it left; then it is known as exhausted.
    const mayBeCut = world.deaths.length > 0 || (to !== null && life.wasSilent);
    const lost = ends[0]?.status === "exhausted" && mayBeCut;
    const unproved = wasUnproved(world, ends[0]);
    expect(heard || lost || unproved || isRefused(life, ends[0], there), "1: it was sent").toBe(true);
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

function events(world: World, life: Life, { task, deliveries }: TaskState): void {
  for (const to of [null, ...(task.endpoints ?? []).map(({ id }) => id)]) {
    const there = deliveriesTo(deliveries, to);
    const once = there.map(({ type }) => type).filter((type) => type !== "video.progress");
    expect(new Set(once).size, "3: one event a type").toBe(once.length);
    expect(there.length, "7: events").toBeLessThanOrEqual(12);
    const times = there.map(({ occurredAt }) => occurredAt);
    const late = times.filter((time, index) => time <= (times[index - 1] ?? 0));
    expect(late, "INV11: events have an order").toEqual([]);
  }
  const unasked = deliveries.filter(({ endpoint, type, format }) => {
    const own = { events: world.life.events ?? [], format: "standard" };
    const taker = endpoint === null ? own : task.endpoints?.find(({ id }) => id === endpoint.id);
    return !taker?.events.includes(type) || taker.format !== format;
  });
  expect(unasked, "only what was asked for, and as it was").toEqual([]);
  const messages = new Map<string, string>();
  for (const { messageId, type, seq, occurredAt, endpoint, format } of deliveries) {
    const event = type === "video.progress" ? `${type} ${occurredAt}` : type;
    messages.set(event, messages.get(event) ?? messageId);
    const identity = JSON.stringify([messageId, type, occurredAt, endpoint, format]);
    if (life.deliveries.get(seq) === identity) continue;
    expect(life.deliveries.get(seq), "INV5: a delivery never changes").toBeUndefined();
    life.deliveries.set(seq, identity);
  }
  const ids = new Set(deliveries.map(({ messageId }) => messageId));
  expect([...messages.values()].toSorted(), "4: one id for an event, at all receivers").toEqual(
    [...ids].toSorted(),
  );
  expect(life.deliveries.size, "INV5: a delivery never goes").toBe(deliveries.length);
  expect(task.createId).toBe(life.createId);
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

/** A redelivery to another URL is none to the receiver; a recovery there is, because the receiver has moved. */
function isToReceiver({ host, recoveryId }: LoggedAttempt): boolean {
  return host === undefined || recoveryId !== undefined;
}

/** Whether a 2xx to this call is a delivery, by the rows of its delivery. */
export function counts({ attempt, isElsewhere }: WireCall, rows: readonly LoggedAttempt[]): boolean {
  const row = rows.find(({ number }) => number === attempt);
  return row ? isToReceiver(row) : !isElsewhere;
}

function attempts(seen: {
  world: World;
  life: Life;
  state: TaskState;
  rows: Rows;
  wire: readonly WireCall[];
}): void {
  const { world, life, state, rows, wire } = seen;
  const sent = wire.filter(({ kind }) => kind === "callback");
  const known = new Set(state.deliveries.map((one) => nameOf(one.messageId, one.endpoint?.id)));
  const unknown = sent.filter((call) => !known.has(nameOf(call.messageId, call.endpoint)));
  expect(unknown, "only known messages are sent, to their receivers").toEqual([]);
  for (const delivery of state.deliveries) {
    const { seq, messageId, status, attempts: begun, scheduled } = delivery;
    const mine = sent.filter(
      (call) => call.messageId === messageId && call.endpoint === (delivery.endpoint?.id ?? null),
    );
    const logged = rows.attempts.filter((row) => row.seq === seq);
    const body = rows.bodies.get(bodyKey(delivery));
    const now = JSON.stringify([delivery, body, mine.map((call) => call.answeredAt), life.takenAt]);
    // As it was at the last look: an hour of polls changes none.
    if (life.checked.get(seq) === now) continue;
    life.checked.set(seq, now);
    expect(
      mine.filter((call) => call.body !== body),
      "4: the same bytes",
    ).toEqual([]);
    expect(logged.length, "5: the log covers the wire").toBeGreaterThanOrEqual(mine.length);
    expect(
      logged.map(({ number }) => number),
      "attempts are numbered",
    ).toEqual(Array.from({ length: begun }, (_, index) => index + 1));
    const recoveries = logged.flatMap(({ recoveryId }) => recoveryId ?? []);
    expect(new Set(recoveries).size, "a recovery tries each once").toBe(recoveries.length);
    const numbers = mine.map(({ attempt }) => attempt);
    expect(new Set(numbers).size, "5: a row is one request").toBe(numbers.length);
    expect(scheduled, "7: attempts").toBeLessThanOrEqual(world.retryMs.length + 1);
    const yes = mine.filter(({ word, answeredAt }) => word === "200" && answeredAt !== null);
    expect(yes.length, "INV9: more than one 2xx").toBeLessThanOrEqual(1 + world.deaths.length + life.asked);
    const counting = yes.filter((call) => counts(call, logged));
    if (status === "delivered") expect(counting.length, "delivered means a 2xx").toBeGreaterThan(0);
    const recorded = logged.findIndex((row) => row.result?.outcome === "delivered" && isToReceiver(row));
    const more = recorded < 0 ? [] : logged.slice(recorded + 1);
    expect(
      more.filter(({ trigger }) => trigger === "scheduled"),
      "INV9: a recorded 2xx ends the schedule",
    ).toEqual([]);
    places(life, delivery, { mine, logged });
    const planned = logged.filter(({ trigger }) => trigger === "scheduled");
    for (const [index, { startedAt }] of planned.entries()) {
      const before = planned[index - 1];
      if (before) {
        const wait = 0.8 * (world.retryMs[index - 1] ?? Infinity);
        expect(startedAt - before.startedAt, "the schedule's wait").toBeGreaterThanOrEqual(wait - 1);
      } else if (life.takenAt !== null) {
        expect(startedAt, "held until the answer was read").toBeGreaterThanOrEqual(
          life.takenAt + world.holdMs,
        );
      }
    }
  }
  const live = sent.filter(
    ({ answeredAt, process }) => answeredAt === null && process === world.deaths.length,
  );
  const inFlight = new Set(live.map(({ messageId, endpoint }) => nameOf(messageId, endpoint)));
  expect(inFlight.size, "INV10: one in flight").toBe(live.length);
  const { submit } = state.task;
  if (submit.leaseUntil !== null) {
    expect(submit.leaseUntil, "a lease ends").toBeLessThanOrEqual(world.now() + LEASE_MS);
  }
}

function nameOf(messageId: string, endpoint: string | null | undefined): string {
  return `${messageId} ${endpoint ?? "own"}`;
}

/** An endpoint is sent to where it is, and not by the schedule while it is off, nor at all once it was deleted. */
function places(
  { endpoints: history }: Life,
  { endpoint }: Delivery,
  { mine, logged }: { mine: readonly WireCall[]; logged: readonly LoggedAttempt[] },
): void {
  if (endpoint === null) return;
  const { id } = endpoint;
  const astray = mine.filter(
    ({ url, at, isElsewhere }) =>
      !isElsewhere && (history.isDeleted(id, at) || !history.urls(id, at).includes(url)),
  );
  expect(astray, "an endpoint is sent to where its account says").toEqual([]);
  const toOneOff = logged.filter(
    ({ trigger, startedAt }) => trigger === "scheduled" && history.mustBeOff(id, startedAt),
  );
  expect(toOneOff, "the schedule sends nothing to an endpoint that is off").toEqual([]);
}
