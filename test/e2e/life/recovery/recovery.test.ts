import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RecoveryJson } from "../../../../src/contract/shapes/recovery.ts";
import { startReceiver, type Receiver } from "../../../../dev/receiver.ts";
import {
  eventually,
  FAST_SETTINGS,
  newHook,
  startStack,
  type Hook,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";

/*
 * A receiver's outage and what follows, over HTTP.
 *
 * scenario                                        requirement (contract, Recovery)
 * 30 tasks exhausted among delivered ones         previewed, recovered, each delivered once more and only once
 * one delivered by hand meanwhile                 counts, is not sent
 * another URL with headers                        gets all of it; the stored headers stay behind; counts as the delivery
 * a receiver that stays down                      five failures in a row, then halted; schedules are as they were
 * two hosts, one of them down                     the other one is done all the same
 * DELETE while it runs, and after                 nothing more is sent; 200 with it
 * a second start                                  409 with the id of the first
 * filters                                         as in the list
 * the process ends in the middle                  it goes on, and no task is sent to twice
 * settings that do not parse meanwhile            nothing is lost: it goes on when they do
 * RINGBACK_SECRET changed meanwhile               nothing is sent on a guess: it goes on when the seal opens
 */

const store = mkdtempSync(join(tmpdir(), "ringback-recovery-"));
let stack: Stack;
let other: Receiver;
let keys = 0;
let authorization = "";

beforeAll(async () => {
  stack = await startStack({ settings: { CALLBACK_RETRY_SECONDS: "0.05" }, persistTo: store });
  other = await startReceiver();
});
afterAll(async () => {
  await stack.close();
  await other.close();
  rmSync(store, { recursive: true, force: true });
});
beforeEach(() => {
  // An account of its own.
  keys += 1;
  authorization = `Bearer sk-recovery-key-number-${keys}`;
  stack.receiver.defaultReply({ status: 200 });
  other.defaultReply({ status: 200 });
});

async function call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const response = await stack.call(`/v1/webhooks/recoveries${path}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

async function start(fields: object = {}): Promise<RecoveryJson> {
  const { status, body } = await call("POST", "", fields);
  expect(status, JSON.stringify(body)).toBe(202);
  return body as RecoveryJson;
}

async function read(id: string): Promise<RecoveryJson> {
  return (await call("GET", `/${id}`)).body as RecoveryJson;
}

async function ended(id: string): Promise<RecoveryJson> {
  return eventually(
    async () => read(id),
    ({ status }) => status !== "running",
    30_000,
  );
}

/** Test tasks, which end at once; their ids, oldest first, once their callbacks have come to that. */
async function tasks(count: number, url: string, status: string, fields: object = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const test = { outcome: "succeeded", delay_seconds: 0 };
    const response = await stack.create({ test, callback_url: url, ...fields }, { authorization });
    ids.push(((await response.json()) as TaskBody).task_id);
  }
  for (const id of ids) await stack.task(id, ({ callback }) => callback?.status === status, 20_000);
  // The account knows it, too.
  await eventually(
    async () => {
      const response = await stack.call(`/v1/videos?limit=100&callback_status=${status}`, {
        headers: { authorization },
      });
      return ((await response.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
    },
    (listed) => ids.every((id) => listed.includes(id)),
  );
  return ids;
}

async function anOutage(count: number, hook: Hook, fields: object = {}): Promise<string[]> {
  stack.receiver.defaultReply({ status: 503 });
  const ids = await tasks(count, hook.url, "exhausted", fields);
  stack.receiver.defaultReply({ status: 200 });
  return ids;
}

function taken(hook: Hook): string[] {
  const all = hook.received().filter(({ status }) => status === 200);
  return all.map(({ body }) => (JSON.parse(body) as { data: { task_id: string } }).data.task_id);
}

describe("an outage", () => {
  it("is previewed and recovered: all of it is delivered, each exactly once, and nothing else is sent", async () => {
    const before = newHook(stack);
    const hook = newHook(stack);
    await tasks(3, before.url, "delivered");
    const ids = await anOutage(30, hook);
    await tasks(2, before.url, "delivered");
    const { host } = new URL(stack.receiver.url);

    const preview = await call("POST", "", { dry_run: true });
    expect(preview).toEqual({
      status: 200,
      body: { matched: 30, hosts: [{ host, count: 30 }], tasks: ids.slice(0, 10) },
    });
    expect(taken(hook)).toEqual([]);

    const begun = await start();
    expect(begun).toMatchObject({
      object: "recovery",
      status: "running",
      matched: 30,
      delivered: 0,
      remaining: 30,
    });
    expect(begun.id).toMatch(/^rec_[a-z2-7]{26}$/);
    const done = await ended(begun.id);
    expect(done).toMatchObject({ status: "done", matched: 30, delivered: 30, failed: 0, remaining: 0 });
    expect(done.finished_at).not.toBeNull();

    expect(taken(hook).toSorted()).toEqual(ids.toSorted());
    expect(taken(before)).toHaveLength(5);
    for (const id of ids) {
      const [delivery] = await stack.deliveries(id);
      expect(delivery).toMatchObject({ status: "delivered" });
      expect(delivery?.attempts.at(-1)).toMatchObject({ trigger: "manual", outcome: "delivered" });
    }
    expect(await call("GET", "")).toEqual({ status: 200, body: { object: "list", data: [done] } });
    expect((await call("POST", "", { dry_run: true })).body).toMatchObject({ matched: 0 });
    const events = stack.logs.filter((line) => line.includes(begun.id) && line.includes('"recovery.'));
    expect(events.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      "recovery.started",
      "recovery.ended",
    ]);
  });

  it("of which one is delivered by hand meanwhile counts it, and does not send it again", async () => {
    const hook = newHook(stack);
    const ids = await anOutage(6, hook);
    stack.receiver.defaultReply({ status: 200, delayMs: 400 });
    const { id } = await start();
    const last = ids.at(-1) ?? "";
    const redelivered = await stack.call(`/v1/videos/${last}/redeliver`, {
      method: "POST",
      headers: { authorization },
    });
    expect(redelivered.status).toBe(202);
    expect(await ended(id)).toMatchObject({
      status: "done",
      matched: 6,
      delivered: 6,
      failed: 0,
      remaining: 0,
    });
    expect(taken(hook).toSorted()).toEqual(ids.toSorted());
  });

  it("can be sent elsewhere: with other headers, and counted as delivered", async () => {
    const hook = newHook(stack);
    const ids = await anOutage(8, hook, { callback_headers: { "x-old": "the old one" } });
    other.received.length = 0;
    const { id } = await start({
      callback_url: `${other.url}?token=canary`,
      callback_headers: { "x-new": "a-new-canary" },
    });
    expect(await ended(id)).toMatchObject({ status: "done", delivered: 8, failed: 0 });
    expect(taken(hook)).toEqual([]);
    expect(other.received).toHaveLength(8);
    for (const { headers, path } of other.received) {
      expect(path).toContain("token=canary");
      expect(headers["x-new"]).toBe("a-new-canary");
      expect(headers["x-old"]).toBeUndefined();
    }
    for (const task of ids) expect((await stack.task(task)).callback?.status).toBe("delivered");
    expect(stack.logs.filter((line) => line.includes("canary"))).toEqual([]);
  });
});

describe("a receiver that stays down", () => {
  it("gets five attempts, one after the other; the rest stays undelivered", async () => {
    const hook = newHook(stack);
    const ids = await anOutage(12, hook);
    stack.receiver.defaultReply({ status: 503 });
    const sent = hook.received().length;
    const { id } = await start();
    expect(await ended(id)).toMatchObject({
      status: "halted",
      matched: 12,
      delivered: 0,
      failed: 5,
      remaining: 7,
    });
    expect(hook.received()).toHaveLength(sent + 5);
    for (const task of ids) expect((await stack.task(task)).callback?.status).toBe("exhausted");
    stack.receiver.defaultReply({ status: 200 });
    const again = await start();
    expect(await ended(again.id)).toMatchObject({ status: "done", delivered: 12 });
    expect(taken(hook).toSorted()).toEqual(ids.toSorted());
  });

  it("does not keep another one from its callbacks", async () => {
    const down = newHook(stack);
    other.defaultReply({ status: 503 });
    await tasks(7, other.url, "exhausted");
    const ids = await anOutage(7, down);
    other.received.length = 0;
    const { id } = await start();
    expect(await ended(id)).toMatchObject({
      status: "halted",
      matched: 14,
      delivered: 7,
      failed: 5,
      remaining: 2,
    });
    expect(taken(down).toSorted()).toEqual(ids.toSorted());
    expect(other.received).toHaveLength(5);
  });
});

describe("a recovery that runs", () => {
  it("is cancelled: nothing more is sent, and what was on its way counts", async () => {
    const hook = newHook(stack);
    await anOutage(10, hook);
    stack.receiver.defaultReply({ status: 200, delayMs: 500 });
    const before = hook.received().length;
    const { id } = await start();
    await hook.waitFor(before + 1);
    const cancelled = await call("DELETE", `/${id}`);
    expect(cancelled).toMatchObject({ status: 200, body: { id, status: "cancelled", matched: 10 } });
    const after = await eventually(
      async () => read(id),
      ({ delivered }) => delivered === 1,
    );
    expect(after).toMatchObject({ status: "cancelled", delivered: 1, failed: 0, remaining: 9 });
    expect(await call("DELETE", `/${id}`)).toEqual({ status: 200, body: after });
    expect(hook.received()).toHaveLength(before + 1);
    // Another may begin.
    stack.receiver.defaultReply({ status: 200 });
    expect(await ended((await start()).id)).toMatchObject({ status: "done", matched: 9, delivered: 9 });
  });

  it("is the only one of its account", async () => {
    const hook = newHook(stack);
    await anOutage(4, hook);
    stack.receiver.defaultReply({ status: 200, delayMs: 300 });
    const answers = await Promise.all([call("POST", "", {}), call("POST", "", {})]);
    const begun = answers.find(({ status }) => status === 202)?.body as RecoveryJson;
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
    const third = await call("POST", "", { statuses: ["stopped"] });
    expect(third).toMatchObject({
      status: 409,
      body: { error: { code: "recovery_running", recovery_id: begun.id } },
    });
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      error: { code: "recovery_running", recovery_id: begun.id },
    });
    expect((await call("POST", "", { dry_run: true })).status).toBe(200);
    const mine = authorization;
    authorization = "Bearer sk-another-account-of-another";
    expect((await start()).status).toBe("done");
    expect((await call("GET", `/${begun.id}`)).status).toBe(404);
    expect((await call("DELETE", `/${begun.id}`)).status).toBe(404);
    authorization = mine;
    expect(await ended(begun.id)).toMatchObject({ status: "done", delivered: 4 });
  });
});

describe("the filters", () => {
  it("mean what they mean in the list", async () => {
    const hook = newHook(stack);
    const [first = ""] = await anOutage(1, hook, { model: "model-a" });
    const [second = ""] = await anOutage(1, hook, { model: "model-b" });
    stack.receiver.defaultReply({ status: 410 });
    const [third = ""] = await tasks(1, hook.url, "stopped");
    const { created_at: between } = await stack.task(second);
    const { host } = new URL(stack.receiver.url);
    const preview = async (fields: object): Promise<unknown> =>
      ((await call("POST", "", { dry_run: true, ...fields })).body as { tasks: string[] }).tasks;
    expect(await preview({})).toEqual([first, second]);
    expect(await preview({ statuses: "exhausted,stopped" })).toEqual([first, second, third]);
    expect(await preview({ statuses: ["stopped"] })).toEqual([third]);
    expect(await preview({ statuses: ["pending"] })).toEqual([]);
    expect(await preview({ model: "model-b" })).toEqual([second]);
    expect(await preview({ created_after: between })).toEqual([second]);
    expect(await preview({ created_before: between })).toEqual([first]);
    expect(await preview({ created_before: "2999-01-01" })).toEqual([first, second]);
    expect(await preview({ callback_host: host })).toEqual([first, second]);
    expect(await preview({ callback_host: "other.acme.com" })).toEqual([]);
    expect(await start({ callback_host: "other.acme.com" })).toMatchObject({
      status: "done",
      matched: 0,
      remaining: 0,
    });
  });
});

/**
 * How many have failed; none was sent to twice. What was on the wire when the process ended has no known outcome: it has failed, whether or not
 * it arrived, and is not sent again.
 */
async function failedOf(id: string, ids: readonly string[], hook: Hook): Promise<number> {
  const over = await ended(id);
  expect(over).toMatchObject({ status: "done", matched: ids.length, remaining: 0 });
  expect(over.delivered + over.failed).toBe(ids.length);
  const arrived = taken(hook);
  expect(new Set(arrived).size).toBe(arrived.length);
  expect(ids.filter((task) => !arrived.includes(task)).length).toBeLessThanOrEqual(over.failed);
  return over.failed;
}

describe("a process that ends in the middle", () => {
  it("is followed by one that goes on; no task is sent to twice", { timeout: 60_000 }, async () => {
    const hook = newHook(stack);
    const ids = await anOutage(40, hook);
    stack.receiver.defaultReply({ status: 200, delayMs: 100 });
    const before = hook.received().length;
    const { id } = await start();
    await hook.waitFor(before + 10);
    await stack.restart();
    expect(await failedOf(id, ids, hook)).toBeLessThanOrEqual(5);
  });

  it("goes on after settings that did not parse", { timeout: 60_000 }, async () => {
    const hook = newHook(stack);
    const ids = await anOutage(20, hook);
    stack.receiver.defaultReply({ status: 200, delayMs: 100 });
    const before = hook.received().length;
    const { id } = await start();
    await hook.waitFor(before + 3);
    await stack.restart({ POLL_MIN_SECONDS: "soon" });
    expect((await call("GET", `/${id}`)).status).toBe(503);
    await stack.restart();
    expect(await failedOf(id, ids, hook)).toBeLessThanOrEqual(5);
  });

  it(
    "sends nothing while its receiver's seal does not open, and goes on when it does",
    { timeout: 60_000 },
    async () => {
      const secret = "another secret of the tests, long enough to count";
      const hook = newHook(stack);
      await anOutage(10, hook);
      other.defaultReply({ status: 200, delayMs: 100 });
      other.received.length = 0;
      const { id } = await start({ callback_url: other.url, callback_headers: { "x-new": "a-value" } });
      await other.waitFor(2);
      await stack.restart({ RINGBACK_SECRET: secret });
      other.received.length = 0;
      await eventually(
        async () => read(id),
        () =>
          stack.logs.some(
            (line) => line.includes('"recovery.failed"') && line.includes(id) && line.includes("SealError"),
          ),
      );
      expect(await read(id)).toMatchObject({ status: "running", matched: 10 });
      expect(other.received).toEqual([]);
      await stack.restart({
        RINGBACK_SECRET: secret,
        RINGBACK_SECRET_PREVIOUS: FAST_SETTINGS["RINGBACK_SECRET"] ?? "",
      });
      expect(await ended(id)).toMatchObject({ status: "done", matched: 10, remaining: 0 });
      expect(other.received.length).toBeGreaterThan(0);
      expect(other.received.every(({ headers }) => headers["x-new"] === "a-value")).toBe(true);
      await stack.restart();
    },
  );
});
