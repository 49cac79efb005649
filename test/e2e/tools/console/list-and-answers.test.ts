import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, newHook, type Hook, type TaskBody } from "../../../support/stack.ts";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";
import { signedIn, usePages } from "./pages.ts";

/*
 * scenario                                        requirement (issue: the console)
 * the list: pages, filters, search                tasks
 * what every answer carries                       strict CSP, no-store, x-request-id
 * settings that are missing                       the page names them
 */

const stack = usePages();

describe("the list", () => {
  it("goes on where a page ends, and back to the newest", async () => {
    const pager = newVisitor(stack);
    const key = "sk-with-many-tasks";
    await pager.signIn(key);
    const headers = { authorization: `Bearer ${key}` };
    for (let task = 0; task < 21; task++) {
      await stack.create({ test: { outcome: "failed", delay_seconds: 0 } }, headers);
    }
    const rows = (body: string): string[] =>
      Array.from(body.matchAll(/id="(task_\w{42})"/g), ([, id]) => id ?? "");
    const first = await eventually(
      async () => (await pager.get("/?status=failed")).body,
      (body) => rows(body).length === 20 && body.includes('rel="next"'),
    );
    const next = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(next).toMatch(/^\/\?status=failed&cursor=/);
    const second = (await pager.get(next)).body;
    expect(rows(second)).toHaveLength(1);
    expect(rows(first)).not.toContain(rows(second)[0]);
    expect(second).toContain('<a href="/?status=failed">Newest</a>');
    expect(second).not.toContain('rel="next"');
  });

  it.each([
    ["the id", (id: string) => id],
    ["a URL that has it", (id: string) => `https://ringback.acme.com/v1/videos/${id}/deliveries`],
    ["a line of a log", (id: string) => `{"event":"task.status","task_id":"${id}"}`],
  ])("finds a task by %s", async (_name, wish) => {
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    const visitor = await signedIn(stack);
    expect(whereTo(await visitor.get(`/?q=${encodeURIComponent(wish(id))}`))).toBe(`303 /tasks/${id}`);
  });
});

describe("the list's filters", () => {
  const key = "sk-with-filters";
  const headers = { authorization: `Bearer ${key}` };
  const test = { outcome: "failed", delay_seconds: 0 };
  let finder: Visitor;
  let hook: Hook;
  const ids: string[] = [];
  beforeAll(async () => {
    finder = newVisitor(stack);
    await finder.signIn(key);
    hook = newHook(stack);
    const asked = [
      { metadata: { order: 42, shop: "acme" }, test, callback_url: hook.url },
      { metadata: { title: "Spring sale", order: 43 }, test },
      {},
    ];
    for (const fields of asked) {
      const created = await stack.create(fields, headers);
      ids.push(((await created.json()) as TaskBody).task_id);
    }
    await eventually(
      async () => listed("/?status=failed,succeeded&callback_status=delivered,none"),
      (rows) => rows.length === 3,
    );
  });

  const rowsOf = (body: string): string[] =>
    Array.from(body.matchAll(/<tr role="row" id="(task_\w{42})"/g), ([, id]) => id ?? "");
  const listed = async (path: string): Promise<number[]> =>
    rowsOf((await finder.get(path)).body).map((id) => ids.indexOf(id));

  it("name each row by what its caller calls it, its receiver and its error", async () => {
    const { body } = await finder.get("/?limit=50");
    for (const words of ["order 42 · shop acme", "Spring sale", new URL(hook.url).host, "generation_failed"])
      expect(body).toContain(words);
  });

  it.each([
    ["/", [2, 1, 0]],
    ["/?status=failed", [1, 0]],
    ["/?callback_status=delivered", [0]],
    ["/?callback_status=none", [2, 1]],
    ["/?test=false", [2]],
    ["/?metadata.order=42", [0]],
    ["/?metadata.order=43&status=failed", [1]],
    ["/?created_after=2000-01-01T00:00", [2, 1, 0]],
    ["/?created_before=2000-01-01", []],
    ["/?model=none", []],
  ])("are in the address: %s", async (path, expected) => {
    expect(await listed(path)).toEqual(expected);
  });

  it.each([
    ["/?q=order%3D42", "/?metadata.order=42"],
    ["/?q=+up-1+", "/?upstream_task_id=up-1"],
    [
      "/?status=&callback_status=&test=&model=m&metadata=a%3Db&metadata=c%3Dd&metadata=&limit=20",
      "/?model=m&metadata.a=b&metadata.c=d&limit=20",
    ],
    ["/?status=failed&status=queued", "/?status=failed"],
    ["/?q=order%3D42&limit=50", "/?metadata.order=42&limit=50"],
    ["/?status=&cursor=&q=", "/"],
  ])("send %s on to the one address that says the same", async (path, address) => {
    expect(whereTo(await finder.get(path))).toBe(`303 ${address}`);
  });

  it("find a task by its upstream's id", async () => {
    const read = await stack.call(`/v1/videos/${ids[2] ?? ""}`, { headers });
    const { upstream_task_id: upstreamId } = (await read.json()) as TaskBody;
    const found = await finder.get(`/?q=${upstreamId ?? ""}`);
    expect(await listed(found.headers.location ?? "")).toEqual([2]);
  });

  it("say of a message's id where the task's id is", async () => {
    expect((await finder.get("/?upstream_task_id=msg_abc")).body).toContain("A message id");
  });

  it.each([
    ["/?created_after=yesterday", "created_after", "must be a time in ISO 8601"],
    ["/?callback_host=a%20b", "callback_host", "is not a host"],
    ["/?metadata=42", "metadata", "must be NAME=VALUE"],
    ["/?limit=1000", "limit", "must be an integer from 1 to 100"],
    ["/?test=maybe", "test", "must be true or false"],
  ])("are judged at the field: %s", async (path, field, words) => {
    const { status, body } = await finder.get(path);
    expect(status).toBe(400);
    expect(body).toMatch(new RegExp(`id="${field}-problem"[^>]*>${words}`));
    expect(body).toMatch(/<details class="filters" open[^>]*>/);
    expect(rowsOf(body)).toEqual([]);
  });

  it("name a parameter that the list does not have", async () => {
    const { status, body } = await finder.get("/?callback=exhausted");
    expect(status).toBe(400);
    expect(body).toContain("callback is not a query parameter of this call");
  });

  it("and the page's size are kept by the way to older tasks", async () => {
    const { body } = await finder.get("/?test=true&limit=1");
    const next = /rel="next" href="([^"]+)"/.exec(body)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(next).toMatch(/^\/\?test=true&limit=1&cursor=/);
    expect(body).toContain("Older");
    expect(await listed(next)).toEqual([0]);
    const last = (await finder.get(next)).body;
    expect(last).toContain('href="/?test=true&amp;limit=1"');
    expect(last).toContain('name="limit" value="1"');
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
    const visitor = path === "/sign-in" ? newVisitor(stack) : await signedIn(stack);
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
