import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault } from "../../../../dev/gateway.ts";
import { OPERATOR_CALLS } from "../../../../src/http/operator/open-calls.ts";
import { BODY_LIMITS } from "../../../../src/net/body-limits.ts";
import { enoughOfAMinute } from "../../../support/minute.ts";
import { send } from "../../../support/wire/send.ts";
import {
  eventually,
  isTerminal,
  newHook,
  startStack,
  type RawAnswer,
  type Stack,
} from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import {
  FILE,
  NEARBY,
  POST,
  VIDEO,
  ask,
  create,
  nameOf,
  operations,
  problemsOfCallback,
  reference,
  refusal,
  seen,
  type Ended,
  type TaskAnswer,
} from "./ask.ts";
import { testAnswers } from "./answers.ts";
import { testRefusals } from "./refusals.ts";

/*
 * scenario                                         requirement
 * every operation's good answers                   OpenAPI: as the document says, member by member
 * every error that a caller can provoke            OpenAPI: status, code, headers and shape
 * callbacks in both formats, and the ping          OpenAPI: webhooks, body and headers
 * what no test here has seen                       named, so that nothing is left out unnoticed
 *
 * One file for all of them, because the last one asks what the others have seen.
 */

describe("with callers' own keys", () => {
  const stack = useStack({ settings: { MAX_BODY_BYTES: "4096" }, bucket: true });
  let taskId: string;
  beforeAll(async () => {
    const hook = newHook(stack);
    stack.receiver.reply({ status: 503, body: "starting up" });
    taskId = await create(stack, { callback_url: hook.url, metadata: { order: 42 } });
    await stack.task(taskId, isTerminal);
    await stack.deliveries(taskId, ([first]) => first?.status === "delivered");
  });

  const ended: Ended = { stack, taskId: () => taskId };
  testAnswers(ended);
  testRefusals(ended);

  it("hands on what the upstream says of its models, a refusal too", async () => {
    let keys = 0;
    const askModels = async (fault: Partial<Fault>): Promise<RawAnswer> => {
      const key = `sk-models-${(keys += 1)}`;
      stack.gateway.fault({ on: "models", key, ...fault });
      return ask(stack, "/v1/models", { key });
    };
    for (const [status, code] of [
      [400, "400 upstream_rejected"],
      [401, "401 upstream_unauthorized"],
      [402, "402 upstream_payment_required"],
      [403, "403 upstream_forbidden"],
      [404, "404 upstream_not_found"],
      [418, "418 upstream_rejected"],
      [429, "429 upstream_rejected"],
      [500, "502 upstream_error"],
    ] as const) {
      expect(await refusal(askModels({ status }))).toBe(code);
    }
    expect(await refusal(ask(stack, "/v1/models", { headers: { "ringback-hop": "1" } }))).toBe(
      "508 loop_detected",
    );
    const page = { status: 200, headers: { "content-type": "text/plain" }, body: "none" };
    expect((await askModels(page)).body).toBe("none");
  });

  it("answers a wait, and streams to a follower", async () => {
    const waited = await ask(stack, "/v1/videos", POST(VIDEO, { prefer: "wait=20" }));
    expect([waited.status, waited.headers["preference-applied"]]).toEqual([200, "wait=20"]);
    const path = `/v1/videos/${(JSON.parse(waited.body) as TaskAnswer).task_id}`;
    await ask(stack, `${path}?wait=1`);
    expect(await refusal(ask(stack, `${path}?wait=61`))).toBe("400 invalid_request");

    const stream = await ask(stack, `${path}/events`);
    const tasks = Array.from(
      stream.body.matchAll(/^data: (.*)$/gm),
      ([, task = ""]) => JSON.parse(task) as object,
    );
    expect(tasks).not.toEqual([]);
    for (const task of tasks)
      expect(reference.problemsOf({ $ref: "#/components/schemas/Task" }, task)).toEqual([]);
    const last = /^id: (.*)$/gm.exec(stream.body)?.[1] ?? "";
    expect((await ask(stack, `${path}/events`, { headers: { "last-event-id": last } })).status).toBe(204);
    expect(await refusal(ask(stack, "/v1/videos/task_x/events"))).toBe("404 task_not_found");
  });

  it("says to a waiting caller that the task was deleted", async () => {
    const model = "the one that is waited for";
    const slow = { ...VIDEO, model, test: { outcome: "succeeded", delay_seconds: 600 } };
    const waits = ask(stack, "/v1/videos", POST(slow, { prefer: "wait=20" }));
    // In the list it is accepted, so the call waits for its end by now.
    const id = await eventually(async () => {
      const { body } = await send(stack, "/v1/videos?limit=100");
      const { data } = JSON.parse(body) as { data: { task_id: string; model: string }[] };
      return data.find((task) => task.model === model)?.task_id;
    }, Boolean);
    await ask(stack, `/v1/videos/${id}`, { method: "DELETE" });
    expect(await refusal(waits)).toBe("404 task_not_found");
  });

  it("calls back as the document says, in both formats, and pings so", async () => {
    const events = ["video.succeeded", "video.failed", "video.running", "video.progress"];
    for (const callback_format of ["standard", "flat"]) {
      const hook = newHook(stack);
      const metadata = { order: 42, nested: { a: 1 }, list: [1], none: null, yes: true };
      // It runs long enough to be called back about on a busy machine, too: its end stops what still waits.
      stack.gateway.fault({ on: "poll", status: 200, body: { status: "running" }, times: 10 });
      await create(stack, { callback_url: hook.url, callback_events: events, callback_format, metadata });
      await create(stack, {
        callback_url: hook.url,
        callback_events: events,
        callback_format,
        test: { outcome: "failed", delay_seconds: 0 },
      });
      await ask(stack, "/v1/webhooks/ping", POST({ callback_url: hook.url, callback_format }));
      const names = new Set(["video.succeeded", "video.failed", "video.running", "ping"]);
      await expect
        .poll(() => hook.received().map(nameOf), { timeout: 10_000 })
        .toEqual(expect.arrayContaining([...names]));
      for (const callback of hook.received()) {
        expect({ name: nameOf(callback), problems: problemsOfCallback(callback) }).toEqual({
          name: nameOf(callback),
          problems: [],
        });
      }
    }
  });
});

