import { describe, expect, it } from "vitest";
import { newHook, OWN_KEY, startStack, type TaskBody } from "../../../support/stack.ts";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";
import { enoughOfAMinute } from "../../../support/minute.ts";
import { signedIn, usePages } from "./pages.ts";

/*
 * scenario                                        requirement (issue: the console)
 * the cookie, its content and its readers         sealed, HttpOnly, SameSite, bounded; never for /v1, never a bearer
 * keys that are gone                              the same caller as the API's
 * forms from elsewhere                            CSRF-safe
 * both languages                                  Accept-Language and a switch
 */

const SESSION = "ringback-session";

const stack = usePages();

describe("the session", () => {
  it("is a sealed cookie that scripts and other sites do not see, for twelve hours", async () => {
    const answer = await newVisitor(stack).signIn(OWN_KEY);
    const [cookie = ""] = answer.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(
      /^ringback-session=[\w-]{60,400}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const value = cookie.slice(SESSION.length + 1, cookie.indexOf(";"));
    expect(Buffer.from(value, "base64url").toString("latin1")).not.toContain(OWN_KEY.slice(3, 12));
    expect((await newVisitor(stack).signIn(OWN_KEY)).headers["set-cookie"]?.[0]).not.toBe(cookie);
  });

  it("is bound to this host and to TLS wherever there is TLS", async () => {
    const headers = { "x-forwarded-proto": "https" };
    const answer = await newVisitor(stack).post("/sign-in", { key: OWN_KEY }, headers);
    expect(answer.headers["set-cookie"]?.[0]).toMatch(
      /^__Host-ringback-session=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
  });

  it("opens nothing under /v1, and a bearer opens nothing here", async () => {
    const visitor = await signedIn(stack);
    for (const path of ["/v1/videos", "/v1/stats", "/v1/webhooks/secret", "/v1/models"]) {
      expect((await visitor.get(path)).status).toBe(401);
    }
    const headers = { authorization: `Bearer ${OWN_KEY}` };
    expect(whereTo(await newVisitor(stack).get("/webhooks", headers))).toBe("303 /sign-in?to=%2Fwebhooks");
    const reveal = await newVisitor(stack).post("/webhooks/secret", {}, headers);
    expect(whereTo(reveal)).toBe("303 /sign-in");
  });

  it("leaves the key on no page, in no header and in no line of the log", async () => {
    const key = "sk-canary-0123456789abcdef";
    const visitor = newVisitor(stack);
    const answers = [await visitor.signIn(key)];
    for (const path of ["/", "/new", "/webhooks", "/statistics", "/tasks/none", "/sign-in"]) {
      answers.push(await visitor.get(path));
    }
    answers.push(await visitor.post("/webhooks/secret"), await visitor.post("/new", { key }));
    const seen =
      answers.map(({ headers, body }) => JSON.stringify(headers) + body).join("") + stack.logs.join("");
    expect(seen).toContain("…cdef");
    expect(seen).not.toContain(key.slice(0, -4));
  });

  it("ends with the sign-out, and at a changed bit", async () => {
    const visitor = await signedIn(stack);
    expect((await visitor.get("/")).status).toBe(200);
    const value = visitor.cookies.get(SESSION) ?? "";
    visitor.cookies.set(SESSION, value.slice(0, 40) + (value[40] === "A" ? "B" : "A") + value.slice(41));
    expect(whereTo(await visitor.get("/"))).toBe("303 /sign-in");
    visitor.cookies.set(SESSION, value);
    expect(whereTo(await visitor.post("/sign-out"))).toBe("303 /sign-in");
    expect(visitor.cookies.has(SESSION)).toBe(false);
  });

  it("survives a change of the secret while the previous one is set, and no longer", async () => {
    const visitor = await signedIn(stack);
    const next = "another secret of the tests, long enough to count";
    const previous = "a secret of the tests, long enough to count";
    await stack.restart({ RINGBACK_SECRET: next, RINGBACK_SECRET_PREVIOUS: previous });
    expect((await newVisitorWith(visitor).get("/")).status).toBe(200);
    await stack.restart({ RINGBACK_SECRET: next });
    expect(whereTo(await newVisitorWith(visitor).get("/"))).toBe("303 /sign-in");
    await stack.restart();
  });

  it("ends when the upstream refuses the key, and outlives its silence", async () => {
    const visitor = await signedIn(stack, "sk-to-be-revoked");
    // A new process has not heard of the key.
    await stack.restart();
    stack.gateway.fault({ on: "models", status: 500, body: {} });
    expect((await newVisitorWith(visitor).get("/")).status).toBe(200);
    stack.gateway.fault({ on: "models", status: 401, body: {} });
    expect(whereTo(await newVisitorWith(visitor).get("/"))).toBe("303 /sign-in");
  });

  /** The same cookies at the Worker as it runs now, on another port perhaps. */
  function newVisitorWith({ cookies }: Visitor): Visitor {
    const visitor = newVisitor(stack);
    for (const [name, value] of cookies) visitor.cookies.set(name, value);
    return visitor;
  }
});

describe("signing in", () => {
  it.each([
    ["a key that the upstream refuses", { status: 401, body: {} }, 401, "We don&#39;t recognise this key."],
    [
      "an upstream that does not say",
      { status: 500, body: {} },
      502,
      "The provider has not confirmed this key",
    ],
  ])("says no to %s", async (_name, fault, status, words) => {
    stack.gateway.fault({ on: "models", ...fault });
    const answer = await newVisitor(stack).signIn(`sk-of-nobody-${status}`);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(words);
    expect(answer.body).not.toContain("sk-of-nobody");
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });

  it.each([
    ["nothing", ""],
    ["what no header can carry", "sk-ключ"],
    ["more than a cookie holds", `sk-${"a".repeat(2800)}`],
  ])("says no to %s", async (_name, key) => {
    const answer = await newVisitor(stack).signIn(key);
    expect([400, 401]).toContain(answer.status);
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });

  it("takes a key that was copied with its scheme", async () => {
    expect(whereTo(await newVisitor(stack).signIn(` Authorization: Bearer ${OWN_KEY}\r\n`))).toBe("303 /");
  });

  it.each([
    ["/tasks/x?a=b", "/tasks/x?a=b"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["https://evil.example/", "/"],
    ["/a\\b", "/"],
    ["javascript:alert(1)", "/"],
    ["/a\r\nset-cookie: x=y", "/"],
    ["", "/"],
  ])("goes on to %j as %s", async (to, location) => {
    const answer = await newVisitor(stack).post("/sign-in", { key: OWN_KEY, to });
    expect(whereTo(answer)).toBe(`303 ${location}`);
  });

  it("is limited for each address", async () => {
    const limited = await startStack({ createsPerMinute: 3 });
    const visitor = newVisitor(limited);
    await enoughOfAMinute();
    const answers = [];
    for (let attempt = 0; attempt < 5; attempt++) answers.push((await visitor.signIn("")).status);
    expect(answers).toEqual([401, 401, 401, 429, 429]);
    expect((await visitor.signIn("")).headers["retry-after"]).toBe("60");
    await limited.close();
  });

  it("comes along from a link on another site by asking once more from here", async () => {
    const answer = await newVisitor(stack).get("/webhooks", { "sec-fetch-site": "cross-site" });
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('<meta http-equiv="refresh" content="0; url=/webhooks"');
  });
});

describe("a form", () => {
  const paths = [
    "/new",
    "/new/check",
    "/new/language",
    "/webhooks/secret",
    "/webhooks/rotate",
    "/webhooks/ping",
    "/webhooks/verify",
    "/webhooks/language",
    "/endpoints",
    "/endpoints/ep_none",
    "/endpoints/ep_none/test",
    "/endpoints/ep_none/enable",
    "/endpoints/ep_none/disable",
    "/endpoints/ep_none/delete",
    "/sign-in",
    "/sign-out",
    "/language",
  ];

  it.each([
    ["no word of where it comes from", {}],
    ["another origin", { origin: "https://evil.example" }],
    ["an origin without a name", { origin: "null" }],
    ["the browser's word that it is another site's", { "sec-fetch-site": "cross-site" }],
    ["… another origin's of the same site", { "sec-fetch-site": "same-site" }],
    ["… typed in", { "sec-fetch-site": "none" }],
  ])("with %s is refused, whatever it asks", async (_name, headers) => {
    const visitor = await signedIn(stack);
    const hook = newHook(stack);
    const { task_id: id } = (await (await stack.create({ callback_url: hook.url })).json()) as TaskBody;
    await hook.waitFor(1);
    const submits = stack.gateway.calls.filter(({ method }) => method === "POST").length;
    for (const path of [...paths, `/tasks/${id}/redeliver`, `/tasks/${id}/delete`]) {
      const fields = { key: OWN_KEY, model: "m", prompt: "p", callback_url: hook.url, language: "zh" };
      const given: Record<string, string> = { origin: "", ...headers };
      if (given["origin"] === "") delete given["origin"];
      const answer = await foreignForm(visitor, path, fields, given);
      expect([path, answer.status, answer.headers["set-cookie"]]).toEqual([path, 403, undefined]);
    }
    expect((await stack.call(`/v1/videos/${id}`)).status).toBe(200);
    expect(hook.received()).toHaveLength(1);
    expect(stack.gateway.calls.filter(({ method }) => method === "POST")).toHaveLength(submits);
  });

  /** `post` without the header that it adds. */
  async function foreignForm(
    visitor: Visitor,
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string>,
  ) {
    const cookie = Array.from(visitor.cookies, ([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(stack.worker.url + path, {
      method: "POST",
      redirect: "manual",
      headers: { cookie, "content-type": "application/x-www-form-urlencoded", ...headers },
      body: new URLSearchParams(fields),
    });
    return {
      status: response.status,
      headers: { "set-cookie": response.headers.get("set-cookie") ?? undefined },
    };
  }

  it("is taken on the browser's word, and by its origin where the browser says nothing else", async () => {
    const visitor = await signedIn(stack);
    const byWord = await visitor.post("/language", {}, { "sec-fetch-site": "same-origin" });
    expect(whereTo(byWord)).toBe("303 /");
    expect(whereTo(await visitor.post("/language"))).toBe("303 /");
  });

  it("that is none is refused", async () => {
    const visitor = await signedIn(stack);
    const answer = await visitor.post("/webhooks/ping", {}, { "content-type": "text/plain" });
    expect(answer.status).toBe(415);
  });
});

describe("the languages", () => {
  it.each([
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"],
    ["en-GB,en;q=0.9,zh;q=0.1", "en"],
    ["fr, zh;q=0.2, en;q=0.1", "zh-Hans"],
    ["fr", "en"],
    ["zh;q=0, *", "en"],
  ])("follow the browser's wish: %s", async (wish, tag) => {
    const { body } = await newVisitor(stack).get("/sign-in", { "accept-language": wish });
    expect(body).toContain(`<html lang="${tag}">`);
  });

  it("follow the switch from then on, back to the page where it was pressed", async () => {
    const reader = newVisitor(stack);
    const answer = await reader.post("/language", { language: "zh", to: "/webhooks?said=rotated" });
    expect(whereTo(answer)).toBe("303 /webhooks?said=rotated");
    expect((await reader.get("/sign-in", { "accept-language": "en" })).body).toContain(
      '<html lang="zh-Hans">',
    );
    await reader.post("/language", { language: "klingon" });
    expect((await reader.get("/sign-in")).body).toContain('<html lang="zh-Hans">');
  });
});
