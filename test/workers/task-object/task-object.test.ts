import { abortAllDurableObjects, listDurableObjectIds, reset } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alarmOf, loseAlarm, rewriteDocument } from "../support/stored.ts";
import {
  caller,
  callbacks,
  create,
  created,
  fakeNetwork,
  network,
  read,
  request,
  stubOf,
  submits,
  until,
  upstream,
  type TaskBody,
} from "../support/world.ts";

/*
 * The task's object, in workerd itself.
 *
 * scenario                                            requirement
 * the alarm is gone                                   guarantee 6: any request re-arms it
 * a step that fails for a reason of ours              no exception reaches the runtime; looked at again in a minute
 * 1,000 made-up ids                                   contract, ids: no object is woken
 */

beforeEach(fakeNetwork);

afterEach(async () => {
  // No object of one test goes on polling into the next.
  await reset();
  vi.restoreAllMocks();
});

describe("the alarm", () => {
  it.each<[request: string, send: (id: string) => Promise<Response>]>([
    ["read", async (id) => request("GET", `/v1/videos/${id}`)],
    ["read of its deliveries", async (id) => request("GET", `/v1/videos/${id}/deliveries`)],
    ["stream of its events", async (id) => request("GET", `/v1/videos/${id}/events`)],
    ["redelivery", async (id) => request("POST", `/v1/videos/${id}/redeliver`)],
    ["repeated create", async () => create({}, { "idempotency-key": "lost-alarm" })],
  ])("that is lost is armed again by any request to the task: a %s", async (_request, send) => {
    network.answer = upstream({ status: "running" });
    const { task_id: id } = await created({}, { "idempotency-key": "lost-alarm" });
    const stub = stubOf(id);
    await until(
      () => network.calls.length,
      (count) => count >= 2,
    );
    await loseAlarm(stub);
    network.answer = upstream();
    const response = await send(id);
    expect([200, 202, 409]).toContain(response.status);
    await response.body?.cancel();
    await until(
      () => callbacks().length,
      (count) => count === 1,
    );
    expect(await read(id)).toMatchObject({ status: "succeeded" });
    expect(submits()).toHaveLength(1);
  });

  it("is not thrown through by a seal that does not open, and the step is looked at again in a minute", async () => {
    network.answer = upstream({ status: "running" });
    const response = await create();
    const { task_id: id }: TaskBody = await response.json();
    await until(
      async () => read(id),
      ({ status }) => status === "running",
    );
    // A sealed key that no secret opens.
    const key = btoa("\u0001".repeat(40));
    await rewriteDocument(id, (document) => ({ ...document, sealed: { ...document.sealed, key } }));
    await abortAllDurableObjects();
    const alarm = await until(
      async () => alarmOf(stubOf(id)),
      (at) => at !== null && at > Date.now() + 30_000,
    );
    expect(alarm).toBeLessThanOrEqual(Date.now() + 60_000);
    expect(await read(id)).toMatchObject({ status: "running", error: null });
  });
});

describe("equal creates at once", () => {
  it("are one submit, however long their seals take", async () => {
    const encrypt = crypto.subtle.encrypt.bind(crypto.subtle);
    vi.spyOn(crypto.subtle, "encrypt").mockImplementation(async (...args) => {
      await scheduler.wait(20);
      return encrypt(...args);
    });
    const key = { "idempotency-key": "twins" };
    const answers = await Promise.all([create({}, key), create({}, key), create({}, key)]);
    expect(answers.map(({ status }) => status).filter((status) => status !== 409)).toContain(202);
    expect(submits()).toHaveLength(1);
  });
});

describe("a callback's URL", () => {
  it("is judged again before each attempt", async () => {
    network.answer = upstream({ status: "running" });
    const { task_id: id } = await created();
    await until(
      async () => read(id),
      ({ status }) => status === "running",
    );
    // As if the policy had let it pass: the deployment's own host.
    await rewriteDocument(id, ({ task, ...rest }) => ({
      ...rest,
      task: { ...task, callback: task.callback && { ...task.callback, url: "http://ringback.test/hook" } },
    }));
    network.answer = upstream();
    await abortAllDurableObjects();
    const task = await until(
      async () => read(id),
      ({ callback }) => callback.status === "stopped",
    );
    expect(task).toMatchObject({ status: "succeeded", callback: { attempts: 1 } });
    const deliveries = await request("GET", `/v1/videos/${id}/deliveries`);
    expect(await deliveries.json()).toMatchObject({
      data: [
        {
          status: "stopped",
          attempts: [{ outcome: "permanent", reason: "url_rejected", status_code: null }],
        },
      ],
    });
    expect(network.calls.filter(({ url }) => new URL(url).host === "ringback.test")).toEqual([]);
  });
});

describe("an id that is made up", () => {
  it("wakes no object and reaches no upstream, a thousand times", async () => {
    const before = (await listDurableObjectIds(env.TASKS)).length;
    for (let index = 0; index < 1000; index++) {
      const id = `task_${crypto
        .randomUUID()
        .replaceAll(/[^a-z2-7]/g, "a")
        .padEnd(42, "b")
        .slice(0, 42)}`;
      const response = await exports.default.fetch(`http://ringback.test/v1/videos/${id}`, {
        headers: { authorization: caller.authorization },
      });
      expect(response.status).toBe(404);
    }
    expect(await listDurableObjectIds(env.TASKS)).toHaveLength(before);
    expect(network.calls).toEqual([]);
  });
});
