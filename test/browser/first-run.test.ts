import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  axeViolations,
  launchBrowser,
  openWindow,
  PHONE,
  scrollsSideways,
  shoot,
  signIn,
  WIDE,
} from "../support/browsers/browser.ts";
import { FURTHER_LOOKS } from "../support/browsers/looks.ts";
import { newHook, startStack, submitsTo, type Stack, type TaskBody } from "../support/stack.ts";

/*
 * scenario                                        requirement
 * a new account's first page                      a free test in one click, and the way to the rest
 * the page that gets one started                  ping, secret and receivers; without scripts, too
 * a language switch beside several forms, Enter   nothing typed is lost; Enter sends the form
 * the form of a new task, refused and mended      its box follows the live check; the language keeps what was typed
 * the statistics of a receiver that fails         its failures, and the way to the callbacks that it did not take
 * a clipboard that is refused                     the button says so, and nothing throws
 * each of these pages, in every look              axe-clean, nothing to scroll sideways
 */

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

async function expectWell(page: Page, name: string): Promise<void> {
  expect(await axeViolations(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
  await shoot(page, name);
}

describe("a new account", () => {
  it("starts a free test with one click, whose callback is real", async () => {
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, { viewport: PHONE });
    const hook = newHook(stack);
    await signIn(page, "sk-a-new-account");
    await page.getByText("No tasks yet").waitFor();
    await page.getByLabel("Callback URL").fill(hook.url);
    await page.getByRole("button", { name: "Start a free test" }).click();
    await page.waitForURL(/\/tasks\/task_[a-z2-7]{42}$/);
    const [received] = await hook.waitFor(1, 20_000);
    expect(JSON.parse(received?.body ?? "")).toMatchObject({ type: "video.succeeded", data: { test: true } });
    expect(submitsTo(stack.gateway)).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  it("tests its receiver and reads its secret beside a receiver in each language, without scripts", async () => {
    const { page, close } = await openWindow(browser, stack.worker.url, {
      viewport: PHONE,
      javaScriptEnabled: false,
    });
    const hook = newHook(stack);
    await signIn(page, "sk-without-scripts");
    await page.getByRole("link", { name: "Get started" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Get started" }).waitFor();
    await page.locator("#ping_url").fill(hook.url);
    await page.getByRole("button", { name: "Send a ping" }).click();
    await page.getByText("Delivered · HTTP 200").waitFor();
    expect(JSON.parse((await hook.waitFor(1))[0]?.body ?? "")).toMatchObject({ type: "ping" });
    await page.getByRole("button", { name: "Show the secret" }).click();
    expect(await page.locator("#signing-secret").innerText()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const languages = page.locator(".receivers summary");
    expect(await languages.allInnerTexts()).toEqual([
      "Node.js",
      "Python",
      "PHP",
      "Go",
      "Ruby",
      "Cloudflare Workers",
    ]);
    await languages.filter({ hasText: "Ruby" }).click();
    // One is open at a time.
    expect(await page.locator(".receivers details[open] summary").allInnerTexts()).toEqual(["Ruby"]);
    expect(await page.locator(".receivers details[open] pre").innerText()).toContain(
      "OpenSSL.secure_compare",
    );
    const file = await fetch(`${stack.worker.url}/docs/recipes/receivers/receiver.rb`);
    expect(await file.text()).toContain("OpenSSL.secure_compare");
    await page.getByRole("link", { name: "Zapier" }).click();
    await page.getByRole("heading", { level: 1, name: "Zapier" }).waitFor();
    await close();
  });

  it.each(FURTHER_LOOKS)("sees pages that are axe-clean: %s", async (look, settings) => {
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, settings);
    await signIn(page, `sk-first-${look}`);
    await expectWell(page, `first-steps-${look}`);
    await page.goto("/start");
    await expectWell(page, `start-${look}`);
    await page.locator("#ping_url").fill("http://127.0.0.1:1/closed");
    await page.locator("#ping button[type=submit]").click();
    await page.locator("#ping .notice").waitFor();
    // What never answered had no body to lack.
    expect(await page.locator("#ping .result").innerText()).not.toMatch(/no body|没有内容/);
    await page.locator("#verify button[type=submit]").click();
    await page.locator("#signing-secret").waitFor();
    await expectWell(page, `start-shown-${look}`);
    await page.goto("/nope");
    await expectWell(page, `no-such-page-${look}`);
    expect(complaints).toEqual([]);
    await close();
  });
});

describe("the form of a new task", () => {
  it("takes the box of what is wrong along with the live check, and keeps what was typed in either language", async () => {
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, { viewport: WIDE });
    await signIn(page, "sk-a-mender");
    await page.goto("/new");
    await page.locator("#metadata").fill("[]");
    await page.getByRole("button", { name: "Start the task" }).click();
    const box = page.locator("[data-summary]");
    await box.getByRole("link", { name: "Prompt" }).waitFor();
    expect(await box.locator("li").count()).toBe(2);
    await expectWell(page, "new-refused-summary");
    await page.locator("#prompt").fill("Mended.");
    await box.getByRole("link", { name: "Prompt" }).waitFor({ state: "detached" });
    expect(await box.locator("li").allInnerTexts()).toEqual(["Metadata metadata must be a JSON object"]);
    await page.getByRole("button", { name: "中文" }).click();
    await page.locator("html[lang='zh-Hans']").waitFor();
    expect(await page.locator("#prompt").inputValue()).toBe("Mended.");
    expect(await page.locator("#metadata").inputValue()).toBe("[]");
    await page.getByRole("button", { name: "创建任务" }).click();
    await page.locator("[data-summary]").getByRole("link", { name: "元数据" }).waitFor();
    await page.locator("#metadata").fill("");
    await page.locator("[data-summary]").waitFor({ state: "hidden" });
    await page.getByText("可以提交").waitFor();
    expect(complaints).toEqual([]);
    await close();
  });
});

describe("what is typed", () => {
  it("into each form of the webhooks is kept when the language is switched, there and back", async () => {
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, { viewport: WIDE });
    await signIn(page, "sk-a-typist");
    await page.goto("/webhooks");
    const typed = {
      ...{ callback_url: "https://hooks.example.com/a", callback_headers: "X-A: 1" },
      ...{ id: "msg_1", timestamp: "1234", signature: "v1,a", body: "{\n  1\n}" },
    };
    for (const [id, value] of Object.entries(typed)) await page.locator(`#${id}`).fill(value);
    await page.locator("#callback_format").selectOption("flat");
    for (const [button, language] of [
      ["中文", "zh-Hans"],
      ["English", "en"],
    ] as const) {
      await page.getByRole("button", { name: button }).click();
      await page.locator(`html[lang='${language}']`).waitFor();
      for (const [id, value] of Object.entries(typed))
        expect(await page.locator(`#${id}`).inputValue()).toBe(value);
      expect(await page.locator("#callback_format").inputValue()).toBe("flat");
    }
    await expectWell(page, "webhooks-typed");
    expect(complaints).toEqual([]);
    await close();
  });

  it("is sent by Enter, in the language that the page has", async () => {
    const { page, close } = await openWindow(browser, stack.worker.url, { viewport: WIDE });
    await signIn(page, "sk-an-enterer");
    await page.goto("/new");
    await page.locator("#model").press("Enter");
    await page.locator("[data-summary]").getByRole("link", { name: "Prompt" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/new");
    await close();
  });
});

describe("the statistics", () => {
  it("name each receiver with its failures, and lead to the callbacks that it did not take", async () => {
    const key = "sk-a-counter";
    const headers = { authorization: `Bearer ${key}` };
    const hook = newHook(stack);
    const { host } = new URL(hook.url);
    stack.receiver.defaultReply({ status: 503, body: "down" });
    // Tests are in no statistics.
    const created = await stack.create({ callback_url: hook.url }, headers);
    const { task_id: id } = (await created.json()) as TaskBody;
    const read = async (path: string): Promise<unknown> => (await stack.call(path, { headers })).json();
    await expect
      .poll(async () => ((await read(`/v1/videos/${id}`)) as TaskBody).callback?.status, { timeout: 15_000 })
      .toBe("exhausted");
    stack.receiver.defaultReply({ status: 200, body: "ok" });
    await expect
      .poll(async () => JSON.stringify(await read("/v1/stats")), { timeout: 15_000 })
      .toContain(`{"host":"${host}","delivered":0,"failed":4,`);
    for (const [look, settings] of FURTHER_LOOKS) {
      const { page, complaints, close } = await openWindow(browser, stack.worker.url, settings);
      await signIn(page, key);
      await page.goto("/statistics");
      const row = page.locator("#hosts tbody tr");
      expect(await row.innerText()).toMatch(/^127\.0\.0\.1:\d+\s+0\s+4\s+HTTP 503$/);
      await expectWell(page, `statistics-hosts-${look}`);
      await row.locator("td a").click();
      await page.waitForURL(`/?callback_host=${encodeURIComponent(host)}&callback_status=exhausted`);
      await page.locator(`a[href="/tasks/${id}"]`).first().waitFor();
      expect(complaints).toEqual([]);
      await close();
    }
  });
});

describe("a copy button", () => {
  it("says what to do where the browser refuses the clipboard, and selects the text", async () => {
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, { viewport: WIDE });
    await signIn(page, "sk-a-copier");
    await page.goto("/start");
    await page.getByRole("button", { name: "Show the secret" }).click();
    await page.evaluate(
      "navigator.clipboard.writeText = async () => { throw new DOMException('no', 'NotAllowedError'); }",
    );
    await page.getByRole("button", { name: "Copy: Current secret" }).click();
    await page.getByText("Selected: press Ctrl+C").waitFor();
    expect(await page.evaluate("String(getSelection()).trim()")).toMatch(/^whsec_/);
    expect(complaints).toEqual([]);
    await close();
  });
});
