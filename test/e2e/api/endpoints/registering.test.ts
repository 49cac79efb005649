import { describe, expect, it } from "vitest";
import { byDay } from "../../../support/checks/by-day.ts";
import { JSON_TYPE, PATH, URL_A, URL_B, refusal, useCalls, type Refusal } from "./calls.ts";

/*
 * scenario                                        requirement (contract, Registered endpoints)
 * register: new, known, the eleventh              201, 200 with the fields given, 409; as JSON or as a form
 * each field, wrong                               400, all of them named as the call names them, and nothing is registered
 * list, read                                      oldest first; header values never
 * delete                                          204, then 404
 */

const { stack, caller, ask, registered, listed } = useCalls();

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
    const headers = { authorization: `Bearer ${caller.key}`, "content-type": type };
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
      headers: { authorization: `Bearer ${caller.key}`, "content-type": "application/x-www-form-urlencoded" },
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
      const headers = { authorization: `Bearer ${caller.key}`, ...JSON_TYPE };
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
    const other = await ask<{ data: unknown[] }>("GET", "", undefined, `${caller.key}-another`);
    expect(other.body.data).toEqual([]);
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
