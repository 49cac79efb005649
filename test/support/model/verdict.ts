import type { EventType } from "../../../src/contract/words.ts";
import { deliveriesTo } from "../../../src/domain/delivery/by-receiver.ts";
import { isTerminalEvent } from "../../../src/domain/task/events/event.ts";
import { isTerminal } from "../../../src/domain/task/task.ts";
import type { Tally } from "../checks/tally.ts";
import { counts, isRefused, receivers, wasUnproved } from "./deliveries.ts";
import type { Life } from "./life.ts";
import type { WireCall, World } from "./world.ts";

/** No attempt is planned for later than 22 h after its event, and the longest wait of the model is an hour. */
const SCHEDULE_MS = 21 * 3_600_000;

export type Verdict = Pick<Tally, "lost" | "doubled" | "leaked">;

/** What a verdict is made from. */
export type Seen = Pick<World, "life" | "creates" | "wire" | "verdicts" | "shown" | "secrets" | "retryMs">;

/** What is left of a world when its last task is gone: counted anew, from the creates' answers and the wire. */
export function verdict(world: Seen, lives: readonly Life[]): Verdict {
  const found = { lost: unknown(world, lives), doubled: 0, leaked: 0 };
  for (const life of lives) {
    const wire = world.wire.slice(life.from, life.until);
    if (isLost(world, life, wire)) found.lost += 1;
    found.doubled += submitsTwice(world, wire) + sentTwice(life, wire);
  }
  found.leaked = world.shown.filter((text) => world.secrets.some((secret) => text.includes(secret))).length;
  return found;
}

/** Creates that were answered 2xx with a new task, of which the store never had a row. */
function unknown({ creates }: Seen, lives: readonly Life[]): number {
  const taken = creates.filter(({ answer }) => answer?.kind === "taken" && !answer.replayed).length;
  return Math.max(0, taken - lives.filter(({ takenAt }) => takenAt !== null).length);
}

/** Accepted, not deleted, and without its end, or with one that a receiver was never told nor refused to hear. */
function isLost(world: Seen, life: Life, wire: readonly WireCall[]): boolean {
  const { takenAt, removed, lastState } = life;
  if (takenAt === null || removed) return false;
  if (!isTerminal(lastState.task)) return true;
  return receivers(world, lastState).some((to) => isEndLost(world, life, { wire, to }));
}

function isEndLost(
  world: Seen,
  life: Life,
  { wire, to }: { wire: readonly WireCall[]; to: string | null },
): boolean {
  const { lastState, lastRows } = life;
  const end = deliveriesTo(lastState.deliveries, to).find(({ type }) => isTerminalEvent(type));
  if (end === undefined || end.status === "pending") return true;
  const sent = wire.filter(({ kind, endpoint }) => kind === "callback" && endpoint === to);
  if (wasUnproved(world, end)) return false;
  const ofEnd = lastRows.attempts.filter(({ seq }) => seq === end.seq);
  const toReceiver = sent.filter((call) => call.messageId === end.messageId && counts(call, ofEnd));
  if (toReceiver.some(({ word }) => word === "200")) return false;
  if (end.status === "stopped") return !isRefused(life, end, sent);
  // An attempt that died before it left is one of the schedule, too; and the schedule ends before a day is over.
  const late = (end.settledAt ?? 0) > end.occurredAt + SCHEDULE_MS;
  return end.status !== "exhausted" || (end.scheduled <= world.retryMs.length && !late);
}

/** Submits after one that was not answered with a definite "not now". */
function submitsTwice({ life }: Seen, wire: readonly WireCall[]): number {
  const again = new Set(["429", "429+7", "503+7", ...(life.repeats ? ["500"] : [])]);
  const earlier = wire.filter(({ kind }) => kind === "submit").slice(0, -1);
  return earlier.filter(({ word, answeredAt }) => answeredAt === null || !again.has(word)).length;
}

/** Second ends; and attempts after a 2xx that the same process had heard, unless a redelivery was asked for. */
function sentTwice({ lastState, lastRows, asked }: Life, wire: readonly WireCall[]): number {
  const sent = wire.filter(({ kind }) => kind === "callback");
  const ends = new Set(sent.map(messageOf).flatMap(({ id, type }) => (isTerminalEvent(type) ? [id] : [])));
  const unasked = sent.filter((call, index) => {
    const there = deliveriesTo(lastState.deliveries, call.endpoint);
    const seq = there.find(({ messageId }) => messageId === call.messageId)?.seq;
    const rows = lastRows.attempts.filter((known) => known.seq === seq);
    const heard = sent.slice(0, index).some((before) => isHeard(before, call) && counts(before, rows));
    const row = rows.find(({ number }) => number === call.attempt);
    // The row of the very last one may have gone with the task, in the run that made it.
    const byHand = row ? row.trigger === "manual" && row.recoveryId === undefined : asked > 0;
    return heard && !byHand;
  });
  return Math.max(0, ends.size - 1) + unasked.length;
}

function messageOf({ body }: WireCall): { id: string; type: EventType } {
  const { id, type, message_id, event } = JSON.parse(body) as Record<string, string>;
  return { id: id ?? message_id ?? "", type: (type ?? event) as EventType };
}

function isHeard(before: WireCall, { messageId, endpoint, process }: WireCall): boolean {
  const yes = before.word === "200" && before.answeredAt !== null;
  const isOfOne = before.messageId === messageId && before.endpoint === endpoint;
  return yes && isOfOne && before.process === process;
}
