import { expect } from "vitest";
import { deliveriesTo, terminalDelivery } from "../../../../src/domain/delivery/by-receiver.ts";
import type { TaskState } from "../../../../src/domain/task/state.ts";
import { isUnproved } from "../../../../src/domain/task/key-proof.ts";
import { isTerminal } from "../../../../src/domain/task/task.ts";
import type { Guarantees } from "../guarantees.ts";
import type { CreateRequest, Recovery, Redelivery, Rows, World } from "../world.ts";
import { counted, type Move } from "./move.ts";

/** What callers and the account ask of a task, and what they must be answered. */

export function create(request: CreateRequest): Move {
  const traits = [request.other ? "another body" : "", request.respondAsync ? "respond-async" : ""];
  return {
    text: ["create", ...traits.filter((word) => word !== "")].join(", "),
    fits: ({ life, creates }) => life.keyed || creates.length === 0,
    run: async (world, model, before) => {
      const deaths = world.deaths.length;
      const wire = world.wire.length;
      if (before.state === null && !before.digest) model.reopen();
      const count = world.creates.length;
      await world.create(request);
      const call = world.creates[count];
      if (!call?.answer || world.deaths.length > deaths) return;
      const { kind } = call.answer;
      const sent = world.wire.slice(wire).filter((made) => made.kind === "submit").length;
      if (kind === "misconfigured") expect(sent).toBe(0);
      else if (before.state !== null || before.digest) {
        expect(sent, "a replay submits nothing").toBe(0);
        expect(kind, "a replay's answer").toBe(replayKind(request.other === model.other, before, world));
        if (call.answer.kind === "taken") {
          expect(call.answer).toEqual({ kind, replayed: true, taskId: before.state?.task.taskId });
        }
      } else {
        expect(sent).toBe(request.respondAsync ? 0 : 1);
        const refused = !request.respondAsync && world.wire.at(-1)?.word === "400";
        expect(kind, "a new create's answer").toBe(refused ? "refused" : "taken");
      }
    },
  };
}

function replayKind(same: boolean, before: Rows, world: World): string {
  if (!same) return "mismatch";
  if (before.state === null) return "deleted";
  const { submit } = before.state.task;
  return submit.phase === "begun" && submit.inCreate && world.busy().create ? "in_progress" : "taken";
}

export const read: Move = { text: "read", run: async (world) => world.read() };

export function redeliver({
  which,
  ...to
}: Omit<Redelivery, "messageId"> & { which: "the newest" | "the first" | "an unknown message" }): Move {
  return {
    text: `redeliver ${which}${inWords(to)}`,
    run: async (world, model, before) => {
      const deaths = world.deaths.length;
      const ids = {
        "the newest": null,
        "the first": before.state?.deliveries[0]?.messageId,
        "an unknown message": "msg_no",
      };
      const order = { messageId: ids[which] ?? null, ...to };
      const isBusy = world.busy().alarm;
      const kind = await world.redeliver(order);
      const died = world.deaths.length > deaths;
      if (kind === "queued" || died) model.asked(kind === "queued");
      if (died || kind === "misconfigured") return;
      // It asks the account about an endpoint first; an alarm's run goes on meanwhile.
      if (to.endpoint !== null && isBusy) return;
      expect(kind).toBe(redeliveryAnswer(before, order, world));
    },
  };
}

function inWords({ endpoint, isElsewhere }: Omit<Redelivery, "messageId">): string {
  return `${endpoint === null ? "" : ` of ${endpoint}`}${isElsewhere ? ", elsewhere" : ""}`;
}

