import { describe, expect, it } from "vitest";
import type { RecoveryJson } from "../../../../src/contract/shapes/recovery.ts";
import { eventually, newHook } from "../../../support/stack.ts";
import { taken, useOutages } from "./outages.ts";

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
 */

const { stack, caller, other, call, start, read, ended, tasks, anOutage } = useOutages();

/** A task tells its account of an attempt when it has answered: a preview may lag. */
async function untilMatched(count: number): Promise<void> {
  await eventually(
    async () => (await call("POST", "", { dry_run: true })).body as { matched: number },
    ({ matched }) => matched === count,
  );
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
    await untilMatched(0);
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
      headers: caller,
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
    other().received.length = 0;
    const { id } = await start({
      callback_url: `${other().url}?token=canary`,
      callback_headers: { "x-new": "a-new-canary" },
    });
    expect(await ended(id)).toMatchObject({ status: "done", delivered: 8, failed: 0 });
    expect(taken(hook)).toEqual([]);
    expect(other().received).toHaveLength(8);
    for (const { headers, path } of other().received) {
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
    other().defaultReply({ status: 503 });
    await tasks(7, other().url, "exhausted");
    const ids = await anOutage(7, down);
    other().received.length = 0;
    const { id } = await start();
    expect(await ended(id)).toMatchObject({
      status: "halted",
      matched: 14,
      delivered: 7,
      failed: 5,
      remaining: 2,
    });
    expect(taken(down).toSorted()).toEqual(ids.toSorted());
    expect(other().received).toHaveLength(5);
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
    await untilMatched(9);
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
    const mine = caller.authorization;
    caller.authorization = "Bearer sk-another-account-of-another";
    expect((await start()).status).toBe("done");
    expect((await call("GET", `/${begun.id}`)).status).toBe(404);
    expect((await call("DELETE", `/${begun.id}`)).status).toBe(404);
    caller.authorization = mine;
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
