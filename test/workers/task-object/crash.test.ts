import { abortAllDurableObjects, reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountObject } from "../../../src/account-object/object.ts";
import { EVERY_TASK } from "../../../src/domain/account/filter.ts";
import { createInObject, type CreateInput } from "../../../src/task-object/client.ts";
import { aCreateInput } from "../../support/create-input.ts";
import { alarmOf, storedOf } from "../support/stored.ts";
import {
  callbacks,
  create,
  created,
  fakeNetwork,
  hangs,
  network,
  read,
  RECEIVER,
  request,
  stubOf,
  submits,
  until,
  upstream,
  type TaskBody,
} from "../support/world.ts";

/*
 * The task's object under crashes, in workerd itself.
 *
 * scenario                                            requirement
 * crash while the submit is on the wire               guarantee 2, submit table: asked again by id, `submit_unknown`
 * crash before anything is stored                     contract, Submit: 503, and that create is refused for good
 * crash right after the answer                        guarantee 1
 * crash while an attempt is on the wire               guarantees 4 and 5
 * two crashes before an attempt was reported          the account learns of it within a minute, not in an hour
 * crash before a redelivery was reported              contract, Reads: the list lags by seconds
 */

beforeEach(fakeNetwork);

afterEach(async () => {
  // No object of one test goes on polling into the next.
  await reset();
  vi.restoreAllMocks();
});

const NAME = "abcdefghijklmnopqrstuvwxyz";

describe("a crash", () => {
  it("while the submit is on the wire leaves a task that is submit_unknown, calls back, and was submitted once", async () => {
    const good = upstream();
    network.answer = async (call) => (call.method === "POST" && call.url !== RECEIVER ? hangs() : good(call));
    const creating = create();
    await until(submits, ({ length }) => length === 1);
    await abortAllDurableObjects();
    const response = await creating;
    expect(response.status).toBe(202);
    const task: TaskBody = await response.json();
    expect(task).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
    await until(
      () => callbacks().length,
      (count) => count === 1,
    );
    expect(submits()).toHaveLength(1);
    expect(JSON.parse(callbacks()[0]?.body ?? "")).toMatchObject({
      type: "video.failed",
      data: { task_id: task.task_id, error: { code: "submit_unknown" } },
    });
  });

  it("while the submit is on the wire is settled by the alarm without another request", async () => {
    network.answer = async (call) => {
      if (call.url === RECEIVER) return new Response("ok");
      return hangs();
    };
    const input = aCreateInput();
    const stub = env.TASKS.get(env.TASKS.idFromName(NAME));
    const lost = stub.create(input).catch(() => "lost");
    await until(submits, ({ length }) => length === 1);
    await abortAllDurableObjects();
    expect(await lost).toBe("lost");
    const lease = await alarmOf(env.TASKS.get(env.TASKS.idFromName(NAME)));
    expect(lease).not.toBeNull();
    vi.useFakeTimers({ now: (lease ?? 0) + 1, toFake: ["Date"] });
    try {
      expect(await runDurableObjectAlarm(env.TASKS.get(env.TASKS.idFromName(NAME)))).toBe(true);
      const body = await env.TASKS.get(env.TASKS.idFromName(NAME)).read(input.account);
      expect(JSON.parse(body ?? "")).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
      const listed = await env.ACCOUNTS.get(env.ACCOUNTS.idFromName(input.account)).list({
        filter: EVERY_TASK,
        before: null,
        limit: 20,
      });
      expect(listed.summaries).toMatchObject([{ name: NAME, status: "failed" }]);
    } finally {
      vi.useRealTimers();
    }
    expect(submits()).toHaveLength(1);
  });

  it("right after the answer loses nothing: the task finishes and calls back", async () => {
    const response = await create();
    const { task_id: id }: TaskBody = await response.json();
    await abortAllDurableObjects();
    await until(
      () => callbacks().length,
      (count) => count >= 1,
    );
    expect(await read(id)).toMatchObject({ status: "succeeded" });
    expect(submits()).toHaveLength(1);
  });

  it("right after the answer to respond-async loses nothing: the task is submitted once and calls back", async () => {
    const response = await create({}, { prefer: "respond-async" });
    expect(response.status).toBe(202);
    await abortAllDurableObjects();
    await until(
      () => callbacks().length,
      (count) => count >= 1,
    );
    expect(submits()).toHaveLength(1);
  });

  it("while an attempt is on the wire repeats it under the same id and body, and both stand in the log", async () => {
    const good = upstream();
    network.answer = async (call) => {
      if (call.url !== RECEIVER || callbacks().length > 1) return good(call);
      return hangs();
    };
    const response = await create();
    const { task_id: id }: TaskBody = await response.json();
    await until(callbacks, ({ length }) => length === 1);
    expect((await storedOf(id)).attempts).toMatchObject([{ number: 1, result: null }]);
    await abortAllDurableObjects();
    // The lease runs out (timeout 1 s and 5 s more), then the schedule goes on.
    const task = await until(
      async () => read(id),
      ({ callback }) => callback.status === "delivered",
    );
    expect(task.callback.attempts).toBe(2);
    const [first, second] = callbacks();
    expect(second?.body).toBe(first?.body);
    expect(second?.headers.get("webhook-id")).toBe(first?.headers.get("webhook-id"));
    expect(second?.headers.get("ringback-attempt")).toBe("2");
  }, 15_000);
});

