import { signedIn } from "./pages.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { newHook } from "../../../support/stack.ts";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";
import { useStack } from "../../../support/use-stack.ts";
import type { EndpointJson, EndpointList } from "../../../../src/contract/shapes/endpoint.ts";
import { aForm, registered } from "./endpoint-forms.ts";

/*
 * scenario                                             requirement (registered endpoints in the console)
 * an endpoint's whole life by the pages, no script     registered, tested, changed, disabled, enabled, deleted
 * bad input                                            keeps what was typed, names the field, shows no header's value
 * a URL on another host                                needs its headers again
 * another account, a form from elsewhere, no session   404, 403, the way to sign in
 */

const stack = useStack();

async function stored(key: string): Promise<EndpointJson[]> {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await stack.call("/v1/webhooks/endpoints", { headers });
  return ((await answer.json()) as EndpointList).data;
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
    visitor = await signedIn(stack, key);
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
    const other = await signedIn(stack, "sk-ten-endpoints");
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
    const stranger = await signedIn(stack, "sk-a-stranger");
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
