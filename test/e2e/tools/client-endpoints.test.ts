import { describe, expect, it } from "vitest";
import { Ringback, RingbackError } from "../../../src/client/index.ts";
import { newHook } from "../../support/stack.ts";
import { useStack } from "../../support/use-stack.ts";

/*
 * `ringback-client` and registered endpoints, against the Worker itself.
 *
 * scenario                                        requirement
 * a receiver's life                               registered, registered again, read, changed, tested, deleted
 * a call that is refused                          the contract's error, typed
 */

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
