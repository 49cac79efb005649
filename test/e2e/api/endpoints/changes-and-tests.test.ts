import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import { EVENT_TYPES } from "../../../../src/contract/words.ts";
import { isTerminalEvent } from "../../../../src/domain/task/events/event.ts";
import { newHook, type DeliveryBody, type Hook, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { PATH, URL_A, URL_B, refusal, useCalls, type Answer } from "./calls.ts";

/*
 * scenario                                        requirement (contract, Registered endpoints)
 * patch: each field, another host, a taken URL    what is named changes, and nothing else
 * test: ping, each event, each format             signed, with its headers, answered like a ping; a disabled one, too
 */

const { stack, caller, ask, registered, listed } = useCalls();

describe("a change", () => {
  it.each<[fields: object, expected: Partial<EndpointJson>]>([
    [{}, {}],
    [{ url: URL_B }, { url: URL_B }],
    [{ url: URL_A }, {}],
    [{ events: ["video.running"] }, { events: ["video.running"] }],
    [{ headers: { "x-b": "2", "x-c": "3" } }, { header_names: ["x-b", "x-c"] }],
    [{ headers: {} }, { header_names: [] }],
    [{ format: "flat" }, { format: "flat" }],
    [{ description: "second" }, { description: "second" }],
    [{ description: "🎬".repeat(200) }, { description: "🎬".repeat(200) }],
    [{ description: "" }, { description: null }],
    [{ url: null, events: null, headers: null, format: "", description: null, enabled: "" }, {}],
    [{ enabled: true }, {}],
    [{ enabled: false }, { status: "disabled", disabled_reason: "manual" }],
    [
      { enabled: "false", format: "flat" },
      { status: "disabled", disabled_reason: "manual", format: "flat" },
    ],
  ])("%j changes what it names, and nothing else", async (fields, expected) => {
    const before = await registered({ url: URL_A, headers: { "x-a": "1" }, description: "first" });
    const after = { status: 200, body: { ...before, ...expected } };
    expect(await ask("PATCH", `/${before.id}`, fields)).toEqual(after);
    expect(await ask("GET", `/${before.id}`)).toEqual(after);
  });

  it("may come as a form", async () => {
    const { id } = await registered({ url: URL_A });
    const response = await stack.call(`${PATH}/${id}`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${caller.key}`, "content-type": "application/x-www-form-urlencoded" },
      body: "enabled=false&description=by+a+form",
    });
    expect(await response.json()).toMatchObject({ status: "disabled", description: "by a form" });
  });

  it("of enabled ends the disabling, and a registration does not", async () => {
    const before = await registered({ url: URL_A });
    await ask("PATCH", `/${before.id}`, { enabled: false });
    expect((await ask("POST", "", { url: URL_A })).body).toMatchObject({ status: "disabled" });
    expect((await ask("PATCH", `/${before.id}`, { enabled: true })).body).toEqual(before);
  });

  it("of the host needs headers in the same call: the stored ones were for the old receiver", async () => {
    for (const headers of [{}, { "x-a": "1" }]) {
      const { id, url: from } = await registered({ url: `${URL_A}${Object.keys(headers).length}`, headers });
      for (const url of [`https://other.acme.com/${id}`, `https://hooks.acme.com:8443/${id}`]) {
        const asked = ask("PATCH", `/${id}`, { url, description: "moved" });
        expect(await refusal(asked)).toBe("400 invalid_request headers required_at_new_host");
        expect((await ask("GET", `/${id}`)).body).toMatchObject({ url: from, description: null });
      }
      const moved = { url: `https://other.acme.com/${id}`, headers: { "x-new": "2" } };
      expect(await ask("PATCH", `/${id}`, moved)).toMatchObject({
        status: 200,
        body: { id, url: moved.url, header_names: ["x-new"] },
      });
    }
  });

  it("to the URL of another endpoint is refused", async () => {
    const one = await registered({ url: URL_A });
    const two = await registered({ url: URL_B });
    expect(await refusal(ask("PATCH", `/${one.id}`, { url: URL_B }))).toBe(
      "400 invalid_request url url_registered",
    );
    expect(await listed()).toEqual([one, two]);
  });
});

