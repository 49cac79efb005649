import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startReceiver, type Receiver } from "../../../dev/receiver.ts";
import type { EndpointJson } from "../../../src/contract/shapes/endpoint.ts";
import { eventually, startStack, type DeliveryBody, type Stack, type TaskBody } from "../../support/stack.ts";

/*
 * An outage of receivers that lasts a minute, as its operator is told of it. The minute is the contract's own, so this
 * file waits for it, and starts before the others (vitest.config.ts).
 *
 * scenario                                          requirement (contract, Registered endpoints; Alerts and the operator)
 * eight failures within seconds                     no receiver is failing yet
 * the next one, a minute after the first            `endpoint.failing` of each host and of the registered endpoint
 * three more                                        no second one, nor any that is left out
 * an attempt that is taken, and another one         `endpoint.recovered` of each, once
 */

const MINUTE_MS = 60_000;
const TOKEN = "rb-token-of-acme";

let stack: Stack;
/** Of the registered endpoint; the tasks' own callbacks go to the stack's. */
let registered: Receiver;
let inbox: Receiver;

beforeAll(async () => {
  [registered, inbox] = await Promise.all([startReceiver(), startReceiver()]);
  stack = await startStack({
    token: TOKEN,
    settings: {
      // A loaded machine must not turn the receivers' 503 into a timeout.
      CALLBACK_TIMEOUT_SECONDS: "15",
      ALERT_URL: inbox.url,
      AIO_API_KEY: "sk-the-operators-key",
      RINGBACK_KEYS: `acme:${createHash("sha256").update(TOKEN).digest("hex")}`,
    },
  });
});
afterAll(async () => {
  await stack.close();
  await Promise.all([registered.close(), inbox.close()]);
});

interface AlertBody {
  type: string;
  data: { left_out: Record<string, number> };
}

const alerts = (): AlertBody[] => inbox.received.map(({ body }) => JSON.parse(body) as AlertBody);

const alertsOf = (type: string): AlertBody["data"][] =>
  alerts()
    .filter((alert) => alert.type === type)
    .map(({ data }) => data);

/** Of both hosts and the endpoint, in any order; the contract's own patience is a minute. */
async function expectTold(type: string, about: readonly object[]): Promise<void> {
  const told = await eventually(
    async () => alertsOf(type),
    ({ length }) => length >= about.length,
    MINUTE_MS,
  );
  expect(told).toHaveLength(about.length);
  expect(told).toEqual(
    expect.arrayContaining(about.map((one) => ({ ...one, left_out: expect.any(Object) as object }))),
  );
}

async function call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const answer = await stack.call(`/v1${path}`, init);
  expect(answer.ok).toBe(true);
  return (await answer.json()) as Answer;
}

/** A task, once both its deliveries have come to this. */
async function ended(status: DeliveryBody["status"]): Promise<{ id: string; deliveries: DeliveryBody[] }> {
  const created = await stack.create({ callback_url: stack.receiver.url });
  const { task_id: id } = (await created.json()) as TaskBody;
  const deliveries = await stack.deliveries(
    id,
    (all) => all.length === 2 && all.every((one) => one.status === status),
  );
  return { id, deliveries };
}

/** When the delivery's first attempt began. */
function firstAttemptOf(deliveries: DeliveryBody[], endpoint: string | null): string {
  const delivery = deliveries.find((one) => (one.endpoint?.id ?? null) === endpoint);
  const [first] = delivery?.attempts ?? [];
  if (!first) throw new Error("no attempt");
  return first.started_at;
}

describe("a host and a registered endpoint", () => {
  it(
    "are told of once when they have failed for a minute, and once when they take an attempt again",
    { timeout: 150_000 },
    async () => {
      const [own, other] = [stack.receiver, registered].map(({ url }) => new URL(url).host);
      for (const receiver of [stack.receiver, registered]) receiver.defaultReply({ status: 503 });
      const { id: endpoint } = await call<EndpointJson>("POST", "/webhooks/endpoints", {
        url: registered.url,
      });
      const shown = async () => call<EndpointJson>("GET", `/webhooks/endpoints/${endpoint}`);

      const { deliveries } = await ended("exhausted");
      const ownSince = firstAttemptOf(deliveries, null);
      const since = firstAttemptOf(deliveries, endpoint);
      await ended("exhausted");
      const outageMs = Math.max(Date.parse(ownSince), Date.parse(since)) + MINUTE_MS - Date.now();
      await new Promise((resolve) => setTimeout(resolve, outageMs));
      expect(alertsOf("endpoint.failing")).toEqual([]);
      expect(await shown()).toMatchObject({ status: "active", failing_since: null });

      const { id: last } = await ended("exhausted");
      const about = { account: "acme", count: 1, reason: "http_503" };
      const all = [
        { ...about, host: own, since: ownSince },
        { ...about, host: other, since },
        { ...about, host: other, endpoint, since },
      ];
      await expectTold("endpoint.failing", all);
      expect(await shown()).toMatchObject({ status: "failing", failing_since: since });

      for (const receiver of [stack.receiver, registered]) receiver.defaultReply({ status: 200 });
      await call("POST", `/videos/${last}/redeliver`, {});
      await call("POST", `/videos/${last}/redeliver`, { endpoint });
      await expectTold("endpoint.recovered", all);
      expect(await shown()).toMatchObject({ status: "active", failing_since: null });

      await ended("delivered");
      // The next alert says what none has told: nothing of the outage, but what was exhausted later.
      stack.gateway.fault({ on: "submit", status: 500 });
      await stack.create();
      await eventually(
        async () => alertsOf("submit.unknown"),
        ({ length }) => length === 1,
      );
      const leftOut = alerts().flatMap(({ data }) => Object.keys(data.left_out));
      expect(leftOut.filter((type) => type !== "delivery.exhausted")).toEqual([]);
      expect(["endpoint.failing", "endpoint.recovered"].map((type) => alertsOf(type).length)).toEqual([3, 3]);
    },
  );
});
