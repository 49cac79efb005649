import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newVisitor, type Visitor } from "../../../support/browsers/visitor.ts";
import { isTerminal, newHook, startStack, type Stack, type TaskBody } from "../../../support/stack.ts";

/*
 * scenario                                        requirement
 * every kind of page, read in Chinese             no English sentence of Ringback's own; its own punctuation
 * a task that failed, by each of its codes        Ringback's sentence in Chinese; the provider's words as they came
 */

const KEY = "sk-a-chinese-reader";
const CHINESE = { "accept-language": "zh-CN" };

let stack: Stack;
let reader: Visitor;
beforeAll(async () => {
  stack = await startStack();
  reader = newVisitor(stack);
  await reader.signIn(KEY);
});
afterAll(async () => stack.close());
afterEach(() => stack.gateway.clearFaults());

/** What a reader reads: text and labels, without code, what others wrote, and what is in another language on purpose. */
function wordsOf(page: string): string[] {
  const html = page.replaceAll(/<div lang="en"[^]*<\/main>/g, "<cut>");
  const labels = Array.from(
    html.matchAll(/ (?:aria-label|placeholder|title|alt|data-[a-z-]*(?:valid|copied))="([^"]*)"/g),
    ([, label = ""]) => label,
  );
  const text = html
    .replaceAll(/<(pre|code|blockquote|script|style|datalist)\b[^]*?<\/\1>/g, "<cut>")
    .replaceAll(/<button\b[^>]*\blang="en"[^]*?<\/button>/g, "<cut>")
    .split(/<[^>]+>/);
  return [...labels, ...text]
    .map((one) => one.replaceAll("&#39;", "'").replaceAll("&quot;", '"').replaceAll("&amp;", "&").trim())
    .filter((one) => one !== "");
}

/** Four words in a row are a sentence; names of products have fewer. */
const ENGLISH = /[A-Za-z']{2,}(?:[ ,]+[A-Za-z']+){3,}/;
const HALF_WIDTH = /[\u4e00-\u9fff] ?[,;:!?()]|[,;:!?()] ?[\u4e00-\u9fff]/;
/** As it is typed. */
const SYNTAX = /http\(s\)|data:/g;

/** What is wrong with a page in Chinese. */
function faultsOf(html: string): string[] {
  if (!html.includes('<html lang="zh-Hans">')) return ["not in Chinese"];
  const words = wordsOf(html);
  if (!words.some((one) => /[\u4e00-\u9fff]/.test(one))) return ["no word of Chinese"];
  return words.filter((one) => ENGLISH.test(one) || HALF_WIDTH.test(one.replaceAll(SYNTAX, "")));
}

describe("what this file takes for a fault", () => {
  it.each([
    ["<p>The task did not finish before its deadline.</p>", ENGLISH],
    ["<p>模型 ID(404)。请核对</p><p>成功, 失败</p>", HALF_WIDTH],
    ['<button aria-label="Copy: the current secret now">复制</button>', ENGLISH],
  ])("is found in %s", (html, fault) => {
    expect(wordsOf(html).filter((one) => fault.test(one))).toHaveLength(1);
  });
});

