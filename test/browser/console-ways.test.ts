import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  axeViolations,
  launchBrowser,
  openWindow,
  PHONE,
  shoot,
  signIn,
  WIDE,
} from "../support/browsers/browser.ts";
import { newHook, startStack, type Stack, type TaskBody } from "../support/stack.ts";
import { weigh } from "./page-weight.ts";

/*
 * scenario                                          requirement (issue: the console)
 * without scripts                                   the essentials work: forms post, pages render
 * by keyboard alone                                 keyboard friendly
 * a link from another site                          signed in stays signed in, under SameSite=Strict
 * a session or a connection that is lost            a live page says so
 * an image chosen, an upstream that says no         image preview; error in plain words
 * bytes and times of each page                      under 60 kB; first content reported
 */

const KEY = "sk-many-ways";
const PAGE_MAX_BYTES = 60_000;

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  const settings = { CALLBACK_RETRY_SECONDS: "5,600" };
  [stack, browser] = await Promise.all([startStack({ settings }), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

async function createdTask(fields: Record<string, unknown>): Promise<string> {
  const created = await stack.create(fields, { authorization: `Bearer ${KEY}` });
  return ((await created.json()) as TaskBody).task_id;
}

describe("without scripts", () => {
  it("one signs in, starts a task, sees its end, delivers again, changes the language and deletes", async () => {
    const { page, close } = await openWindow(browser, stack.worker.url, {
      viewport: PHONE,
      javaScriptEnabled: false,
    });
    const hook = newHook(stack);
    await signIn(page, KEY);
    await page.goto("/new");
    await page.locator("#prompt").fill("Without a script.");
    await page.locator("#callback_url").fill("ftp://nonsense");
    await page.getByRole("button", { name: "Start the task" }).click();
    await page.getByText("Please fix these fields").waitFor();
    await page.getByRole("link", { name: "Callback URL" }).click();
    await shoot(page, "no-script-refused");
    await page.locator("#callback_url").fill(hook.url);
    await page.getByRole("button", { name: "Start the task" }).click();
    await page.waitForURL(/\/tasks\/task_/);
    await hook.waitFor(1);
    const task = page.url();
    await page.goto(task);
    await page.getByRole("button", { name: "Deliver again" }).click();
    await hook.waitFor(2);
    await page.getByRole("button", { name: "中文" }).click();
    await page.locator("html[lang='zh-Hans']").waitFor();
    expect(page.url().split("?")[0]).toBe(task);
    await page.getByText("删除该任务").click();
    await page.getByRole("button", { name: "永久删除" }).click();
    await page.getByText("任务已删除。").waitFor();
    expect(await page.getByRole("link", { name: "刷新" }).isVisible()).toBe(true);
    await close();
  });
});

describe("by keyboard alone", () => {
  async function press(page: Page, key: string, until: string): Promise<void> {
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press(key);
      if (await page.locator(`${until}:focus`).count()) return;
    }
    throw new Error(`${key} never leads to ${until}`);
  }

  it("one signs in, skips to the content, opens a task and its parts, and deletes it", async () => {
    const id = await createdTask({ test: { outcome: "failed", delay_seconds: 0 } });
    const { page, close } = await openWindow(browser, stack.worker.url);
    await page.goto(`/tasks/${id}`);
    await press(page, "Tab", "#key");
    await page.keyboard.type(KEY);
    await page.keyboard.press("Enter");
    await page.waitForURL(`/tasks/${id}`);
    await press(page, "Tab", ".skip");
    await page.keyboard.press("Enter");
    expect(await page.locator("main:focus").count()).toBe(1);
    await press(page, "Tab", "#curl summary");
    await page.keyboard.press("Enter");
    expect(await page.locator("#curl-commands").isVisible()).toBe(true);
    await press(page, "Tab", "#remove summary");
    await page.keyboard.press("Space");
    await press(page, "Tab", ".danger");
    await page.keyboard.press("Enter");
    await page.getByText("Task deleted.").waitFor();
    await close();
  });
});

describe("a link on another site", () => {
  let elsewhere: Server;
  beforeAll(async () => {
    elsewhere = createServer((_request, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`<a href="${stack.worker.url}/webhooks">to the webhooks</a>`);
    });
    await new Promise<void>((resolve) => void elsewhere.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => new Promise((resolve) => void elsewhere.close(resolve)));

  it("leads where it says with a session, and to the sign-in without one", async () => {
    const { page, close } = await openWindow(browser, stack.worker.url);
    // Another name of this machine is another site to a browser; another port is not.
    const origin = `http://localhost:${(elsewhere.address() as AddressInfo).port}/`;
    await page.goto(origin);
    await page.getByText("to the webhooks").click();
    await page.waitForURL(`${stack.worker.url}/sign-in?to=%2Fwebhooks`);
    await page.locator("#key").fill(KEY);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${stack.worker.url}/webhooks`);
    await page.goto(origin);
    await page.getByText("to the webhooks").click();
    await page.getByRole("heading", { name: "Webhooks" }).waitFor();
    expect(page.url()).toBe(`${stack.worker.url}/webhooks`);
    await close();
  });
});

describe("a live page", () => {
  it("goes to the sign-in when its session is over", async () => {
    const { page, close } = await openWindow(browser, stack.worker.url);
    await signIn(page, KEY);
    await page.context().clearCookies();
    await page.waitForURL("/sign-in", { timeout: 20_000 });
    expect(await page.locator("#key").isVisible()).toBe(true);
    await close();
  });

  it("says that the connection is lost, and takes it up again", async () => {
    const { page, close } = await openWindow(browser, stack.worker.url);
    const id = await createdTask({ test: { outcome: "succeeded", delay_seconds: 600 } });
    await signIn(page, KEY);
    await page.goto(`/tasks/${id}`);
    const stale = page.getByText("Connection lost.");
    expect(await stale.isVisible()).toBe(false);
    await page.context().setOffline(true);
    await stale.waitFor({ timeout: 20_000 });
    expect(await axeViolations(page)).toEqual([]);
    await shoot(page, "connection-lost");
    await page.context().setOffline(false);
    await stale.waitFor({ state: "hidden", timeout: 30_000 });
    await close();
  });

  it("keeps the reader's place: focus, what is open, and what is playing", async () => {
    const { page, close } = await openWindow(browser, stack.worker.url);
    // The callback fails once, so the page changes again behind a video that plays.
    const hook = newHook(stack);
    stack.receiver.reply({ status: 503, body: "later" });
    const id = await createdTask({ callback_url: hook.url });
    await hook.waitFor(1);
    await signIn(page, KEY);
    await page.goto(`/tasks/${id}`);
    await page.locator("#upstream summary").click();
    await page.evaluate("document.querySelector('video').kept = true");
    await page.evaluate("document.querySelector('video').muted = true");
    await page.evaluate("document.querySelector('video').play()");
    await page.getByRole("button", { name: "Deliver again" }).focus();
    await page.locator("[id$='-2']").getByText("Delivered").waitFor();
    expect(
      await page.evaluate(`({
        kept: document.querySelector("video").kept,
        open: document.querySelector("#upstream").open,
        focus: document.activeElement.textContent,
        played: document.querySelector("video").currentTime > 0,
      })`),
    ).toEqual({ kept: true, open: true, focus: "Deliver again", played: true });
    await close();
  });
});

describe("the form of a new task", () => {
  // One red pixel.
  const PNG =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

  it("judges what was typed before its script came", async () => {
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, { viewport: WIDE });
    await signIn(page, KEY);
    const typed = Promise.withResolvers<void>();
    await page.route(/\/assets\/new-task[^/]*\.js$/, async (route) => {
      await typed.promise;
      await route.continue();
    });
    await page.goto("/new", { waitUntil: "commit" });
    await page.getByLabel("Callback URL").fill("nonsense");
    await page.getByRole("textbox", { name: "Prompt" }).click();
    expect(await page.getByText("must be an absolute URL").count()).toBe(0);
    typed.resolve();
    await page.getByText("must be an absolute URL").waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  it("shows an image that was chosen, and sends it", async () => {
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, { viewport: WIDE });
    await signIn(page, KEY);
    await page.goto("/new");
    expect(await page.locator("#image").isVisible()).toBe(false);
    await page.getByText("First & last frame", { exact: true }).click();
    await page.locator("[data-choose=image] input").setInputFiles({
      name: "frame.png",
      mimeType: "image/png",
      buffer: Buffer.from(PNG, "base64"),
    });
    await page.locator("img[data-preview=image]").waitFor();
    expect(await page.locator("#image").inputValue()).toBe("frame.png");
    await page.locator("#curl").getByText('"image": "data:image/png;base64,').waitFor();
    await page.getByText("Ready to send").waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await shoot(page, "new-image");
    await page.getByRole("button", { name: "Start the task" }).click();
    await page.waitForURL(/\/tasks\/task_/);
    const sent = JSON.parse(
      String(stack.gateway.calls.findLast(({ method }) => method === "POST")?.body),
    ) as object;
    expect(sent).toMatchObject({ image: `data:image/png;base64,${PNG}`, input_mode: "single_image" });
    expect(complaints).toEqual([]);
    await close();
  });

  it("offers the upstream's models and the outcomes of a test", async () => {
    const { page, close } = await openWindow(browser, stack.worker.url, { viewport: PHONE });
    await signIn(page, KEY);
    await page.goto("/new");
    await page.locator("#models option").first().waitFor({ state: "attached" });
    expect(await page.locator("#models option").count()).toBe(2);
    expect(await page.locator("#test_delay").isVisible()).toBe(false);
    await page.locator("#prompt").fill("A test.");
    await page.locator("#test_outcome").selectOption("timeout");
    await page.locator("#test_delay").fill("0");
    await page.getByRole("button", { name: "Start the task" }).click();
    await page.waitForURL(/\/tasks\/task_/);
    await page.locator(".big").getByText("Failed").waitFor();
    await page.getByText("timed_out").waitFor();
    await close();
  });

  it("says in plain words what the upstream said no to, and stays filled in", async () => {
    const { page, close } = await openWindow(browser, stack.worker.url, {
      viewport: PHONE,
      colorScheme: "dark",
    });
    await signIn(page, KEY);
    await page.goto("/new");
    await page.locator("#prompt").fill("A request that cannot be paid.");
    stack.gateway.fault({ on: "submit", status: 403, body: { error: { code: "insufficient_balance" } } });
    await page.getByRole("button", { name: "Start the task" }).click();
    await page.getByText("Task not started").waitFor();
    await page.getByText("the quota of the token group").waitFor();
    await page.getByText("insufficient_balance").waitFor();
    expect(await page.locator("#prompt").inputValue()).toBe("A request that cannot be paid.");
    expect(await axeViolations(page)).toEqual([]);
    await shoot(page, "new-refused");
    await close();
  });
});

describe("the weight of a page", () => {
  it("is under 60 kB with everything that it loads, and its first content is reported", async () => {
    const id = await createdTask({ callback_url: newHook(stack).url, metadata: { order: 42 } });
    await stack.task(id, ({ callback }) => callback?.status === "delivered");
    const measured: Record<string, { bytes: number; firstContentMs: number }> = {};
    for (const path of ["/sign-in", "/", `/tasks/${id}`, "/new", "/webhooks", "/statistics"]) {
      // A profile of its own: nothing is in its cache.
      const { page, close } = await openWindow(browser, stack.worker.url);
      if (path !== "/sign-in") await signIn(page, KEY);
      const name = path.replace(id, "{id}");
      measured[name] = await weigh(page, path);
      await close();
    }
    console.log(`bytes and first content of each page: ${JSON.stringify(measured)}`);
    for (const [name, { bytes, firstContentMs }] of Object.entries(measured)) {
      expect([name, bytes > 1000 && bytes < PAGE_MAX_BYTES]).toEqual([name, true]);
      expect([name, firstContentMs > 0]).toEqual([name, true]);
    }
  });
});
