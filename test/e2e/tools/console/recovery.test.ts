import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RecoveryJson, RecoveryPreviewJson } from "../../../../src/contract/shapes/recovery.ts";
import type { TaskList } from "../../../../src/contract/shapes/task.ts";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";
import { eventually, newHook, type Hook } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * scenario                                             requirement (issue: the console)
 * an outage, by three calls of curl                    found, previewed and recovered
 * the same by the pages, without a script              preview, start, progress, result, the last ones
 * a second click, a running one, a wrong URL           a click costs once; what is wrong is said at the field
 * a receiver that is still down                        halted, with advice
 * another account's recovery, a form from elsewhere    404, 403
 */

const stack = useStack({ settings: { CALLBACK_RETRY_SECONDS: "0.05", CALLBACK_TIMEOUT_SECONDS: "10" } });
const test = { outcome: "succeeded", delay_seconds: 0 };

afterEach(() => stack.receiver.defaultReply({ status: 200, body: "ok" }));

/** A caller with so many delivered tasks, and so many whose receiver was down for the whole schedule. */
async function anOutage(
  key: string,
  delivered: number,
  failed: number,
): Promise<{ hook: Hook; visitor: Visitor }> {
  const headers = { authorization: `Bearer ${key}` };
  const hook = newHook(stack);
  const create = async (count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, async () => stack.create({ callback_url: hook.url, test }, headers)),
    );
  await create(delivered);
  await hook.waitFor(delivered);
  stack.receiver.defaultReply({ status: 503, body: "down" });
  await create(failed);
  await countedAs(key, "delivered", delivered);
  await countedAs(key, "exhausted", failed);
  stack.receiver.defaultReply({ status: 200, body: "ok" });
  const visitor = newVisitor(stack);
  await visitor.signIn(key);
  return { hook, visitor };
}

async function countedAs(key: string, status: string, count: number): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  await eventually(
    async () => {
      const answer = await stack.call(`/v1/videos?callback_status=${status}&limit=100`, { headers });
      return ((await answer.json()) as TaskList).data.length;
    },
    (found) => found === count,
  );
}

async function ended(visitor: Visitor, path: string): Promise<string> {
  return eventually(
    async () => (await visitor.get(path)).body,
    (body) => body.includes('id="result"'),
  );
}

function fieldIn(body: string, name: string): string {
  return new RegExp(`name="${name}" value="([^"]*)"`).exec(body)?.[1] ?? "";
}

