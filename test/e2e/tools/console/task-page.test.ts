import { beforeAll, describe, expect, it } from "vitest";
import { eventually, MODEL, newHook, OWN_KEY, type TaskBody } from "../../../support/stack.ts";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";
import { FORM, usePages, signedIn } from "./pages.ts";
import { aForm, registered } from "./endpoint-forms.ts";

/*
 * scenario                                            requirement (issue: the console; registered endpoints in the console)
 * what callers, receivers and the upstream write      untrusted text is inert
 * a task's page at each stage                         timeline, polls so far and the next one
 * a task whose events go to endpoints, too            one event with its receivers; sent there again; 410 explained
 */

const stack = usePages();
let caller: Visitor;
beforeAll(async () => {
  caller = newVisitor(stack);
  await caller.signIn(OWN_KEY);
});

describe("text of others", () => {
  const EVIL = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;
  const INERT = "&lt;script&gt;alert(1)&lt;/script&gt;";

  it("is shown and does nothing, from any author", async () => {
    stack.receiver.defaultReply({ status: 500, body: EVIL });
    const hook = newHook(stack);
    stack.gateway.fault({
      on: "poll",
      times: 50,
      body: { task_id: undefined, status: "failed", error_message: EVIL, extra: EVIL },
    });
    const created = await stack.create({
      callback_url: `${hook.url}?${encodeURIComponent(EVIL)}`,
      metadata: { [EVIL]: EVIL },
    });
    const { task_id: id } = (await created.json()) as TaskBody;
    await stack.deliveries(id, ([delivery]) => delivery?.status === "exhausted");
    const { body } = await caller.get(`/tasks/${id}`);
    // Metadata as key and value, the upstream's answer and its message, the receiver's answer to each of four attempts.
    expect(body.split(INERT).length - 1).toBeGreaterThanOrEqual(7);
    expect(body).not.toContain("<script>");
    expect(body).not.toContain("<img");
    const evil = encodeURIComponent(EVIL);
    const searched = await caller.get(`/?upstream_task_id=${evil}&metadata.${evil}=${evil}`);
    expect(searched.body).toContain(INERT);
    expect(searched.body).not.toContain("<script>");
    const form = await caller.post("/new", { ...FORM, model: "", prompt: EVIL, metadata: EVIL });
    expect(form.body).toContain(INERT);
    expect(form.body).not.toContain("<script>");
    const ping = await caller.post("/webhooks/ping", { callback_url: hook.url, callback_headers: EVIL });
    expect(ping.body).not.toContain("<script>");
    const verified = await caller.post("/webhooks/verify", {
      id: EVIL,
      timestamp: EVIL,
      signature: EVIL,
      body: EVIL,
    });
    expect(verified.body).not.toContain("<script>");
  });

  it("keeps the digits of its numbers", async () => {
    const created = await stack.call("/v1/videos", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"model":"${MODEL}","prompt":"p","metadata":{"n":12345678901234567890.10},"test":"failed"}`,
    });
    const { task_id: id } = (await created.json()) as TaskBody;
    expect((await caller.get(`/tasks/${id}`)).body).toContain("&quot;n&quot;: 12345678901234567890.10");
  });
});

describe("a task's page", () => {
  it("tells of a submit that waits for its turn", async () => {
    stack.gateway.fault({ on: "submit", times: 20, status: 429, headers: { "retry-after": "1" } });
    const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
    const { body } = await caller.get(`/tasks/${id}`);
    expect(body).toContain("Submit to the provider");
    expect(body).toMatch(/The provider was busy (once|\d+ times) so far/);
    expect(body).toContain('data-live="2000"');
    await stack.call(`/v1/videos/${id}`, { method: "DELETE" });
  });

  it("counts the polls so far, names the next one, and asks again by itself until all is settled", async () => {
    const hook = newHook(stack);
    stack.gateway.fault({ on: "poll", times: 3, body: { status: "running", progress: 42 } });
    const { task_id: id } = (await (await stack.create({ callback_url: hook.url })).json()) as TaskBody;
    const running = await eventually(
      async () => (await caller.get(`/tasks/${id}`)).body,
      (body) => /Checked (once|2 times)/.test(body),
    );
    expect(running).toContain("Next check");
    expect(running).toContain('data-live="2000"');
    await stack.task(id, ({ callback }) => callback?.status === "delivered");
    const settled = (await caller.get(`/tasks/${id}`)).body;
    expect(settled).toMatch(/Checked \d+ times/);
    expect(settled).toContain("Data deleted");
    expect(settled).not.toContain("data-live=");
    expect(settled).not.toContain("Next check");
  });

  it.each([
    ["a test that succeeded", { outcome: "succeeded" }, "Test tasks don&#39;t produce a video"],
    ["a test that failed", { outcome: "failed" }, "Test task: nothing was sent to the provider."],
    ["a test that timed out", { outcome: "timeout" }, "Test task: nothing was sent to the provider."],
  ])("says of %s that it was one", async (_name, test, words) => {
    const created = await stack.create({ test: { ...test, delay_seconds: 0 } });
    const { task_id: id } = (await created.json()) as TaskBody;
    await stack.task(id, ({ finished_at: at }) => at !== null);
    const { body } = await caller.get(`/tasks/${id}`);
    expect(body).toContain(words);
    expect(body).toContain('<span class="tag">test</span></h1>');
    for (const upstreams of [
      "<video",
      "What to do",
      "Submitted to the provider",
      "Provider&#39;s task id",
      "Checked",
    ])
      expect(body).not.toContain(upstreams);
  });

  it("answers a button that has nothing to deliver, and one that is pressed too often", async () => {
    const created = await stack.create({
      callback_url: newHook(stack).url,
      test: { outcome: "failed", delay_seconds: 600 },
    });
    const { task_id: id } = (await created.json()) as TaskBody;
    expect(whereTo(await caller.post(`/tasks/${id}/redeliver`))).toBe(`303 /tasks/${id}?said=nothing`);
    expect((await caller.get(`/tasks/${id}?said=nothing`)).body).toContain(
      "There is no event to deliver yet.",
    );
    expect((await caller.get(`/tasks/${id}?said=constructor`)).body).not.toContain('class="notice');
    const { task_id: ended } = (await (
      await stack.create({ callback_url: newHook(stack).url, test: { outcome: "failed", delay_seconds: 0 } })
    ).json()) as TaskBody;
    const [delivery] = await stack.deliveries(ended, (data) => data.length === 1);
    const event = delivery?.message_id ?? "";
    const answers = [];
    for (let press = 0; press < 11; press++)
      answers.push(whereTo(await caller.post(`/tasks/${ended}/redeliver`, { message_id: event })));
    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => `303 /tasks/${ended}#${event}`));
    expect(answers[10]).toBe(`303 /tasks/${ended}?said=tooOften&at=${event}#${event}`);
    const { body } = await caller.get(`/tasks/${ended}?said=tooOften&at=${event}`);
    expect(body.indexOf('role="alert"')).toBeGreaterThan(body.indexOf(`id="${event}"`));
    expect((await caller.post(`/tasks/${ended}/redeliver`, { message_id: "msg_none" })).status).toBe(404);
  });
});

