import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault } from "../../../../dev/gateway.ts";
import type { Received } from "../../../../dev/receiver.ts";
import { openApiDocument, type OpenApiDocument } from "../../../../src/openapi/document.ts";
import { OPERATOR_CALLS } from "../../../../src/http/operator/open-calls.ts";
import { BODY_LIMITS } from "../../../../src/net/body-limits.ts";
import { Reference, type JsonSchema } from "../../../support/checks/reference.ts";
import { enoughOfAMinute } from "../../../support/minute.ts";
import { send, type Sending } from "../../../support/wire/send.ts";
import {
  eventually,
  isTerminal,
  MODEL,
  newHook,
  startStack,
  submitsTo,
  type RawAnswer,
  type Stack,
} from "../../../support/stack.ts";

/*
 * scenario                                         requirement
 * every operation's good answers                   OpenAPI: as the document says, member by member
 * every error that a caller can provoke            OpenAPI: status, code, headers and shape
 * callbacks in both formats, and the ping          OpenAPI: webhooks, body and headers
 * what no test here has seen                       named, so that nothing is left out unnoticed
 */

const reference = new Reference(openApiDocument());

/** `POST /v1/videos 202`, `POST /v1/videos 400 invalid_request`: what was seen on the wire. */
const seen = new Set<string>();

function codeIn(body: string): string | undefined {
  return (JSON.parse(body) as { error?: { code?: string } } | null)?.error?.code;
}

/** An answer that is as the document says, or the test fails. Another method is answered under the path's own. */
async function ask(
  stack: Stack,
  path: string,
  sending: Sending = {},
  method = sending.method ?? "GET",
): Promise<RawAnswer> {
  const answer = await send(stack, path, sending);
  expect({ path, status: answer.status, problems: reference.problemsOfAnswer(method, path, answer) }).toEqual(
    {
      path,
      status: answer.status,
      problems: [],
    },
  );
  const template = reference.template(path) ?? "";
  const key = reference.statusKey(method, template, answer.status);
  seen.add([method, template, key, ...(answer.status >= 400 ? [codeIn(answer.body)] : [])].join(" "));
  return answer;
}

/** `404 task_not_found` */
async function refusal(asked: Promise<RawAnswer>): Promise<string> {
  const { status, body } = await asked;
  return `${status} ${codeIn(body)}`;
}

const NEARBY = { "cf-connecting-ip": "198.51.100.1" };
const FILE = `/v1/files/${"a".repeat(26)}.mp4`;
const VIDEO = { model: MODEL, prompt: "A lighthouse at dusk." };
const POST = (body: unknown, headers: Record<string, string> = {}): Sending => ({
  method: "POST",
  body,
  headers,
});

interface TaskAnswer {
  task_id: string;
}

async function create(stack: Stack, fields: object = {}, more: Sending = {}): Promise<string> {
  const answer = await ask(stack, "/v1/videos", { ...POST({ ...VIDEO, ...fields }), ...more });
  expect(answer.status).toBe(202);
  return (JSON.parse(answer.body) as TaskAnswer).task_id;
}

