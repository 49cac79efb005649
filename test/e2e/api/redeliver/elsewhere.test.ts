import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startReceiver, type Receiver } from "../../../../dev/receiver.ts";
import { expectClean, expectSealed } from "../../../support/checks/canary.ts";
import { enoughOfAMinute } from "../../../support/minute.ts";
import {
  isTerminal,
  startStack,
  type DeliveryBody,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";

/*
 * scenario                                           requirement (contract, POST /v1/videos/{id}/redeliver with callback_url)
 * the attempt                                        goes there with its own headers, without the stored ones; shows `host`
 * 2xx, 500 and 410 there                             the delivery, its schedule and the task's callbacks stay as they are
 * a URL or headers that no create takes              400, judged like any callback URL
 * headers without a URL, an endpoint                 400 and named
 * while it waits, and afterwards                     guarantee 9: URL and headers sealed, in no log line, then erased
 * many of them                                       limited like a ping: 429
 */

const CANARY = "canary-header-of-the-other-receiver";
const QUERY = "canary-query-of-the-other-receiver";
const STORED = "canary-header-of-the-stored-receiver";

let folder: string;
let stack: Stack;
let other: Receiver;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ringback-elsewhere-"));
  const settings = { CALLBACK_RETRY_SECONDS: "0.1,60" };
  [stack, other] = await Promise.all([startStack({ settings, persistTo: folder }), startReceiver()]);
});

afterAll(async () => {
  await Promise.all([stack.close(), other.close()]);
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  for (const { received } of [stack.receiver, other]) received.length = 0;
  for (const receiver of [stack.receiver, other]) receiver.defaultReply({ status: 200 });
});

