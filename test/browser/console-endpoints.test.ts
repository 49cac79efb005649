import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeliveryList } from "../../src/contract/shapes/delivery.ts";
import {
  axeViolations,
  launchBrowser,
  openWindow,
  scrollsSideways,
  shoot,
  signIn,
  WIDE,
} from "../support/browsers/browser.ts";
import { FURTHER_LOOKS } from "../support/browsers/looks.ts";
import { eventually, newHook, startStack, type Stack, type TaskBody } from "../support/stack.ts";

/*
 * scenario                                               requirement (registered endpoints in the console)
 * an endpoint is registered, tested and disabled         by the pages, each step says what came of it
 * a task that goes to an endpoint, too                   one event with its receivers
 * each page of it at 360 and 1280 px, light and dark,    axe-core clean, nothing to scroll sideways
 * in both languages
 */

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  const settings = { CALLBACK_RETRY_SECONDS: "0.05", CALLBACK_TIMEOUT_SECONDS: "10" };
  [stack, browser] = await Promise.all([startStack({ settings }), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

async function expectWell(page: Page, name: string): Promise<void> {
  await shoot(page, name);
  expect(await axeViolations(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
}

describe("an endpoint", () => {
  it("is registered, tested, disabled and enabled from the bar of the console", async () => {
    const hook = newHook(stack);
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, { viewport: WIDE });
    await signIn(page, "sk-story");
    await page.getByRole("navigation", { name: "Main" }).getByText("Endpoints").click();
    await page.getByText("No endpoints yet").waitFor();
    await expectWell(page, "endpoints-none");
    await page.getByLabel("URL").fill(hook.url);
    await page.getByLabel("Description").fill("Zapier: new videos");
    await page.getByLabel("Custom headers").fill("x-api-key: s3cret-value");
    await page.getByLabel("progress").check();
    // Two clicks register one.
    await page.getByRole("button", { name: "Register" }).dblclick();
    await page.getByText("Endpoint registered.").waitFor();
    expect(await page.locator(".big .badge").textContent()).toBe("Active");
    expect(await page.content()).not.toContain("s3cret-value");
    await expectWell(page, "endpoint-registered");
    stack.receiver.reply({ status: 500, body: "Cannot read properties of undefined" });
    await page.getByLabel("What to send").selectOption("Sample: succeeded");
    await page.getByRole("button", { name: "Send the test" }).click();
    await page.getByText("Not delivered", { exact: true }).waitFor();
    await page.getByText("Cannot read properties").waitFor();
    await expectWell(page, "endpoint-test-failed");
    await page.getByRole("button", { name: "Send the test" }).click();
    await page.getByText("Delivered", { exact: true }).waitFor();
    expect(hook.received()).toHaveLength(2);
    expect(JSON.parse(hook.received()[1]?.body ?? "")).toMatchObject({
      type: "video.succeeded",
      data: { test: true },
    });
    await page.getByRole("button", { name: "Disable" }).click();
    await page.getByText("It was disabled by hand").waitFor();
    await expectWell(page, "endpoint-disabled");
    await page.getByRole("button", { name: "Enable" }).click();
    await page.locator(".big").getByText("Active").waitFor();
    await page.getByText("Delete this endpoint").click();
    await page.getByRole("button", { name: "Delete permanently" }).click();
    await page.getByText("Endpoint deleted.").waitFor();
    expect(complaints).toEqual([]);
    await close();
  }, 60_000);
});

describe("the pages of endpoints, in every look", () => {
  const key = "sk-every-look";
  const paths: [name: string, path: string][] = [["all", "/endpoints?said=removed"]];

  async function call(path: string, body: object, method = "POST"): Promise<{ id: string }> {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await stack.call(`/v1/webhooks/endpoints${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    return (await answer.json()) as { id: string };
  }

  beforeAll(async () => {
    const [active, disabled] = await Promise.all([
      call("", { url: newHook(stack).url, description: "Zapier: new videos", format: "flat" }),
      call("", {
        url: `${newHook(stack).url}/a/${"very-long-path".repeat(8)}?token=${"t".repeat(60)}`,
        events: ["video.succeeded", "video.failed", "video.running", "video.progress"],
        headers: { "x-make-apikey": "a", authorization: "b" },
      }),
    ]);
    await call(`/${disabled.id}`, { enabled: false }, "PATCH");
    const own = newHook(stack);
    const test = { outcome: "succeeded", delay_seconds: 0 };
    const authorization = `Bearer ${key}`;
    const created = await stack.create({ callback_url: own.url, test, endpoints: true }, { authorization });
    const { task_id: task } = (await created.json()) as TaskBody;
    await eventually(
      async () => {
        const answer = await stack.call(`/v1/videos/${task}/deliveries`, { headers: { authorization } });
        return ((await answer.json()) as DeliveryList).data;
      },
      (all) => all.length === 3 && all.every(({ status }) => status !== "pending"),
    );
    paths.push(["task", `/tasks/${task}`], ["new", "/new"]);
    paths.push(
      ["active", `/endpoints/${active.id}?said=registered`],
      ["disabled", `/endpoints/${disabled.id}`],
    );
  });

  it.each(FURTHER_LOOKS)(
    "%s",
    async (look, settings) => {
      const { page, complaints, close } = await openWindow(browser, stack.worker.url, settings);
      await signIn(page, key);
      for (const [name, path] of paths) {
        await page.goto(path);
        await page.evaluate("for (const all of document.querySelectorAll('details')) all.open = true");
        await expectWell(page, `endpoints-${name}-${look}`);
      }
      // Refused, with every field named.
      await page.goto("/endpoints");
      await page.locator("#url").fill("ftp://x");
      await page.locator("#headers").fill("cookie: a");
      for (const box of await page.locator("[name=events]").all()) await box.uncheck();
      await page.locator("#register button").click();
      await page.locator("#url-problem:not(:empty)").waitFor();
      await expectWell(page, `endpoints-refused-${look}`);
      expect(complaints).toEqual([]);
      await close();
    },
    120_000,
  );
});
