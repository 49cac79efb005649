import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import { EVENT_TYPES } from "../../../../src/contract/words.ts";
import { isTerminalEvent } from "../../../../src/domain/task/events/event.ts";
import { enoughOfAMinute } from "../../../support/minute.ts";
import {
  FAST_SETTINGS,
  newHook,
  sendRaw,
  type DeliveryBody,
  type Hook,
  type TaskBody,
} from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";

/*
 * scenario                                        requirement (contract, Registered endpoints)
 * register: new, known, the eleventh              201, 200 with the fields given, 409; as JSON or as a form
 * each field, wrong                               400, all of them named as the call names them, and nothing is registered
 * list, read                                      oldest first; header values never
 * patch: each field, another host, a taken URL    what is named changes, and nothing else
 * delete                                          204, then 404
 * test: ping, each event, each format             signed, with its headers, answered like a ping; a disabled one, too
 * another RINGBACK_SECRET                         headers open under the previous one, else 503 names it
 * a path, a method, an id, a key that is none     404, 405 with Allow, 404 in the same bytes, 401
 * a Ringback callback                             508
 * too many                                        429 for registrations and tests
 */

const stack = useStack();
const PATH = "/v1/webhooks/endpoints";
const JSON_TYPE = { "content-type": "application/json" };

let callers = 0;
/** An account of its own for each test. */
let key = "";
beforeEach(() => {
  callers += 1;
  key = `sk-endpoints-${callers}`;
});

interface Answer<Body = EndpointJson> {
  status: number;
  body: Body;
}

interface Refusal {
  error: { code: string; param?: string; issues?: { path: string; code: string }[]; request_id: string };
}

