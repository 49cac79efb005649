import { describe, expect, it } from "vitest";
import type { ListedTask } from "../../../../src/contract/shapes/task.ts";
import { OPERATOR_CALLS } from "../../../../src/http/operator/open-calls.ts";
import { openApiDocument } from "../../../../src/openapi/document.ts";
import { ALICE, OPERATOR, tokenDigest } from "../../../support/operator.ts";
import { eventually, newHook, sendRaw, type DeliveryBody, type TaskBody } from "../../../support/stack.ts";
import { code, parsed, useOperated } from "./operate.ts";

/*
 * scenario                                            requirement (contract, Alerts and the operator)
 * a support case: find, see why, deliver again        an operator reads, redelivers and recovers to the stored receivers
 * every operation of the document                     one that the table does not name is 403 `forbidden`
 * the header missing, unknown, or a caller's          400, 404, 403, in the order of the checks
 * every call                                          logged with the token's name and the route, and without the query
 */

const { stack, operate, ended } = useOperated();

describe("an operator", () => {
  it("finds a caller's task by its order number, sees why its callback failed, and delivers it again", async () => {
    stack.receiver.defaultReply({ status: 500, body: "the order table is locked" });
    const { id, hook } = await ended({ metadata: { order: "A-1007" } });
    const found = await eventually(
      async () => (parsed(await operate("/v1/videos?metadata.order=A-1007")) as { data: ListedTask[] }).data,
      (data) => data.length === 1,
    );
    expect(found.map(({ task_id }) => task_id)).toEqual([id]);
    const task = parsed(await operate(`/v1/videos/${id}`)) as TaskBody;
    expect(task).toMatchObject({ status: "succeeded", metadata: { order: "A-1007" } });
    expect(task.callback?.status).toBe("pending");
    const [delivery] = (parsed(await operate(`/v1/videos/${id}/deliveries`)) as { data: DeliveryBody[] })
      .data;
    expect(delivery?.attempts[0]).toMatchObject({
      reason: "http_500",
      response_excerpt: "the order table is locked",
    });
    stack.receiver.defaultReply({ status: 200 });
    const again = await operate(`/v1/videos/${id}/redeliver`, {
      method: "POST",
      body: { message_id: delivery?.message_id },
    });
    expect(again.status).toBe(202);
    await stack.deliveries(id, ([one]) => one?.status === "delivered");
    const bodies = hook.received().map(({ body }) => body);
    expect(bodies).toEqual([bodies[0], bodies[0]]);
  });

  it("recovers to the stored receivers, and reads the recovery and the numbers", async () => {
    stack.receiver.defaultReply({ status: 410 });
    const { id } = await ended();
    const preview = { statuses: ["stopped"], dry_run: true };
    const path = "/v1/webhooks/recoveries";
    await eventually(
      async () => operate(path, { method: "POST", body: preview }),
      ({ body }) => body.includes(id),
    );
    stack.receiver.defaultReply({ status: 200 });
    const started = await operate(path, { method: "POST", body: { statuses: ["stopped"] } });
    expect(started.status).toBe(202);
    const { id: recoveryId } = parsed(started) as { id: string };
    await eventually(
      async () => parsed(await operate(`${path}/${recoveryId}`)) as { status: string; delivered: number },
      ({ status, delivered }) => status === "done" && delivered >= 1,
    );
    expect((parsed(await operate(path)) as { data: { id: string }[] }).data.map((one) => one.id)).toContain(
      recoveryId,
    );
    expect((parsed(await operate("/v1/stats")) as { object: string }).object).toBe("stats");
  });

  it("waits for a task and follows it, and deletes it", async () => {
    const created = await stack.create({ callback_url: newHook(stack).url });
    const { task_id: id } = (await created.json()) as TaskBody;
    expect((parsed(await operate(`/v1/videos/${id}?wait=20`)) as TaskBody).status).toBe("succeeded");
    const stream = await operate(`/v1/videos/${id}/events`);
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    expect(stream.body).toMatch(/^event: video\.succeeded\nid: .*\ndata: \{.*\}\n\n$/m);
    expect((await operate(`/v1/videos/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await stack.call(`/v1/videos/${id}`)).status).toBe(404);
  });

  it("reaches one account at a time", async () => {
    const { id } = await ended();
    expect(code(await operate(`/v1/videos/${id}`, { account: "bob" }))).toBe("404 task_not_found");
    expect((parsed(await operate("/v1/videos", { account: "bob" })) as { data: [] }).data).toEqual([]);
  });

  it("sends nothing elsewhere, and changes nothing that is the caller's", async () => {
    const { id } = await ended();
    const elsewhere = { callback_url: newHook(stack).url };
    const paths = [`/v1/videos/${id}/redeliver`, "/v1/webhooks/recoveries"];
    for (const path of paths)
      expect(code(await operate(path, { method: "POST", body: elsewhere }))).toBe("403 forbidden");
    const form = await sendRaw(`${stack.worker.url}/v1/videos/${id}/redeliver`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${OPERATOR}`,
        "ringback-account": "alice",
        "content-type": "application/x-www-form-urlencoded",
      },
      chunks: [new URLSearchParams(elsewhere).toString()],
    });
    expect(code(form)).toBe("403 forbidden");
    // Absent, as in any call.
    const absent = { method: "POST", body: { callback_url: null } };
    expect((await operate(`/v1/videos/${id}/redeliver`, absent)).status).toBe(202);
  });
});

