import { describe, expect, it } from "vitest";
import { Ringback, RingbackError, verifyCallback } from "../../../../src/client/index.ts";
import { eventually, MODEL, newHook } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * `ringback-client` and registered endpoints, against the Worker itself.
 *
 * scenario                                        requirement
 * a receiver's life                               registered, registered again, read, changed, tested, deleted
 * a task without a callback_url                   proved at the endpoint, read, delivered again and recovered there
 * a call that is refused                          the contract's error, typed
 */

const REQUEST = { model: MODEL, prompt: "A lighthouse at dusk." } as const;

const stack = useStack();
let keys = 0;

/** Of an account of its own. */
function newClient(): Ringback {
  keys += 1;
  return new Ringback({ baseUrl: `${stack.worker.url}/v1`, apiKey: `sk-client-with-endpoints-${keys}` });
}

describe("a receiver", () => {
  it("is registered, registered again, read, changed, tested and deleted", async () => {
    const { endpoints } = newClient();
    const hook = newHook(stack);
    const headers = { "x-app-key": "a-secret-of-yours" };
    const created = await endpoints.register({ url: hook.url, headers, description: "the app" });
    expect(created).toMatchObject({
      object: "webhook_endpoint",
      url: hook.url,
      events: ["video.succeeded", "video.failed"],
      format: "standard",
      header_names: ["x-app-key"],
      description: "the app",
      status: "active",
    });
    const again = await endpoints.register({ url: hook.url, format: "flat" });
    expect(again).toEqual({ ...created, format: "flat" });
    expect(await endpoints.list()).toEqual([again]);
    expect(await endpoints.get(created.id)).toEqual(again);

    expect(await endpoints.test(created.id)).toMatchObject({ delivered: true, status_code: 200 });
    expect(await endpoints.test(created.id, { type: "video.failed" })).toMatchObject({ delivered: true });
    const [ping, sample] = await hook.waitFor(2);
    expect(JSON.parse(ping?.body ?? "")).toMatchObject({ event: "ping" });
    expect(JSON.parse(sample?.body ?? "")).toMatchObject({ event: "video.failed", test: true });
    expect(sample?.headers).toMatchObject(headers);

    const disabled = await endpoints.update(created.id, { enabled: false, description: "off" });
    expect(disabled).toMatchObject({ status: "disabled", disabled_reason: "manual", description: "off" });
    expect(await endpoints.update(created.id, { enabled: true })).toMatchObject({ status: "active" });
    await endpoints.delete(created.id);
    expect(await endpoints.list()).toEqual([]);
  });

  it("gets the events of a task that names none, and what was missed is delivered there again", async () => {
    const ringback = newClient();
    const hook = newHook(stack);
    const { id: endpoint } = await ringback.endpoints.register({ url: hook.url });
    stack.receiver.defaultReply({ status: 500 });
    const { task_id: id } = await ringback.create(REQUEST);
    const [missed] = await eventually(
      async () => ringback.deliveries(id),
      ([one]) => one?.status === "exhausted",
    );
    expect(missed?.endpoint).toEqual({ id: endpoint, host: new URL(hook.url).host });
    stack.receiver.defaultReply({ status: 200 });

    const { data } = await eventually(
      async () => ringback.list({ endpoint, callbackStatus: "exhausted" }),
      (page) => page.data.length === 1,
    );
    expect(data[0]?.task_id).toBe(id);
    const before = hook.received().length;
    expect(await ringback.previewRecovery({ endpoint })).toMatchObject({ matched: 1, tasks: [id] });
    const { id: recovery } = await ringback.recover({ endpoint });
    await eventually(
      async () => ringback.recovery(recovery),
      ({ status }) => status === "done",
    );
    const messageId = missed?.message_id ?? "";
    expect(await ringback.redeliver(id, { messageId, endpoint })).toMatchObject({ message_id: messageId });
    const received = (await hook.waitFor(before + 2)).slice(before);
    const { secret } = await ringback.secrets();
    for (const { body, headers } of received)
      expect(await verifyCallback(body, headers, secret)).toMatchObject({
        id: messageId,
        data: { task_id: id },
      });

    const { request } = await ringback.delivery(id, messageId, { endpoint });
    expect(request).toMatchObject({ url: hook.url, body: received[0]?.body });
  });

  it("that is none is refused with the contract's code", async () => {
    const { endpoints } = newClient();
    const refusals = [
      endpoints.get(`ep_${"a".repeat(26)}`),
      endpoints.register({ url: "not a URL" }),
      endpoints.register({ url: newHook(stack).url, headers: { host: "example.com" } }),
    ].map(async (answer) =>
      answer.then(
        () => "answered",
        (error: unknown) => (error instanceof RingbackError ? [error.status, error.code] : error),
      ),
    );
    expect(await Promise.all(refusals)).toEqual([
      [404, "not_found"],
      [400, "invalid_request"],
      [400, "invalid_request"],
    ]);
  });
});
