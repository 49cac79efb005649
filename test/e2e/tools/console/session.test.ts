import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { enoughOfAMinute } from "../../../support/minute.ts";
import { newHook, OWN_KEY, startStack, type Stack, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";

/*
 * scenario                                        requirement (issue: the console)
 * the cookie, its content and its readers         sealed, HttpOnly, SameSite, bounded; never for /v1, never a bearer
 * keys and tokens that are gone                   the same caller as the API's
 * forms from elsewhere                            CSRF-safe
 * what every answer carries                       strict CSP, no-store, x-request-id
 * settings that are missing                       the page names them
 */

const SESSION = "ringback-session";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const stack = useStack();
afterEach(() => stack.gateway.clearFaults());

async function signedIn(key = OWN_KEY): Promise<Visitor> {
  const visitor = newVisitor(stack);
  expect(whereTo(await visitor.signIn(key))).toBe("303 /");
  return visitor;
}

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
    const visitor = await signedIn();
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
    const visitor = await signedIn();
    expect((await visitor.get("/")).status).toBe(200);
    const value = visitor.cookies.get(SESSION) ?? "";
    visitor.cookies.set(SESSION, value.slice(0, 40) + (value[40] === "A" ? "B" : "A") + value.slice(41));
    expect(whereTo(await visitor.get("/"))).toBe("303 /sign-in");
    visitor.cookies.set(SESSION, value);
    expect(whereTo(await visitor.post("/sign-out"))).toBe("303 /sign-in");
    expect(visitor.cookies.has(SESSION)).toBe(false);
  });

  it("survives a change of the secret while the previous one is set, and no longer", async () => {
    const visitor = await signedIn();
    const next = "another secret of the tests, long enough to count";
    const previous = "a secret of the tests, long enough to count";
    await stack.restart({ RINGBACK_SECRET: next, RINGBACK_SECRET_PREVIOUS: previous });
    expect((await newVisitorWith(visitor).get("/")).status).toBe(200);
    await stack.restart({ RINGBACK_SECRET: next });
    expect(whereTo(await newVisitorWith(visitor).get("/"))).toBe("303 /sign-in");
    await stack.restart();
  });

  it("ends when the upstream refuses the key, and outlives its silence", async () => {
    const visitor = await signedIn("sk-to-be-revoked");
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

describe("with an operator's key", () => {
  let operated: Stack;
  const keys = (names: readonly string[]): string =>
    names.map((name) => `${name}:${sha256(`rb-${name}`)}`).join(",");

  beforeAll(async () => {
    operated = await startStack({
      settings: { AIO_API_KEY: "sk-operator", RINGBACK_KEYS: keys(["alice", "bob"]) },
      token: "rb-alice",
    });
  });
  afterAll(async () => operated.close());

  it("a token shows its account's tasks and no other's", async () => {
    const created = (await (await operated.create()).json()) as TaskBody;
    const [alice, bob] = [newVisitor(operated), newVisitor(operated)];
    await alice.signIn("rb-alice");
    await bob.signIn("rb-bob");
    expect((await alice.get(`/tasks/${created.task_id}`)).status).toBe(200);
    const foreign = await bob.get(`/tasks/${created.task_id}`);
    const madeUp = await bob.get(`/tasks/task_${"a".repeat(42)}`);
    expect([foreign.status, madeUp.status]).toEqual([404, 404]);
    const rest = ({ body }: { body: string }): string =>
      body.replaceAll(/req_\w+/g, "").replaceAll(/\/tasks\/task_\w+/g, "");
    expect(rest(foreign)).toBe(rest(madeUp));
    for (const action of ["redeliver", "delete"]) {
      expect((await bob.post(`/tasks/${created.task_id}/${action}`)).status).toBe(404);
    }
    expect((await alice.get(`/tasks/${created.task_id}`)).status).toBe(200);
    expect((await alice.get("/")).body).toContain("alice");
  });

  it.each([401, 402, 403])(
    "a create that the operator's account is refused for (%i) is the operator's affair",
    async (status) => {
      const alice = newVisitor(operated);
      await alice.signIn("rb-alice");
      const form = { mode: "text", model: "m", prompt: "p", with_audio: "true" };
      operated.gateway.fault({
        on: "submit",
        status,
        body: { error: { message: "the operator's own affair" } },
      });
      const answer = await alice.post("/new", form);
      expect(answer.status).toBe(502);
      expect(answer.body).toContain(`The operator&#39;s provider account refuses this (${status}).`);
      expect(answer.body).toContain(
        `Tell your operator this request id: ${String(answer.headers["x-request-id"])}`,
      );
      expect(answer.body).not.toMatch(/Check the|affair/);
      operated.gateway.clearFaults();
    },
  );

  it("a token that is taken off the list is out at once", async () => {
    const bob = newVisitor(operated);
    await bob.signIn("rb-bob");
    expect((await newVisitor(operated).signIn("rb-mallory")).status).toBe(401);
    await operated.restart({ RINGBACK_KEYS: keys(["alice"]) });
    const again = newVisitor(operated);
    for (const [name, value] of bob.cookies) again.cookies.set(name, value);
    expect(whereTo(await again.get("/"))).toBe("303 /sign-in");
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
    const visitor = await signedIn();
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
    const visitor = await signedIn();
    const byWord = await visitor.post("/language", {}, { "sec-fetch-site": "same-origin" });
    expect(whereTo(byWord)).toBe("303 /");
    expect(whereTo(await visitor.post("/language"))).toBe("303 /");
  });

  it("that is none is refused", async () => {
    const visitor = await signedIn();
    const answer = await visitor.post("/webhooks/ping", {}, { "content-type": "text/plain" });
    expect(answer.status).toBe(415);
  });
});

describe("every answer", () => {
  it.each([
    ["GET", "/sign-in", 200],
    ["GET", "/", 200],
    ["GET", "/new", 200],
    ["GET", "/webhooks", 200],
    ["GET", "/statistics", 200],
    ["GET", "/endpoints", 200],
    ["GET", "/endpoints/ep_none", 404],
    ["GET", "/tasks/task_none", 404],
    ["GET", "/?cursor=nonsense", 400],
    ["GET", "/webhooks/ping", 303],
    ["POST", "/webhooks/secret", 200],
    ["POST", "/new/check", 200],
    ["POST", "/new", 400],
    ["POST", "/endpoints", 400],
    ["POST", "/endpoints/ep_none/disable", 404],
  ])("to %s %s is numbered, not kept, and lets nothing foreign in", async (method, path, status) => {
    const visitor = path === "/sign-in" ? newVisitor(stack) : await signedIn();
    const answer = method === "GET" ? await visitor.get(path) : await visitor.post(path);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      "x-request-id": expect.stringMatching(/^req_[a-z2-7]{24}$/),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
      "x-frame-options": "DENY",
      "cross-origin-opener-policy": "same-origin",
    });
    const policy = String(answer.headers["content-security-policy"]);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(answer.body).not.toMatch(
      /<script>|<style|style=|onclick|onload|https?:\/\/(?!127\.0\.0\.1)\S+\.(js|css)/i,
    );
  });

  it("allows http for videos in development only", async () => {
    const { headers } = await newVisitor(stack).get("/sign-in");
    expect(headers["content-security-policy"]).toContain("media-src 'self' https: http:");
    await stack.restart({ ALLOW_PRIVATE_CALLBACKS: "false" });
    const strict = await newVisitor(stack).get("/sign-in");
    expect(strict.headers["content-security-policy"]).toContain("media-src 'self' https:;");
    expect(strict.headers["content-security-policy"]).toContain("img-src 'self';");
    await stack.restart();
  });

  it("allows kept images where the deployment has its public address", async () => {
    await stack.restart({ RINGBACK_PUBLIC_URL: "https://files.example.com" });
    const { headers } = await newVisitor(stack).get("/sign-in");
    expect(headers["content-security-policy"]).toContain("img-src 'self' https://files.example.com;");
    await stack.restart();
  });

  it("leads on to the reference of the API", async () => {
    const visitor = newVisitor(stack);
    expect((await visitor.get("/sign-in")).body).toContain('<a href="/docs">API reference</a>');
    expect((await visitor.get("/docs")).status).toBe(200);
  });

  it("to another method says which ones there are", async () => {
    const answer = await newVisitor(stack).post("/");
    expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD"]);
  });
});