describe("a call", () => {
  const operations = Object.entries(openApiDocument().paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
  // No key is involved.
  const OPEN = new Set(["/healthz", "/readyz", "/openapi.json", "/docs", "/v1/files/{name}"]);
  const forbidden = operations.filter(
    ({ method, path }) => !OPEN.has(path) && !(`${method} ${path}` in OPERATOR_CALLS),
  );

  // Without other upstreams there is none: test/e2e/api/upstreams.
  const ELSEWHERE = new Set(["/v1/operator/accounts", "/v1/upstreams/{name}/{path}"]);
  it.each(forbidden.filter(({ path }) => !ELSEWHERE.has(path)))(
    "of the document that is not an operator's is forbidden: $method $path",
    async ({ method, path }) => {
      const sending = method === "GET" ? { method } : { method, body: {} };
      const url = path.replace("{id}", "x").replace("{message_id}", "y");
      expect(code(await operate(url, sending))).toBe("403 forbidden");
      // 403 comes before everything that is wrong with the request.
      expect(code(await operate(`${url}?x=1`, { ...sending, account: null }))).toBe("403 forbidden");
    },
  );

  it("is forbidden where it would make, show or end what is the caller's", () => {
    expect(forbidden.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        "POST /v1/videos",
        "GET /v1/models",
        "GET /v1/me",
        "GET /v1/webhooks/secret",
        "POST /v1/webhooks/secret/rotate",
        "POST /v1/webhooks/ping",
        "POST /v1/webhooks/verify",
        "DELETE /v1/webhooks/recoveries/{id}",
      ]),
    );
  });

  it("needs the account's name, and says so after everything else", async () => {
    for (const account of [null, "", "  "]) {
      const answer = await operate("/v1/stats", { account });
      expect(code(answer)).toBe("400 invalid_request");
      expect((parsed(answer) as { error: object }).error).toMatchObject({
        param: "Ringback-Account",
        issues: [{ path: "Ringback-Account", code: "required" }],
      });
    }
    const path = "/v1/webhooks/recoveries";
    const text = { "content-type": "text/plain" };
    expect(code(await operate(path, { method: "POST", account: null, body: {}, headers: text }))).toBe(
      "415 unsupported_media_type",
    );
    const large = { statuses: "x".repeat(70_000) };
    expect(code(await operate(path, { method: "POST", account: null, body: large }))).toBe(
      "413 payload_too_large",
    );
    const elsewhere = { callback_url: newHook(stack).url };
    expect(code(await operate(path, { method: "POST", account: null, body: elsewhere }))).toBe(
      "403 forbidden",
    );
    const queried = await operate(`${path}?x=1`, { method: "POST", account: null, body: {} });
    expect((parsed(queried) as { error: { issues: { path: string }[] } }).error.issues).toMatchObject([
      { path: "Ringback-Account" },
      { path: "x" },
    ]);
  });

  it.each(["carol", "Alice", "mallory", "alice,bob", "name:alice", "a".repeat(65), "__proto__"])(
    "for an account that does not exist is 404: %s",
    async (account) => {
      expect(code(await operate("/v1/stats", { account }))).toBe("404 not_found");
    },
  );

  it("with a caller's token names no account, not even its own", async () => {
    for (const account of ["alice", "bob", "carol"])
      for (const path of ["/v1/stats", "/v1/videos", "/v1/me", "/v1/videos/task_x"])
        expect(code(await operate(path, { token: ALICE, account }))).toBe("403 forbidden");
    expect(code(await operate("/v1/stats", { token: "rb-unknown" }))).toBe("401 unauthorized");
    expect(code(await operate("/v1/no-such-path", { token: ALICE }))).toBe("404 not_found");
    expect(code(await operate("/v1/stats", { token: ALICE, method: "PUT" }))).toBe("405 method_not_allowed");
  });

  it("is logged with the token's name, its route and status, and without the query or the id", async () => {
    const { id } = await ended();
    stack.logs.length = 0;
    const query = "metadata.order=a-secret-order";
    await operate(`/v1/videos?${query}`);
    await operate(`/v1/videos/${id}/`);
    await operate("/v1/me");
    await operate("/v1/stats", { account: null });
    await operate("/v1/stats", { account: "carol" });
    await operate("/v1/operator/accounts", { account: null });
    await operate("/v1/stats", { token: ALICE, account: null });
    const lines = await eventually(
      async () => stack.logs.filter((line) => line.includes("operator.called")),
      ({ length }) => length >= 6,
    );
    const calls = lines.map((line) => JSON.parse(line.slice(line.indexOf("{"))) as Record<string, unknown>);
    expect(calls).toEqual(
      [
        { account: "name:alice", method: "GET", route: "/v1/videos", status: 200 },
        { account: "name:alice", method: "GET", route: "/v1/videos/{id}", status: 200 },
        { method: "GET", route: "/v1/me", status: 403 },
        { method: "GET", route: "/v1/stats", status: 400 },
        { method: "GET", route: "/v1/stats", status: 404 },
        { method: "GET", route: "/v1/operator/accounts", status: 200 },
      ].map((call) =>
        Object.assign(call, { event: "operator.called", token: "mallory", request_id: expect.any(String) }),
      ),
    );
    expect(calls.every(({ request_id: requestId }) => String(requestId).startsWith("req_"))).toBe(true);
    for (const hidden of [id, "a-secret-order", OPERATOR, tokenDigest(OPERATOR)])
      expect(lines.join("\n")).not.toContain(hidden);
  });
});
