import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  reply,
  startRawReceiver,
  type Endpoint,
  type RawReceiver,
} from "../../support/receivers/raw-receiver.ts";
import { httpAnswer } from "../../support/wire/raw-server.ts";
import { SPELLINGS } from "../../support/wire/retry-after-spellings.ts";
import { auditReceiver } from "../../support/checks/audit.ts";
import { eventually, startStack, type DeliveryBody, type Stack, type TaskBody } from "../../support/stack.ts";
import { byDay } from "../../support/checks/by-day.ts";

/*
 * What a receiver may not do to others. receiver.test.ts has the outcomes of its own answers.
 *
 * scenario                                            requirement
 * every spelling of `Retry-After` with a 429          contract, The callback: later only, at most to a minute here
 * many receivers that hang                            faults 5.2: no other callback waits for them
 * script, quotes, control characters in the answer    threats T20: inert JSON text, none of the receiver's headers
 */

const STEP_MS = 1000;
/** The first wait with its jitter. */
const STEP = { fromMs: STEP_MS * 0.8, toMs: STEP_MS * 1.2 };
/** `Retry-After` is honoured to twice the step or to this, whichever is more. */
const LONGEST_MS = 60_000;
/** Timers of two busy cores. */
const LATE_MS = 1500;

vi.setConfig({ maxConcurrency: 10 });

let stack: Stack;
let receiver: RawReceiver;
beforeAll(async () => {
  receiver = await startRawReceiver();
  // A receiver that hangs does so for longer than anything here takes.
  const settings = {
    CALLBACK_RETRY_SECONDS: `${STEP_MS / 1000},600`,
    CALLBACK_TIMEOUT_SECONDS: "20",
    UPSTREAM_TIMEOUT_SECONDS: "10",
  };
  stack = await startStack({ settings });
});
afterAll(async () => {
  await stack.close();
  await receiver.close();
});

/** A test task, whose only event comes at once. */
async function create(endpoint: Endpoint): Promise<TaskBody> {
  const test = { outcome: "succeeded", delay_seconds: 0 };
  const response = await stack.create({ test, callback_url: endpoint.url });
  expect(response.status).toBe(202);
  return (await response.json()) as TaskBody;
}

/**
 * The task's delivery once its first attempt is recorded; the wire is watched first, which costs the Worker nothing.
 */
async function firstAttempt(endpoint: Endpoint): Promise<DeliveryBody> {
  const { task_id: id } = await create(endpoint);
  await eventually(
    async () => endpoint.exchanges[0]?.closed ?? null,
    (closed) => closed !== null,
  );
  const data = await stack.deliveries(
    id,
    ([first]) => (first?.attempts[0]?.outcome ?? "unknown") !== "unknown",
  );
  return data[0] as DeliveryBody;
}

async function ping(): Promise<Response> {
  return stack.call("/v1/webhooks/ping", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ callback_url: stack.receiver.url }),
  });
}

describe.concurrent("Retry-After with a 429", () => {
  it.each(byDay(SPELLINGS))("that says %s: the second attempt", async (_name, headers, meaning) => {
    const endpoint = receiver.endpoint((socket) => socket.end(httpAnswer(429, "", headers())));
    const { next_attempt_at: next, attempts } = await firstAttempt(endpoint);
    const [attempt] = attempts;
    expect(attempt).toMatchObject({ outcome: "retryable", reason: "http_429", status_code: 429 });
    const endedAt = Date.parse(attempt?.started_at ?? "") + (attempt?.duration_ms ?? Number.NaN);
    const waitMs = Date.parse(next ?? "") - endedAt;
    const toldMs = meaning === "long" ? LONGEST_MS : meaning === "unreadable" ? 0 : meaning;
    // A date without a clock to compare is up to a second later than asked for here.
    const [fromMs, toMs] = toldMs > STEP.fromMs ? [toldMs, toldMs + 1000] : [STEP.fromMs, STEP.toMs];
    expect(waitMs).toBeGreaterThanOrEqual(fromMs - 2);
    expect(waitMs).toBeLessThan(toMs + LATE_MS);
  });
});

