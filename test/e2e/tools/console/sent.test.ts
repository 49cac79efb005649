import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LOCAL_RECEIVER, replayCommand } from "../../../../src/console/pages/task/replay-command.ts";
import { newVisitor, whereTo, type Visitor } from "../../../support/browsers/visitor.ts";
import { newHook, OWN_KEY, type Hook, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import { httpAnswer, startRawServer, type RawServer } from "../../../support/wire/raw-server.ts";

/*
 * scenario                                          requirement (issue: the console)
 * the command of a page, run by bash                the same bytes and headers arrive at a receiver of one's own
 * hostile bodies in the command                     quoted for a shell, and nothing for curl to interpret
 * the page of a sent event                          payload, headers without secrets, exact text
 * to another URL: sent, refused, too often          one attempt there; the task's own delivery stays as it is
 */

const stack = useStack({ settings: { CALLBACK_RETRY_SECONDS: "600" } });
const run = promisify(execFile);
let server: RawServer;
beforeAll(async () => {
  server = await startRawServer((socket) => void socket.end(httpAnswer(200, "ok")));
});
afterAll(async () => server.close());

describe("the command", () => {
  it.each([
    ["plain", '{"type":"video.succeeded"}'],
    ["quotes and backslashes", `{"a":"it's \\"so\\" \\\\ ''' \\n"}`],
    ["what a shell would read", '{"a":"$HOME `id` $(id) !! %s ; & | > < * ~ #","b":"\\u0000"}'],
    ["other scripts", '{"阿达":"🎬 ünïcode\u2028"}'],
    ["what curl would read", "@/etc/passwd"],
    ["line feeds", '{\n  "a": 1\r\n}\n'],
  ])("the command replays %s byte for byte", async (_name, body) => {
    const headers = {
      "content-type": "application/json",
      "webhook-signature": "v1,a+b/c= v1,d'e",
      "user-agent": "R/1",
    };
    const command = replayCommand({ headers, body }, `${server.origin}/webhook`);
    await run("bash", ["-c", command]);
    expect(server.requests.at(-1)).toMatchObject({ method: "POST", path: "/webhook", headers, body });
  });

  it("goes to a receiver on one's own machine", () => {
    expect(replayCommand({ headers: { a: "b" }, body: "{}" })).toBe(
      [`curl '${LOCAL_RECEIVER}' \\`, "  -H 'a: b' \\", "  --data-raw '{}'"].join("\n"),
    );
  });
});

describe("the page of a sent event", () => {
  const HEADER = "a value of the caller's own";
  let visitor: Visitor;
  let hook: Hook;
  let id: string;
  let message: string;
  let path: string;

  beforeEach(async () => {
    visitor = newVisitor(stack);
    await visitor.signIn(OWN_KEY);
    hook = newHook(stack);
    stack.receiver.defaultReply({ status: 503, body: "down" });
    const created = await stack.create({
      callback_url: hook.url,
      callback_headers: { "x-shop": HEADER },
      metadata: { note: 'it\'s $HOME <b>&amp;</b> "阿达"' },
      test: { outcome: "succeeded", delay_seconds: 0 },
    });
    ({ task_id: id } = (await created.json()) as TaskBody);
    await hook.waitFor(1);
    const [delivery] = await stack.deliveries(id, ([one]) => one?.attempts.at(-1)?.status_code === 503);
    message = delivery?.message_id ?? "";
    path = `/tasks/${id}/sent/${message}`;
  });
  afterEach(() => stack.receiver.defaultReply({ status: 200, body: "ok" }));

  /** The text of an element, as its button copies it. */
  const textOf = (html: string, element: string): string => {
    const inner = new RegExp(`id="${element}"[^>]*>([^<]*)<`).exec(html)?.[1] ?? "";
    const entities = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };
    return inner.replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity as "&lt;"]);
  };

  it("shows what the receiver got, and its command sends just that", async () => {
    expect((await visitor.get(`/tasks/${id}`)).body).toContain(`href="${path}"`);
    const { status, body: html } = await visitor.get(path);
    expect(status).toBe(200);
    expect(html).not.toContain(HEADER);
    const [received] = hook.received();
    expect(textOf(html, "sent-body")).toBe(received?.body);
    expect(textOf(html, "sent-url")).toBe(`POST ${hook.url}`);
    const lines = textOf(html, "sent-headers").split("\n");
    expect(lines).toContain("x-shop: …");
    expect(lines).toContain(`webhook-id: ${message}`);
    const command = textOf(html, "replay");
    expect(command.startsWith(`curl '${LOCAL_RECEIVER}'`)).toBe(true);
    await run("bash", ["-c", command.replace(LOCAL_RECEIVER, `${server.origin}/webhook`)]);
    const replayed = server.requests.at(-1);
    expect(replayed?.body).toBe(received?.body);
    for (const line of lines.filter((one) => !one.startsWith("x-shop"))) {
      const [name = "", ...value] = line.split(": ");
      expect([name, replayed?.headers[name]]).toEqual([name, value.join(": ")]);
    }
    // Signed for now: a receiver that verifies takes it.
    const verified = await stack.call("/v1/webhooks/verify", {
      method: "POST",
      headers: Object.fromEntries(
        Object.entries(replayed?.headers ?? {}).filter(([name]) => name.startsWith("webhook-")),
      ),
      body: replayed?.body ?? "",
    });
    expect(await verified.json()).toEqual({ valid: true, reason: null });
  });

  it("sends one attempt to another URL, and leaves the task's own delivery as it is", async () => {
    stack.receiver.defaultReply({ status: 200, body: "ok" });
    const elsewhere = newHook(stack);
    const form = { callback_url: elsewhere.url, callback_headers: "x-other: yes" };
    expect(whereTo(await visitor.post(path, form))).toBe(`303 /tasks/${id}#${message}`);
    const [received] = await elsewhere.waitFor(1);
    expect(received?.headers).toMatchObject({ "x-other": "yes", "webhook-id": message });
    expect(received?.headers["x-shop"]).toBeUndefined();
    const [delivery] = await stack.deliveries(id, ([one]) => one?.attempts.at(-1)?.status_code === 200);
    expect(delivery?.status).toBe("pending");
    const { body } = await visitor.get(`/tasks/${id}`);
    expect(body).toContain(`to ${new URL(elsewhere.url).host}`);
    expect(body).toContain("Retrying");
    expect(hook.received()).toHaveLength(1);
  });

  it.each([
    ["", "callback_url"],
    ["ftp://x", "callback_url"],
    ["nonsense", "callback_url"],
  ])("says at the field what is wrong with the URL %j, and sends nothing", async (url, field) => {
    const { status, body } = await visitor.post(path, { callback_url: url, callback_headers: "" });
    expect(status).toBe(400);
    expect(body).toMatch(new RegExp(`id="${field}-problem"[^>]*>[^<]+<`));
    expect(body).toMatch(new RegExp(`id="${field}"[^>]*aria-invalid`));
    expect(hook.received()).toHaveLength(1);
  });

  it("says at the field what is wrong with a header, and keeps what was typed", async () => {
    const form = { callback_url: newHook(stack).url, callback_headers: "host: a" };
    const { status, body } = await visitor.post(path, form);
    expect(status).toBe(400);
    expect(body).toMatch(/id="callback_headers-problem"[^>]*>cannot be set by a caller/);
    expect(body).toContain(`value="${form.callback_url}"`);
    expect(body).toContain("host: a</textarea>");
  });

  it("is not there for a made-up event, another account, or a form from elsewhere", async () => {
    expect((await visitor.get(`/tasks/${id}/sent/msg_none`)).status).toBe(404);
    const stranger = newVisitor(stack);
    await stranger.signIn("sk-a-stranger");
    expect((await stranger.get(path)).status).toBe(404);
    expect((await stranger.post(path, { callback_url: hook.url })).status).toBe(404);
    const forged = await visitor.post(path, { callback_url: hook.url }, { origin: "https://evil.example" });
    expect(forged.status).toBe(403);
    expect(hook.received()).toHaveLength(1);
  });
});
