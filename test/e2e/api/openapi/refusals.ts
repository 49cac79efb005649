import { expect, it } from "vitest";
import type { Sending } from "../../../support/wire/send.ts";
import { eventually, newHook, submitsTo } from "../../../support/stack.ts";
import { POST, VIDEO, ask, codeIn, create, operations, refusal, type Ended, type TaskAnswer } from "./ask.ts";

/** What is refused, to an account with a key of its own. */
export function testRefusals({ stack, taskId }: Ended): void {
  it("says no to what is not there, not allowed, not readable or too much", async () => {
    const nothing = `/v1/videos/${taskId().slice(0, -1)}${taskId().endsWith("a") ? "b" : "a"}`;
    expect(await refusal(ask(stack, nothing))).toBe("404 task_not_found");
    expect(await refusal(ask(stack, nothing, { method: "DELETE" }))).toBe("404 task_not_found");
    expect(await refusal(ask(stack, `${nothing}/deliveries`))).toBe("404 task_not_found");
    expect(await refusal(ask(stack, `${nothing}/deliveries/msg_a`))).toBe("404 task_not_found");
    expect(await refusal(ask(stack, `/v1/videos/${taskId()}/deliveries/msg_a`))).toBe("404 not_found");
    expect(await refusal(ask(stack, `${nothing}/redeliver`, POST({})))).toBe("404 task_not_found");
    expect(await refusal(ask(stack, "/v1/videos?limit=0"))).toBe("400 invalid_request");
    // Each call names what it does not know, and does nothing.
    const calls = [
      ["GET", "/v1/videos"],
      ["GET", `/v1/videos/${taskId()}`],
      ["DELETE", `/v1/videos/${taskId()}`],
      ["GET", `/v1/videos/${taskId()}/events`],
      ["GET", `/v1/videos/${taskId()}/deliveries`],
      ["GET", `/v1/videos/${taskId()}/deliveries/msg_a`],
      ["POST", `/v1/videos/${taskId()}/redeliver`],
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
    expect((await ask(stack, `/v1/videos/${taskId()}`)).status).toBe(200);
    expect(await refusal(ask(stack, "/v1/videos", POST({ model: "m" })))).toBe("400 invalid_request");
    expect(await refusal(ask(stack, "/v1/videos", POST("x".repeat(5000))))).toBe("413 payload_too_large");
    expect(await refusal(ask(stack, "/v1/videos", POST("x", { "content-type": "text/plain" })))).toBe(
      "415 unsupported_media_type",
    );
    expect(await refusal(ask(stack, "/v1/videos", POST(VIDEO, { "ringback-hop": "1" })))).toBe(
      "508 loop_detected",
    );
    for (const path of [
      `/v1/videos/${taskId()}/redeliver`,
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
      const asked = ask(stack, path.replace("{id}", taskId()), loop);
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
    const path = `/v1/videos/${taskId()}/redeliver`;
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
      const asked = path.replace("{id}", taskId());
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
      const asked = ask(stack, path.replace("{id}", taskId()), { method, headers });
      expect([path, await refusal(asked)]).toEqual([path, "403 forbidden"]);
    }
  });
}
