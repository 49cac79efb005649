import { beforeAll, describe, expect, it } from "vitest";
import type { EndpointJson, EndpointList } from "../../../../src/contract/shapes/endpoint.ts";
import { newVisitor, whereTo, type FormFields, type Visitor } from "../../../support/browsers/visitor.ts";
import { eventually, newHook, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * scenario                                             requirement (registered endpoints in the console)
 * an endpoint's whole life by the pages, no script     registered, tested, changed, disabled, enabled, deleted
 * bad input                                            keeps what was typed, names the field, shows no header's value
 * a URL on another host                                needs its headers again
 * another account, a form from elsewhere, no session   404, 403, the way to sign in
 * a task whose events go there, too                    one event with its receivers; sent there again; 410 explained
 */

const stack = useStack();

async function visitorOf(key: string): Promise<Visitor> {
  const visitor = newVisitor(stack);
  await visitor.signIn(key);
  return visitor;
}

async function stored(key: string): Promise<EndpointJson[]> {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await stack.call("/v1/webhooks/endpoints", { headers });
  return ((await answer.json()) as EndpointList).data;
}

/** A form as the page sends it: each box that is checked is a field of the same name. */
function aForm(fields: Record<string, string>, events = ["video.succeeded", "video.failed"]): FormFields {
  const given = { format: "standard", description: "", headers: "", ...fields };
  return [...Object.entries(given), ...events.map((event): [string, string] => ["events", event])];
}

async function registered(visitor: Visitor, form: FormFields): Promise<string> {
  const [, to = ""] = whereTo(await visitor.post("/endpoints", form)).split(" ");
  expect(to).toMatch(/^\/endpoints\/ep_[a-z2-7]{26}\?said=registered$/);
  return to.split("?", 1)[0] ?? "";
}

function checkedIn(body: string): string[] {
  return Array.from(
    body.matchAll(/<input[^>]*name="events"[^>]*value="([^"]*)"[^>]*checked/g),
    ([, value = ""]) => value,
  );
}