describe("a task of an account with endpoints", () => {
  const key = "sk-tasks-and-endpoints";
  const headers = { authorization: `Bearer ${key}` };
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await signedIn(stack, key);
  });

  it("shows its event once, with each receiver, what was sent there, and the way to send it again", async () => {
    const [own, endpoint] = [newHook(stack), newHook(stack)];
    const path = await registered(
      visitor,
      aForm({ url: endpoint.url, format: "flat", headers: "x-a: s3cret" }),
    );
    const id = path.split("/").at(-1) ?? "";
    const form = {
      mode: "text",
      model: "m",
      prompt: "p",
      callback_url: own.url,
      test_outcome: "succeeded",
      test_delay: "0",
      test_endpoints: "true",
    };
    const [, task = ""] = whereTo(await visitor.post("/new", form)).split(" ");
    await Promise.all([own.waitFor(1), endpoint.waitFor(1)]);
    const page = await eventually(
      async () => (await visitor.get(task)).body,
      (body) => body.match(/class="badge thin is-delivered">Delivered/g)?.length === 4,
    );
    expect(page.match(/<h3><code>video.succeeded<\/code><\/h3>/g)).toHaveLength(1);
    const message = /id="event-(msg_[a-z2-7]+)"/.exec(page)?.[1] ?? "";
    const host = new URL(endpoint.url).host;
    expect(page).toContain(`<a href="${path}">${host}</a>`);
    for (const anchor of [message, `${message}-${id}`])
      expect([anchor, page.includes(`<section class="receiver" id="${anchor}">`)]).toEqual([anchor, true]);

    const sent = (await visitor.get(`${task}/sent/${message}?endpoint=${id}`)).body;
    expect(sent).toContain(`POST ${endpoint.url}`);
    expect(sent).toContain("x-a: …");
    expect(sent).toContain(`<a href="${path}">${host}</a>`);
    expect(sent).not.toContain("s3cret");
    expect((await visitor.get(`${task}/sent/${message}`)).body).toContain(`POST ${own.url}`);

    const again = await visitor.post(`${task}/redeliver`, { message_id: message, endpoint: id });
    expect(whereTo(again)).toBe(`303 ${task}#${message}-${id}`);
    const bodies = (await endpoint.waitFor(2)).map(({ body }) => body);
    expect(bodies[1]).toBe(bodies[0]);
    expect(own.received()).toHaveLength(1);
    const moved = newHook(stack);
    const elsewhere = await visitor.post(`${task}/sent/${message}?endpoint=${id}`, {
      callback_url: moved.url,
    });
    expect(whereTo(elsewhere)).toBe(`303 ${task}#${message}-${id}`);
    expect((await moved.waitFor(1))[0]?.body).toBe(bodies[0]);
    await visitor.post(`${path}/delete`);
  });

  it("sends nothing to them where the form says so, and nothing of a test that does not ask for it", async () => {
    const hook = newHook(stack);
    const path = await registered(visitor, aForm({ url: hook.url }));
    const page = (await visitor.get("/new")).body;
    expect(page).toMatch(/name="endpoints" value="true" checked/);
    expect(page).not.toMatch(/name="test_endpoints" value="true" checked/);
    const form = { mode: "text", model: "m", prompt: "p", with_audio: "true" };
    const command = async (box: Record<string, string>): Promise<string> =>
      (await visitor.post("/new/check", { ...form, ...box })).body;
    expect(await command({ endpoints: "true" })).not.toContain("endpoints");
    expect(await command({})).toContain(String.raw`\"endpoints\": false`);
    const test = { test_outcome: "succeeded", test_delay: "0" };
    expect(await command(test)).not.toContain("endpoints");
    expect(await command({ ...test, test_endpoints: "true" })).toContain(String.raw`\"endpoints\": true`);
    const [, task = ""] = whereTo(await visitor.post("/new", { ...form, ...test, endpoints: "true" })).split(
      " ",
    );
    const body = await eventually(
      async () => (await visitor.get(task)).body,
      (shown) => shown.includes("its events went to no endpoint"),
    );
    expect(body).not.toContain(path);
    expect(hook.received()).toHaveLength(0);
    await visitor.post(`${path}/delete`);
  });

  it("says why nothing reached an endpoint that answers 410, on both pages", async () => {
    const hook = newHook(stack);
    const path = await registered(visitor, aForm({ url: hook.url }));
    stack.receiver.reply({ status: 410, body: "gone" });
    const test = { outcome: "succeeded", delay_seconds: 0 };
    const created = await stack.create({ test, endpoints: true }, headers);
    const { task_id: task } = (await created.json()) as TaskBody;
    await hook.waitFor(1);
    const body = await eventually(
      async () => (await visitor.get(`/tasks/${task}`)).body,
      (shown) => shown.includes("so Ringback disabled the endpoint"),
    );
    expect(body).toContain("Stopped by receiver");
    const disabled = await eventually(
      async () => (await visitor.get(path)).body,
      (shown) => shown.includes("The receiver answered 410 Gone"),
    );
    expect(disabled).toContain("Switch the receiver on again");
    await visitor.post(`${path}/delete`);
  });

  it("delivers again what an endpoint did not take while it was disabled", async () => {
    const hook = newHook(stack);
    const path = await registered(visitor, aForm({ url: hook.url, description: "Our CRM" }));
    await visitor.post(`${path}/disable`);
    const test = { outcome: "succeeded", delay_seconds: 0 };
    const { task_id: task } = (await (
      await stack.create({ test, endpoints: true }, headers)
    ).json()) as TaskBody;
    await eventually(
      async () => (await visitor.get(`/tasks/${task}`)).body,
      (shown) => shown.includes("Not sent: the endpoint was disabled"),
    );
    await visitor.post(`${path}/enable`);
    const page = (await visitor.get(path)).body;
    const again = /href="(\/recoveries\/new[^"]*)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const preview = await eventually(
      async () => (await visitor.get(again)).body,
      (shown) => shown.includes("Deliver 1 callback"),
    );
    expect(preview).toContain("Endpoint: Our CRM");
    expect(hook.received()).toHaveLength(0);
    const form = { statuses: "exhausted,stopped", endpoint: path.split("/").at(-1) ?? "" };
    expect(whereTo(await visitor.post("/recoveries", form))).toMatch(/^303 \/recoveries\/rec_/);
    await hook.waitFor(1);
    await visitor.post(`${path}/delete`);
  });
});