async function ask<Body = EndpointJson>(
  method: string,
  path = "",
  fields?: unknown,
  as = key,
): Promise<Answer<Body>> {
  const response = await stack.call(PATH + path, {
    method,
    headers: { authorization: `Bearer ${as}`, ...(fields === undefined ? {} : JSON_TYPE) },
    ...(fields === undefined ? {} : { body: JSON.stringify(fields) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as Body };
}

async function registered(fields: object): Promise<EndpointJson> {
  const { status, body } = await ask("POST", "", fields);
  expect({ status, body }).toMatchObject({ status: 201 });
  return body;
}

/** `400 url not_https, format not_listed` */
async function refusal(asked: Promise<Answer<unknown>>): Promise<string> {
  const { status, body } = await asked;
  const { error } = body as Refusal;
  const issues = (error.issues ?? []).map(({ path, code }) => `${path} ${code}`);
  return [status, error.code, ...issues.toSorted((a, b) => a.localeCompare(b))].join(" ");
}

async function listed(): Promise<EndpointJson[]> {
  const { status, body } = await ask<{ object: string; data: EndpointJson[] }>("GET");
  expect({ status, object: body.object }).toEqual({ status: 200, object: "list" });
  return body.data;
}

const URL_A = "https://hooks.acme.com/a";
const URL_B = "https://hooks.acme.com/b?token=1";

describe("registering", () => {
  it("answers 201 with the defaults of a callback, and the endpoint can be read and is listed", async () => {
    const before = Date.now();
    const { status, body } = await ask("POST", "", { url: URL_A });
    expect({ status, body }).toEqual({
      status: 201,
      body: {
        object: "webhook_endpoint",
        id: expect.stringMatching(/^ep_[a-z2-7]{26}$/),
        url: URL_A,
        events: ["video.succeeded", "video.failed"],
        format: "standard",
        header_names: [],
        description: null,
        status: "active",
        disabled_reason: null,
        failing_since: null,
        created_at: expect.any(String),
      },
    });
    expect(Date.parse(body.created_at)).toBeGreaterThanOrEqual(before);
    expect(await ask("GET", `/${body.id}`)).toEqual({ status: 200, body });
    expect(await listed()).toEqual([body]);
  });

  it("takes every field, and shows of headers the names alone", async () => {
    const headers = { "X-Api-Key": "shh-the-receivers-own", authorization: "Bearer shh-too" };
    const body = await registered({
      url: URL_A,
      events: ["video.progress", "video.failed", "video.progress"],
      headers,
      format: "flat",
      description: "n8n: new videos 🎬",
    });
    expect(body).toMatchObject({
      events: ["video.progress", "video.failed"],
      format: "flat",
      header_names: ["X-Api-Key", "authorization"],
      description: "n8n: new videos 🎬",
    });
    const answers = [body, await listed(), (await ask("GET", `/${body.id}`)).body];
    expect(JSON.stringify(answers)).not.toContain("shh");
  });

  it("a URL that is there already is 200, that endpoint with the fields given", async () => {
    const first = await registered({ url: URL_A, headers: { "x-a": "1" }, description: "first" });
    const other = await registered({ url: URL_B });
    const again = await ask("POST", "", { url: URL_A, format: "flat", events: "video.running" });
    const expected = { ...first, format: "flat", events: ["video.running"] };
    expect(again).toEqual({ status: 200, body: expected });
    const replaced = await ask("POST", "", { url: URL_A, headers: { "x-b": "2" } });
    expect(replaced).toEqual({ status: 200, body: { ...expected, header_names: ["x-b"] } });
    expect(await listed()).toEqual([replaced.body, other]);
  });

  it("takes a URL by what it means, not by its spelling", async () => {
    const first = await registered({ url: "HTTPS://Hooks.ACME.com:443/a" });
    expect(first.url).toBe(URL_A);
    expect(await ask("POST", "", { url: URL_A })).toEqual({ status: 200, body: first });
  });

  it("the same URL at one time is one endpoint, of ten calls", async () => {
    const calls = Array.from({ length: 10 }, async () =>
      ask("POST", "", { url: URL_A, headers: { "x-a": "1" } }),
    );
    const answers = await Promise.all(calls);
    const count = (wanted: number): number => answers.filter(({ status }) => status === wanted).length;
    expect([count(201), count(200)]).toEqual([1, 9]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await listed()).toHaveLength(1);
  });

  it("takes ten, refuses the eleventh, and goes on to change those that are there", async () => {
    const all = [];
    for (let count = 0; count < 10; count += 1)
      all.push(await registered({ url: `https://hooks.acme.com/${count}` }));
    expect(await refusal(ask("POST", "", { url: "https://hooks.acme.com/10" }))).toBe(
      "409 too_many_endpoints",
    );
    expect(await listed()).toEqual(all);
    const again = await ask("POST", "", { url: all[4]?.url, description: "fifth" });
    expect(again).toMatchObject({ status: 200, body: { id: all[4]?.id, description: "fifth" } });
    expect((await ask("DELETE", `/${all[0]?.id}`)).status).toBe(204);
    expect((await ask("POST", "", { url: "https://hooks.acme.com/10" })).status).toBe(201);
  });

  it.each<[type: string, body: string]>([
    [
      "application/x-www-form-urlencoded",
      `url=${encodeURIComponent(URL_B)}&events=video.failed%2Cvideo.running&headers=%7B%22x-a%22%3A%221%22%7D&format=flat`,
    ],
    [
      "application/x-www-form-urlencoded",
      `{"url":"${URL_B}","events":"video.failed,video.running","headers":"{\\"x-a\\":\\"1\\"}","format":"flat"}`,
    ],
    [
      "application/json",
      `{"url":"${URL_B}","events":"[\\"video.failed\\",\\"video.running\\"]","headers":{"x-a":"1"},"format":"flat","description":null}`,
    ],
  ])("reads what a tool sends: %s %s", async (type, body) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": type };
    const response = await stack.call(PATH, { method: "POST", headers, body });
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      status: 201,
      body: { url: URL_B, events: ["video.failed", "video.running"], header_names: ["x-a"], format: "flat" },
    });
  });
});

