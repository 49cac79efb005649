import { env } from "cloudflare:workers";
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CadenceObject } from "../../../src/cadence-object/object.ts";
import type { PaceAnswer } from "../../../src/domain/pacing/pacing.ts";
import { nameInTaskId } from "../../../src/domain/task/task-id.ts";
import { ownKeyAccount } from "../../../src/keys/ids.ts";
import { ownAccount } from "../support/account.ts";
import { storedOf } from "../support/stored.ts";
import {
  caller,
  callbacks,
  created,
  fakeNetwork,
  hangs,
  network,
  read,
  submits,
  until,
  upstream,
} from "../support/world.ts";

/*
 * scenario                                   requirement
 * a task without a 429                       none asks
 * a 429 on a submit, on a poll               the task joins, and its key is paced
 * a task that begins while its key is paced  told so, and asks
 * several tasks above the limit of a key      all of them are slowed to it, and submits go before polls
 * a minute without a 429                     it leaves when it is told
 * another key                                does not notice
 * a cadence that fails, or never answers     never needed for progress
 */

// Backoff takes seconds, and a busy machine its time.
vi.setConfig({ testTimeout: 40_000 });

beforeEach(fakeNetwork);
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

async function cadence(authorization = caller.authorization) {
  const account = await ownKeyAccount(authorization.replace("Bearer ", ""));
  return env.CADENCES.get(env.CADENCES.idFromName(account));
}

async function isPaced(id: string): Promise<boolean | null> {
  return (await storedOf(id)).state?.sync.paced ?? null;
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
  it("asks for no slot before a 429", async () => {
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
    expect(told.mock.calls).toEqual([[call, { slotAt: null, retryAfterMs: null }]]);
    expect(pace.mock.calls[0]?.[0]).toBe(call);
    expect(await isPaced(id)).toBe(call === "poll");
  });

  it("is told by its briefing that its key is paced, and asks without a 429 of its own", async () => {
    const stub = await cadence();
    await stub.slowDown("poll", { slotAt: null, retryAfterMs: null });
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
    await stub.slowDown("poll", { slotAt: null, retryAfterMs: null });
    const pace = vi.spyOn(CadenceObject.prototype, "pace");
    const { task_id: id } = await created({ model: "not told" });
    await delivered(id);
    expect(pace).not.toHaveBeenCalled();
  });

  it("is asked for by its place in the line: a submit's by the age of its task, a poll's by when it was due", async () => {
    const pace = vi.spyOn(CadenceObject.prototype, "pace");
    refusing("POST", 1);
    const { task_id: id, ...task } = await created({ model: "placed" });
    await delivered(id);
    const [lane, { name, account, since }] = pace.mock.calls[0] ?? [
      null,
      { name: "", account: "", since: 0 },
    ];
    expect({ lane, name, account }).toEqual({
      lane: "submit",
      name: nameInTaskId(id),
      account: await ownAccount(),
    });
    expect(since).toBe(Date.parse((task as unknown as { created_at: string }).created_at));
    const polls = pace.mock.calls.filter(([kind]) => kind === "poll");
    expect(polls.every(([, waiter]) => waiter.since > since)).toBe(true);
  });

  it("tells the slot that its refused call had, so that the rate is cut", async () => {
    const told = vi.spyOn(CadenceObject.prototype, "slowDown");
    const pace = vi.spyOn(CadenceObject.prototype, "pace");
    refusing("GET", 2);
    const { task_id: id } = await created({ model: "slots" });
    await delivered(id);
    const slot = pace.mock.results
      .map(({ value }) => value as PaceAnswer)
      .find(({ kind }) => kind === "slot");
    expect(told.mock.calls.map(([, { slotAt }]) => slotAt)).toEqual([null, (slot as { at: number }).at]);
  });

  it("leaves when its key is no longer paced", async () => {
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

  it.each([
    {
      what: "fails",
      silence: (): never => {
        throw new Error("away");
      },
    },
    // An asking task waits a second for it, and no longer.
    { what: "never answers", silence: hangs as () => never },
  ])(
    "needs no cadence: where it $what, its own backoff and plan count",
    { timeout: 20_000 },
    async ({ what, silence }) => {
      vi.spyOn(CadenceObject.prototype, "pace").mockImplementation(silence);
      vi.spyOn(CadenceObject.prototype, "slowDown").mockImplementation(silence);
      const answer = upstream();
      const left = { POST: 1, GET: 2 };
      network.answer = (call) => {
        const method = call.method as "GET" | "POST";
        if (call.url.includes("receiver") || left[method] === 0) return answer(call);
        left[method] -= 1;
        return slowDown();
      };
      const { task_id: id } = await created({ model: `alone ${what}` });
      await delivered(id);
      expect(submits()).toHaveLength(2);
    },
  );
});

describe("eight tasks of one key", () => {
  const LIMIT = 5;

  /** An upstream that lets through so many polls in any second; when they passed, and when they were refused. */
  function limited(key: string): { passed: number[]; refused: number[] } {
    const calls = { passed: [] as number[], refused: [] as number[] };
    const answer = upstream({ status: "running" });
    network.answer = (call) => {
      if (call.method !== "GET" || call.headers.get("authorization") !== key) return answer(call);
      const now = Date.now();
      const passes = calls.passed.filter((at) => now - at < 1000).length < LIMIT;
      calls[passes ? "passed" : "refused"].push(now);
      return passes ? answer(call) : slowDown();
    };
    return calls;
  }

  it("are slowed to what the key allows, and another key is not", async () => {
    const calls = limited(caller.authorization);
    const other = { authorization: "Bearer sk-another" };
    await created({ model: "free" }, other);
    const tasks = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => created({ model: `crowd ${index}` })),
    );
    const stub = await cadence();
    const from = Date.now();
    await until(
      () => Date.now() - from,
      (ms) => ms > 8_000,
    );
    // Eight tasks that poll every fifth of a second would make forty calls a second.
    const [passed, refused] = [calls.passed, calls.refused].map(
      (times) => times.filter((at) => at > from + 4_000).length,
    );
    expect(passed).toBeGreaterThan(4);
    expect((passed ?? 0) + (refused ?? 0)).toBeLessThanOrEqual(4 * LIMIT * 2);
    expect(
      await stub.outlook({ model: "m", resolution: null, seconds: null, inputMode: null }),
    ).toMatchObject({
      paced: true,
    });
    const others = network.calls.filter(
      ({ method, headers }) => method === "GET" && headers.get("authorization") === other.authorization,
    );
    // Every fifth of a second and the way there, on a machine that may be slow.
    expect(others.length).toBeGreaterThan(15);
    network.answer = upstream();
    await Promise.all(tasks.map(async ({ task_id: id }) => delivered(id)));
  });
});
