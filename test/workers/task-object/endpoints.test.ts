import { evictDurableObject, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountObject } from "../../../src/account-object/object.ts";
import { ownAccount } from "../support/account.ts";
import { anotherAsks } from "../support/burst.ts";
import { HEADER_OF_ENDPOINT, register, twoEndpoints } from "../support/registered.ts";
import { storedOf } from "../support/stored.ts";
import {
  callbacks,
  created,
  ENDPOINT_A,
  ENDPOINT_B,
  fakeNetwork,
  network,
  RECEIVER,
  request,
  sentTo,
  until,
  upstream,
} from "../support/world.ts";
import { DELIVERED, deliveries, settled } from "./endpoint-deliveries.ts";

/*
 * A task's events at registered endpoints.
 *
 * scenario                                          requirement
 * two endpoints beside a callback                   each is sent the event once, with one id, in its format, with its headers
 * `endpoints: false`, a test, an endpoint of the    what it is not sent to
 * callback's URL, one that is registered later
 * tasks of a burst                                  miss no endpoint
 * a silent account                                  the task asks until it answers, also after its end; nothing else waits
 * redeliver, deliveries, the request                by endpoint
 */

beforeEach(fakeNetwork);
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("a task of an account with endpoints", () => {
  it("is told to each of them and to its callback, once, under one id", async () => {
    await register(await twoEndpoints());
    const { task_id: id } = await created();
    expect(await settled(id)).toEqual(DELIVERED);
    const sent = [RECEIVER, ENDPOINT_A, ENDPOINT_B].map(sentTo);
    expect(sent.map(({ length }) => length)).toEqual([1, 1, 1]);
    const [own, a, b] = sent.map(([first]) => first);
    expect(new Set([own, a, b].map((call) => call?.headers.get("webhook-id"))).size).toBe(1);
    expect(a?.body).toBe(own?.body);
    expect(a?.headers.get("x-endpoint")).toBe(HEADER_OF_ENDPOINT);
    expect(b?.headers.get("x-endpoint")).toBeNull();
    expect(JSON.parse(b?.body ?? "")).toMatchObject({ event: "video.succeeded", task_id: id });
    const { keys, state } = await storedOf(id);
    expect(keys).toEqual(["document"]);
    expect(JSON.stringify(state)).not.toContain(HEADER_OF_ENDPOINT);
  });

  it("needs no callback of its own, and then shows none", async () => {
    await register(await twoEndpoints());
    const task = await created({ callback_url: undefined });
    expect(task.callback).toBeNull();
    expect(await settled(task.task_id, 2)).toEqual({ ep_a: "delivered", ep_b: "delivered" });
    expect(callbacks()).toEqual([]);
  });

  it.each([
    { what: "with endpoints: false", fields: { endpoints: false }, to: [RECEIVER] },
    { what: "of a test", fields: { test: { outcome: "succeeded", delay_seconds: 0 } }, to: [RECEIVER] },
    {
      what: "of a test with endpoints: true",
      fields: { test: { outcome: "succeeded", delay_seconds: 0 }, endpoints: true },
      to: [RECEIVER, ENDPOINT_A, ENDPOINT_B],
    },
    {
      what: "whose callback is an endpoint",
      fields: { callback_url: ENDPOINT_A },
      to: [ENDPOINT_A, ENDPOINT_B],
    },
  ])("$what is sent to the receivers that it should be, once", async ({ fields, to }) => {
    await register(await twoEndpoints());
    const { task_id: id } = await created(fields);
    await settled(id, to.length);
    const sent = [RECEIVER, ENDPOINT_A, ENDPOINT_B].filter((url) => sentTo(url).length > 0);
    expect(sent).toEqual(to);
    expect(to.map((url) => sentTo(url).length)).toEqual(to.map(() => 1));
  });

  it("is not sent to an endpoint that was registered after its create", async () => {
    await register([{ id: "ep_late", url: ENDPOINT_A, createdAt: Date.now() + 60_000 }]);
    const { task_id: id } = await created();
    expect(await settled(id, 1)).toEqual({ own: "delivered" });
    const { state } = await storedOf(id);
    expect(state?.task.endpoints).toEqual([]);
  });

  it("in a burst misses none, whatever the account said a moment before", async () => {
    // Says that there are none, and what a task of this model may expect.
    await anotherAsks(await ownAccount(), "burst");
    await register(await twoEndpoints());
    const tasks = await Promise.all(Array.from({ length: 5 }, async () => created({ model: "burst" })));
    for (const { task_id: id } of tasks) expect(await settled(id)).toEqual(DELIVERED);
    expect(sentTo(ENDPOINT_A)).toHaveLength(5);
  });
});

