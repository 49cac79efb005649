import { createHash } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  axeViolations,
  launchBrowser,
  openWindow,
  scrollsSideways,
  shoot,
  WIDE,
} from "../support/browsers/browser.ts";
import { FURTHER_LOOKS } from "../support/browsers/looks.ts";
import { isTerminal, newHook, startStack, type Stack, type TaskBody } from "../support/stack.ts";

/*
 * scenario                                               requirement (docs/operator.md; console)
 * a caller asks about its order 42                       found, its failure read, and delivered again, by an operator
 * each page of it at 360 and 1280 px, light and dark,    axe-core clean, nothing to scroll sideways
 * in both languages
 */

const ACME = "rb-token-of-acme";
const OPERATOR = "op-token-of-support";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

let stack: Stack;
let browser: Browser;
let taskId: string;
beforeAll(async () => {
  const settings = {
    AIO_API_KEY: "sk-the-operators",
    RINGBACK_KEYS: `acme:${sha256(ACME)},another-shop:${sha256("rb-another")}`,
    RINGBACK_OPERATOR_KEYS: `support:${sha256(OPERATOR)}`,
    CALLBACK_RETRY_SECONDS: "0.05",
  };
  [stack, browser] = await Promise.all([startStack({ settings, token: ACME }), launchBrowser()]);
  stack.receiver.defaultReply({ status: 500, body: "the order table is locked" });
  const callback_url = `${newHook(stack).url}?token=a-secret-of-acme`;
  const created = await stack.create({ callback_url, metadata: { order: 42 } });
  taskId = ((await created.json()) as TaskBody).task_id;
  await stack.task(taskId, (task) => isTerminal(task) && task.callback?.status === "exhausted");
}, 60_000);
afterAll(async () => {
  await browser.close();
  await stack.close();
});

async function signInAsOperator(page: Page): Promise<void> {
  await page.goto("/");
  await page.locator("#key").fill(OPERATOR);
  await page.locator("form[action='/sign-in'] button[type=submit]").click();
  await page.waitForURL("/accounts");
}

async function expectWell(page: Page, name: string): Promise<void> {
  await shoot(page, name);
  expect(await axeViolations(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
}

describe("the pages of an operator, in every look", () => {
  it.each(FURTHER_LOOKS)(
    "are without a violation: %s",
    async (name, look) => {
      const { page, complaints, close } = await openWindow(browser, stack.worker.url, look);
      await signInAsOperator(page);
      await expectWell(page, `operator-accounts-${name}`);
      await page.locator("button[value=acme]").click();
      await page.waitForURL("/");
      await expectWell(page, `operator-list-${name}`);
      const paths = [
        `/tasks/${taskId}`,
        "/statistics",
        "/endpoints",
        "/recoveries",
        "/recoveries/new?statuses=exhausted",
      ];
      for (const path of paths) {
        await page.goto(path);
        expect(await page.locator(".acting strong").textContent()).toBe("acme");
        await expectWell(page, `operator-${path.split("/")[1]}${path.includes("new") ? "-new" : ""}-${name}`);
      }
      await page.goto(`/tasks/${taskId}`);
      await page.locator("a[href*='/sent/']").first().click();
      await page.waitForURL(/\/sent\//);
      await expectWell(page, `operator-sent-${name}`);
      expect(complaints).toEqual([]);
      await close();
    },
    90_000,
  );
});

describe("a caller's question about its order", () => {
  it("is answered: found by the order, its failure read, and delivered again", async () => {
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, { viewport: WIDE });
    await signInAsOperator(page);
    await page.getByRole("button", { name: "Open acme" }).click();
    await page.waitForURL("/");
    await page.goto("/?metadata.order=42");
    await page.locator(`a[href='/tasks/${taskId}']`).first().click();
    await page.getByText("the order table is locked").first().waitFor();
    stack.receiver.defaultReply({ status: 200, body: "ok" });
    await page.locator("form[action$='/redeliver'] button").first().click();
    await page.locator(".delivery .badge.is-delivered").first().waitFor({ timeout: 20_000 });
    expect(await page.content()).not.toContain("a-secret-of-acme");
    expect((await stack.task(taskId)).callback?.status).toBe("delivered");
    expect(complaints).toEqual([]);
    await close();
  }, 60_000);
});
