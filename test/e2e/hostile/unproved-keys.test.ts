import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault } from "../../../dev/gateway.ts";
import { httpAnswer, startRawServer, type RawServer } from "../../support/wire/raw-server.ts";
import { codeOf, send } from "../../support/wire/send.ts";
import {
  isTerminal,
  MODEL,
  newHook,
  startStack,
  type Hook,
  type Stack,
  type TaskBody,
} from "../../support/stack.ts";
import { useStack } from "../../support/use-stack.ts";
import { PATIENT } from "./patience.ts";

/*
 * A caller that wants Ringback to send what it should not.
 *
 * scenario                                            requirement
 * a made-up key                                       contract, Who is calling: nothing is sent with or for it
 * a key that no create and no /models has proved      the same: /models is asked before the first attempt
 */

describe("a made-up key", () => {
  let stack: Stack;
  let bystander: RawServer;
  beforeAll(async () => {
    bystander = await startRawServer((socket) => socket.end(httpAnswer(200)));
    stack = await startStack({ settings: PATIENT });
  });
  afterAll(async () => {
    await stack.close();
    await bystander.close();
  });

  const video = (fields: object = {}) => ({
    model: MODEL,
    prompt: "x",
    callback_url: `${bystander.origin}/`,
    ...fields,
  });
  const asynchronous = (prefer: string) => ({ prefer });
  const rows: [
    name: string,
    path: string,
    method: string,
    headers: Record<string, string>,
    body: (() => unknown) | undefined,
  ][] = [
    ["respond-async", "/v1/videos", "POST", asynchronous("respond-async"), video],
    ["respond-async in upper case", "/v1/videos", "POST", asynchronous("Respond-Async"), video],
    [
      "respond-async among others",
      "/v1/videos",
      "POST",
      asynchronous("wait=5, x=1;y, respond-async; z"),
      video,
    ],
    [
      "respond-async with a key",
      "/v1/videos",
      "POST",
      { ...asynchronous("respond-async"), "idempotency-key": "k" },
      video,
    ],
    ["respond-async of nothing", "/v1/videos", "POST", asynchronous("respond-async"), () => "{"],
    ["a test that succeeds", "/v1/videos", "POST", {}, () => video({ test: "succeeded" })],
    [
      "a test that fails at once",
      "/v1/videos",
      "POST",
      {},
      () => video({ test: { outcome: "failed", delay_seconds: 0 } }),
    ],
    ["a test that times out", "/v1/videos", "POST", {}, () => video({ test: { outcome: "timeout" } })],
    [
      "a test, later",
      "/v1/videos",
      "POST",
      asynchronous("respond-async"),
      () => video({ test: "succeeded" }),
    ],
    [
      "a test with a key",
      "/v1/videos",
      "POST",
      { "idempotency-key": "k" },
      () => video({ test: "succeeded" }),
    ],
    [
      "a test with a bad field beside it",
      "/v1/videos",
      "POST",
      {},
      () => video({ test: "succeeded", duration_seconds: 99 }),
    ],
    ["a ping", "/v1/webhooks/ping", "POST", {}, () => ({ callback_url: `${bystander.origin}/` })],
    ["a ping of nothing", "/v1/webhooks/ping", "POST", {}, () => "{"],
    ["the secret", "/v1/webhooks/secret", "GET", {}, undefined],
    ["a rotation", "/v1/webhooks/secret/rotate", "POST", {}, () => ({})],
    [
      "a check of a signature",
      "/v1/webhooks/verify",
      "POST",
      { "webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v1,a" },
      () => "{}",
    ],
  ];
  it.each(rows)(
    "makes Ringback send nothing but the question whether it is one: %s",
    async (name, path, method, headers, body) => {
      const key = `made-up ${name}`.replaceAll(/\W/g, "-");
      const from = stack.gateway.calls.length;
      const answer = await send(stack, path, { method, key, headers, body: body?.() });
      expect([answer.status, codeOf(answer)]).toEqual([401, "unauthorized"]);
      // The life of a good caller's test task is the time in which something would still have come of it.
      const good = await stack.create({ test: { outcome: "succeeded", delay_seconds: 0 } });
      await stack.task(((await good.json()) as TaskBody).task_id, isTerminal);
      const calls = stack.gateway.calls
        .slice(from)
        .filter(({ authorization }) => authorization === `Bearer ${key}`);
      expect(calls.map((call) => `${call.method} ${call.path}`)).toEqual(["GET /v1/models"]);
      expect(bystander.connections).toBe(0);
    },
  );

  it("tried many times at once sends nothing either, and a plain create is the upstream's to judge", async () => {
    const from = stack.gateway.calls.length;
    const pings = Array.from({ length: 50 }, async () =>
      send(stack, "/v1/webhooks/ping", {
        method: "POST",
        key: "made-up-crowd",
        body: { callback_url: bystander.origin },
      }),
    );
    expect(new Set((await Promise.all(pings)).map(({ status }) => status))).toEqual(new Set([401]));
    expect(new Set(stack.gateway.calls.slice(from).map(({ path }) => path))).toEqual(new Set(["/v1/models"]));
    const plain = await send(stack, "/v1/videos", { method: "POST", key: "made-up-crowd", body: video() });
    expect([plain.status, codeOf(plain)]).toEqual([401, "upstream_unauthorized"]);
    expect(bystander.connections).toBe(0);
  });
});

