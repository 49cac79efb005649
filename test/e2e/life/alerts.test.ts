import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { startReceiver, type Received, type Receiver } from "../../../dev/receiver.ts";
import { verifyWebhook } from "../../../src/webhook/verify.ts";
import { expectClean } from "../../support/checks/canary.ts";
import { eventually, isTerminal, newHook, startStack, type Stack } from "../../support/stack.ts";

/*
 * Alerts over HTTP, to a receiver of their own.
 *
 * scenario                                          requirement
 * a receiver that takes no attempt                  `delivery.exhausted`: signed, once, without a canary
 * a receiver of alerts that hangs, or redirects     tasks end and call back as ever; three tries and a line in the log
 * the upstream refuses the operator, and takes on   `upstream.refusing`, then `upstream.recovered`
 * the upstream does not answer                      `upstream.refusing` after five calls, `submit.unknown` for the tasks
 * no ALERT_SECRET, Slack                            unsigned; one text
 */

const SECRET = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;
const TOKEN = "rb-token-of-acme";
const OPERATOR = {
  AIO_API_KEY: "sk-the-operators-key-canary",
  RINGBACK_KEYS: `acme:${createHash("sha256").update(TOKEN).digest("hex")}`,
};

let stack: Stack;
let inbox: Receiver;

afterEach(async () => {
  await stack.close();
  await inbox.close();
});

async function start(settings: Record<string, string> = {}): Promise<void> {
  inbox = await startReceiver();
  stack = await startStack({
    token: TOKEN,
    settings: {
      ALERT_URL: `${inbox.url}/alert-path-canary?token=alert-query-canary`,
      ALERT_SECRET: SECRET,
      ...OPERATOR,
      ...settings,
    },
  });
}

interface AlertBody {
  id: string;
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

const bodyOf = ({ body }: Received): AlertBody => JSON.parse(body) as AlertBody;
const alertsOf = (type: string): AlertBody[] =>
  inbox.received.map(bodyOf).filter((alert) => alert.type === type);

async function alertOf(type: string): Promise<AlertBody> {
  const [alert] = await eventually(
    async () => alertsOf(type),
    ({ length }) => length > 0,
  );
  if (!alert) throw new Error(`no alert of type ${type}`);
  return alert;
}

describe("a receiver that takes no attempt", () => {
  it("is one signed alert with its host, and nothing of the task, its URL or the receiver's words", async () => {
    await start();
    stack.receiver.defaultReply({ status: 500, body: "the receiver's canary" });
    const hook = newHook(stack);
    const made = await stack.create({
      prompt: "a prompt canary",
      callback_url: `${hook.url}?token=query-canary`,
      callback_headers: { "x-secret": "header-canary" },
      metadata: { order: "metadata-canary" },
    });
    const { task_id: id } = (await made.json()) as { task_id: string };
    const { data, ...message } = await alertOf("delivery.exhausted");
    expect(message).toEqual({
      id: expect.stringMatching(/^msg_/),
      type: "delivery.exhausted",
      timestamp: expect.any(String),
    });
    const host = new URL(stack.receiver.url).host;
    expect(data).toEqual({ account: "acme", host, count: 1, reason: "http_500", left_out: {} });
    const [received] = inbox.received;
    if (!received) throw new Error("nothing was received");
    const { headers, body } = received;
    const webhook = {
      id: String(headers["webhook-id"]),
      timestamp: String(headers["webhook-timestamp"]),
      signatures: String(headers["webhook-signature"]),
      body: Buffer.from(body),
    };
    expect(await verifyWebhook(webhook, [SECRET], Date.now())).toBeNull();
    expect(headers).toMatchObject({ "ringback-attempt": "1", "content-type": "application/json" });
    // The whole request, and every log line.
    expectClean(JSON.stringify([headers, body]), "canary", id, new URL(hook.url).pathname);
    for (const line of stack.logs) expectClean(line, "canary");
    // No attempt of an alert is in any count.
    const stats = await (await stack.call("/v1/stats")).json();
    expect(stats).toMatchObject({ hosts: [{ host, delivered: 0, failed: 4 }] });
    await stack.create({ callback_url: hook.url });
    await eventually(
      async () => (await (await stack.call("/v1/stats")).json()) as { deliveries: { exhausted: number } },
      ({ deliveries }) => deliveries.exhausted === 2,
    );
    expect(inbox.received).toHaveLength(1);
  });
});

describe("a receiver of alerts", () => {
  it.each([
    ["hangs", { delayMs: 60_000 }, 1],
    ["redirects", { status: 302, headers: { location: "/elsewhere" } }, 1],
  ])("that %s holds up no task", async (_what, reply, requests) => {
    await start({ CALLBACK_RETRY_SECONDS: "0.1" });
    inbox.defaultReply(reply);
    stack.receiver.reply({ times: 2, status: 500 });
    const first = newHook(stack);
    await stack.create({ callback_url: first.url });
    await first.waitFor(2);
    await eventually(
      async () => inbox.received.length,
      (count) => count >= requests,
    );
    const startedAt = Date.now();
    const hook = newHook(stack);
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => stack.create({ callback_url: hook.url })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(202));
    await hook.waitFor(5);
    expect(Date.now() - startedAt).toBeLessThan(8000);
    expect(inbox.received.map(({ path }) => path)).not.toContain("/elsewhere");
  });
});

