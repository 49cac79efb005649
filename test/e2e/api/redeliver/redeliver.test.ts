import { beforeEach, describe, expect, it } from "vitest";
import { isTerminal, type DeliveryBody, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * scenario                                           requirement (contract, POST /v1/videos/{id}/redeliver)
 * after delivered, exhausted, stopped                one manual attempt in every state, same id and body, numbered on
 * a failure by hand                                  leaves the schedule as it was
 * several at once                                    one on the wire, the others wait
 * no event yet, unknown message, foreign task        409, 404, 404
 * an eleventh in a minute                            429 with Retry-After
 */

const stack = useStack({ settings: { CALLBACK_RETRY_SECONDS: "0.1,60" } });
beforeEach(() => {
  stack.receiver.received.length = 0;
  stack.receiver.defaultReply({ status: 200 });
});

async function redeliver(id: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const json = { "content-type": "application/json", ...headers };
  return stack.call(`/v1/videos/${id}/redeliver`, { method: "POST", headers: json, ...sent });
}

async function ended(status: string, fields: object = {}): Promise<string> {
  const { task_id: id } = (await (
    await stack.create({ callback_url: stack.receiver.url, ...fields })
  ).json()) as TaskBody;
  await stack.task(id, (task) => isTerminal(task) && task.callback?.status === status);
  return id;
}

/** The only delivery, once it has so many finished attempts. */
async function delivery(id: string, attempts: number): Promise<DeliveryBody | undefined> {
  const finished = ([only]: DeliveryBody[]): boolean =>
    only?.attempts.length === attempts && only.attempts.every(({ reason }) => reason !== "in_flight");
  return (await stack.deliveries(id, finished))[0];
}

describe("redelivering", () => {
  it("a delivered event sends the same id and bytes once more, numbered on", async () => {
    const id = await ended("delivered");
    const response = await redeliver(id);
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({
      event: "video.succeeded",
      status: "delivered",
      attempts: [{ number: 1 }],
    });
    const [first, second] = await stack.receiver.waitFor(2);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(second?.headers["ringback-attempt"]).toBe("2");
    expect(await delivery(id, 2)).toMatchObject({
      status: "delivered",
      attempts: [
        { number: 1, trigger: "scheduled" },
        { number: 2, trigger: "manual", outcome: "delivered" },
      ],
    });
  });

  it("a stopped event reaches its receiver, and is delivered then", async () => {
    stack.receiver.defaultReply({ status: 410 });
    const id = await ended("stopped");
    stack.receiver.defaultReply({ status: 200 });
    expect((await redeliver(id)).status).toBe(202);
    expect(await delivery(id, 2)).toMatchObject({ status: "delivered" });
  });

  it("a pending event by hand ends the schedule if it succeeds", async () => {
    stack.receiver.defaultReply({ status: 500 });
    const id = await ended("pending");
    await delivery(id, 2);
    stack.receiver.defaultReply({ status: 200 });
    await redeliver(id);
    expect(await delivery(id, 3)).toMatchObject({ status: "delivered", next_attempt_at: null });
  });

  it("a pending event by hand leaves the schedule if it fails, even with 410", async () => {
    stack.receiver.defaultReply({ status: 500 });
    const id = await ended("pending");
    const before = await delivery(id, 2);
    stack.receiver.defaultReply({ status: 410 });
    await redeliver(id);
    const after = await delivery(id, 3);
    expect(after).toMatchObject({ status: "pending", next_attempt_at: before?.next_attempt_at });
    expect(after?.attempts[2]).toMatchObject({ trigger: "manual", outcome: "permanent", reason: "gone" });
  });

  it("names one event among several", async () => {
    const events = ["video.running", "video.succeeded"];
    const id = await ended("delivered", { callback_events: events });
    const deliveries = await stack.deliveries(id, (data) => data.length === 2);
    const running = deliveries.find(({ event }) => event === "video.running");
    expect((await redeliver(id, { message_id: running?.message_id })).status).toBe(202);
    const received = await stack.receiver.waitFor(
      (all) => all.filter(({ body }) => body.includes("video.running")).length === 2,
    );
    expect(received.filter(({ body }) => body.includes("video.succeeded"))).toHaveLength(1);
  });

  it("ten times at once has one on the wire at a time, and refuses the eleventh", async () => {
    const id = await ended("delivered");
    stack.receiver.defaultReply({ status: 200, delayMs: 30 });
    const answers = await Promise.all(Array.from({ length: 11 }, async () => redeliver(id)));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 202), 429]);
    const refused = answers.find(({ status }) => status === 429);
    const wait = Number(refused?.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect(await refused?.json()).toMatchObject({ error: { code: "rate_limited", task_id: id } });
    const { attempts = [] } = (await delivery(id, 11)) ?? {};
    const spans = attempts.map(({ started_at: at, duration_ms: ms }) => [
      Date.parse(at),
      Date.parse(at) + (ms ?? 0),
    ]);
    for (const [index, [startedAt = 0]] of spans.entries()) {
      expect(startedAt).toBeGreaterThanOrEqual(spans[index - 1]?.[1] ?? 0);
    }
    expect(stack.receiver.received).toHaveLength(11);
  });

  it("is refused where there is nothing to deliver, no such message, or no such task", async () => {
    const fields = { callback_url: stack.receiver.url, callback_events: ["video.failed"] };
    const quiet = (await (await stack.create(fields)).json()) as TaskBody;
    const nothing = await redeliver(quiet.task_id);
    expect(nothing.status).toBe(409);
    expect(await nothing.json()).toMatchObject({
      error: { code: "nothing_to_deliver", task_id: quiet.task_id },
    });
    const without = (await (await stack.create()).json()) as TaskBody;
    const nowhere = await redeliver(without.task_id);
    expect(nowhere.status).toBe(400);
    expect(await nowhere.json()).toMatchObject({
      error: { code: "invalid_request", param: "endpoint", issues: [{ code: "required_without_callback" }] },
    });
    const id = await ended("delivered");
    const unknown = await redeliver(id, { message_id: "msg_made_up" });
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { code: "not_found", task_id: id } });
    const foreign = await redeliver(id, undefined, { authorization: "Bearer sk-somebody-else" });
    expect(await foreign.json()).toMatchObject({ error: { code: "task_not_found" } });
    expect((await redeliver(id, { message_id: 5 })).status).toBe(400);
  });
});
