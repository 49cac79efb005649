import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";
import { ALICE, OPERATOR, OPERATOR_SETTINGS } from "../../../support/operator.ts";
import {
  eventually,
  isTerminal,
  newHook,
  startStack,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";

/*
 * scenario                                         requirement (contract, Alerts and the operator; console)
 * an operator signs in, chooses an account         its pages show that account, and always name it
 * pages and forms that are the caller's alone      403, and no page leads there
 * a receiver's URL and a signature                 on no page, only the origin
 * another account chosen in another window         a form of the first one starts nothing
 * every page and form                              logged with the token's name
 */

const CANARY = "canary-of-a-receiver";

let stack: Stack;
let visitor: Visitor;
let taskId: string;
let messageId: string;

beforeAll(async () => {
  stack = await startStack({ token: ALICE, settings: OPERATOR_SETTINGS });
  stack.receiver.defaultReply({ status: 404, body: `no ${CANARY} here` });
  const callback_url = `${newHook(stack).url}/${CANARY}?token=${CANARY}`;
  const created = await stack.create({ callback_url, metadata: { order: "A-1007" } });
  taskId = ((await created.json()) as TaskBody).task_id;
  await stack.task(taskId, isTerminal);
  const [delivery] = await stack.deliveries(
    taskId,
    ([one]) => (one?.attempts[0]?.duration_ms ?? null) !== null,
  );
  messageId = delivery?.message_id ?? "";
  await eventually(
    async () => (await stack.call("/v1/videos?metadata.order=A-1007")).text(),
    (body) => body.includes("succeeded"),
  );
});
afterAll(async () => stack.close());
beforeEach(async () => {
  visitor = newVisitor(stack);
  await visitor.signIn(OPERATOR);
});

const choose = async (account: string, who = visitor): Promise<void> => {
  expect(whereTo(await who.post("/accounts", { account }))).toBe("303 /");
};

describe("an operator", () => {
  it("chooses an account before anything else", async () => {
    for (const path of ["/", "/statistics", `/tasks/${taskId}`, "/new"])
      expect(whereTo(await visitor.get(path))).toBe("303 /accounts");
    const page = await visitor.get("/accounts");
    expect(page.status).toBe(200);
    expect(page.body.indexOf('value="alice"')).toBeLessThan(page.body.indexOf('value="bob"'));
    expect(page.body).not.toMatch(/href="\/(?:new|webhooks|start|statistics)"/);
    await choose("alice");
    const home = await visitor.get("/");
    expect(home.body).toContain("<strong>alice</strong>");
    expect(home.body).toContain(`/tasks/${taskId}`);
    await choose("bob");
    expect((await visitor.get("/")).body).toContain("<strong>bob</strong>");
    expect((await visitor.get(`/tasks/${taskId}`)).status).toBe(404);
  });

  it("chooses none that there is not, and ends its session when it would have ended", async () => {
    for (const account of ["", "carol", "name:alice"])
      expect((await visitor.post("/accounts", { account })).status).toBe(404);
    const chosen = await visitor.post("/accounts", { account: "alice" });
    const seconds = Number(/Max-Age=(\d+)/.exec(String(chosen.headers["set-cookie"]))?.[1]);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(12 * 3600);
  });

  it("sees no receiver's path, query or signature on any page of an account, and always its name", async () => {
    await choose("alice");
    const pages = [
      "/",
      `/?metadata.order=A-1007`,
      `/tasks/${taskId}`,
      `/tasks/${taskId}/sent/${messageId}`,
      "/statistics",
      "/recoveries",
      "/recoveries/new?statuses=pending",
      "/nope",
    ];
    for (const path of pages) {
      const { body } = await visitor.get(path, { accept: "text/html" });
      expect([path, body.includes(CANARY)]).toEqual([path, false]);
      expect([path, body.includes("webhook-signature")]).toEqual([path, false]);
      if (path !== "/nope") expect([path, body.includes("<strong>alice</strong>")]).toEqual([path, true]);
      expect([path, /(?:href|action)="\/(?:new|webhooks|start)[/"]/.test(body)]).toEqual([path, false]);
    }
    const { body } = await visitor.get(`/tasks/${taskId}`);
    expect(body).toContain(new URL(stack.receiver.url).origin);
    expect(body).toContain("no [redacted] here");
    const own = newVisitor(stack);
    await own.signIn(ALICE);
    expect((await own.get(`/tasks/${taskId}`)).body).toContain(CANARY);
  });

  it("switches a registered endpoint off and on, and does nothing else with it", async () => {
    const url = `${stack.receiver.url}/${CANARY}-endpoint?token=${CANARY}`;
    const registered = await stack.call("/v1/webhooks/endpoints", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url }),
    });
    const { id } = (await registered.json()) as { id: string };
    await choose("alice");
    for (const path of [
      "/endpoints",
      `/endpoints/${id}`,
      "/statistics",
      "/",
      "/recoveries/new?statuses=pending",
    ]) {
      const { body } = await visitor.get(path);
      expect([path, body.includes(CANARY)]).toEqual([path, false]);
    }
    const page = await visitor.get(`/endpoints/${id}`);
    expect(page.body).toContain(`<code>${new URL(url).origin}</code>`);
    expect(page.body).not.toMatch(/action="\/endpoints\/[^"]*(?:test|delete)/);
    for (const action of ["disable", "enable"])
      expect((await visitor.post(`/endpoints/${id}/${action}`)).status).toBe(303);
    await stack.call(`/v1/webhooks/endpoints/${id}`, { method: "DELETE" });
  });

  it("delivers again, and deletes", async () => {
    await choose("alice");
    const before = stack.receiver.received.length;
    const again = await visitor.post(`/tasks/${taskId}/redeliver`, { message_id: messageId });
    expect(again.status).toBe(303);
    await stack.receiver.waitFor(before + 1);
    const created = await stack.create({ callback_url: newHook(stack).url });
    const { task_id: other } = (await created.json()) as TaskBody;
    expect(whereTo(await visitor.post(`/tasks/${other}/delete`))).toBe("303 /?said=removed");
    expect((await stack.call(`/v1/videos/${other}`)).status).toBe(404);
  });

  it("recovers to the stored receivers only, and for the account of the page", async () => {
    await choose("alice");
    const filters = { statuses: "pending", created_before: "2020-01-01", account: "alice" };
    const elsewhere = { ...filters, callback_url: newHook(stack).url };
    expect((await visitor.post("/recoveries", elsewhere)).status).toBe(403);
    await choose("bob");
    expect((await visitor.post("/recoveries", filters)).status).toBe(403);
    await choose("alice");
    const started = await visitor.post("/recoveries", filters);
    expect(whereTo(started)).toMatch(/^303 \/recoveries\/rec_/);
  });

  it.each([
    ["GET", "/new"],
    ["POST", "/new"],
    ["POST", "/new/check"],
    ["GET", "/new/models"],
    ["GET", "/webhooks"],
    ["POST", "/webhooks/secret"],
    ["POST", "/webhooks/rotate"],
    ["POST", "/webhooks/ping"],
    ["POST", "/webhooks/verify"],
    ["GET", "/start"],
    ["POST", "/start/secret"],
    ["POST", "/start/ping"],
    ["POST", "/tasks/ID/sent/MESSAGE"],
    ["POST", "/recoveries/rec_a/cancel"],
    ["POST", "/endpoints"],
    ["POST", "/endpoints/ep_a"],
    ["POST", "/endpoints/ep_a/test"],
    ["POST", "/endpoints/ep_a/delete"],
  ])("may not open what is the caller's alone: %s %s", async (method, path) => {
    await choose("alice");
    const at = path.replace("ID", taskId).replace("MESSAGE", messageId);
    const answer = method === "GET" ? await visitor.get(at) : await visitor.post(at);
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain("whsec_");
  });

  it("is logged on every page, with the token's name and without the query", async () => {
    const logged = (): string[] => stack.logs.filter((line) => line.includes("operator.called"));
    const before = logged().length;
    await choose("alice");
    // The choice is a call, too, and a line may come after its answer.
    await eventually(
      async () => logged().length,
      (count) => count > before,
    );
    stack.logs.length = 0;
    await visitor.get("/?metadata.order=A-1007");
    await visitor.get("/webhooks");
    await visitor.get("/accounts");
    const lines = await eventually(
      async () => logged(),
      ({ length }) => length >= 3,
    );
    const calls = lines.map((line) => JSON.parse(line.slice(line.indexOf("{"))) as object);
    const token = "mallory";
    expect(calls).toMatchObject([
      { token, account: "name:alice", method: "GET", route: "/", status: 200 },
      { token, account: "name:alice", method: "GET", route: "/webhooks", status: 403 },
      { token, method: "GET", route: "/accounts", status: 200 },
    ]);
    expect(lines.join("\n")).not.toContain("A-1007");
  });
});

describe("a caller", () => {
  it("has no page of accounts", async () => {
    const alice = newVisitor(stack);
    expect(whereTo(await alice.get("/accounts"))).toBe("303 /sign-in?to=%2Faccounts");
    await alice.signIn(ALICE);
    expect((await alice.get("/accounts")).status).toBe(403);
    expect((await alice.post("/accounts", { account: "bob" })).status).toBe(403);
    expect((await alice.get("/")).body).not.toContain('class="acting"');
  });
});
