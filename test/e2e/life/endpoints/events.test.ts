import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it } from "vitest";
import type { Received } from "../../../../dev/receiver.ts";
import { eventually, type DeliveryBody, type Hook, type TaskBody } from "../../../support/stack.ts";
import { SLOW, isSettled, messageId, useThreeReceivers } from "./three-receivers.ts";

/*
 * Registered endpoints and the events of the tasks that send to them, over HTTP.
 *
 * scenario                                           requirement (contract, Registered endpoints)
 * two endpoints beside a callback_url                three deliveries, one webhook-id, one body for each format
 * `endpoints: false`; a test; the task's own URL     nothing is sent there
 * registered after the create; of another account    nothing is sent there
 * a redelivery, its request, lists and recoveries    of the endpoint that is named
 * the process ends in between                        every receiver is called
 */

const { stack, caller, newHooks, receiverOf, call, register, create, at, isOver } = useThreeReceivers();

let own: Hook;
let first: Hook;
let second: Hook;
beforeEach(() => {
  [own, first, second] = newHooks();
});

describe("an event", () => {
  it("goes to the task's own callback and to each endpoint, under one id, in the format of each", async () => {
    const flat = await register(first, { format: "flat", headers: { "x-app-key": "of-the-first" } });
    const standard = await register(second, { events: ["video.running", "video.succeeded"] });
    const id = await create({ prompt: SLOW, callback_url: own.url, metadata: { order: "7" } });
    const [[mine], [flatly], [running, ended]] = await Promise.all([
      own.waitFor(1),
      first.waitFor(1),
      second.waitFor(2),
    ]);
    const all = [mine, flatly, running, ended].filter((one) => one !== undefined);
    const { secret } = await call<{ secret: string }>("GET", "/webhooks/secret");
    const events = all.map(({ body, headers }) => {
      return new Webhook(secret).verify(body, headers as Record<string, string>);
    });
    expect(events).toMatchObject([
      { type: "video.succeeded", data: { task_id: id, metadata: { order: "7" } } },
      { event: "video.succeeded", task_id: id, metadata_order: "7" },
      { type: "video.running", data: { task_id: id } },
      { type: "video.succeeded", data: { task_id: id } },
    ]);
    expect(all.map(messageId)).toEqual([
      messageId(all[0] as Received),
      messageId(all[0] as Received),
      expect.stringMatching(/^msg_/),
      messageId(all[0] as Received),
    ]);
    expect(ended?.body).toBe(mine?.body);
    expect(all.map(({ headers }) => headers["x-app-key"])).toEqual([
      undefined,
      "of-the-first",
      undefined,
      undefined,
    ]);

    const deliveries = await stack.deliveries(id, isSettled("delivered"));
    const where = deliveries.map(({ event, endpoint }) => [event, endpoint]);
    expect(where).toHaveLength(4);
    expect(where).toEqual(
      expect.arrayContaining([
        ["video.succeeded", null],
        ["video.succeeded", { id: flat.id, host: new URL(first.url).host }],
        ["video.succeeded", { id: standard.id, host: new URL(second.url).host }],
        ["video.running", { id: standard.id, host: new URL(second.url).host }],
      ]),
    );
    expect(await stack.task(id)).toMatchObject({ callback: { status: "delivered", attempts: 1 } });
  });

  it("goes to an endpoint alone if the create has no callback_url", async () => {
    const { id: endpoint } = await register(first);
    const id = await create();
    const [event] = await first.waitFor(1);
    expect(JSON.parse(event?.body ?? "")).toMatchObject({ data: { task_id: id } });
    await at(endpoint, id, isSettled("delivered"));
    expect(await stack.task(id)).toMatchObject({ status: "succeeded", callback: null });
  });

  it("goes nowhere else: not with `endpoints: false`, nor from a test, nor from another account", async () => {
    await register(first);
    const mine = caller.authorization;
    const silent = await create({ callback_url: own.url, endpoints: false });
    const tested = await create({ callback_url: own.url, test: { outcome: "succeeded", delay_seconds: 0 } });
    caller.authorization = "Bearer sk-endpoints-of-another-account";
    const foreign = await create({ callback_url: own.url });
    caller.authorization = mine;
    for (const id of [silent, tested, foreign]) await isOver(id);
    const asked = await create({ endpoints: true, test: { outcome: "failed", delay_seconds: 0 } });
    const [only, ...more] = await first.waitFor(1);
    expect(JSON.parse(only?.body ?? "")).toMatchObject({
      type: "video.failed",
      data: { task_id: asked, test: true },
    });
    expect(more).toEqual([]);
    for (const id of [silent, tested, foreign])
      expect(await stack.deliveries(id)).toMatchObject([{ endpoint: null }]);
  });

  it("goes once to an endpoint that has the task's own URL", async () => {
    await register(own, { headers: { "x-app-key": "of-the-endpoint" } });
    const id = await create({ callback_url: own.url });
    await isOver(id);
    expect(await stack.deliveries(id)).toMatchObject([{ endpoint: null, status: "delivered" }]);
    expect(own.received()).toHaveLength(1);
    expect(own.received()[0]?.headers["x-app-key"]).toBeUndefined();
  });

  it("does not go to an endpoint that was registered after the create", async () => {
    stack.gateway.fault({ on: "poll", status: 500, times: 3 });
    const id = await create({ callback_url: own.url });
    await register(first);
    await isOver(id);
    expect(await stack.deliveries(id)).toMatchObject([{ endpoint: null }]);
    expect(first.received()).toEqual([]);
  });
});