describe("a create that was lost before it stored anything", () => {
  it("is refused for good under its own id, and may come again under the same key", async () => {
    const name = "bcdefghijklmnopqrstuvwxyza";
    const stub = env.TASKS.get(env.TASKS.idFromName(name));
    const taskId = `task_${name}aaaaaaaaaaaaaaaa`;
    const input = aCreateInput({ taskId, acceptedTaskIds: [taskId] });
    expect(await stub.resolveCreate(input)).toEqual({ kind: "given_up" });
    expect(await stub.create(input)).toEqual({ kind: "given_up" });
    expect(submits()).toHaveLength(0);
    expect(await stub.create({ ...input, createId: "create-2" })).toMatchObject({ kind: "created" });
    expect(submits()).toHaveLength(1);
  });

  it("answers 503 overloaded", async () => {
    const broken = {
      idFromName: (name: string) => env.TASKS.idFromName(name),
      get: (id: DurableObjectId) => {
        const real = env.TASKS.get(id);
        return {
          create: async () => Promise.reject(new Error("Network connection lost.")),
          resolveCreate: async (input: CreateInput) => real.resolveCreate(input),
        };
      },
    };
    const name = "cdefghijklmnopqrstuvwxyzab";
    const taskId = `task_${name}aaaaaaaaaaaaaaaa`;
    const outcome = await createInObject(
      broken as unknown as Parameters<typeof createInObject>[0],
      name,
      aCreateInput({ taskId, acceptedTaskIds: [taskId] }),
    );
    expect(outcome).toEqual({ kind: "given_up" });
  });
});

describe("the report of an attempt that a crash has lost", () => {
  it("is made again within a minute, although a second crash has lost it", async () => {
    network.answer = async (call) =>
      call.url === RECEIVER && callbacks().length > 3 ? hangs() : failing(call);
    const { task_id: id } = await created();
    const status = async (): Promise<string | undefined> => {
      const { data }: { data: TaskBody[] } = await (await request("GET", "/v1/videos")).json();
      return data[0]?.callback.status;
    };
    await until(
      () => callbacks().length,
      (count) => count === 4,
    );
    await abortAllDurableObjects();
    const silent = vi.spyOn(AccountObject.prototype, "sync").mockImplementation(async () => hangs() as never);
    const lease = await alarmOf(stubOf(id));
    vi.useFakeTimers({ now: (lease ?? 0) + 1, toFake: ["Date"] });
    void runDurableObjectAlarm(stubOf(id)).catch(() => "lost");
    await until(
      () => silent.mock.calls.length,
      (count) => count > 0,
    );
    await abortAllDurableObjects();
    silent.mockRestore();
    expect(await read(id)).toMatchObject({ callback: { status: "exhausted" } });
    expect(await status()).toBe("pending");
    const alarm = await alarmOf(stubOf(id));
    expect((alarm ?? Infinity) - Date.now()).toBeLessThanOrEqual(60_000);
    vi.setSystemTime((alarm ?? 0) + 1);
    await runDurableObjectAlarm(stubOf(id));
    expect(await status()).toBe("exhausted");
    vi.useRealTimers();
  });
});

const failing: typeof network.answer = async (call) =>
  call.url === RECEIVER ? new Response("no", { status: 500 }) : upstream()(call);

describe("the report of a redelivery", () => {
  it("that a crash has lost is made again, although the account holds the task for settled", async () => {
    network.answer = async (call) =>
      call.url === RECEIVER ? new Response("no", { status: 500 }) : upstream()(call);
    const [{ task_id: first }, { task_id: second }] = [await created(), await created()];
    const statuses = async (): Promise<string[]> => {
      const response = await request("GET", "/v1/videos");
      const { data }: { data: TaskBody[] } = await response.json();
      return [first, second].map((id) => data.find((task) => task.task_id === id)?.callback.status ?? "");
    };
    await until(statuses, (now) => now.every((status) => status === "exhausted"));
    network.answer = upstream();
    // The account is silent until the processes of the tasks are gone, so a report that joins the first one's is lost.
    const silent = vi.spyOn(AccountObject.prototype, "sync").mockImplementation(async () => hangs() as never);
    for (const id of [first, second]) {
      const sent = callbacks().length;
      expect((await request("POST", `/v1/videos/${id}/redeliver`)).status).toBe(202);
      await until(
        async () => read(id),
        ({ callback }) => callbacks().length > sent && callback.status === "delivered",
      );
      await until(
        () => silent.mock.calls.length,
        (count) => count > 0,
      );
    }
    await abortAllDurableObjects();
    silent.mockRestore();
    expect(await statuses()).toEqual(["exhausted", "exhausted"]);
    for (const stub of [first, second].map(stubOf)) {
      const alarm = await alarmOf(stub);
      expect((alarm ?? Infinity) - Date.now()).toBeLessThanOrEqual(60_000);
      vi.useFakeTimers({ now: (alarm ?? 0) + 1, toFake: ["Date"] });
      await runDurableObjectAlarm(stub);
      vi.useRealTimers();
    }
    expect(await statuses()).toEqual(["delivered", "delivered"]);
  });
});
