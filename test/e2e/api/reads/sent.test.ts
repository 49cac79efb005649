import { beforeEach, describe, expect, it } from "vitest";
import type { SentDelivery } from "../../../../src/contract/shapes/delivery.ts";
import { isTerminal, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * scenario                                     requirement (contract, GET /v1/videos/{id}/deliveries/{message_id})
 * a delivery with its request                  `request: {url, headers, body}`: what was sent, the body's exact text
 * its signature, and the time of it            made for this answer: it verifies now
 * the caller's own headers                     their values are "…"
 * before the first attempt                     what would be sent
 * unknown message, foreign task, a query       404 `not_found`, 404 `task_not_found`, 400 and named
 */

const stack = useStack({ settings: { CALLBACK_RETRY_SECONDS: "0.1,60" } });
const HEADER = "a value of the caller's header";

beforeEach(() => {
  stack.receiver.received.length = 0;
  stack.receiver.defaultReply({ status: 200 });
});

async function ended(status: string, fields: object = {}): Promise<string> {
  const callback = { callback_url: stack.receiver.url, callback_headers: { "X-Make-ApiKey": HEADER } };
  const created = await stack.create({ ...callback, ...fields });
  const { task_id: id } = (await created.json()) as TaskBody;
  await stack.task(id, (task) => isTerminal(task) && task.callback?.status === status);
  return id;
}

type Sent = SentDelivery & { request: NonNullable<SentDelivery["request"]> };

async function sent(id: string, messageId?: string): Promise<Sent> {
  const [newest] = await stack.deliveries(id);
  const response = await stack.call(`/v1/videos/${id}/deliveries/${messageId ?? newest?.message_id}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Sent;
}

describe("a delivery with its request", () => {
  it.each(["standard", "flat"])("is what was sent: URL, each header, the exact body (%s)", async (format) => {
    const id = await ended("delivered", { callback_format: format });
    const [received] = await stack.receiver.waitFor(1);
    const { request, ...delivery } = await sent(id);
    expect([delivery]).toEqual(await stack.deliveries(id));
    expect(delivery).toMatchObject({ event: "video.succeeded", endpoint: null, status: "delivered" });
    expect(request.url).toBe(stack.receiver.url);
    expect(request.body).toBe(received?.body);
    const wire = { ...received?.headers };
    // Those of the connection and of the platform.
    for (const name of ["host", "connection", "content-length", "accept-encoding", "cf-worker"]) {
      delete wire[name];
    }
    expect(Object.keys(request.headers).toSorted()).toEqual(Object.keys(wire).toSorted());
    const fresh = new Set(["webhook-timestamp", "webhook-signature"]);
    for (const [name, value] of Object.entries(request.headers)) {
      if (name === "x-make-apikey") expect(value).toBe("…");
      else if (!fresh.has(name)) expect([name, value]).toEqual([name, wire[name]]);
    }
  });

  it("has a signature that verifies now, under every secret in force", async () => {
    const id = await ended("delivered");
    const verify = async ({ request: { headers, body } }: Sent): Promise<unknown> => {
      const response = await stack.call("/v1/webhooks/verify", {
        method: "POST",
        headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("webhook-"))),
        body,
      });
      return response.json();
    };
    const before = await sent(id);
    expect(Math.abs(Date.now() / 1000 - Number(before.request.headers["webhook-timestamp"]))).toBeLessThan(
      30,
    );
    expect(await verify(before)).toEqual({ valid: true, reason: null });
    await stack.call("/v1/webhooks/secret/rotate", { method: "POST" });
    const after = await sent(id);
    expect(after.request.headers["webhook-signature"]?.split(" ")).toHaveLength(2);
    expect(await verify(after)).toEqual({ valid: true, reason: null });
  });

  it("has the number of the newest attempt, and 1 before there is one", async () => {
    stack.receiver.defaultReply({ status: 500 });
    const failing = await ended("pending");
    await stack.deliveries(failing, ([only]) => only?.attempts.length === 2 && only.next_attempt_at !== null);
    expect((await sent(failing)).request.headers["ringback-attempt"]).toBe("2");
    const [first] = await stack.receiver.waitFor(1);
    expect((await sent(failing)).request.body).toBe(first?.body);
    // An event that a 410 has stopped before it was sent.
    stack.receiver.defaultReply({ status: 410 });
    const events = ["video.running", "video.succeeded"];
    const stopped = await ended("stopped", { callback_events: events });
    const end = (await stack.deliveries(stopped)).find(({ attempts }) => attempts.length === 0);
    const { request } = await sent(stopped, end?.message_id);
    expect(request.headers["ringback-attempt"]).toBe("1");
    expect(JSON.parse(request.body)).toMatchObject({ id: end?.message_id, type: end?.event });
  });

  it("has the number of the newest attempt at its own URL, whatever was sent elsewhere since", async () => {
    const id = await ended("delivered");
    const other = `${stack.receiver.url}/elsewhere`;
    const redeliver = async (fields: object, attempts: number): Promise<void> => {
      const answer = await stack.call(`/v1/videos/${id}/redeliver`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(fields),
      });
      expect(answer.status).toBe(202);
      await stack.deliveries(id, ([only]) => only?.attempts.length === attempts);
    };
    const elsewhere = { callback_url: other, callback_headers: { "x-elsewhere": "a word" } };
    await redeliver(elsewhere, 2);
    await redeliver(elsewhere, 3);
    const { request, attempts } = await sent(id);
    expect(attempts.map(({ host }) => host !== undefined)).toEqual([false, true, true]);
    expect(request).toMatchObject({
      url: stack.receiver.url,
      headers: { "ringback-attempt": "1", "x-make-apikey": "…" },
    });
    expect(request.headers).not.toHaveProperty("x-elsewhere");
    await redeliver({}, 4);
    expect((await sent(id)).request.headers["ringback-attempt"]).toBe("4");
  });

  it("is 404 where there is no such message, endpoint or task, and takes no other query", async () => {
    const id = await ended("delivered");
    const [delivery] = await stack.deliveries(id);
    const path = `/v1/videos/${id}/deliveries/${delivery?.message_id}`;
    const unknown = await stack.call(`/v1/videos/${id}/deliveries/msg_made_up`);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { code: "not_found", task_id: id } });
    const foreign = await stack.call(path, { headers: { authorization: "Bearer sk-somebody-else" } });
    expect(foreign.status).toBe(404);
    expect(await foreign.json()).toMatchObject({ error: { code: "task_not_found" } });
    const elsewhere = await stack.call(`${path}?endpoint=ep_1`);
    expect(elsewhere.status).toBe(404);
    expect(await elsewhere.json()).toMatchObject({ error: { code: "not_found", task_id: id } });
    const queried = await stack.call(`${path}?endpoints=ep_1`);
    expect(queried.status).toBe(400);
    expect(await queried.json()).toMatchObject({ error: { code: "invalid_request", param: "endpoints" } });
    const posted = await stack.call(path, { method: "POST" });
    expect(posted.status).toBe(405);
    expect(posted.headers.get("allow")).toBe("GET");
  });
});