describe("an endpoint that is named", () => {
  it("gets the redelivery, and shows its own request without the values of its headers", async () => {
    const { id: endpoint } = await register(first, {
      format: "flat",
      headers: { "x-app-key": "a-secret-value-of-the-endpoint" },
    });
    const id = await create();
    const [original] = await first.waitFor(1);
    await at(endpoint, id, isSettled("delivered"));

    const refused = await call<{ error: unknown }>("POST", `/videos/${id}/redeliver`, {}, 400);
    expect(refused).toMatchObject({ error: { code: "invalid_request", param: "endpoint" } });
    const again = await call<DeliveryBody>("POST", `/videos/${id}/redeliver`, { endpoint }, 202);
    expect(again).toMatchObject({ message_id: original && messageId(original), endpoint: { id: endpoint } });
    const [, repeated] = await first.waitFor(2);
    expect(repeated?.body).toBe(original?.body);
    expect(repeated?.headers["x-app-key"]).toBe("a-secret-value-of-the-endpoint");

    const path = `/videos/${id}/deliveries/${again.message_id}?endpoint=${endpoint}`;
    const { request } = await call<{ request: { url: string; body: string; headers: object } }>("GET", path);
    expect(request).toMatchObject({
      url: first.url,
      body: original?.body,
      headers: { "x-app-key": "…" },
    });
    expect(stack.logs.join("\n")).not.toContain("a-secret-value-of-the-endpoint");
  });

  it("finds the tasks that it did not get, and a recovery sends them there and nowhere else", async () => {
    const { id: endpoint } = await register(first);
    receiverOf(first).defaultReply({ status: 500 });
    const id = await create({ callback_url: own.url });
    await at(endpoint, id, isSettled("exhausted"));
    receiverOf(first).defaultReply({ status: 200 });
    const before = first.received().length;
    const query = `/videos?endpoint=${endpoint}&callback_status=exhausted`;
    const { data } = await eventually(
      async () => call<{ data: TaskBody[] }>("GET", query),
      (page) => page.data.length === 1,
    );
    expect(data).toMatchObject([{ task_id: id }]);
    await call("POST", "/webhooks/recoveries", { endpoint }, 202);
    await at(endpoint, id, isSettled("delivered"));
    expect(first.received()).toHaveLength(before + 1);
    expect(own.received()).toHaveLength(1);
  });
});

describe("the end of the process", () => {
  it("between a create and its event loses no receiver", async () => {
    const { id: endpoint } = await register(first, { headers: { "x-app-key": "sealed" } });
    stack.gateway.fault({ on: "poll", status: 500, times: 5 });
    const id = await create({ callback_url: own.url });
    await stack.restart();
    const [[mine], [other]] = await Promise.all([own.waitFor(1), first.waitFor(1)]);
    expect(other?.headers["x-app-key"]).toBe("sealed");
    expect(other && messageId(other)).toBe(mine && messageId(mine));
    await at(endpoint, id, isSettled("delivered"));
  });

  it("between two attempts at an endpoint loses neither the endpoint nor the delivery", async () => {
    const { id: endpoint } = await register(first);
    receiverOf(first).reply({ status: 500 });
    const id = await create();
    await at(endpoint, id, ([one]) => one?.attempts[0]?.outcome === "retryable");
    await stack.restart();
    const [, taken] = await first.waitFor(2);
    expect(taken?.headers["ringback-attempt"]).toBe("2");
    await at(endpoint, id, isSettled("delivered"));
    expect(await call("GET", "/webhooks/endpoints")).toMatchObject({ data: [{ id: endpoint }] });
  });
});