describe("an upstream", () => {
  it("that refuses the operator is one alert, and another one when it takes a task again", async () => {
    await start();
    stack.gateway.fault({
      on: "submit",
      times: 2,
      status: 401,
      body: { error: { message: 'Invalid token sk-the-operators-key-canary for "a prompt canary"' } },
    });
    expect((await stack.create()).status).toBe(502);
    expect((await stack.create()).status).toBe(502);
    const refusing = await alertOf("upstream.refusing");
    expect(refusing.data).toEqual({
      account: "acme",
      upstream: "aio",
      count: 1,
      since: expect.any(String),
      code: "upstream_unauthorized",
      message: "Invalid token [redacted] for …",
      left_out: {},
    });
    const made = await stack.create();
    const { task_id: id } = (await made.json()) as { task_id: string };
    const recovered = await alertOf("upstream.recovered");
    expect(recovered.data).toMatchObject({ account: "acme", upstream: "aio" });
    await stack.task(id, isTerminal);
    expect(inbox.received.map(({ body }) => (JSON.parse(body) as AlertBody).type)).toEqual([
      "upstream.refusing",
      "upstream.recovered",
    ]);
  });

  it("that does not answer is told after five calls, and the tasks that it may have taken are, too", async () => {
    await start({ ALERT_SECRET: "" });
    stack.gateway.fault({ on: "submit", times: 5, status: 500, body: "canary" });
    for (let task = 0; task < 5; task += 1) expect((await stack.create()).status).toBe(202);
    const refusing = await alertOf("upstream.refusing");
    expect(refusing.data).toMatchObject({ upstream: "aio", count: 5, reason: "http_500" });
    const unknown = await alertOf("submit.unknown");
    expect(unknown.data).toMatchObject({ account: "acme", upstream: "aio" });
    await stack.create();
    await alertOf("upstream.recovered");
    expect(alertsOf("submit.unknown")).toHaveLength(1);
    for (const { headers, body } of inbox.received) {
      expect(headers).not.toHaveProperty("webhook-signature");
      expectClean(body, "canary");
    }
  });
});

describe("Slack", () => {
  it("is sent one text", async () => {
    await start({ ALERT_FORMAT: "slack", CALLBACK_RETRY_SECONDS: "0.1" });
    stack.receiver.defaultReply({ status: 500 });
    await stack.create({ callback_url: newHook(stack).url });
    const [received] = await inbox.waitFor(1);
    const host = new URL(stack.receiver.url).host;
    expect(JSON.parse(received?.body ?? "")).toEqual({
      text: `1 event could not be delivered to the host ${host}: http_500. (account acme)`,
    });
  });
});