/** What no call takes, whatever else it has. */
const WRONG: [fields: object, issue: string][] = [
  [{ url: "ftp://hooks.acme.com/" }, "url not_https"],
  [{ url: "no url" }, "url not_url"],
  [{ url: 5 }, "url not_text"],
  [{ url: "https://a:b@hooks.acme.com/" }, "url url_credentials"],
  [{ url: `https://hooks.acme.com/${"a".repeat(2048)}` }, "url text_too_long"],
  [{ events: [] }, "events not_some_of"],
  [{ events: ["video.succeeded", "video.queued"] }, "events.1 not_listed"],
  [{ events: "ping" }, "events.0 not_listed"],
  [{ events: 5 }, "events not_some_of"],
  [{ headers: { host: "a" } }, "headers.host reserved_header"],
  [{ headers: { "webhook-id": "a" } }, "headers.webhook-id reserved_header"],
  [{ headers: { "x-a": 5 } }, "headers.x-a not_text"],
  [{ headers: { "x-a": "a\nb" } }, "headers.x-a not_visible_ascii"],
  [{ headers: { "x-a": "1", "X-A": "2" } }, "headers.X-A given_twice"],
  [{ headers: "x-a: 1" }, "headers not_object"],
  [{ headers: ["x-a"] }, "headers not_object"],
  [
    { headers: Object.fromEntries(Array.from({ length: 11 }, (_, nth) => [`x-${nth}`, "a"])) },
    "headers too_many_headers",
  ],
  [{ headers: { "x-a": "a".repeat(4096), "x-b": "b".repeat(4096) } }, "headers headers_too_large"],
  [{ format: "xml" }, "format not_listed"],
  [{ description: "🎬".repeat(201) }, "description text_too_long"],
  [{ description: { a: 1 } }, "description not_text"],
  [{ callback_url: URL_A }, "callback_url unknown_field"],
  [{ status: "active" }, "status unknown_field"],
  [{ URL: URL_A }, "URL unknown_field"],
];

describe("a field that is wrong is named, and nothing changes:", () => {
  it.each(byDay(WRONG))("%j in a registration", async (fields, issue) => {
    const asked = ask("POST", "", { url: URL_A, ...fields });
    expect(await refusal(asked)).toBe(`400 invalid_request ${issue}`);
    expect(await listed()).toEqual([]);
  });

  it.each<[fields: object, issue: string]>([
    [{}, "url required"],
    [{ url: "" }, "url required"],
    [{ url: null, description: "a" }, "url required"],
    [{ url: URL_A, enabled: true }, "enabled unknown_field"],
  ])("%j in a registration, where a change takes it", async (fields, issue) => {
    expect(await refusal(ask("POST", "", fields))).toBe(`400 invalid_request ${issue}`);
    expect(await listed()).toEqual([]);
  });

  it.each<[fields: object, issue: string]>([...WRONG, [{ enabled: "perhaps" }, "enabled not_boolean"]])(
    "%j in a change",
    async (fields, issue) => {
      const before = await registered({ url: URL_B, headers: { "x-a": "1" } });
      const asked = ask("PATCH", `/${before.id}`, fields);
      expect(await refusal(asked)).toBe(`400 invalid_request ${issue}`);
      expect(await listed()).toEqual([before]);
    },
  );

  it("all of them at once, with a query parameter that is none", async () => {
    const fields = { url: "ftp://x", events: "none", headers: { host: "a" }, format: "x", limit: 1 };
    const asked = ask("POST", "?page=2", { ...fields, description: "a".repeat(201) });
    expect(await refusal(asked)).toBe(
      "400 invalid_request description text_too_long events.0 not_listed format not_listed " +
        "headers.host reserved_header limit unknown_field page unknown_parameter url not_https",
    );
  });

  it("a URL of this deployment itself", async () => {
    const url = `${stack.worker.url}/v1/videos`;
    expect(await refusal(ask("POST", "", { url }))).toBe("400 invalid_request url url_own_host");
  });

  it("a form's member names, without the names of another call's fields", async () => {
    const answer = await stack.call(PATH, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/x-www-form-urlencoded" },
      body: `url=${encodeURIComponent(URL_A)}&headers[x-a]=1&events[]=video.failed`,
    });
    const { error } = (await answer.json()) as Refusal;
    const message = "is not read: give the members of a field as JSON";
    expect([answer.status, error.issues]).toEqual([
      400,
      [
        { path: "headers[x-a]", code: "member_not_read", message },
        { path: "events[]", code: "member_not_read", message },
      ],
    ]);
  });

  it("a body that is not JSON, no object, or none at all", async () => {
    for (const body of ["{", "[]", "5", '{"url":"\ud800"}', ""]) {
      const headers = { authorization: `Bearer ${key}`, ...JSON_TYPE };
      const response = await stack.call(PATH, { method: "POST", headers, body });
      expect([body, response.status]).toEqual([body, 400]);
    }
    expect(await listed()).toEqual([]);
  });
});

