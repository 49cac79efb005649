import { runInDurableObject } from "cloudflare:test";
import { expect } from "vitest";
import { deliveriesTo } from "../../../../src/domain/delivery/by-receiver.ts";
import type { TaskState } from "../../../../src/domain/task/state.ts";
import { isUnproved } from "../../../../src/domain/task/key-proof.ts";
import { readRows } from "../../../support/model/read-rows.ts";
import { onTheWire } from "../crash.ts";
import { rowsByTable } from "../stored.ts";
import type { Scenario } from "./scenarios.ts";

export interface Rows {
  state: TaskState | null;
  attempts: number;
  alarm: number | null;
  key: boolean;
  parts: number;
  /** Whether anything is stored. */
  isEmpty: boolean;
}

/** Of a task's object, or of its account's, which keeps tables. */
export async function rowsOf(stub: DurableObjectStub): Promise<Rows> {
  return runInDurableObject(stub, async (_object, { storage }) => {
    const { state, attempts, key, parts, keys } = readRows(storage);
    return {
      state,
      attempts: attempts.length,
      alarm: await storage.getAlarm(),
      key,
      parts,
      isEmpty: keys.length === 0 && Object.keys(rowsByTable(storage)).length === 0,
    };
  });
}

/** 3: one delivery for each type and receiver; to endpoints, the end's: with the end, or with the answer that names them. */
function eachOnce({ task, deliveries }: TaskState): void {
  const events = deliveries.map(({ type, endpoint }) => `${type} ${endpoint?.id}`);
  expect(new Set(events).size).toBe(events.length);
  const own = deliveriesTo(deliveries, null).length;
  if (task.finishedAt !== null) expect(events).toHaveLength(own + (task.endpoints ?? []).length);
}

/** Looks at the guarantees after every step of one life, against what it saw before. */
export function witness(scenario: Scenario): (rows: Rows) => void {
  let terminal: string | null = null;
  let erased = false;
  return (rows) => {
    // 2: submitted at most once while the outcome is unknown.
    expect(sent("submit")).toBeLessThanOrEqual(1 + scenario.notNow);
    // 6: whatever is stored has an alarm that will deal with it.
    if (!rows.isEmpty) expect(rows.alarm).not.toBeNull();
    // 4: the same id and the same bytes every time.
    const messages = onTheWire("callback");
    const bodies = new Map(messages.map(({ headers, body }) => [headers.get("webhook-id"), body]));
    for (const { headers, body } of messages) {
      expect(bodies.get(headers.get("webhook-id"))).toBe(body);
      expect(JSON.parse(body)).toMatchObject({ id: headers.get("webhook-id") });
    }
    if (!rows.state) {
      erased = true;
      return;
    }
    expect(erased).toBe(false);
    const { task, deliveries } = rows.state;
    // 3: one end, one event a type.
    eachOnce(rows.state);
    const types = deliveriesTo(deliveries, null).map(({ type }) => type);
    const end = task.finishedAt === null ? null : JSON.stringify([task.status, task.error, task.videoUrl]);
    if (terminal !== null) expect(end).toBe(terminal);
    terminal = end;
    if (end !== null) expect(types.filter((type) => type === `video.${task.status}`)).toHaveLength(1);
    // 5: the log never holds fewer rows than the wire saw requests.
    expect(rows.attempts).toBeGreaterThanOrEqual(messages.length);
    // 9: the key goes with the end, or with the answer that it is kept for; the request with its acceptance.
    const hasMore = task.endpoints === null || deliveries.some(({ status }) => status === "pending");
    const asks = isUnproved(task) && hasMore;
    if (end !== null) expect(rows.key).toBe(asks);
    if (scenario.unproved && task.submit.phase === "done" && !asks) {
      expect(deliveries.map(({ status }) => status)).toEqual(["stopped"]);
    }
    if (task.upstreamTaskId !== null || end !== null) expect(rows.parts).toBe(0);
  };
}

export function sent(kind: Parameters<typeof onTheWire>[0]): number {
  return onTheWire(kind).length;
}
