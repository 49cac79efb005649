import type { Browser, Locator, Page } from "playwright-core";
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
  type Window,
} from "../support/browsers/browser.ts";
import { FURTHER_LOOKS } from "../support/browsers/looks.ts";
import { eventually, newHook, startStack, type Hook, type Stack, type TaskBody } from "../support/stack.ts";

/*
 * scenario                                            requirement (issue: the console)
 * a file that the upstream no longer has              D9: it says so in place of a dead player
 * a button beside an event, a slow receiver           D10, D17: back to the event; it is said while it is so
 * a receiver that says 401, redirects, times out      D11, improvement 7: Retrying, and what to do, open
 * rows and attempts as they are laid out              D14, D21, D22
 * the list's filters and its search, by hand          improvements 4 and 5
 */

const KEY = "sk-on-call";

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([
    startStack({ settings: { CALLBACK_RETRY_SECONDS: "600", CALLBACK_TIMEOUT_SECONDS: "6" } }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

async function createdTask(fields: Record<string, unknown>): Promise<string> {
  const created = await stack.create(fields, { authorization: `Bearer ${KEY}` });
  return ((await created.json()) as TaskBody).task_id;
}

const TEST = { outcome: "succeeded", delay_seconds: 0 };

async function endedTask(hook: Hook, fields: Record<string, unknown> = {}): Promise<string> {
  const id = await createdTask({ test: TEST, callback_url: hook.url, ...fields });
  await hook.waitFor(1);
  await stack.deliveries(id, ([delivery]) => delivery?.attempts.at(-1)?.duration_ms !== null);
  return id;
}

async function opened(
  path: string,
  look: Parameters<typeof openWindow>[2] = { viewport: WIDE },
): Promise<Window> {
  const window = await openWindow(browser, stack.worker.url, look);
  await signIn(window.page, KEY);
  await window.page.goto(path);
  return window;
}

async function expectWell(page: Page, name: string): Promise<void> {
  await shoot(page, name);
  expect(await axeViolations(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
}

const styleOf = async (locator: Locator, property: string, pseudo = ""): Promise<string> =>
  locator.evaluate(
    (element, [name, of]) => getComputedStyle(element as never, of).getPropertyValue(name ?? ""),
    [property, pseudo],
  );
declare function getComputedStyle(
  element: never,
  pseudo: string | undefined,
): { getPropertyValue(name: string): string };

describe("the file of a video", () => {
  it("that does not load any more is said to be gone, and the page keeps its shape", async () => {
    const id = await createdTask({});
    await stack.task(id, ({ status }) => status === "succeeded");
    const { page, close } = await opened("/");
    await page.route("**/files/**", async (route) => route.fulfill({ status: 404, body: "" }));
    await page.goto(`/tasks/${id}`);
    await page.getByText("The file does not load.").waitFor();
    expect(await page.locator("video").isVisible()).toBe(false);
    expect(await page.getByRole("link", { name: "Download" }).isVisible()).toBe(true);
    expect(await page.getByText("Usually available until about").isVisible()).toBe(false);
    await expectWell(page, "video-gone");
    await close();
  });

  it("has its box before the player knows how large it is", async () => {
    const id = await createdTask({});
    await stack.task(id, ({ status }) => status === "succeeded");
    const { page, close } = await opened("/");
    // Never answered.
    await page.route("**/files/**", () => undefined);
    await page.goto(`/tasks/${id}`, { waitUntil: "domcontentloaded" });
    await page.getByText("Usually available until about").waitFor();
    const box = await page.locator("video").boundingBox();
    expect((box?.width ?? 0) / (box?.height ?? 1)).toBeCloseTo(16 / 9, 1);
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await close();
  });
});

describe("a callback", () => {
  it("that is delivered again is followed at its event until the attempt has ended", async () => {
    const hook = newHook(stack);
    const id = await endedTask(hook);
    const { page, close } = await opened(`/tasks/${id}`, { viewport: { width: 390, height: 500 } });
    // Longer than two looks of the page that follows it.
    stack.receiver.reply({ delayMs: 5000 });
    await page.getByRole("button", { name: "Deliver again" }).click();
    await page.waitForURL(/#msg_[a-z2-7]+$/);
    const sending = page.locator(".delivery-head .badge");
    await sending.getByText("Sending").waitFor();
    expect(await page.locator(".delivery-head").isVisible()).toBe(true);
    expect(await page.evaluate("scrollY")).toBeGreaterThan(0);
    expect(await styleOf(sending, "background-color")).toBe("rgba(0, 0, 0, 0)");
    await shoot(page, "sending");
    await sending.getByText("Delivered").waitFor();
    await page.reload();
    for (const words of ["Delivery queued.", "Sending"])
      expect(await page.getByText(words, { exact: true }).count()).toBe(0);
    await close();
  });

  it.each([
    ["a wrong secret", { status: 401, body: "bad signature" }, "Compare its secret", "bad signature"],
    [
      "a redirect",
      { status: 302, headers: { location: "/elsewhere?a=b" } },
      "Create new tasks with the address",
      "/elsewhere?a=b",
    ],
    ["silence", { delayMs: 9000 }, "Answer first, then work", null],
    ["a closed door", { drop: "before-headers" }, "No connection came about", null],
  ] as const)(
    "that failed for %s says what to do, and when it is tried again",
    async (name, reply, advice, said) => {
      const hook = newHook(stack);
      stack.receiver.reply(reply);
      const id = await endedTask(hook, { metadata: { title: `Advice about ${name}` } });
      const { page, close } = await opened(`/tasks/${id}`, { viewport: PHONE, colorScheme: "dark" });
      const head = page.locator(".delivery-head");
      await head.getByText("Retrying").waitFor();
      // Ten minutes, give or take a fifth.
      expect(await head.locator("time").textContent()).toMatch(/^in (8|9|1[0-2]) min$/);
      await page.locator(".advice").getByText(advice).waitFor();
      if (said !== null) await page.locator(".advice").getByText(said).waitFor();
      await expectWell(page, `advice-${name.replaceAll(" ", "-")}`);
      await close();
    },
  );

  it("shows each attempt in one size, and times with their zone", async () => {
    const id = await endedTask(newHook(stack));
    const { page, close } = await opened(`/tasks/${id}`);
    const parts = await page.locator(".attempt > *").all();
    const sizes = await Promise.all(parts.map(async (part) => styleOf(part, "font-size")));
    expect(new Set(sizes).size).toBe(1);
    expect(await page.locator(".attempt-time").textContent()).toMatch(/\d\d:\d\d:\d\d GMT\+8/);
    await close();
  });
});

describe("what was sent", () => {
  it("is read, copied to the byte, and delivered to another URL", async () => {
    const hook = newHook(stack);
    stack.receiver.reply({ status: 500, body: "broken" });
    const id = await endedTask(hook, { metadata: { note: "it's <b>bold</b>" } });
    const { page, complaints, close } = await opened(`/tasks/${id}`);
    await page.getByRole("link", { name: "What was sent" }).click();
    await page.getByRole("heading", { name: "What was sent" }).waitFor();
    await page.getByRole("button", { name: "Copy: Body" }).click();
    // What a button says is its name, and a second click leaves its words to come back.
    await page.getByRole("button", { name: "Copied", exact: true }).click();
    await page.getByRole("button", { name: "Copy: Body" }).waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(hook.received()[0]?.body);
    await expectWell(page, "sent");
    const elsewhere = newHook(stack);
    await page.getByLabel("Other URL").fill(elsewhere.url);
    await page.getByRole("button", { name: "Deliver there" }).click();
    await page.waitForURL(new RegExp(`/tasks/${id}#msg_`));
    await page.locator(".attempts").getByText("to 127.0.0.1").waitFor();
    await page.locator(".attempts li").first().getByText("Delivered").waitFor();
    await page.locator(".delivery-head").getByText("Retrying").waitFor();
    await expectWell(page, "sent-elsewhere");
    expect(complaints).toEqual([]);
    await close();
  });

  it.each(FURTHER_LOOKS)("and what to do about it, looks well: %s", async (look, settings) => {
    const hook = newHook(stack);
    stack.receiver.reply({ status: 401, body: '{"error":"bad signature"}' });
    const id = await endedTask(hook, { metadata: { order: 42, name: "阿达" } });
    const [delivery] = await stack.deliveries(id);
    const { page, complaints, close } = await opened(`/tasks/${id}`, settings);
    await expectWell(page, `callback-${look}`);
    await page.goto(`/tasks/${id}/sent/${delivery?.message_id ?? ""}`);
    await page.evaluate("for (const all of document.querySelectorAll('details')) all.open = true");
    await expectWell(page, `sent-${look}`);
    expect(complaints).toEqual([]);
    await close();
  });
});

describe("the list", () => {
  it("tells rows apart on a phone, where a badge without its word would be a contradiction", async () => {
    const hook = newHook(stack);
    const id = await endedTask(hook, {
      test: { outcome: "failed", delay_seconds: 0 },
      metadata: { order: 4711, shop: "acme" },
    });
    const { page, close } = await opened("/?metadata.order=4711", { viewport: PHONE });
    await eventually(
      async () => page.locator("tbody tr").count(),
      (count) => count === 1,
    );
    const row = page.locator(`#${id}`);
    await row.getByText("order 4711 · shop acme").waitFor();
    await row.getByText("generation_failed").waitFor();
    await row.getByText(new URL(hook.url).host).waitFor();
    expect(await styleOf(row.locator("td:nth-child(3)"), "content", "::before")).toBe('"Callback "');
    await expectWell(page, "list-phone");
    await close();
  });

  it("is filtered by hand, and each filter is taken away by a click", async () => {
    await endedTask(newHook(stack), { metadata: { order: 4712 } });
    const { page, complaints, close } = await opened("/");
    await page.getByRole("searchbox").fill("order=4712");
    await page.getByRole("button", { name: "Find" }).click();
    await page.waitForURL("/?metadata.order=4712");
    await page.getByText("More filters").click();
    expect(await page.locator("#metadata").inputValue()).toBe("order=4712");
    await page.locator("#callback_host").fill("no host");
    await page.locator("#test").selectOption("true");
    await page.locator("#limit").selectOption("50");
    await page.getByRole("button", { name: "Show" }).click();
    await page.locator("#callback_host-problem").getByText("is not a host").waitFor();
    expect(await page.locator("#callback_host").inputValue()).toBe("no host");
    await expectWell(page, "list-refused");
    await page.locator("#callback_host").fill(new URL(stack.receiver.url).host);
    await page.getByRole("button", { name: "Show" }).click();
    await page.locator("tbody tr").waitFor();
    expect(await page.locator("tbody tr").count()).toBe(1);
    await expectWell(page, "list-filtered");
    await page.getByRole("link", { name: "Remove the filter metadata.order: 4712" }).click();
    await page.getByRole("navigation", { name: "Callback" }).getByText("Delivered").click();
    await page.waitForURL(/callback_status=delivered/);
    const address = new URL(page.url()).searchParams;
    expect([...address.keys()].toSorted()).toEqual(["callback_host", "callback_status", "limit", "test"]);
    expect(await page.locator("tbody tr").count()).toBeGreaterThan(1);
    await page.getByRole("link", { name: "Clear all" }).click();
    await page.waitForURL("/");
    expect(complaints).toEqual([]);
    await close();
  });
});