describe("with two calls a minute, and bodies that must hurry", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      createsPerMinute: 2,
      instead: {
        "net/body-limits.ts": `export const BODY_LIMITS = ${JSON.stringify({ ...BODY_LIMITS, arrivalMs: 200 })};`,
      },
    });
  });
  afterAll(async () => stack.close());

  it("says no to a body that does not arrive", async () => {
    for (const [nth, { method, path, codes }] of operations().entries()) {
      if (!codes.includes("408 request_timeout")) continue;
      // Of an account and an address that no other call was counted for.
      const headers = { "content-length": "100", "cf-connecting-ip": `192.0.2.${nth}` };
      const sending = { method, key: `sk-slow${path.replaceAll(/\W/g, "-")}`, headers, body: "{" };
      const isOfTask = path.includes("/videos/{id}");
      const id = isOfTask ? await create(stack, {}, { key: sending.key, headers: NEARBY }) : "ep_a";
      const asked = ask(stack, path.replace("{id}", id), sending);
      expect([path, await refusal(asked)]).toEqual([path, "408 request_timeout"]);
    }
  });

  it("limits the questions that a call asks the upstream", async () => {
    const headers = { "cf-connecting-ip": "203.0.113.9" };
    await enoughOfAMinute();
    for (let count = 0; count < 5; count += 1)
      await send(stack, "/v1/models", { key: `sk-asks-${count}`, headers });
    for (const { method, path, codes } of operations()) {
      if (!codes.includes("429 rate_limited") || /\/(?:videos\/\{id\}|files\/)/.test(path)) continue;
      const sending = { method, key: `sk-asked${path.replaceAll(/\W/g, "-")}`, headers };
      const asked = ask(stack, path, { ...sending, ...(method === "GET" ? {} : { body: {} }) });
      expect([path, await refusal(asked)]).toEqual([path, "429 rate_limited"]);
    }
    for (let count = 0; count < 2; count += 1)
      expect(await refusal(ask(stack, FILE, { headers }))).toBe("404 not_found");
    expect(await refusal(ask(stack, FILE, { headers }))).toBe("429 rate_limited");
  });
});

