import { abortAllDurableObjects, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DELIVERY_LIFETIME_MS, type Delivery } from "../../../src/domain/delivery/delivery.ts";
import { watchLog } from "../../support/log-lines.ts";
import { alarmOf, rewriteDocument, storedOf } from "../support/stored.ts";
import { callbacks, created, fakeNetwork, network, read, stubOf, until, upstream } from "../support/world.ts";

/*
 * An attempt that cannot be prepared, because its headers do not open with any secret.
 *
 * scenario                                            requirement
 * the event is younger than 22 hours                  the attempt waits a minute, and is repeated
 * it is older, and still pending                      guarantees 7 and 10: exhausted, and erased after its retention
 * it was delivered, and is asked for again by hand    the attempt by hand ends in the same time after it was asked for
 */

beforeEach(fakeNetwork);

afterEach(async () => {
  await reset();
  vi.restoreAllMocks();
});

const SOON_MS = 60_000;

/** A task with one delivery, changed so, whose headers no secret opens. `ageMs`: since the end, and the last redelivery. */
async function unreadable(ageMs: number, change: Partial<Delivery>): Promise<string> {
  network.answer = upstream();
  const { task_id: id } = await created({
    callback_headers: { "x-make-apikey": "a secret of the receiver" },
  });
  await until(
    async () => read(id),
    ({ callback }) => callback.status === "delivered",
  );
  network.calls.length = 0;
  const at = Date.now() - ageMs;
  await rewriteDocument(id, (document) => ({
    ...document,
    task: { ...document.task, finishedAt: at, redeliveredAt: [at] },
    deliveries: document.deliveries.map((one) => ({ ...one, occurredAt: at, settledAt: at, ...change })),
    sealed: { ...document.sealed, headers: btoa("\u0001".repeat(40)) },
  }));
  await runInDurableObject(stubOf(id), async (_object, { storage }) => storage.setAlarm(Date.now() + 1));
  await abortAllDurableObjects();
  return id;
}

const PENDING: Partial<Delivery> = { status: "pending", nextAttemptAt: 0, settledAt: null };
const BY_HAND: Partial<Delivery> = { manual: 2, elsewhere: [btoa("\u0001".repeat(40))] };

async function deliveryOf(id: string): Promise<Delivery | undefined> {
  return (await storedOf(id)).state?.deliveries[0];
}

async function wakesAt(id: string): Promise<number> {
  return (await alarmOf(stubOf(id))) ?? 0;
}

describe("an attempt that cannot be prepared", () => {
  it.each([PENDING, { manual: 1 }])("waits a minute while there is time: %j", async (change) => {
    const id = await unreadable(DELIVERY_LIFETIME_MS - SOON_MS, change);
    await until(
      async () => wakesAt(id),
      (at) => at > Date.now() + SOON_MS / 2,
    );
    expect(await wakesAt(id)).toBeLessThanOrEqual(Date.now() + SOON_MS);
    expect(await deliveryOf(id)).toMatchObject(change);
  });

  it.each([
    [PENDING, "exhausted"],
    [{ ...PENDING, ...BY_HAND }, "exhausted"],
    [{ manual: 2 }, "delivered"],
  ] as const)("ends with its delivery, and the task is erased in time: %j", async (change, status) => {
    const logged: string[] = [];
    watchLog((line) => logged.push(line));
    const id = await unreadable(DELIVERY_LIFETIME_MS, change);
    const ended = await until(
      async () => deliveryOf(id),
      (delivery) => delivery?.status === status && delivery.manual === 0,
    );
    expect(ended).toMatchObject({ nextAttemptAt: null, elsewhere: [], onTheWire: null });
    // The account is told first, and may be late.
    await until(
      async () => wakesAt(id),
      (alarm) => (alarm ?? 0) > Date.now() + 3_600_000,
    );
    const lines = logged.filter((line) => line.includes('"delivery.ended"'));
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ task_id: id, delivery: status, reason: "unprepared" }),
    ]);
    expect(callbacks()).toEqual([]);
  });
});