describe("an outage", () => {
  it("is found, previewed and recovered by three calls of curl, and the third reads how far it is", async () => {
    const key = "sk-by-curl";
    const { hook } = await anOutage(key, 5, 30);
    const curl = async <T>(...given: string[]): Promise<T> => {
      const { stdout } = await promisify(execFile)("curl", [
        "-s",
        `${stack.worker.url}/v1/webhooks/recoveries${given.shift() ?? ""}`,
        "-H",
        `Authorization: Bearer ${key}`,
        ...given,
      ]);
      return JSON.parse(stdout) as T;
    };
    const preview = await curl<RecoveryPreviewJson>("", "-d", '{"dry_run": true}');
    expect(preview).toMatchObject({ matched: 30, hosts: [{ host: new URL(hook.url).host, count: 30 }] });
    const { id } = await curl<RecoveryJson>("", "-d", "{}");
    const last = await eventually(
      async () => curl<RecoveryJson>(`/${id}`),
      ({ status }) => status !== "running",
    );
    expect(last).toMatchObject({ status: "done", matched: 30, delivered: 30, failed: 0, remaining: 0 });
    await countedAs(key, "delivered", 35);
  }, 60_000);

  it("is recovered by the pages, without a script", async () => {
    const key = "sk-by-pages";
    const { hook, visitor } = await anOutage(key, 2, 3);
    const host = new URL(hook.url).host;
    const list = (await visitor.get(`/?callback_status=exhausted&callback_host=${host}`)).body;
    const path = /href="(\/recoveries\/new[^"]*)"/.exec(list)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(new URL(path, "http://a").searchParams.toString()).toBe(
      `statuses=exhausted&callback_host=${encodeURIComponent(host)}`,
    );
    const preview = (await visitor.get(path)).body;
    for (const words of ["3 callbacks", host, "Deliver 3 callbacks", "Nothing has been sent yet."])
      expect(preview).toContain(words);
    expect(preview.match(/<code>task_/g)).toHaveLength(3);
    const before = hook.received().length;
    const form = {
      statuses: fieldIn(preview, "statuses"),
      callback_host: fieldIn(preview, "callback_host"),
      previewed_at: fieldIn(preview, "previewed_at"),
    };
    const [, recovery = ""] = whereTo(await visitor.post("/recoveries", form)).split(" ");
    expect(recovery).toMatch(/^\/recoveries\/rec_[a-z2-7]+$/);
    const result = await ended(visitor, recovery);
    expect(result).toContain("All callbacks were delivered.");
    expect(result).not.toContain("data-live");
    expect(hook.received()).toHaveLength(before + 3);
    await countedAs(key, "delivered", 5);
    expect((await visitor.get("/recoveries")).body).toContain(`href="${recovery}"`);
    expect((await visitor.get(path)).body).toContain("Nothing to deliver");
    // The button of a page that is still open.
    expect(whereTo(await visitor.post("/recoveries", form))).toBe(`303 ${recovery}?said=alreadyStarted`);
    expect((await visitor.get(`${recovery}?said=alreadyStarted`)).body).toContain("no other one was started");
    expect(hook.received()).toHaveLength(before + 3);
  });

  it("whose receiver is still down halts, says what to do, and can be recovered to another URL", async () => {
    const key = "sk-still-down";
    const { visitor } = await anOutage(key, 0, 7);
    stack.receiver.defaultReply({ status: 503, body: "down" });
    const [, recovery = ""] = whereTo(await visitor.post("/recoveries", { statuses: "exhausted" })).split(
      " ",
    );
    const result = await ended(visitor, recovery);
    expect(result).toContain("Halted");
    expect(result).toContain("failed five times in a row");
    expect(result).toContain('href="/?callback_status=exhausted,stopped"');
    const wrong = await visitor.post("/recoveries", { statuses: "exhausted", callback_url: "ftp://x" });
    expect(wrong.status).toBe(400);
    expect(wrong.body).toMatch(/id="callback_url-problem"[^>]*>must be/);
    expect(wrong.body).toContain('value="ftp://x"');
    stack.receiver.defaultReply({ status: 200, body: "ok" });
    const moved = newHook(stack);
    const form = { statuses: "exhausted", callback_url: moved.url, callback_headers: "x-new: yes" };
    const [, second = ""] = whereTo(await visitor.post("/recoveries", form)).split(" ");
    expect(await ended(visitor, second)).toContain("All callbacks were delivered.");
    expect(moved.received()).toHaveLength(7);
    expect(moved.received()[0]?.headers["x-new"]).toBe("yes");
  });

  it("that is being recovered is not recovered twice, and is cancelled by a click", async () => {
    const key = "sk-slow";
    const { visitor } = await anOutage(key, 0, 4);
    stack.receiver.defaultReply({ status: 200, delayMs: 900 });
    const [, recovery = ""] = whereTo(await visitor.post("/recoveries", { statuses: "exhausted" })).split(
      " ",
    );
    const running = (await visitor.get(recovery)).body;
    expect(running).toContain("Running");
    expect(running).toContain('data-live="1000"');
    expect(whereTo(await visitor.post("/recoveries", {}))).toBe(`303 ${recovery}?said=alreadyRunning`);
    expect((await visitor.get(`${recovery}?said=alreadyRunning`)).body).toContain("was running already");
    expect(whereTo(await visitor.post(`${recovery}/cancel`))).toBe(`303 ${recovery}`);
    expect(await ended(visitor, recovery)).toContain("Cancelled");
  });
});

describe("the pages of recoveries", () => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = newVisitor(stack);
    await visitor.signIn("sk-somebody-else");
  });

  it("say that there are none yet, and name a filter that is none", async () => {
    expect((await visitor.get("/recoveries")).body).toContain("No recoveries yet");
    const wrong = await visitor.get("/recoveries/new?created_after=yesterday");
    expect(wrong.status).toBe(400);
    expect(wrong.body).toContain("must be a time in ISO 8601");
    expect((await visitor.get("/recoveries/new?statuses=delivered")).status).toBe(400);
  });

  it("show nothing of another account, and take no form from elsewhere", async () => {
    const { visitor: owner } = await anOutage("sk-owner", 0, 1);
    const [, recovery = ""] = whereTo(await owner.post("/recoveries", { statuses: "exhausted" })).split(" ");
    expect((await owner.get(recovery)).status).toBe(200);
    expect((await visitor.get(recovery)).status).toBe(404);
    expect((await visitor.post(`${recovery}/cancel`)).status).toBe(404);
    expect((await visitor.get("/recoveries/rec_none")).status).toBe(404);
    expect((await visitor.post("/recoveries", {}, { origin: "https://evil.example" })).status).toBe(403);
    expect((await visitor.get("/recoveries/rec_a/cancel")).status).toBe(405);
    expect(whereTo(await newVisitor(stack).get("/recoveries"))).toBe("303 /sign-in?to=%2Frecoveries");
  });
});