describe("the pages of endpoints", () => {
  const key = "sk-endpoints";
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await visitorOf(key);
  });

  it("say what an endpoint is for while there is none, and are a place of the console", async () => {
    const { body } = await visitor.get("/endpoints");
    expect(body).toContain("No endpoints yet");
    expect(body).toContain("n8n, Zapier or Make");
    expect(body).toContain("change only its base URL");
    expect(body).toContain('<a href="/endpoints" aria-current="page">Endpoints</a>');
    expect(checkedIn(body)).toEqual(["video.succeeded", "video.failed"]);
  });

  it("register one, test it, change it, disable and enable it, and delete it, without a script", async () => {
    const hook = newHook(stack);
    const form = aForm(
      {
        url: hook.url,
        description: "Our <b>CRM</b>",
        headers: "x-make-apikey: s3cret-value",
        format: "flat",
      },
      ["video.succeeded", "video.progress"],
    );
    const path = await registered(visitor, form);
    const page = (await visitor.get(`${path}?said=registered`)).body;
    for (const words of ["Endpoint registered.", "Our &lt;b&gt;CRM&lt;/b&gt;", "x-make-apikey", "Active"])
      expect(page).toContain(words);
    expect(page).not.toContain("s3cret-value");
    expect(checkedIn(page)).toEqual(["video.succeeded", "video.progress"]);
    const list = (await visitor.get("/endpoints")).body;
    expect(list).toContain(`<a href="${path}">Our &lt;b&gt;CRM&lt;/b&gt;</a>`);
    expect(list).not.toContain("s3cret-value");

    // A ping, and a sample of each event.
    for (const type of ["ping", "video.succeeded", "video.failed", "video.running", "video.progress"]) {
      const said = (await visitor.post(`${path}/test`, { type })).body;
      expect([type, said.includes("<strong>Delivered</strong>")]).toEqual([type, true]);
    }
    expect(hook.received().map(({ body }) => (JSON.parse(body) as { event: string }).event)).toEqual([
      "ping",
      "video.succeeded",
      "video.failed",
      "video.running",
      "video.progress",
    ]);
    expect(hook.received()[0]?.headers["x-make-apikey"]).toBe("s3cret-value");

    // Changed, and its headers stay.
    const change = aForm({ url: hook.url, description: "Ours" }, ["video.failed"]);
    expect(whereTo(await visitor.post(path, change))).toBe(`303 ${path}?said=saved`);
    expect(await stored(key)).toMatchObject([
      {
        url: hook.url,
        description: "Ours",
        format: "standard",
        events: ["video.failed"],
        header_names: ["x-make-apikey"],
      },
    ]);
    expect((await visitor.get(`${path}?said=saved`)).body).toContain("Settings saved.");
    // Its headers replaced, then removed; an empty description takes it away.
    await visitor.post(path, aForm({ url: hook.url, headers: "x-a: 1\nx-b: 2" }));
    expect(await stored(key)).toMatchObject([{ header_names: ["x-a", "x-b"], description: null }]);
    await visitor.post(path, aForm({ url: hook.url, drop_headers: "true" }));
    expect(await stored(key)).toMatchObject([{ header_names: [] }]);

    expect(whereTo(await visitor.post(`${path}/disable`))).toBe(`303 ${path}?said=disabled`);
    const disabled = (await visitor.get(path)).body;
    for (const words of ["Disabled", "It was disabled by hand", "What to do", `action="${path}/enable"`])
      expect(disabled).toContain(words);
    expect(disabled).not.toContain(`action="${path}/disable"`);
    expect((await visitor.get("/endpoints")).body).toContain("Disabled");
    expect(whereTo(await visitor.post(`${path}/enable`))).toBe(`303 ${path}?said=enabled`);
    expect(await stored(key)).toMatchObject([{ status: "active" }]);

    expect(whereTo(await visitor.post(`${path}/delete`))).toBe("303 /endpoints?said=removed");
    expect((await visitor.get("/endpoints?said=removed")).body).toContain("Endpoint deleted.");
    expect((await visitor.get(path)).status).toBe(404);
    expect(await stored(key)).toEqual([]);
  });

  it("lead to the tasks that were not delivered there, and to their recovery", async () => {
    const path = await registered(visitor, aForm({ url: newHook(stack).url }));
    const id = path.split("/").at(-1);
    const { body } = await visitor.get(path);
    for (const to of [
      `/?endpoint=${id}&amp;callback_status=exhausted%2Cstopped`,
      `/?endpoint=${id}`,
      `/recoveries/new?statuses=exhausted%2Cstopped&amp;endpoint=${id}`,
    ])
      expect(body).toContain(`href="${to}"`);
    await visitor.post(`${path}/delete`);
  });

  it("give the list a filter that goes by the endpoint's name", async () => {
    const path = await registered(visitor, aForm({ url: newHook(stack).url, description: "Our CRM" }));
    const id = path.split("/").at(-1) ?? "";
    const all = (await visitor.get("/")).body;
    expect(all).toContain(`<option value="${id}">Our CRM</option>`);
    const filtered = await visitor.get(`/?endpoint=${id}&callback_status=exhausted`);
    expect(filtered.status).toBe(200);
    expect(filtered.body).toContain(`<option value="${id}" selected="">Our CRM</option>`);
    expect(filtered.body).toContain('aria-label="Remove the filter Endpoint: Our CRM"');
    const wrong = await visitor.get("/?endpoint=ep_none");
    expect(wrong.status).toBe(400);
    expect(wrong.body).toMatch(/id="endpoint-problem"[^>]*>is not the id of a registered endpoint/);
    await visitor.post(`${path}/delete`);
    // One that was deleted goes by its id.
    expect((await visitor.get(`/?endpoint=${id}`)).body).toContain(`Endpoint: ${id}`);
  });

  it("show what a receiver that is down said to a test", async () => {
    const hook = newHook(stack);
    const path = await registered(visitor, aForm({ url: hook.url }));
    stack.receiver.reply({ status: 503, body: "down for maintenance" });
    const { body } = await visitor.post(`${path}/test`, { type: "video.failed" });
    expect(body).toContain("<strong>Not delivered</strong>");
    expect(body).toContain("HTTP 503");
    expect(body).toContain("down for maintenance");
    expect(body).toMatch(/<option value="video.failed" selected/);
    expect((await visitor.post(`${path}/test`, { type: "video.none" })).status).toBe(400);
    await visitor.post(`${path}/delete`);
  });

  it("keep what was typed and name the field, but no header's value", async () => {
    const wrong = aForm(
      { url: "ftp://x", description: "d".repeat(201), headers: "cookie: s3cret-value", format: "xml" },
      [],
    );
    const { status, body } = await visitor.post("/endpoints", wrong);
    expect(status).toBe(400);
    expect(body).toContain('value="ftp://x"');
    expect(body).toContain(`value="${"d".repeat(201)}"`);
    expect(body).not.toContain("s3cret-value");
    expect(body).toContain("Enter the headers again.");
    for (const field of ["url", "description", "events", "format", "headers"])
      expect([field, new RegExp(`id="${field}-problem"[^>]*>[^<]`).test(body)]).toEqual([field, true]);
    expect(body).toContain('<a href="#url">URL</a> <code>url</code> must be');
    expect(await stored(key)).toEqual([]);
    expect((await visitor.post("/endpoints", {})).status).toBe(400);
  });

  it("ask for the headers again when the URL is on another host, unless there are none", async () => {
    const hook = newHook(stack);
    const path = await registered(visitor, aForm({ url: hook.url, headers: "authorization: s3cret-value" }));
    const elsewhere = { url: "https://b.example.com/hook", description: "moved" };
    const refused = await visitor.post(path, aForm(elsewhere));
    expect(refused.status).toBe(400);
    expect(refused.body).toMatch(/id="headers-problem"[^>]*>is required/);
    expect(refused.body).toContain('value="https://b.example.com/hook"');
    expect(refused.body).toContain('value="moved"');
    expect(await stored(key)).toMatchObject([{ url: hook.url }]);
    const answered = aForm({ ...elsewhere, drop_headers: "true" });
    expect(whereTo(await visitor.post(path, answered))).toBe(`303 ${path}?said=saved`);
    expect(whereTo(await visitor.post(path, aForm({ url: "https://c.example.com/hook" })))).toBe(
      `303 ${path}?said=saved`,
    );
    expect(await stored(key)).toMatchObject([{ url: "https://c.example.com/hook", header_names: [] }]);
    await visitor.post(`${path}/delete`);
  });

  it("say that a URL was registered before, and offer no eleventh", async () => {
    const other = await visitorOf("sk-ten-endpoints");
    const urlOf = (nth: number): string => `https://hooks.example.com/${nth}`;
    const path = await registered(other, aForm({ url: urlOf(1) }));
    const again = await other.post("/endpoints", aForm({ url: urlOf(1), format: "flat" }));
    expect(whereTo(again)).toBe(`303 ${path}?said=known`);
    expect((await other.get(`${path}?said=known`)).body).toContain("registered this URL before");
    for (let nth = 2; nth <= 10; nth += 1) await registered(other, aForm({ url: urlOf(nth) }));
    const { body } = await other.get("/endpoints");
    expect(body).toContain("at most 10 endpoints");
    expect(body).not.toContain('action="/endpoints"');
    const refused = await other.post("/endpoints", aForm({ url: urlOf(11) }));
    expect(refused.status).toBe(409);
    expect(refused.body).toContain("10 endpoints");
  });

  it("show nothing of another account, and take no form from elsewhere", async () => {
    const path = await registered(visitor, aForm({ url: newHook(stack).url }));
    const stranger = await visitorOf("sk-a-stranger");
    expect((await stranger.get("/endpoints")).body).toContain("No endpoints yet");
    expect((await stranger.get(path)).status).toBe(404);
    for (const action of ["", "/test", "/enable", "/disable", "/delete"])
      expect([action, (await stranger.post(path + action, aForm({ type: "ping" }))).status]).toEqual([
        action,
        404,
      ]);
    const foreign = { origin: "https://evil.example" };
    for (const to of ["/endpoints", path, `${path}/delete`])
      expect((await visitor.post(to, {}, foreign)).status).toBe(403);
    expect(await stored(key)).toHaveLength(1);
    expect(whereTo(await visitor.get(`${path}/test`))).toBe(`303 ${path}`);
    expect(whereTo(await newVisitor(stack).get("/endpoints"))).toBe("303 /sign-in?to=%2Fendpoints");
    await visitor.post(`${path}/delete`);
  });
});

describe("a task of an account with endpoints", () => {
  const key = "sk-tasks-and-endpoints";
  const headers = { authorization: `Bearer ${key}` };
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await visitorOf(key);
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