describe("a path that is none", () => {
  const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

  it.each(["/nope", "/webhook", "/settings", "/task/x", "/tasks/a/b/c", "/start/nope", "/docs/x"])(
    "is a page to a browser, and JSON to a program: %s",
    async (path) => {
      const toBrowser = await newVisitor(stack).get(path, { ...BROWSER, "accept-language": "zh-CN" });
      expect(toBrowser.status).toBe(404);
      expect(toBrowser.headers["content-type"]).toMatch(/^text\/html/);
      expect(toBrowser.headers["content-security-policy"]).toMatch(
        /^default-src 'none'; script-src 'self'; /,
      );
      expect(toBrowser.body).toContain("没有这个页面。");
      expect(toBrowser.body).toContain(`<code>${String(toBrowser.headers["x-request-id"])}</code>`);
      const toProgram = await newVisitor(stack).get(path, { accept: "application/json, */*" });
      expect(toProgram.status).toBe(404);
      expect(JSON.parse(toProgram.body)).toMatchObject({ error: { code: "not_found" } });
    },
  );

  it.each(["/v1/nope", "/v1", "/v1/videos/a/b/c", "/assets/nope.js"])(
    "stays JSON where programs call, whatever they accept: %s",
    async (path) => {
      const answer = await newVisitor(stack).get(path, BROWSER);
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "not_found" } });
    },
  );

  it("is JSON to what is sent there", async () => {
    const answer = await newVisitor(stack).post("/nope", {}, BROWSER);
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([404, { error: { code: "not_found" } }]);
  });
});

describe("a deployment that is not ready", () => {
  beforeAll(async () => stack.restart({ RINGBACK_SECRET: "short", POLL_MIN_SECONDS: "soon" }));
  afterAll(async () => stack.restart());

  it("says which settings are wrong, in the reader's language", async () => {
    const answer = await newVisitor(stack).get("/");
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBe("60");
    expect(answer.body).toContain("<code>RINGBACK_SECRET</code> must have 32 characters or more");
    expect(answer.body).toContain("<code>POLL_MIN_SECONDS</code> must be seconds, such as 15 or 0.5");
    expect(answer.body).not.toContain("soon");
    const visitor = newVisitor(stack);
    await visitor.post("/language", { language: "zh" });
    expect((await visitor.get("/")).body).toContain("<code>RINGBACK_SECRET</code> 至少 32 个字符");
  });
});