function redeliveryAnswer(before: Rows, order: Redelivery, world: World): string {
  const { state } = before;
  if (state === null) return "no_task";
  const none = noDelivery({ ...before, state }, order, world);
  if (none !== null) return none;
  const { task, deliveries } = state;
  if (isUnproved(task)) return "unproved";
  const recent = task.redeliveredAt.filter((at) => at > world.now() - 60_000).length;
  const waiting = order.isElsewhere ? deliveries.flatMap(({ elsewhere }) => elsewhere).length : 0;
  if (recent >= 10) return "too_often";
  return waiting >= 10 ? "too_many_elsewhere" : "queued";
}

/** Null: there is a delivery that an order means. */
function noDelivery(
  { state, endpoints }: Rows & { state: TaskState },
  { messageId: id, endpoint, isElsewhere }: Redelivery,
  { script }: World,
): string | null {
  const { task, deliveries } = state;
  if (endpoint === null && task.callback === null) return "no_callback";
  const isKnown = endpoint === null || task.endpoints?.some((one) => one.id === endpoint);
  if (!isKnown) return "no_endpoint";
  const there = deliveriesTo(deliveries, endpoint);
  if (there.length === 0) return "nothing";
  if (id !== null && there.every(({ messageId }) => messageId !== id)) return "no_message";
  const isThere = endpoint === null || endpoints.some((one) => one.id === endpoint);
  return isThere || isElsewhere || script.silentAccount ? null : "no_endpoint";
}

/** `alarms`: so many at most come first, until there is an end to recover. */
export function recover({ alarms, ...order }: Recovery & { alarms: number }): Move {
  const { recoveryId, statuses } = order;
  const first = alarms === 0 ? "" : `until it has ended, ${alarms} alarms, and `;
  return {
    text: `${first}recover what is ${statuses.join(" or ")} as ${recoveryId}${inWords(order)}`,
    run: async (world, model, before) => {
      const rows = await untilEnded({ world, model, before, alarms });
      const deaths = world.deaths.length;
      model.recovers(order);
      const kind = await world.recover(order);
      const isUnknown = kind === "misconfigured" || kind === "no answer" || world.deaths.length > deaths;
      if (!isUnknown) expect(recoveryAnswers(rows, order, world)).toContain(kind);
    },
  };
}

async function untilEnded(life: {
  world: World;
  model: Guarantees;
  before: Rows;
  alarms: number;
}): Promise<Rows> {
  let rows = life.before;
  for (let alarm = 0; alarm < life.alarms && rows.state && !isTerminal(rows.state.task); alarm++) {
    if (!(await life.world.fire())) break;
    counted.alarms += 1;
    rows = await life.model.look(life.world);
  }
  return rows;
}

/** What an order may be answered. */
function recoveryAnswers({ state, endpoints }: Rows, order: Recovery, world: World): string[] {
  if (state === null) return ["gone"];
  const { recoveryId, statuses, endpoint, isElsewhere } = order;
  const end = terminalDelivery(state.deliveries, endpoint);
  if (end?.status === "delivered") return ["delivered"];
  if (end?.finished.some((attempt) => attempt.recoveryId === recoveryId)) return ["failed", "interrupted"];
  if (!end || !(statuses.includes(end.status) || end.onTheWire?.recoveryId === recoveryId)) {
    return ["unmatched"];
  }
  // Another attempt that is on the wire may settle it meanwhile; else it is sent.
  if (end.onTheWire !== null) return ["delivered", "failed", "interrupted", "unmatched"];
  const isThere = endpoint === null || endpoints.some(({ id }) => id === endpoint);
  const asks = endpoint !== null && !isElsewhere;
  return asks && (!isThere || world.script.silentAccount) ? ["interrupted"] : ["delivered", "failed"];
}

export const remove: Move = {
  text: "delete",
  run: async (world, model, { state }) => {
    const deaths = world.deaths.length;
    const removed = await world.remove();
    if (world.deaths.length === deaths) {
      expect(removed).toBe(state !== null);
      if (removed && !world.script.brokenBucket)
        expect(await world.bucket(), "a file goes at once").toEqual([]);
    }
    if (removed || state !== null) model.removed(world);
  },
};