describe("while the account is silent", () => {
  it("a task ends and is delivered; it asks on, and then tells the endpoints of its end", async () => {
    await register(await twoEndpoints());
    const sync = vi.spyOn(AccountObject.prototype, "sync").mockRejectedValue(new Error("away"));
    network.answer = upstream({ status: "running" });
    const { task_id: id } = await created({ callback_events: ["video.running", "video.succeeded"] });
    await until(callbacks, ({ length }) => length === 1);
    network.answer = upstream();
    await until(callbacks, ({ length }) => length === 2);
    expect(sentTo(ENDPOINT_A)).toEqual([]);
    const { state } = await storedOf(id);
    expect(state?.task).toMatchObject({ status: "succeeded", endpoints: null });
    sync.mockRestore();
    // The alarm repeats it in a minute; a process that begins does at the first occasion.
    const stub = env.TASKS.get(env.TASKS.idFromName(id.slice("task_".length, "task_".length + 26)));
    await evictDurableObject(stub);
    const order = { recoveryId: "rec_1", statuses: ["stopped" as const], endpoint: null, target: null };
    expect(await stub.recover(await ownAccount(), order)).toEqual({ kind: "delivered" });
    await until(
      async () => deliveries(id),
      (all) => all.filter(({ status }) => status === "delivered").length === 4,
    );
    expect((await deliveries(id)).map(({ event, endpoint }) => [event, endpoint?.id])).toEqual([
      ["video.succeeded", undefined],
      ["video.succeeded", "ep_a"],
      ["video.succeeded", "ep_b"],
      ["video.running", undefined],
    ]);
    const ids = [...callbacks().slice(1), ...sentTo(ENDPOINT_A), ...sentTo(ENDPOINT_B)].map(({ headers }) =>
      headers.get("webhook-id"),
    );
    expect([ids.length, new Set(ids).size]).toEqual([3, 1]);
  });

  it("attempts at endpoints wait, and those at the callback do not", async () => {
    await register(await twoEndpoints());
    vi.spyOn(AccountObject.prototype, "attemptBriefing").mockRejectedValue(new Error("away"));
    const { task_id: id } = await created();
    await until(callbacks, ({ length }) => length === 1);
    const all = await until(
      async () => deliveries(id),
      (shown) => shown.length === 3 && shown[0]?.status === "delivered",
    );
    expect(all.slice(1).map(({ status, attempts }) => [status, attempts])).toEqual([
      ["pending", []],
      ["pending", []],
    ]);
  });
});

describe("by endpoint", () => {
  it("a redelivery goes to that receiver alone, and a read shows its request", async () => {
    await register(await twoEndpoints());
    const { task_id: id } = await created();
    expect(await settled(id)).toEqual(DELIVERED);
    const again = await request("POST", `/v1/videos/${id}/redeliver`, { endpoint: "ep_b" });
    expect([again.status, await again.json()]).toMatchObject([
      202,
      { event: "video.succeeded", endpoint: { id: "ep_b", host: "endpoint-b.test" } },
    ]);
    const [first, second] = await until(
      () => sentTo(ENDPOINT_B),
      ({ length }) => length === 2,
    );
    expect(second?.body).toBe(first?.body);
    expect([callbacks().length, sentTo(ENDPOINT_A).length]).toEqual([1, 1]);
    const [own] = await deliveries(id);
    const sent = await request("GET", `/v1/videos/${id}/deliveries/${own?.message_id}?endpoint=ep_a`);
    expect(await sent.json()).toMatchObject({
      endpoint: { id: "ep_a", host: "endpoint-a.test" },
      request: { url: ENDPOINT_A, headers: { "x-endpoint": "…" }, body: sentTo(ENDPOINT_A)[0]?.body },
    });
  });

  it("what the task does not know is 404, and what it cannot mean without one is 400", async () => {
    await register(await twoEndpoints());
    const { task_id: id } = await created({ callback_url: undefined });
    await settled(id, 2);
    const redeliver = async (fields: object): Promise<unknown[]> => {
      const response = await request("POST", `/v1/videos/${id}/redeliver`, fields);
      const { error }: { error: { code: string; param?: string } } = await response.json();
      return [response.status, error.code, error.param];
    };
    expect(await redeliver({ endpoint: "ep_none" })).toEqual([404, "not_found", undefined]);
    expect(await redeliver({ endpoint: "ep_a", message_id: "msg_no" })).toEqual([
      404,
      "not_found",
      undefined,
    ]);
    expect(await redeliver({})).toEqual([400, "invalid_request", "endpoint"]);
    const [{ message_id: messageId } = { message_id: "" }] = await deliveries(id);
    const path = `/v1/videos/${id}/deliveries/${messageId}`;
    expect((await request("GET", path)).status).toBe(404);
    expect((await request("GET", `${path}?endpoint=ep_none`)).status).toBe(404);
    expect((await request("GET", `${path}?endpoint=ep_a`)).status).toBe(200);
    expect((await request("GET", `${path}?endpoints=ep_a`)).status).toBe(400);
  });
});