describe("with callers' own keys", () => {
  let stack: Stack;
  let taskId: string;
  beforeAll(async () => {
    stack = await startStack({ settings: { MAX_BODY_BYTES: "4096" }, bucket: true });
    const hook = newHook(stack);
    stack.receiver.reply({ status: 503, body: "starting up" });
    taskId = await create(stack, { callback_url: hook.url, metadata: { order: 42 } });
    await stack.task(taskId, isTerminal);
    await stack.deliveries(taskId, ([first]) => first?.status === "delivered");
  });
  afterAll(async () => stack.close());

  it("serves the document, which is the one that this test reads", async () => {
    const answer = await ask(stack, "/openapi.json");
    expect(JSON.parse(answer.body)).toEqual(reference.document);
    expect(answer.headers["cache-control"]).toBe("public, max-age=0, must-revalidate");
  });

  it.each(Object.entries(createExamples()))(
    "takes the create of the example %s",
    async (_name, { value }) => {
      const id = await create(stack, { ...value, callback_url: newHook(stack).url });
      const path = `/v1/videos/${id}`;
      expect((await ask(stack, path)).status).toBe(200);
    },
  );

  it("answers every read and every operation of a task that has ended", async () => {
    await ask(stack, `/v1/videos/${taskId}`);
    await ask(stack, `/v1/videos/${taskId}/deliveries`);
    const [delivery] = await stack.deliveries(taskId);
    await ask(stack, `/v1/videos/${taskId}/deliveries/${delivery?.message_id}`);
    await ask(stack, `/v1/videos/${taskId}/redeliver`, POST({}));
    await ask(stack, `/v1/videos/${taskId}/redeliver`, POST({ callback_url: newHook(stack).url }));
    await stack.deliveries(taskId, ([one]) => one?.attempts.at(-1)?.host !== undefined);
    await ask(stack, `/v1/videos/${taskId}/deliveries`);
    await ask(stack, "/v1/videos?limit=1");
    await ask(stack, "/v1/videos?status=succeeded");
    await ask(
      stack,
      "/v1/videos?callback_status=delivered,none&test=false&created_after=2026-01-01&metadata.order=42",
    );
    await ask(stack, "/v1/stats");
    await ask(stack, "/v1/me");
    await ask(stack, "/v1/upstreams");
    await ask(stack, "/v1/models");
    await ask(stack, "/v1/webhooks/secret");
    await ask(stack, "/v1/webhooks/secret/rotate", POST({ overlap_seconds: 60 }));
    await ask(stack, "/v1/webhooks/ping", POST({ callback_url: newHook(stack).url }));
    stack.receiver.reply({ drop: "before" });
    await ask(
      stack,
      "/v1/webhooks/ping",
      POST({ callback_url: newHook(stack).url, callback_format: "flat" }),
    );
    await ask(stack, "/v1/webhooks/verify", POST("anything"));
    await ask(stack, "/healthz");
    await ask(stack, "/readyz");
    const page = await ask(stack, "/docs");
    expect(page.status).toBe(200);
  });

  it("answers a recovery from its preview to its end, one at a time, and none that is not there", async () => {
    const path = "/v1/webhooks/recoveries";
    const hook = newHook(stack);
    const key = "sk-who-recovers";
    stack.receiver.defaultReply({ status: 410 });
    const id = await create(
      stack,
      { callback_url: hook.url, test: { outcome: "succeeded", delay_seconds: 0 } },
      { key },
    );
    const stopped = (): Promise<RawAnswer> =>
      ask(stack, path, { ...POST({ statuses: ["stopped"], dry_run: true }), key });
    await eventually(stopped, ({ body }) => body.includes(id));
    stack.receiver.defaultReply({ status: 200, delayMs: 500 });
    const started = await ask(stack, path, { ...POST({ statuses: ["stopped"] }), key });
    expect(started.status).toBe(202);
    expect(await refusal(ask(stack, path, { ...POST({}), key }))).toBe("409 recovery_running");
    const { id: recoveryId } = JSON.parse(started.body) as { id: string };
    await ask(stack, `${path}/${recoveryId}`, { key });
    await ask(stack, path, { key });
    expect((await ask(stack, `${path}/${recoveryId}`, { method: "DELETE", key })).status).toBe(200);
    stack.receiver.defaultReply({ status: 200 });
    for (const method of ["GET", "DELETE"]) {
      const made = recoveryId.replace("rec_", "rec_a").slice(0, -1);
      expect(await refusal(ask(stack, `${path}/${made}`, { method, key }))).toBe("404 not_found");
      // Of another account.
      const another = ask(stack, `${path}/${recoveryId}`, { method });
      expect(await refusal(another)).toBe("404 not_found");
    }
  });

  it("answers an endpoint from its registration to its deletion, ten of an account, and none that is not there", async () => {
    const path = "/v1/webhooks/endpoints";
    const key = "sk-with-endpoints";
    const hook = newHook(stack);
    const whole = { url: hook.url, headers: { "x-a": "1" }, description: "one", format: "flat" };
    const first = await ask(stack, path, { ...POST(whole), key });
    expect(first.status).toBe(201);
    expect((await ask(stack, path, { ...POST({ url: hook.url }), key })).status).toBe(200);
    const { id } = JSON.parse(first.body) as { id: string };
    for (const type of ["ping", "video.succeeded"])
      expect((await ask(stack, `${path}/${id}/test`, { ...POST({ type }), key })).status).toBe(200);
    for (const callback of hook.received())
      expect({ name: nameOf(callback), problems: problemsOfCallback(callback) }).toEqual({
        name: nameOf(callback),
        problems: [],
      });
    const disabled = await ask(stack, `${path}/${id}`, { method: "PATCH", body: { enabled: false }, key });
    expect(JSON.parse(disabled.body)).toMatchObject({ status: "disabled", disabled_reason: "manual" });
    for (let count = 1; count < 10; count += 1)
      await ask(stack, path, { ...POST({ url: `${hook.url}/${count}` }), key });
    const more = ask(stack, path, { ...POST({ url: `${hook.url}/more` }), key });
    expect(await refusal(more)).toBe("409 too_many_endpoints");
    await ask(stack, path, { key });
    await ask(stack, `${path}/${id}`, { key });
    expect((await ask(stack, `${path}/${id}`, { method: "DELETE", key })).status).toBe(204);
    for (const [method, rest] of [
      ["GET", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["POST", "/test"],
    ] as const) {
      const sending = method === "PATCH" || method === "POST" ? { body: {} } : {};
      const asked = ask(stack, `${path}/${id}${rest}`, { method, key, ...sending });
      expect(await refusal(asked)).toBe("404 not_found");
    }
  });

  it("answers a kept file, whole, in part and not again, and none that is not there", async () => {
    const id = "b".repeat(26);
    const path = `/v1/files/${id}.mp4`;
    const bucket = await stack.worker.miniflare.getR2Bucket("RESULTS");
    await bucket.put(id, "0123456789", { httpMetadata: { contentType: "video/mp4" } });
    expect((await ask(stack, `${path}?download`)).body).toBe("0123456789");
    expect((await ask(stack, path, { headers: { range: "bytes=2-4" } })).body).toBe("234");
    expect((await ask(stack, path, { headers: { "if-none-match": `"${id}"` } })).status).toBe(304);
    const beyond = ask(stack, path, { headers: { range: "bytes=10-" } });
    expect(await refusal(beyond)).toBe("416 range_not_satisfiable");
    expect(await refusal(ask(stack, path, { method: "PUT" }, "GET"))).toBe("405 method_not_allowed");
    expect(await refusal(ask(stack, `${path}?downlod`))).toBe("400 invalid_request");
    expect(await refusal(ask(stack, FILE))).toBe("404 not_found");
  });

  it("answers a failed task, a deleted one, and a made-up one", async () => {
    const failed = await create(stack, { test: { outcome: "failed", delay_seconds: 0 } });
    await stack.task(failed, isTerminal);
    await ask(stack, `/v1/videos/${failed}`);
    expect((await ask(stack, `/v1/videos/${failed}`, { method: "DELETE" })).status).toBe(204);
    expect(await refusal(ask(stack, `/v1/videos/${failed}`))).toBe("404 task_not_found");
    stack.gateway.fault({ on: "submit", drop: "after" });
    const unknown = await create(stack);
    expect(await stack.task(unknown)).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
    await ask(stack, "/v1/videos");
  });

  it("says no to what is not there, not allowed, not readable or too much", async () => {
    const nothing = `/v1/videos/${taskId.slice(0, -1)}${taskId.endsWith("a") ? "b" : "a"}`;
    expect(await refusal(ask(stack, nothing))).toBe("404 task_not_found");
    expect(await refusal(ask(stack, nothing, { method: "DELETE" }))).toBe("404 task_not_found");
    expect(await refusal(ask(stack, `${nothing}/deliveries`))).toBe("404 task_not_found");
    expect(await refusal(ask(stack, `${nothing}/deliveries/msg_a`))).toBe("404 task_not_found");
    expect(await refusal(ask(stack, `/v1/videos/${taskId}/deliveries/msg_a`))).toBe("404 not_found");
    expect(await refusal(ask(stack, `${nothing}/redeliver`, POST({})))).toBe("404 task_not_found");
    expect(await refusal(ask(stack, "/v1/videos?limit=0"))).toBe("400 invalid_request");
    // Each call names what it does not know, and does nothing.
    const calls = [
      ["GET", "/v1/videos"],
      ["GET", `/v1/videos/${taskId}`],
      ["DELETE", `/v1/videos/${taskId}`],
      ["GET", `/v1/videos/${taskId}/events`],
      ["GET", `/v1/videos/${taskId}/deliveries`],
      ["GET", `/v1/videos/${taskId}/deliveries/msg_a`],
      ["POST", `/v1/videos/${taskId}/redeliver`],
      ["GET", "/v1/webhooks/secret"],
      ["POST", "/v1/webhooks/secret/rotate"],
      ["POST", "/v1/webhooks/ping"],
      ["POST", "/v1/webhooks/verify"],
      ["POST", "/v1/webhooks/recoveries"],
      ["GET", "/v1/webhooks/recoveries"],
      ["GET", "/v1/webhooks/recoveries/rec_a"],
      ["DELETE", "/v1/webhooks/recoveries/rec_a"],
      ["POST", "/v1/webhooks/endpoints"],
      ["GET", "/v1/webhooks/endpoints"],
      ["GET", "/v1/webhooks/endpoints/ep_a"],
      ["PATCH", "/v1/webhooks/endpoints/ep_a"],
      ["DELETE", "/v1/webhooks/endpoints/ep_a"],
      ["POST", "/v1/webhooks/endpoints/ep_a/test"],
      ["GET", "/v1/models"],
      ["GET", "/v1/stats"],
      ["GET", "/v1/me"],
      ["GET", "/v1/upstreams"],
      ["POST", "/v1/videos"],
    ] as const;
    for (const [method, path] of calls) {
      const sending = method === "POST" ? POST(path === "/v1/videos" ? VIDEO : {}) : { method };
      const answer = await ask(stack, `${path}?callback=exhausted`, sending);
      expect([method, path, answer.status, JSON.parse(answer.body).error.issues[0]]).toEqual([
        method,
        path,
        400,
        { path: "callback", code: "unknown_parameter", message: "is not a query parameter of this call" },
      ]);
    }
    expect((await ask(stack, `/v1/videos/${taskId}`)).status).toBe(200);
    expect(await refusal(ask(stack, "/v1/videos", POST({ model: "m" })))).toBe("400 invalid_request");
    expect(await refusal(ask(stack, "/v1/videos", POST("x".repeat(5000))))).toBe("413 payload_too_large");
    expect(await refusal(ask(stack, "/v1/videos", POST("x", { "content-type": "text/plain" })))).toBe(
      "415 unsupported_media_type",
    );
    expect(await refusal(ask(stack, "/v1/videos", POST(VIDEO, { "ringback-hop": "1" })))).toBe(
      "508 loop_detected",
    );
    for (const path of [
      `/v1/videos/${taskId}/redeliver`,
      "/v1/webhooks/secret/rotate",
      "/v1/webhooks/ping",
      "/v1/webhooks/recoveries",
      "/v1/webhooks/endpoints",
      "/v1/webhooks/endpoints/ep_a",
      "/v1/webhooks/endpoints/ep_a/test",
    ]) {
      const method = path.endsWith("/ep_a") ? "PATCH" : "POST";
      const sent = (body: string, headers = {}): Sending => ({ ...POST(body, headers), method });
      expect(await refusal(ask(stack, path, sent("{")))).toBe("400 invalid_request");
      expect(await refusal(ask(stack, path, sent("x".repeat(70_000))))).toBe("413 payload_too_large");
      const text = sent("x", { "content-type": "text/plain" });
      expect(await refusal(ask(stack, path, text))).toBe("415 unsupported_media_type");
    }
    for (const { method, path } of operations()) {
      if (method === "GET") continue;
      const loop = { method, headers: { "ringback-attempt": "1" } };
      const asked = ask(stack, path.replace("{id}", taskId), loop);
      expect([path, await refusal(asked)]).toEqual([path, "508 loop_detected"]);
    }
    expect(await refusal(ask(stack, "/v1/webhooks/verify", POST("x".repeat(70_000))))).toBe(
      "413 payload_too_large",
    );
    for (const path of ["/healthz", "/readyz", "/openapi.json", "/docs"])
      expect(await refusal(ask(stack, path, { method: "PUT" }, "GET"))).toBe("405 method_not_allowed");
  });

  it("says no to a repeat that is another request, too early, or of a task that was deleted", async () => {
    const keyed = (key: string): Record<string, string> => ({ "idempotency-key": key });
    const first = await ask(stack, "/v1/videos", POST(VIDEO, keyed("a")));
    const again = await ask(stack, "/v1/videos", POST(VIDEO, keyed("a")));
    expect(again.headers["idempotent-replayed"]).toBe("true");
    const other = POST({ ...VIDEO, prompt: "Another." }, keyed("a"));
    expect(await refusal(ask(stack, "/v1/videos", other))).toBe("422 idempotency_mismatch");
    const { task_id: id } = JSON.parse(first.body) as TaskAnswer;
    await ask(stack, `/v1/videos/${id}`, { method: "DELETE" });
    expect(await refusal(ask(stack, "/v1/videos", POST(VIDEO, keyed("a"))))).toBe("409 idempotency_deleted");

    const before = submitsTo(stack.gateway).length;
    stack.gateway.fault({ on: "submit", delayMs: 2000 });
    const slow = ask(stack, "/v1/videos", POST(VIDEO, keyed("b")));
    // Only once the first is on its way is the repeat the second: else it would take the slow submit.
    await eventually(
      async () => submitsTo(stack.gateway).length,
      (count) => count > before,
    );
    expect(await refusal(ask(stack, "/v1/videos", POST(VIDEO, keyed("b"))))).toBe(
      "409 idempotency_in_progress",
    );
    expect((await slow).status).toBe(202);
  });

  it.each([
    [400, "upstream_rejected"],
    [401, "upstream_unauthorized"],
    [402, "upstream_payment_required"],
    [403, "upstream_forbidden"],
    [404, "upstream_not_found"],
    [405, "upstream_rejected"],
    [413, "upstream_rejected"],
    [415, "upstream_rejected"],
    [418, "upstream_rejected"],
    [422, "upstream_rejected"],
  ] as const)("hands on the upstream's %d as %s", async (status, code) => {
    stack.gateway.fault({ on: "submit", status, body: { error: { message: "No." } } });
    expect(await refusal(ask(stack, "/v1/videos", POST(VIDEO)))).toBe(`${status} ${code}`);
  });

  it("says no to redeliveries of nothing, of no such message, and of too many", async () => {
    const bare = await create(stack);
    expect(await refusal(ask(stack, `/v1/videos/${bare}/redeliver`, POST({})))).toBe("400 invalid_request");
    const callback = { callback_url: newHook(stack).url, callback_events: ["video.failed"] };
    const quiet = await create(stack, callback);
    expect(await refusal(ask(stack, `/v1/videos/${quiet}/redeliver`, POST({})))).toBe(
      "409 nothing_to_deliver",
    );
    const path = `/v1/videos/${taskId}/redeliver`;
    expect(await refusal(ask(stack, path, POST({ message_id: "msg_none" })))).toBe("404 not_found");
    let last = await ask(stack, path, POST({}));
    for (let count = 0; count < 12 && last.status === 202; count += 1)
      last = await ask(stack, path, POST({}));
    expect([last.status, codeIn(last.body)]).toEqual([429, "rate_limited"]);
    expect(Number(last.headers["retry-after"])).toBeGreaterThan(0);
  });

  it("says that the upstream does not speak of a key that nothing has proved", async () => {
    const key = "sk-unproved";
    for (const on of ["submit", "models"] as const)
      stack.gateway.fault({ on, key, drop: "before", times: Infinity });
    const id = await create(stack, { callback_url: newHook(stack).url }, { key });
    const path = `/v1/videos/${id}/redeliver`;
    expect(await refusal(ask(stack, path, { ...POST({}), key }))).toBe("502 upstream_error");
    stack.gateway.clearFaults();
  });

  it("says no to a fourth previous secret", async () => {
    const key = "sk-who-rotates";
    const rotate = { ...POST({}), key };
    let last = await ask(stack, "/v1/webhooks/secret/rotate", rotate);
    for (let count = 0; count < 4 && last.status === 200; count += 1)
      last = await ask(stack, "/v1/webhooks/secret/rotate", rotate);
    expect([last.status, codeIn(last.body)]).toEqual([409, "too_many_secrets"]);
  });

  it("says that the upstream does not know a key, or does not say", async () => {
    const guarded = operations().filter(({ codes }) => codes.includes("502 upstream_error"));
    expect(guarded.map(({ method, path }) => `${method} ${path}`)).toContain("GET /v1/stats");
    for (const { method, path } of operations().filter(({ codes }) => codes.includes("401 unauthorized"))) {
      const asked = path.replace("{id}", taskId);
      expect(await refusal(ask(stack, asked, { method, headers: { authorization: "" } }))).toBe(
        "401 unauthorized",
      );
    }
    for (const { method, path } of guarded) {
      // Asks of a task whose key nothing has proved, which is a test of its own.
      if (path.includes("/videos/{id}")) continue;
      const body = path === "/v1/videos" ? { ...VIDEO, test: "failed" } : {};
      const key = `sk-${method}${path.replaceAll("/", "-")}`;
      // Of this key: a task of the test before may ask about its own meanwhile.
      stack.gateway.fault({ on: "models", key, drop: "before" });
      const sending = { method, key, ...(method === "GET" ? {} : { body }) };
      expect(await refusal(ask(stack, path, sending))).toBe("502 upstream_error");
    }
    stack.gateway.clearFaults();
  });

  it("forbids a caller to name an account", async () => {
    const headers = { "ringback-account": "acme" };
    const forbidden = operations().filter(({ codes }) => codes.includes("403 forbidden"));
    expect(forbidden.length).toBeGreaterThan(15);
    for (const { method, path } of forbidden) {
      const asked = ask(stack, path.replace("{id}", taskId), { method, headers });
      expect([path, await refusal(asked)]).toEqual([path, "403 forbidden"]);
    }
  });

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

function createExamples(): Record<string, { value: object }> {
  const body = reference.document.paths["/v1/videos"]?.["post"]?.requestBody as {
    content: Record<string, { examples: Record<string, { value: object }> }>;
  };
  return body.content["application/json"]?.examples ?? {};
}

/** The code of `POST /v1/videos` answers it, and test/e2e/api/upstreams.test.ts asks it, where there are upstreams. */
const CREATE_AT_UPSTREAM = "/v1/upstreams/{name}/{path}";

/** Each operation and what the document says that it answers: `202`, `400 invalid_request`. */
function operations(): { method: string; path: string; codes: string[] }[] {
  const paths = Object.entries(reference.document.paths).filter(([path]) => path !== CREATE_AT_UPSTREAM);
  return paths.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => ({
      method: method.toUpperCase(),
      path,
      codes: Object.entries(responses).flatMap(([status, response]) =>
        codesOf(status, reference.resolve(response)),
      ),
    })),
  );
}

function codesOf(status: string, response: JsonSchema): string[] {
  if (status.startsWith("2")) return [status];
  const content = response["content"] as Record<string, { examples: object }> | undefined;
  if (content === undefined) return [status];
  return Object.keys(content["application/json"]?.examples ?? {}).map((code) => `${status} ${code}`);
}

function nameOf({ body }: Received): string {
  const message = JSON.parse(body) as { type?: string; event?: string };
  return message.type ?? message.event ?? "";
}

type Webhook = Record<
  "post",
  { parameters: JsonSchema[]; requestBody: { content: Record<string, { schema: JsonSchema }> } }
>;

function problemsOfCallback(callback: Received): string[] {
  const { post } = reference.document.webhooks[nameOf(callback)] as OpenApiDocument["webhooks"] & Webhook;
  const headerProblems = post.parameters.flatMap((parameter) => {
    const { name, schema } = reference.resolve(parameter) as { name: string; schema: JsonSchema };
    return reference.problemsOf(schema, callback.headers[name]).map((problem) => `${name}: ${problem}`);
  });
  const { schema } = post.requestBody.content["application/json"] ?? { schema: {} };
  return [...headerProblems, ...reference.problemsOf(schema, JSON.parse(callback.body))];
}