describe("a task whose key nothing has proved", () => {
  const stack = useStack({
    settings: { ...PATIENT, CALLBACK_RETRY_SECONDS: "0.2,0.2,0.2" },
  });

  let keys = 0;
  /** A create with a key of its own, to which the upstream answers so; and so to the question about the key. */
  async function begin(
    submit: Partial<Fault>,
    ...models: Partial<Fault>[]
  ): Promise<{ id: string; key: string; hook: Hook }> {
    keys += 1;
    const key = `sk-unproved-${keys}`;
    const hook = newHook(stack);
    stack.gateway.fault({ on: "submit", key, ...submit });
    for (const answer of models) stack.gateway.fault({ on: "models", key, ...answer });
    const created = await stack.create({ callback_url: hook.url }, { authorization: `Bearer ${key}` });
    expect(created.status).toBe(202);
    return { id: ((await created.json()) as TaskBody).task_id, key, hook };
  }

  const questions = (key: string): number =>
    stack.gateway.calls.filter(
      ({ path, authorization }) => path === "/v1/models" && authorization === `Bearer ${key}`,
    ).length;

  it.each<[name: string, submit: Partial<Fault>, code: string]>([
    ["500", { status: 500 }, "submit_unknown"],
    ["nothing", { drop: "before" }, "submit_unknown"],
    ["429, then 401", { status: 429, headers: { "retry-after": "0" } }, "upstream_unauthorized"],
  ])(
    "sends nothing with a key that the upstream refuses, whose submit was answered %s",
    async (_name, submit, code) => {
      const refused = { status: 401, times: Infinity };
      const { id, key, hook } = await begin(submit, refused);
      if (code === "upstream_unauthorized") stack.gateway.fault({ on: "submit", key, status: 401 });
      const [delivery] = await stack.deliveries(id, ([first]) => first?.status === "stopped");
      expect(delivery).toMatchObject({ event: "video.failed", attempts: [], next_attempt_at: null });
      expect(await stack.task(id)).toMatchObject({
        error: { code },
        callback: { status: "stopped", attempts: 0 },
      });
      // By hand it is asked about again, and sent as little.
      const sending = { method: "POST", key, body: {} };
      const again = await send(stack, `/v1/videos/${id}/redeliver`, sending);
      expect([again.status, codeOf(again)]).toEqual([401, "unauthorized"]);
      expect(hook.received()).toEqual([]);
      expect(stack.logs.findLast((line) => line.includes('"event":"key.judged"'))).toContain('"refused"');
      stack.gateway.clearFaults();
    },
  );

  it("waits while the upstream does not speak of it, and sends once it does", async () => {
    const { id, key, hook } = await begin(
      { status: 500 },
      { status: 500 },
      { status: 200, body: "<h1>Sign in</h1>" },
    );
    const [callback] = await hook.waitFor(1);
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({ data: { task_id: id, status: "failed" } });
    expect(questions(key)).toBe(3);
    const [delivery] = await stack.deliveries(id, ([first]) => first?.status === "delivered");
    expect(delivery?.attempts).toHaveLength(1);
  });

  it("is exhausted where the upstream never judges it, and may be sent by hand once it does", async () => {
    const { id, key, hook } = await begin({ status: 500 }, { status: 500, times: 4 });
    await stack.deliveries(id, ([first]) => first?.status === "exhausted");
    expect([questions(key), hook.received()]).toEqual([4, []]);
    const sending = { method: "POST", key, body: {} };
    expect((await send(stack, `/v1/videos/${id}/redeliver`, sending)).status).toBe(202);
    await hook.waitFor(1);
    expect(questions(key)).toBe(5);
    // From here on it is proved.
    expect((await send(stack, `/v1/videos/${id}/redeliver`, sending)).status).toBe(202);
    await hook.waitFor(2);
    expect(questions(key)).toBe(5);
  });

  it("is not asked about where a create of the same key was accepted, this one or another", async () => {
    const { key, hook } = await begin({});
    await hook.waitFor(1);
    stack.gateway.fault({ on: "submit", key, status: 500 });
    const other = newHook(stack);
    await stack.create({ callback_url: other.url }, { authorization: `Bearer ${key}` });
    await other.waitFor(1);
    expect(questions(key)).toBe(0);
  });
});
