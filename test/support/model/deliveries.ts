import { expect } from "vitest";
import type { EventType } from "../../../src/contract/words.ts";
import { deliveriesTo } from "../../../src/domain/delivery/by-receiver.ts";
import type { Delivery } from "../../../src/domain/delivery/delivery.ts";
import type { TaskState } from "../../../src/domain/task/state.ts";
import { isTerminalEvent } from "../../../src/domain/task/events/event.ts";
import { bodyKey, type LoggedAttempt, type Rows, type WireCall, type World } from "./world.ts";
import type { Life } from "./life.ts";

/** What must hold of a task's events and of what its receivers are sent. Numbers are guarantees and invariants. */

/** The longest lease of a submit. */
const LEASE_MS = 33_000;

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
export function toldOfTheEnd(world: World, life: Life): void {
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

export function events(world: World, life: Life, { task, deliveries }: TaskState): void {
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

/** A redelivery to another URL is none to the receiver; a recovery there is, because the receiver has moved. */
function isToReceiver({ host, recoveryId }: LoggedAttempt): boolean {
  return host === undefined || recoveryId !== undefined;
}

/** Whether a 2xx to this call is a delivery, by the rows of its delivery. */
export function counts({ attempt, isElsewhere }: WireCall, rows: readonly LoggedAttempt[]): boolean {
  const row = rows.find(({ number }) => number === attempt);
  return row ? isToReceiver(row) : !isElsewhere;
}

export function attempts(seen: {
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