describe("a page in Chinese", () => {
  it.each([
    "/",
    "/start",
    "/new",
    "/webhooks",
    "/statistics",
    "/nope",
    "/docs",
    "/?status=failed",
    "/?callback_status=exhausted",
    "/recoveries",
    "/recoveries/new?callback_status=exhausted",
    "/recoveries/nope",
    "/endpoints",
    "/endpoints?said=removed",
    "/endpoints/nope",
    `/?endpoint=ep_${"a".repeat(26)}`,
  ])("has Chinese sentences only: %s", async (path) => {
    const answer = await reader.get(path, { ...CHINESE, accept: "text/html" });
    expect([path, faultsOf(answer.body)]).toEqual([path, []]);
  });

  it("has Chinese sentences only where a form is refused", async () => {
    const stranger = newVisitor(stack);
    expect(["/sign-in", faultsOf((await stranger.get("/sign-in", CHINESE)).body)]).toEqual(["/sign-in", []]);
    stack.gateway.fault({ on: "models", status: 401, body: {} });
    expect([
      "refused",
      faultsOf((await stranger.post("/sign-in", { key: "sk-unknown" }, CHINESE)).body),
    ]).toEqual(["refused", []]);
    stack.gateway.clearFaults();
    const wrong = {
      mode: "image",
      model: "",
      image: "x",
      end_image: "y",
      prompt: "a".repeat(2501),
      duration_seconds: "3",
      aspect_ratio: "1:2",
      callback_url: "http://user:password@single:1",
      callback_events: "video.none",
      callback_headers: "cookie: a\nno colon",
      metadata: "[]",
      timeout_seconds: "1",
      test_outcome: "succeeded",
      test_delay: "soon",
    };
    const form = await reader.post("/new", wrong, CHINESE);
    expect(form.status).toBe(400);
    expect(["/new", faultsOf(form.body)]).toEqual(["/new", []]);
    stack.gateway.fault({
      on: "submit",
      status: 403,
      body: { error: { message: "insufficient balance of this account" } },
    });
    const valid = { mode: "text", model: "m", prompt: "p", with_audio: "true" };
    expect(["/new 403", faultsOf((await reader.post("/new", valid, CHINESE)).body)]).toEqual([
      "/new 403",
      [],
    ]);
    const ping = await reader.post("/webhooks/ping", { callback_url: "ftp://x" }, CHINESE);
    expect(["/webhooks/ping", faultsOf(ping.body)]).toEqual(["/webhooks/ping", []]);
    const closed = await reader.post("/start/ping", { ping_url: "http://127.0.0.1:1/" }, CHINESE);
    expect(["/start/ping", faultsOf(closed.body)]).toEqual(["/start/ping", []]);
    expect(["/webhooks/secret", faultsOf((await reader.post("/webhooks/secret", {}, CHINESE)).body)]).toEqual(
      ["/webhooks/secret", []],
    );
    const pasted = { id: "msg_a", timestamp: "1", signature: "v1,a", body: "{}" };
    expect([
      "/webhooks/verify",
      faultsOf((await reader.post("/webhooks/verify", pasted, CHINESE)).body),
    ]).toEqual(["/webhooks/verify", []]);
    expect(["405", faultsOf((await reader.post("/", {}, CHINESE)).body)]).toEqual(["405", []]);
    expect([
      "403",
      faultsOf((await reader.post("/new", {}, { ...CHINESE, origin: "https://evil.example" })).body),
    ]).toEqual(["403", []]);
    expect(["404", faultsOf((await reader.get("/tasks/none", CHINESE)).body)]).toEqual(["404", []]);
    expect(["400", faultsOf((await reader.get("/?cursor=none", CHINESE)).body)]).toEqual(["400", []]);
  });
});

describe("the pages of an endpoint, in Chinese", () => {
  it("have Chinese sentences only, whatever became of its forms", async () => {
    const form = { url: newHook(stack).url, events: "video.succeeded", format: "flat", headers: "x-a: 1" };
    const path = (await reader.post("/endpoints", form)).headers.location?.split("?", 1)[0] ?? "/none";
    for (const said of ["registered", "known", "saved", "enabled", "disabled"]) {
      const { body } = await reader.get(`${path}?said=${said}`, CHINESE);
      expect([said, faultsOf(body)]).toEqual([said, []]);
    }
    stack.receiver.reply({ status: 503, body: "down" });
    const tested = await reader.post(`${path}/test`, { type: "video.failed" }, CHINESE);
    expect(["test", tested.status, faultsOf(tested.body)]).toEqual(["test", 200, []]);
    await reader.post(`${path}/disable`);
    expect(["disabled", faultsOf((await reader.get(path, CHINESE)).body)]).toEqual(["disabled", []]);
    const moved = await reader.post(path, { ...form, url: "https://b.example.com/", headers: "" }, CHINESE);
    expect(["moved", moved.status, faultsOf(moved.body)]).toEqual(["moved", 400, []]);
    const wrong = { url: "ftp://x", format: "xml", description: "d".repeat(201), headers: "cookie: a" };
    const refused = await reader.post("/endpoints", wrong, CHINESE);
    expect(["refused", refused.status, faultsOf(refused.body)]).toEqual(["refused", 400, []]);
    await reader.post(`${path}/delete`);
  });
});