describe("receivers that hang", () => {
  it("delay no other callback, ping or create, not even at the same host", async () => {
    const hanging = Array.from({ length: 40 }, () => receiver.endpoint(() => undefined));
    await Promise.all(hanging.map(async (endpoint) => create(endpoint)));
    await eventually(
      async () => hanging,
      (all) => all.every(({ exchanges }) => exchanges.length > 0),
    );
    const others = Array.from({ length: 10 }, () => receiver.endpoint());
    const deliveries = await Promise.all(others.map(async (endpoint) => firstAttempt(endpoint)));
    expect(deliveries.map(({ status }) => status)).toEqual(others.map(() => "delivered"));
    expect(await (await ping()).json()).toMatchObject({ delivered: true });
    // All of that while every one of them was still waiting for its answer.
    expect(hanging.map(({ exchanges }) => exchanges.map(({ closed }) => closed))).toEqual(
      hanging.map(() => [null]),
    );
  });
});

function taskIdIn({ exchanges }: Endpoint): string {
  const body = exchanges[0]?.request.body ?? "";
  return (JSON.parse(body) as { data: { task_id: string } }).data.task_id;
}

describe("what a receiver writes", () => {
  const texts: [name: string, text: string][] = [
    ["a script", "<script>alert(document.cookie)</script>"],
    ["the end of a script and a comment", "</script><!--<script>]]>"],
    ["quotes that would end the text", String.raw`"},{"attempts":[],"x":"\"`],
    ["JSON", '{"error":{"code":"internal"},"__proto__":{"a":1}}'],
    ["headers", "HTTP/1.1 200 OK\r\nset-cookie: a=b\r\n\r\n<h1>"],
    ["separators of lines, and colours for a terminal", "a\u2028b\u2029c\u001b[31md\u0007\u0000"],
    ["an image that loads", "<img src=x onerror=alert(1)>\"'`${alert(1)}"],
    ["a formula", '=HYPERLINK("http://evil.example","x")'],
  ];
  const headers = {
    "content-type": "text/html",
    "set-cookie": "session=canary; Path=/",
    "x-canary": "canary",
    "content-disposition": "attachment; filename=canary.html",
    "access-control-allow-origin": "*",
  };
  const OURS = new Set([
    "cache-control",
    "x-content-type-options",
    "content-encoding",
    "content-type",
    "content-length",
    "transfer-encoding",
    "cache-control",
    "x-content-type-options",
    "x-request-id",
    "date",
    "connection",
    "keep-alive",
  ]);

  it.each(byDay(texts))("comes back as inert JSON text: %s", async (_name, text) => {
    const endpoint = receiver.endpoint(reply(500, text, headers));
    await firstAttempt(endpoint);
    const id = taskIdIn(endpoint);
    stack.receiver.reply({ status: 500, body: text, headers });
    const pinged = await ping();
    const read = await stack.call(`/v1/videos/${id}/deliveries`);
    for (const response of [pinged, read]) {
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
      // Not the receiver's: what the contract has on every answer.
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect([...response.headers.keys()].filter((name) => !OURS.has(name))).toEqual([]);
    }
    const { data } = (await read.json()) as { data: DeliveryBody[] };
    expect(data[0]?.attempts[0]?.response_excerpt).toBe(text);
    expect(await pinged.json()).toMatchObject({ delivered: false, status_code: 500, response_excerpt: text });
  });
});

it("lost, doubled and leaked nothing in all of that", () => {
  const tally = auditReceiver("receivers that hang, or say when to come back", { stack, receiver });
  expect(tally).toMatchObject({ lost: 0, doubled: 0, leaked: 0 });
  expect(tally.runs).toBeGreaterThan(50);
});