describe("the list", () => {
  it("has the endpoints of the account, oldest first, and of no other", async () => {
    const urls = Array.from({ length: 4 }, (_, nth) => `https://hooks.acme.com/${9 - nth}`);
    for (const url of urls) await registered({ url });
    expect((await listed()).map(({ url }) => url)).toEqual(urls);
    const other = await ask<{ data: unknown[] }>("GET", "", undefined, `${key}-another`);
    expect(other.body.data).toEqual([]);
  });
});

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
      headers: { authorization: `Bearer ${key}`, "content-type": "application/x-www-form-urlencoded" },
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

describe("a deletion", () => {
  it("is 204 once, leaves the others, and makes room for the URL again", async () => {
    const one = await registered({ url: URL_A });
    const two = await registered({ url: URL_B });
    expect(await ask("DELETE", `/${one.id}`)).toEqual({ status: 204, body: null });
    expect(await refusal(ask("DELETE", `/${one.id}`))).toBe("404 not_found");
    expect(await refusal(ask("GET", `/${one.id}`))).toBe("404 not_found");
    expect(await refusal(ask("PATCH", `/${one.id}`, {}))).toBe("404 not_found");
    expect(await refusal(ask("POST", `/${one.id}/test`))).toBe("404 not_found");
    expect(await listed()).toEqual([two]);
    const again = await registered({ url: URL_A });
    expect(again.id).not.toBe(one.id);
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
    const secrets = await stack.call("/v1/webhooks/secret", { headers: { authorization: `Bearer ${key}` } });
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
      { authorization: `Bearer ${key}` },
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
      headers: { authorization: `Bearer ${key}` },
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

describe("a call", () => {
  it.each(
    byDay([
      ["PUT", PATH, "GET, POST"],
      ["DELETE", PATH, "GET, POST"],
      ["PATCH", PATH, "GET, POST"],
      ["POST", `${PATH}/ep_a`, "GET, PATCH, DELETE"],
      ["PUT", `${PATH}/ep_a`, "GET, PATCH, DELETE"],
      ["GET", `${PATH}/ep_a/test`, "POST"],
      ["DELETE", `${PATH}/ep_a/test`, "POST"],
    ]),
  )("%s %s is 405 with Allow", async (method, path, allow) => {
    const headers = { authorization: `Bearer ${key}` };
    const answer = await sendRaw(stack.worker.url + path, { method, headers });
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
  });

  it.each(
    byDay([
      ["GET", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["POST", "/test"],
    ]),
  )(
    "%s of an id that is none, or another account's, is 404 in the same bytes: …/{id}%s",
    async (method, rest) => {
      const { id } = await registered({ url: URL_A, headers: { "x-a": "1" } });
      const bodies: string[] = [];
      for (const none of [id, "ep_a", `ep_${"a".repeat(26)}`, "x".repeat(500), "%00", "task_a"]) {
        const fields = method === "PATCH" ? { enabled: false } : undefined;
        const { status, body } = await ask<Refusal>(method, `/${none}${rest}`, fields, `${key}-another`);
        const { request_id: _, ...error } = body.error;
        expect([none, status]).toEqual([none, 404]);
        bodies.push(JSON.stringify(error));
      }
      expect(new Set(bodies).size).toBe(1);
      expect((await ask("GET", `/${id}`)).body).toMatchObject({ status: "active" });
    },
  );

  it.each(
    byDay([
      ["POST", ""],
      ["PATCH", "/ep_a"],
      ["DELETE", "/ep_a"],
      ["POST", "/ep_a/test"],
    ]),
  )("%s %s by a Ringback callback is 508", async (method, path) => {
    const response = await stack.call(PATH + path, { method, headers: { "ringback-attempt": "1" } });
    expect(response.status).toBe(508);
  });

  it.each(
    byDay([
      ["GET", ""],
      ["GET", "/ep_a"],
      ["PATCH", "/ep_a"],
      ["DELETE", "/ep_a"],
      ["POST", "/ep_a/test"],
      ["POST", ""],
    ]),
  )("%s %s with a query parameter is 400 and names it", async (method, path) => {
    const asked = ask(
      method,
      `${path}?limit=1`,
      method === "POST" && path === "" ? { url: URL_A } : undefined,
    );
    expect(await refusal(asked)).toBe("400 invalid_request limit unknown_parameter");
  });
});

describe("a made-up key", () => {
  it("is 401 from each of them, and nothing is sent", async () => {
    const hook = newHook(stack);
    const { id } = await registered({ url: hook.url });
    stack.gateway.fault({ on: "models", key: "sk-made-up", status: 401, times: Infinity });
    for (const [method, path] of [
      ["POST", ""],
      ["GET", ""],
      ["GET", `/${id}`],
      ["PATCH", `/${id}`],
      ["DELETE", `/${id}`],
      ["POST", `/${id}/test`],
    ] as const) {
      const { status } = await ask(method, path, method === "POST" ? {} : undefined, "sk-made-up");
      expect([method, path, status]).toEqual([method, path, 401]);
    }
    stack.gateway.clearFaults();
    expect(hook.received()).toEqual([]);
  });
});

describe("after a change of RINGBACK_SECRET", () => {
  const folder = mkdtempSync(join(tmpdir(), "ringback-endpoints-"));
  // The last hook runs first: the stack is closed by then.
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const kept = useStack({ persistTo: folder });
  const ROOT = FAST_SETTINGS["RINGBACK_SECRET"] ?? "";
  const OTHER_ROOT = "another secret of the tests, also long enough";

  it("the headers open while the previous one is set; then they must be given again", async () => {
    const send = async (method: string, path: string, fields: object): Promise<Response> =>
      kept.call(PATH + path, { method, headers: JSON_TYPE, body: JSON.stringify(fields) });
    const hook = newHook(kept);
    const created = await send("POST", "", { url: hook.url, headers: { "x-a": "first" } });
    const { id } = (await created.json()) as EndpointJson;
    await kept.restart({ RINGBACK_SECRET: OTHER_ROOT, RINGBACK_SECRET_PREVIOUS: ROOT });
    expect((await send("POST", `/${id}/test`, {})).status).toBe(200);
    await kept.restart({ RINGBACK_SECRET: OTHER_ROOT });
    const unreadable = await send("POST", `/${id}/test`, {});
    expect(unreadable.status).toBe(503);
    expect(await unreadable.json()).toMatchObject({
      error: { code: "misconfigured", message: expect.stringContaining("RINGBACK_SECRET_PREVIOUS") },
    });
    expect((await kept.call(`${PATH}/${id}`)).status).toBe(200);
    expect((await send("PATCH", `/${id}`, { headers: { "x-a": "again" } })).status).toBe(200);
    expect((await send("POST", `/${id}/test`, {})).status).toBe(200);
    expect(hook.received().map(({ headers }) => headers["x-a"])).toEqual(["first", "again"]);
  });
});

describe("with two calls a minute", () => {
  const limited = useStack({ createsPerMinute: 2 });

  it("registrations and tests are limited like a ping, and no other call", async () => {
    const post = async (path: string, fields: object): Promise<Response> =>
      limited.call(PATH + path, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(fields) });
    await enoughOfAMinute();
    const first = await post("", { url: newHook(limited).url });
    expect(first.status).toBe(201);
    const { id } = (await first.json()) as EndpointJson;
    expect((await post(`/${id}/test`, {})).status).toBe(200);
    for (const answer of [await post("", { url: URL_A }), await post(`/${id}/test`, {})])
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "60"]);
    expect((await limited.call(PATH)).status).toBe(200);
    const enabled = { method: "PATCH", headers: JSON_TYPE, body: '{"enabled":false}' };
    expect((await limited.call(`${PATH}/${id}`, enabled)).status).toBe(200);
    expect((await limited.call(`${PATH}/${id}`, { method: "DELETE" })).status).toBe(204);
  });
});