describe("a task that failed, in Chinese", () => {
  const headers = { authorization: `Bearer ${KEY}` };

  async function failedPage(
    fields: Record<string, unknown>,
    extra: Record<string, string> = {},
  ): Promise<string> {
    const { task_id: id } = (await (await stack.create(fields, { ...headers, ...extra })).json()) as TaskBody;
    const asOwner = async (): Promise<TaskBody> =>
      (await (await stack.call(`/v1/videos/${id}`, { headers })).json()) as TaskBody;
    await expect.poll(async () => isTerminal(await asOwner()), { timeout: 10_000 }).toBe(true);
    return (await reader.get(`/tasks/${id}`, CHINESE)).body;
  }

  it.each([
    ["timed_out", { test: { outcome: "timeout", delay_seconds: 0 } }, "任务在截止时间前没有完成。"],
    ["generation_failed", { test: { outcome: "failed", delay_seconds: 0 } }, "该测试任务按要求失败。"],
  ])("says what happened: %s", async (code, fields, sentence) => {
    const body = await failedPage({ ...fields, callback_url: newHook(stack).url });
    expect(body).toContain(sentence);
    expect([code, faultsOf(body)]).toEqual([code, []]);
    const sent = /href="(\/tasks\/[^"]+\/sent\/[^"]+)"/.exec(body)?.[1] ?? "/no-link";
    expect([sent, faultsOf((await reader.get(sent, CHINESE)).body)]).toEqual([sent, []]);
  });

  it.each([
    ["submit_unknown", { on: "submit", drop: "after" }, "无法确定服务商是否已收到请求"],
    ["upstream_unauthorized", { on: "submit", status: 401, body: {} }, "服务商拒绝了该 API Key。"],
    ["upstream_payment_required", { on: "submit", status: 402, body: {} }, "服务商要求付费。"],
    ["upstream_forbidden", { on: "submit", status: 403, body: {} }, "服务商不允许该请求。"],
    ["upstream_not_found", { on: "submit", status: 404, body: {} }, "服务商没有这个模型或路径。"],
    ["upstream_rejected", { on: "submit", status: 400, body: {} }, "服务商拒绝了该请求。"],
  ] as const)("says what happened: %s", async (code, fault, sentence) => {
    stack.gateway.fault(fault);
    const body = await failedPage({}, { prefer: "respond-async" });
    expect(body).toContain(`<code>${code}</code>`);
    expect(body).toContain(sentence);
    expect([code, faultsOf(body)]).toEqual([code, []]);
  });

  it.each([401, 404, 410, 429, 503, 301])("says why its callback failed: %i", async (status) => {
    stack.receiver.defaultReply({
      status,
      headers: { location: "https://example.com/elsewhere" },
      body: "no",
    });
    const test = { outcome: "failed", delay_seconds: 0 };
    const { task_id: id } = (await (
      await stack.create({ callback_url: newHook(stack).url, test }, headers)
    ).json()) as TaskBody;
    const callbackStatus = async (): Promise<string | undefined> =>
      ((await (await stack.call(`/v1/videos/${id}`, { headers })).json()) as TaskBody).callback?.status;
    await expect.poll(callbackStatus, { timeout: 15_000 }).toMatch(/exhausted|stopped/);
    stack.receiver.defaultReply({ status: 200, body: "ok" });
    expect([String(status), faultsOf((await reader.get(`/tasks/${id}`, CHINESE)).body)]).toEqual([
      String(status),
      [],
    ]);
  });

  it("leaves the provider's words as they came, quoted", async () => {
    const said = "The provider's own words, which stay in English.";
    stack.gateway.fault({ on: "poll", times: 50, body: { status: "failed", error_message: said } });
    const body = await failedPage({});
    expect(body).toContain(`<blockquote>${said.replace("'", "&#39;")}</blockquote>`);
    expect(["generation_failed", faultsOf(body)]).toEqual(["generation_failed", []]);
  });
});

describe("a deployment that is not ready, in Chinese", () => {
  it("has Chinese sentences only where the settings are wrong", async () => {
    await stack.restart({ RINGBACK_SECRET: "short", POLL_MIN_SECONDS: "soon", RINGBACK_KEYS: "x" });
    expect(["503", faultsOf((await newVisitor(stack).get("/", CHINESE)).body)]).toEqual(["503", []]);
    await stack.restart();
  });
});
