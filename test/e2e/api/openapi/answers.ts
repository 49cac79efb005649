import { expect, it } from "vitest";
import { eventually, isTerminal, newHook, type RawAnswer } from "../../../support/stack.ts";
import {
  FILE,
  POST,
  ask,
  create,
  nameOf,
  problemsOfCallback,
  reference,
  refusal,
  type Ended,
} from "./ask.ts";

/** What an account's own calls are answered, if nothing is wrong with them. */
export function testAnswers({ stack, taskId }: Ended): void {
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
    await ask(stack, `/v1/videos/${taskId()}`);
    await ask(stack, `/v1/videos/${taskId()}/deliveries`);
    const [delivery] = await stack.deliveries(taskId());
    await ask(stack, `/v1/videos/${taskId()}/deliveries/${delivery?.message_id}`);
    await ask(stack, `/v1/videos/${taskId()}/redeliver`, POST({}));
    await ask(stack, `/v1/videos/${taskId()}/redeliver`, POST({ callback_url: newHook(stack).url }));
    await stack.deliveries(taskId(), ([one]) => one?.attempts.at(-1)?.host !== undefined);
    await ask(stack, `/v1/videos/${taskId()}/deliveries`);
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
}

function createExamples(): Record<string, { value: object }> {
  const body = reference.document.paths["/v1/videos"]?.["post"]?.requestBody as {
    content: Record<string, { examples: Record<string, { value: object }> }>;
  };
  return body.content["application/json"]?.examples ?? {};
}