describe("a test", () => {
  interface Result {
    delivered: boolean;
    status_code: number | null;
  }

  interface Registered {
    id: string;
    hook: Hook;
  }

  async function registerHook(fields: object = {}): Promise<Registered> {
    const hook = newHook(stack);
    const headers = { "x-make-apikey": "shh-a-secret" };
    const { id } = await registered({ url: hook.url, headers, ...fields });
    return { id, hook };
  }

  /** The one message that a test has sent, its signature checked. */
  async function tested(
    { id, hook }: Registered,
    fields: object,
  ): Promise<{ message: Record<string, unknown> } & Answer<Result>> {
    const before = hook.received().length;
    const answer = await ask<Result>("POST", `/${id}/test`, fields);
    const [received, ...more] = hook.received().slice(before);
    expect(more).toEqual([]);
    const headers = received?.headers as Record<string, string>;
    const secrets = await stack.call("/v1/webhooks/secret", {
      headers: { authorization: `Bearer ${caller.key}` },
    });
    const { secret } = (await secrets.json()) as { secret: string };
    const message = new Webhook(secret).verify(received?.body ?? "", headers) as Record<string, unknown>;
    expect(headers).toMatchObject({ "x-make-apikey": "shh-a-secret", "ringback-attempt": "1" });
    expect(message["id"] ?? message["message_id"]).toBe(headers["webhook-id"]);
    return { ...answer, message };
  }

  it.each([{}, { type: "ping" }, { type: null }, { type: "" }])(
    "%j is a signed ping now with the endpoint's headers, and what the receiver said",
    async (fields) => {
      const endpoint = await registerHook();
      stack.receiver.reply({ status: 201, body: "welcome, shh-a-secret" });
      const { status, body, message } = await tested(endpoint, fields);
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          delivered: true,
          status_code: 201,
          duration_ms: expect.any(Number),
          reason: null,
          response_excerpt: expect.not.stringContaining("shh"),
        },
      });
      expect(message).toEqual({
        id: expect.stringMatching(/^msg_/),
        type: "ping",
        timestamp: expect.any(String),
        data: {},
      });
    },
  );

  /** The end of the task is delivered, and nothing is on the wire. */
  function isOver(deliveries: DeliveryBody[]): boolean {
    const attempts = deliveries.flatMap((delivery) => delivery.attempts);
    return (
      deliveries.some(({ event, status }) => isTerminalEvent(event) && status === "delivered") &&
      deliveries.every(({ status }) => status !== "pending") &&
      attempts.every(({ outcome }) => outcome !== "unknown")
    );
  }

  /** What the members of a real message are, by its type and format. */
  async function realMessage(type: string, format: string): Promise<object> {
    const hook = newHook(stack);
    const outcome = type === "video.failed" ? "failed" : "succeeded";
    const created = await stack.create(
      {
        callback_url: hook.url,
        callback_events: [...EVENT_TYPES],
        callback_format: format,
        test: { outcome, delay_seconds: 1 },
      },
      { authorization: `Bearer ${caller.key}` },
    );
    const { task_id: id } = (await created.json()) as TaskBody;
    // To its end: a later callback of it would take the answer that a later test plans.
    await stack.deliveries(id, isOver);
    const bodies = hook.received().map(({ body }) => body);
    return JSON.parse(bodies.find((body) => body.includes(`"${type}"`)) ?? "{}") as object;
  }

  /** The kinds of all values, member by member: what a tool maps by. */
  function kinds(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, kinds(item)]));
  }

  it.each(
    byDay(
      EVENT_TYPES.flatMap((type) => (["standard", "flat"] as const).map((format) => [type, format] as const)),
    ),
  )("of %s in the format %s has every member that a test task's own message has", async (type, format) => {
    const endpoint = await registerHook({ format, events: ["video.failed"] });
    const real = await realMessage(type, format);
    const { status, body, message } = await tested(endpoint, { type });
    expect({ status, body }).toMatchObject({ status: 200, body: { delivered: true, status_code: 200 } });
    expect(kinds(message)).toEqual(kinds(real));
    const data = (format === "standard" ? message["data"] : message) as Record<string, unknown>;
    expect(data["test"]).toBe(true);
    expect(message[format === "standard" ? "type" : "event"]).toBe(type);
    const ends: Record<string, string> = { "video.succeeded": "succeeded", "video.failed": "failed" };
    expect(data["status"]).toBe(ends[type] ?? "running");
    const task = await stack.call(`/v1/videos/${String(data["task_id"])}`, {
      headers: { authorization: `Bearer ${caller.key}` },
    });
    expect(task.status).toBe(404);
  });

  it("of a disabled endpoint is sent, too, and whatever the receiver says changes nothing", async () => {
    const endpoint = await registerHook();
    const { id } = endpoint;
    const { body: before } = await ask("PATCH", `/${id}`, { enabled: false });
    expect((await tested(endpoint, {})).body).toMatchObject({ delivered: true });
    expect((await ask("GET", `/${id}`)).body).toEqual(before);
    const { body: enabled } = await ask("PATCH", `/${id}`, { enabled: true });
    stack.receiver.reply({ status: 410 });
    expect((await tested(endpoint, {})).body).toMatchObject({
      delivered: false,
      status_code: 410,
      reason: "gone",
    });
    expect((await ask("GET", `/${id}`)).body).toEqual(enabled);
  });

  it("is not repeated when it fails", async () => {
    const endpoint = await registerHook();
    stack.receiver.reply({ status: 503, body: "closed" });
    expect((await tested(endpoint, {})).body).toMatchObject({ delivered: false, reason: "http_503" });
  });

  it.each<[fields: object, issue: string]>([
    [{ type: "video.queued" }, "type not_listed"],
    [{ type: 5 }, "type not_listed"],
    [{ type: "ping", events: "ping" }, "events unknown_field"],
    [{ url: URL_A }, "url unknown_field"],
  ])("of %j is refused, and nothing is sent", async (fields, issue) => {
    const { id, hook } = await registerHook();
    expect(await refusal(ask("POST", `/${id}/test`, fields))).toBe(`400 invalid_request ${issue}`);
    expect(hook.received()).toEqual([]);
  });
});
