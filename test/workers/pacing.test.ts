import { env } from "cloudflare:workers";
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TaskState } from "../../src/domain/agenda.ts";
import { CadenceObject } from "../../src/cadence/object.ts";
import { ownKeyAccount } from "../../src/keys/ids.ts";
import {
  AUTHORIZATION,
  callbacks,
  created,
  fakeNetwork,
  network,
  read,
  stubOf,
  submits,
  until,
  upstream,
} from "./support/world.ts";

/*
 * scenario                                   requirement
 * a task without a 429                       none asks
 * a 429 on a submit, on a poll               the task joins, and its key is paced
 * a task that registers while its key is     told so, and asks
 * a minute without a 429                     it leaves when it is told
 * another key                                does not notice
 * a cadence that does not answer             never needed for progress
 */

beforeEach(fakeNetwork);
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

async function cadence(authorization = AUTHORIZATION) {
  const account = await ownKeyAccount(authorization.replace("Bearer ", ""));
  return env.CADENCES.get(env.CADENCES.idFromName(account));
}

async function isPaced(id: string): Promise<boolean | null> {
  return runInDurableObject(stubOf(id), (_object, { storage }) => {
    const row = storage.sql.exec<{ doc: string }>("SELECT doc FROM task").toArray()[0];
    return row ? (JSON.parse(row.doc) as TaskState).shared.paced : null;
  });
}

const slowDown = (): Response => Response.json({ message: "slow down" }, { status: 429 });

/** Refuses the first calls of one kind. */
function refusing(method: "GET" | "POST", times: number): void {
  const answer = upstream();
  let left = times;
  network.answer = (call) => {
    if (call.method !== method || call.url.includes("receiver") || left === 0) return answer(call);
    left -= 1;
    return slowDown();
  };
}

async function delivered(id: string): Promise<void> {
  await until(
    async () => read(id),
    ({ callback }) => callback.status === "delivered",
  );
  expect(callbacks().length).toBeGreaterThan(0);
}

describe("a task", () => {
  it("asks for no slot while nobody has met a 429", async () => {
    const pace = vi.spyOn(CadenceObject.prototype, "pace");
    const { task_id: id } = await created();
    await delivered(id);
    expect(pace).not.toHaveBeenCalled();
    expect(await isPaced(id)).toBe(false);
  });

  it.each([
    { call: "poll", method: "GET" as const },
    { call: "submit", method: "POST" as const },
  ])("joins with its first 429 on a $call, and asks for a slot from then on", async ({ call, method }) => {
    const told = vi.spyOn(CadenceObject.prototype, "slowDown");
    const pace = vi.spyOn(CadenceObject.prototype, "pace");
    refusing(method, 1);
    const { task_id: id } = await created({ model: call });
    await delivered(id);
    expect(told.mock.calls).toEqual([
      [call, { sentAt: expect.any(Number) as number, hadSlot: false, retryAfterMs: null }],
    ]);
    expect(pace.mock.calls[0]?.[0]).toBe(call);
    expect(await isPaced(id)).toBe(call === "poll");
  });

  it("is told when it registers that its key is paced, and asks without a 429 of its own", async () => {
    const stub = await cadence();
    await stub.slowDown("poll", { sentAt: Date.now(), hadSlot: false, retryAfterMs: null });
    const pace = vi.spyOn(CadenceObject.prototype, "pace");
    network.answer = upstream({ status: "running" });
    const { task_id: id } = await created({ model: "told" });
    await until(
      () => pace.mock.calls.length,
      (count) => count > 1,
    );
    expect(await isPaced(id)).toBe(true);
    network.answer = upstream();
    await delivered(id);
  });

  it("of another key does not notice", async () => {
    const stub = await cadence("Bearer sk-another");
    await stub.slowDown("poll", { sentAt: Date.now(), hadSlot: false, retryAfterMs: null });
    const pace = vi.spyOn(CadenceObject.prototype, "pace");
    const { task_id: id } = await created({ model: "not told" });
    await delivered(id);
    expect(pace).not.toHaveBeenCalled();
  });

  it("leaves when it is told that nobody paces its key any more", async () => {
    refusing("GET", 1);
    vi.spyOn(CadenceObject.prototype, "pace").mockReturnValue({ kind: "free" });
    const { task_id: id } = await created({ model: "leaves" });
    await delivered(id);
    expect(await isPaced(id)).toBe(false);
  });

  it("waits for its slot, also one that is far away", async () => {
    const pace = vi.spyOn(CadenceObject.prototype, "pace");
    let times = 0;
    pace.mockImplementation(() => {
      times += 1;
      return { kind: times < 3 ? "again" : "slot", at: Date.now() + 300 };
    });
    refusing("GET", 1);
    const { task_id: id } = await created({ model: "waits" });
    await delivered(id);
    // Twice sent away, then a slot; what was given is used without asking again.
    expect(times).toBe(3);
  });

  it("needs no cadence: where it is away, its own backoff and plan count", async () => {
    vi.spyOn(CadenceObject.prototype, "pace").mockImplementation(() => {
      throw new Error("away");
    });
    vi.spyOn(CadenceObject.prototype, "slowDown").mockImplementation(() => {
      throw new Error("away");
    });
    const answer = upstream();
    const left = { POST: 1, GET: 2 };
    network.answer = (call) => {
      const method = call.method as "GET" | "POST";
      if (call.url.includes("receiver") || left[method] === 0) return answer(call);
      left[method] -= 1;
      return slowDown();
    };
    const { task_id: id } = await created({ model: "alone" });
    await delivered(id);
    expect(submits()).toHaveLength(2);
  });
});
