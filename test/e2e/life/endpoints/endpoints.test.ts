import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startReceiver, type Received, type Receiver } from "../../../../dev/receiver.ts";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import {
  eventually,
  isTerminal,
  newHook,
  startStack,
  type DeliveryBody,
  type Hook,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";

/*
 * Registered endpoints and the tasks that send to them, over HTTP.
 *
 * scenario                                           requirement (contract, Registered endpoints)
 * two endpoints beside a callback_url                three deliveries, one webhook-id, one body for each format
 * `endpoints: false`; a test; the task's own URL     nothing is sent there
 * registered after the create; of another account    nothing is sent there
 * URL and headers changed between two attempts       hold from the next attempt on
 * deleted or disabled between two attempts           what is pending becomes stopped
 * 410 at an endpoint                                 disables it; what follows is stopped, and recovered after `enabled`
 * 501 at an endpoint                                 stops that delivery only
 * 410 at the task's own receiver                     stops nothing at endpoints, nor the other way round
 * a redelivery, its request, lists and recoveries    of the endpoint that is named
 * the process ends in between                        every receiver is called
 */

const RETRY_SECONDS = "1.5,0.1,0.1";
/** Seen running, on a loaded machine, too. */
const SLOW = "[slow] A lighthouse at dusk.";
const store = mkdtempSync(join(tmpdir(), "ringback-endpoints-"));
let stack: Stack;
let receivers: Receiver[];
let keys = 0;
let authorization = "";
/** Of three hosts: the task's own callback, and two endpoints. */
let own: Hook;
let first: Hook;
let second: Hook;

beforeAll(async () => {
  stack = await startStack({
    settings: { CALLBACK_RETRY_SECONDS: RETRY_SECONDS },
    gateway: {
      taskPlan: ({ prompt }) => ({
        queueSeconds: 0.1,
        runSeconds: String(prompt).includes("[slow]") ? 3 : 0.2,
      }),
    },
    persistTo: store,
  });
  receivers = [stack.receiver, await startReceiver(), await startReceiver()];
});
afterAll(async () => {
  await stack.close();
  await Promise.all(receivers.slice(1).map(async (one) => one.close()));
  rmSync(store, { recursive: true, force: true });
});
beforeEach(() => {
  // An account of its own.
  keys += 1;
  authorization = `Bearer sk-endpoints-key-number-${keys}`;
  for (const one of receivers) one.defaultReply({ status: 200 });
  const [of0, of1, of2] = receivers.map((receiver) => newHook({ receiver }));
  if (!of0 || !of1 || !of2) throw new Error("three receivers");
  [own, first, second] = [of0, of1, of2];
});

function receiverOf({ url }: Hook): Receiver {
  const found = receivers.find((one) => new URL(one.url).origin === new URL(url).origin);
  if (!found) throw new Error(`no receiver at ${url}`);
  return found;
}

async function call<Answer>(method: string, path: string, body?: object, status = 200): Promise<Answer> {
  const answer = await stack.call(`/v1${path}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect([answer.status, text]).toEqual([status, text]);
  return (text === "" ? undefined : JSON.parse(text)) as Answer;
}

async function register({ url }: Hook, fields: object = {}): Promise<EndpointJson> {
  return call<EndpointJson>("POST", "/webhooks/endpoints", { url, ...fields }, 201);
}

async function change(id: string, fields: object): Promise<EndpointJson> {
  return call<EndpointJson>("PATCH", `/webhooks/endpoints/${id}`, fields);
}

async function create(fields: object = {}): Promise<string> {
  const answer = await stack.create(fields as Record<string, unknown>, { authorization });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as TaskBody).task_id;
}

/** The task's deliveries at this endpoint, or with null those of its own callback. */
async function at(
  endpoint: string | null,
  id: string,
  ready: (mine: DeliveryBody[]) => boolean,
): Promise<DeliveryBody[]> {
  const mine = (all: DeliveryBody[]): DeliveryBody[] =>
    all.filter((one) => (one.endpoint?.id ?? null) === endpoint);
  return mine(await stack.deliveries(id, (all) => ready(mine(all))));
}

const isSettled =
  (status: string) =>
  (mine: DeliveryBody[]): boolean =>
    mine.length > 0 && mine.every((one) => one.status === status);

/** Once an event would have come: the task has ended, and its own callback was delivered. */
async function isOver(id: string): Promise<void> {
  await stack.task(id, (task) => isTerminal(task) && task.callback?.status === "delivered");
}

const messageId = ({ headers }: Received): unknown => headers["webhook-id"];

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
    const mine = authorization;
    const silent = await create({ callback_url: own.url, endpoints: false });
    const tested = await create({ callback_url: own.url, test: { outcome: "succeeded", delay_seconds: 0 } });
    authorization = "Bearer sk-endpoints-of-another-account";
    const foreign = await create({ callback_url: own.url });
    authorization = mine;
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

describe("between two attempts", () => {
  /** A task whose first attempt there has failed; the next one is 1.5 s later. */
  async function failedOnce(hook: Hook, endpoint: string): Promise<string> {
    receiverOf(hook).reply({ status: 500 });
    const id = await create({ callback_url: own.url });
    await at(endpoint, id, ([one]) => one?.attempts[0]?.outcome === "retryable");
    return id;
  }

  it("a new URL and new headers hold", async () => {
    const { id: endpoint } = await register(first, { headers: { "x-app-key": "old" } });
    const id = await failedOnce(first, endpoint);
    await change(endpoint, { url: second.url, headers: { "x-app-key": "new" } });
    const [moved] = await second.waitFor(1);
    expect(moved?.headers["x-app-key"]).toBe("new");
    expect(moved && messageId(moved)).toBe(messageId(first.received()[0] as Received));
    expect(moved?.body).toBe(first.received()[0]?.body);
    const [delivery] = await at(endpoint, id, isSettled("delivered"));
    expect(delivery?.attempts.map(({ status_code: code }) => code)).toEqual([500, 200]);
    expect(first.received()).toHaveLength(1);
  });

  it.each([
    ["deleted", async (id: string) => call("DELETE", `/webhooks/endpoints/${id}`, undefined, 204)],
    ["disabled", async (id: string) => change(id, { enabled: false })],
  ])("what is pending for an endpoint that is %s becomes stopped", async (_name, stop) => {
    const { id: endpoint } = await register(first);
    const id = await failedOnce(first, endpoint);
    await stop(endpoint);
    const [delivery] = await at(endpoint, id, isSettled("stopped"));
    expect(delivery?.attempts.filter(({ status_code: code }) => code !== null)).toHaveLength(1);
    expect(first.received()).toHaveLength(1);
    await isOver(id);
  });
});

describe("an endpoint that answers", () => {
  it("410 is disabled; what follows is stopped, and sent by a recovery once it is enabled", async () => {
    const { id: endpoint } = await register(first);
    receiverOf(first).reply({ status: 410 });
    const refused = await create({ callback_url: own.url });
    await at(endpoint, refused, isSettled("stopped"));
    await isOver(refused);
    const gone = await eventually(
      async () => call<EndpointJson>("GET", `/webhooks/endpoints/${endpoint}`),
      ({ status }) => status === "disabled",
    );
    expect(gone).toMatchObject({ status: "disabled", disabled_reason: "gone" });

    const stopped = await create();
    const [recorded] = await at(endpoint, stopped, isSettled("stopped"));
    expect(recorded).toMatchObject({ event: "video.succeeded" });
    expect(first.received()).toHaveLength(1);

    expect(await change(endpoint, { enabled: true })).toMatchObject({
      status: "active",
      disabled_reason: null,
    });
    const filter = { endpoint, statuses: ["stopped"] };
    await eventually(
      async () => call<{ matched: number }>("POST", "/webhooks/recoveries", { ...filter, dry_run: true }),
      ({ matched }) => matched === 2,
    );
    const { id } = await call<{ id: string }>("POST", "/webhooks/recoveries", filter, 202);
    const ended = await eventually(
      async () => call<{ status: string }>("GET", `/webhooks/recoveries/${id}`),
      ({ status }) => status !== "running",
    );
    expect(ended).toMatchObject({ status: "done", matched: 2, delivered: 2, failed: 0, remaining: 0 });
    const sent = first.received().slice(1);
    expect(new Set(sent.map(({ body }) => (JSON.parse(body) as { data: TaskBody }).data.task_id))).toEqual(
      new Set([refused, stopped]),
    );
    expect(sent).toHaveLength(2);
  });

  it("501 has that delivery stopped, and gets the next task's", async () => {
    const { id: endpoint } = await register(first);
    receiverOf(first).reply({ status: 501 });
    const refused = await create();
    await at(endpoint, refused, isSettled("stopped"));
    const next = await create();
    await at(endpoint, next, isSettled("delivered"));
    expect(await call("GET", `/webhooks/endpoints/${endpoint}`)).toMatchObject({ status: "active" });
  });

  it("410 stops nothing at the task's own receiver, nor that one's 410 anything at endpoints", async () => {
    const events = ["video.running", "video.succeeded"];
    const [gone, active] = [await register(first, { events }), await register(second, { events })];
    receiverOf(first).reply({ status: 410 });
    receiverOf(own).reply({ status: 410 });
    const id = await create({
      callback_url: own.url,
      callback_events: events,
      // That an endpoint is disabled holds a second later at most.
      prompt: SLOW,
    });
    await at(gone.id, id, isSettled("stopped"));
    await eventually(
      async () => call<EndpointJson>("GET", `/webhooks/endpoints/${gone.id}`),
      ({ status }) => status === "disabled",
    );
    const received = await second.waitFor(2);
    expect(received.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual(events);
    expect(await at(active.id, id, isSettled("delivered"))).toHaveLength(2);
    expect(await at(gone.id, id, isSettled("stopped"))).toHaveLength(2);
    expect(await at(null, id, isSettled("stopped"))).toHaveLength(2);
    expect([own.received().length, first.received().length]).toEqual([1, 1]);
    expect(await call("GET", `/webhooks/endpoints/${active.id}`)).toMatchObject({ status: "active" });
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