async function redeliver(id: string, body: object): Promise<Response> {
  return stack.call(`/v1/videos/${id}/redeliver`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function ended(status: string, fields: object = {}): Promise<string> {
  const callback = { callback_url: stack.receiver.url, callback_headers: { "x-make-apikey": STORED } };
  const created = await stack.create({ ...callback, ...fields });
  const { task_id: id } = (await created.json()) as TaskBody;
  await stack.task(id, (task) => isTerminal(task) && task.callback?.status === status);
  return id;
}

/** The only delivery, once it has so many finished attempts. */
async function delivery(id: string, attempts: number): Promise<DeliveryBody | undefined> {
  const finished = ([only]: DeliveryBody[]): boolean =>
    only?.attempts.length === attempts && only.attempts.every(({ reason }) => reason !== "in_flight");
  return (await stack.deliveries(id, finished))[0];
}

function there(query = ""): { callback_url: string; callback_headers: Record<string, string> } {
  return { callback_url: other.url + query, callback_headers: { "X-Debug": CANARY } };
}

describe("redelivering to another URL", () => {
  it("sends the same message there, with its own headers and without the stored ones", async () => {
    const id = await ended("delivered");
    const [first] = await stack.receiver.waitFor(1);
    const answer = await redeliver(id, there());
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ status: "delivered", attempts: [{ number: 1 }] });
    const [copy] = await other.waitFor(1);
    expect(copy?.body).toBe(first?.body);
    expect(copy?.headers).toMatchObject({
      "webhook-id": first?.headers["webhook-id"],
      "ringback-attempt": "2",
      "x-debug": CANARY,
    });
    expect(copy?.headers["x-make-apikey"]).toBeUndefined();
    const { attempts } = (await delivery(id, 2)) ?? {};
    expect(attempts).toMatchObject([
      { number: 1, trigger: "scheduled" },
      { number: 2, trigger: "manual", outcome: "delivered", host: new URL(other.url).host },
    ]);
    expect(attempts?.[0]).not.toHaveProperty("host");
    expect(stack.receiver.received).toHaveLength(1);
  });

  it.each([200, 500, 410])(
    "leaves the delivery, its schedule and the callbacks as they are: %i",
    async (status) => {
      stack.receiver.defaultReply({ status: 500 });
      const id = await ended("pending");
      const before = await delivery(id, 2);
      const task = await stack.task(id);
      other.defaultReply({ status });
      expect((await redeliver(id, there())).status).toBe(202);
      const after = await delivery(id, 3);
      expect(after?.attempts[2]).toMatchObject({ trigger: "manual", status_code: status });
      const { attempts: _made, ...left } = after ?? {};
      const { attempts: _earlier, ...was } = before ?? {};
      expect(left).toEqual(was);
      expect(left).toMatchObject({ status: "pending" });
      expect((await stack.task(id)).callback).toEqual(task.callback);
      // And the stored receiver may still have it.
      stack.receiver.defaultReply({ status: 200 });
      expect((await redeliver(id, {})).status).toBe(202);
      expect(await delivery(id, 4)).toMatchObject({ status: "delivered" });
    },
  );

  it("waits its turn behind the attempt on the wire, and names one event among several", async () => {
    const id = await ended("delivered", { callback_events: ["video.running", "video.succeeded"] });
    const running = (await stack.deliveries(id, ({ length }) => length === 2)).find(
      ({ event }) => event === "video.running",
    );
    stack.receiver.defaultReply({ status: 200, delayMs: 200 });
    const order = { message_id: running?.message_id };
    expect((await redeliver(id, order)).status).toBe(202);
    expect((await redeliver(id, { ...order, ...there() })).status).toBe(202);
    const [copy] = await other.waitFor(1);
    expect(copy?.headers["webhook-id"]).toBe(running?.message_id);
    const { attempts = [] } =
      (
        await stack.deliveries(
          id,
          (all) => all.find(({ event }) => event === "video.running")?.attempts.length === 3,
        )
      ).find(({ event }) => event === "video.running") ?? {};
    const [, own, elsewhere] = attempts;
    expect(own).not.toHaveProperty("host");
    const ownEnd = Date.parse(own?.started_at ?? "") + (own?.duration_ms ?? 0);
    expect(Date.parse(elsewhere?.started_at ?? "")).toBeGreaterThanOrEqual(ownEnd);
  });

  it.each([
    [{ callback_url: "ftp://example.com/x" }, "callback_url"],
    [{ callback_url: "not a URL" }, "callback_url"],
    [{ callback_url: "https://user:word@example.com/" }, "callback_url"],
    [
      { callback_url: "https://example.com/", callback_headers: { "webhook-id": "x" } },
      "callback_headers.webhook-id",
    ],
    [{ callback_headers: { "x-debug": "alone" } }, "callback_url"],
    [{ callback_url: "" }, "callback_url"],
    [{ message_id: "" }, "message_id"],
    [{ callback_url: "https://example.com/", callback_format: "flat" }, "callback_format"],
    [{ endpoints: "ep_1" }, "endpoints"],
    [{ endpoint: "" }, "endpoint"],
  ])("refuses %j", async (body, param) => {
    const id = await ended("delivered");
    const refused = await redeliver(id, body);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { code: "invalid_request", param } });
    expect((await delivery(id, 1))?.attempts).toHaveLength(1);
  });

  it("never goes to this deployment itself", async () => {
    const id = await ended("delivered");
    const refused = await redeliver(id, { callback_url: `${stack.worker.url}/v1/videos` });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { issues: [{ code: "url_own_host" }] } });
  });

  it("is refused where there is nothing to deliver", async () => {
    const fields = { callback_url: stack.receiver.url, callback_events: ["video.failed"] };
    const { task_id: id } = (await (await stack.create(fields)).json()) as TaskBody;
    const nothing = await redeliver(id, there());
    expect(nothing.status).toBe(409);
    expect(await nothing.json()).toMatchObject({ error: { code: "nothing_to_deliver" } });
    expect(other.received).toEqual([]);
  });

  it("is kept sealed until it is made, then erased, and stands in no log line and no answer", async () => {
    const id = await ended("delivered");
    stack.receiver.defaultReply({ status: 200, delayMs: 600 });
    expect((await redeliver(id, {})).status).toBe(202);
    other.defaultReply({ status: 500, body: `You sent ${CANARY}` });
    const answers = [await (await redeliver(id, there(`?token=${QUERY}`))).text()];
    const waiting = await stack.receiver.waitFor(2);
    expect(waiting).toHaveLength(2);
    expect(other.received).toEqual([]);
    expectSealed(folder, CANARY, QUERY, STORED);
    await other.waitFor(1);
    await delivery(id, 3);
    expectSealed(folder, CANARY, QUERY, STORED);
    for (const path of ["", "/deliveries"]) {
      answers.push(await (await stack.call(`/v1/videos/${id}${path}`)).text());
    }
    for (const text of [...answers, ...stack.logs]) expectClean(text, CANARY, QUERY, STORED);
    expect(answers.at(-1)).toContain(new URL(other.url).host);
  });
});

describe("a redelivery to another URL", () => {
  it("is limited like a ping, where one to the stored receiver is not", async () => {
    const limited = await startStack({ createsPerMinute: 3 });
    try {
      const { url } = limited.receiver;
      await enoughOfAMinute();
      const created = await limited.create({ callback_url: url });
      const { task_id: id } = (await created.json()) as TaskBody;
      await limited.task(id, ({ callback }) => callback?.status === "delivered");
      const ask = async (body: object): Promise<Response> =>
        limited.call(`/v1/videos/${id}/redeliver`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      const statuses: number[] = [];
      for (let call = 0; call < 4; call++) statuses.push((await ask({ callback_url: url })).status);
      // The create took one of the three.
      expect(statuses).toEqual([202, 202, 429, 429]);
      const refused = await ask({ callback_url: url });
      expect(refused.headers.get("retry-after")).toBe("60");
      expect(await refused.json()).toMatchObject({ error: { code: "rate_limited" } });
      expect((await ask({})).status).toBe(202);
    } finally {
      await limited.close();
    }
  });
});