describe("with the operator's key", () => {
  const CREATES_A_MINUTE = 4;
  const key = "a-token-of-the-operators";
  const operator = "a-token-of-an-operator";
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      token: key,
      settings: {
        AIO_API_KEY: "sk-the-operators",
        RINGBACK_KEYS: `acme:${sha256(key)}`,
        RINGBACK_OPERATOR_KEYS: `support:${sha256(operator)}`,
      },
      createsPerMinute: CREATES_A_MINUTE,
    });
  });
  afterAll(async () => stack.close());

  it.each([
    [401, "upstream_unauthorized"],
    [402, "upstream_payment_required"],
    [403, "upstream_forbidden"],
  ] as const)("keeps the upstream's %d to itself", async (status, code) => {
    stack.gateway.fault({ on: "submit", status });
    expect(await refusal(ask(stack, "/v1/videos", { ...POST(VIDEO), key }))).toBe(`502 ${code}`);
  });

  it("limits creates and pings", async () => {
    await enoughOfAMinute();
    for (let count = 0; count < CREATES_A_MINUTE; count += 1)
      await ask(stack, "/v1/videos", { ...POST(VIDEO), key });
    expect(await refusal(ask(stack, "/v1/videos", { ...POST(VIDEO), key }))).toBe("429 rate_limited");
    expect(await refusal(ask(stack, "/v1/webhooks/ping", { ...POST({}), key }))).toBe("429 rate_limited");
  });

  it("answers an operator, for an account that there is", async () => {
    const asOperator = { key: operator, headers: { "ringback-account": "acme" } };
    expect((await ask(stack, "/v1/operator/accounts?limit=1", asOperator)).status).toBe(200);
    expect(await refusal(ask(stack, "/v1/operator/accounts?limit=0", asOperator))).toBe(
      "400 invalid_request",
    );
    expect((await ask(stack, "/v1/stats", asOperator)).status).toBe(200);
    const open = Object.keys(OPERATOR_CALLS).map((call) => call.split(" ") as [string, string]);
    for (const [method, path] of open) {
      const headers = { "ringback-account": "no-such-account" };
      const asked = ask(stack, path.replace("{id}", "task_x"), { method, key: operator, headers });
      expect([path, await refusal(asked)]).toEqual([path, "404 not_found"]);
    }
  });

  it("names a broken setting on every call under /v1 and on /readyz, and on no other", async () => {
    await stack.restart({ RINGBACK_SECRET: "short" });
    for (const { method, path, codes } of operations()) {
      const asked = ask(stack, path.replace("{id}", "task_x").replace("/v1/files/{name}", FILE), {
        method,
        key,
      });
      if (codes.includes("503 misconfigured")) expect(await refusal(asked)).toBe("503 misconfigured");
      else expect((await asked).status).toBe(200);
    }
  });
});

describe("the document", () => {
  /** What takes an accident, or more time than a test has. */
  const NOT_PROVOKED = [
    /^\w+ \S+ 500 internal$/,
    /^\w+ \S+ 503 overloaded$/,
    // After a thousand: test/workers/task-object/limits.test.ts.
    /redeliver 409 too_many_redeliveries$/,
    // A body that breaks off.
    /^POST \/v1\/webhooks\/verify 400 invalid_request$/,
  ];

  it("tells of nothing that was not seen here, but for what cannot be provoked", () => {
    const told = operations().flatMap(({ method, path, codes }) =>
      codes.map((code) => `${method} ${path} ${code}`),
    );
    const unseen = told.filter((one) => !seen.has(one) && !NOT_PROVOKED.some((pattern) => pattern.test(one)));
    expect(unseen).toEqual([]);
  });
});
