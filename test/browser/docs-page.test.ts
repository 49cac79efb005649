import type { Browser, Page, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApiDocument } from "../../src/openapi/document.ts";
import {
  launchBrowser,
  openWindow,
  PHONE,
  scrollsSideways,
  shoot,
  WIDE,
  type Window,
} from "../support/browsers/browser.ts";
import { OWN_KEY, startStack, submitsTo, type Stack } from "../support/stack.ts";

/*
 * scenario                                     requirement
 * the page, wide and narrow, light and dark    shows every operation and callback; nothing sticks out
 * what the page asks for                       nothing from another host, no script or style in the page
 * a call from the page                         reaches the API under the page's own policy
 * an unedited create                         a test: nothing goes upstream, nothing is paid
 * broken settings                              the page needs none
 */

const document = openApiDocument();
const PATHS = Object.keys(document.paths);
const CALLBACKS = Object.keys(document.webhooks);

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
});
afterAll(async () => {
  await Promise.all([stack.close(), browser.close()]);
});

interface Visit extends Window {
  requests: Request[];
}

async function open(look: Parameters<typeof openWindow>[2]): Promise<Visit> {
  const window = await openWindow(browser, stack.worker.url, look);
  const requests: Request[] = [];
  window.page.on("request", (request) => requests.push(request));
  const response = await window.page.goto("/docs");
  expect(response?.headers()).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "x-request-id": expect.stringMatching(/^req_/) as string,
    "content-security-policy": expect.not.stringMatching(/unsafe|https?:|\*/) as string,
  });
  await window.page.locator(".opblock").first().waitFor();
  return { ...window, requests };
}

async function authorize(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Authorize" }).click();
  const dialog = page.locator(".dialog-ux");
  await dialog.locator("input").fill(OWN_KEY);
  await dialog.getByRole("button", { name: "Apply credentials" }).click();
  await dialog.getByRole("button", { name: "Close" }).click();
}

async function unfold(page: Page, operationId: string): Promise<void> {
  await page.locator(`[id$="-${operationId}"] .opblock-summary-control`).click();
  await page.locator(`[id$="-${operationId}"] .responses-wrapper`).waitFor();
}

describe("the reference page", () => {
  it.each([
    ["wide and light", "wide-light", { viewport: WIDE, colorScheme: "light" }],
    ["wide and dark", "wide-dark", { viewport: WIDE, colorScheme: "dark" }],
    ["on a phone, light", "phone-light", { viewport: PHONE, colorScheme: "light" }],
    ["on a phone, dark", "phone-dark", { viewport: PHONE, colorScheme: "dark" }],
  ] as const)(
    "shows every operation and callback, without an error or a call to another host: %s",
    async (_name, file, look) => {
      const { page, complaints, requests, close } = await open(look);

      const shown = await page.locator(".opblock-summary-path").allInnerTexts();
      // The renderer puts zero-width spaces where a path may be broken.
      expect(new Set(shown.map((text) => text.replaceAll("\u200b", "")))).toEqual(
        new Set([...PATHS, ...CALLBACKS]),
      );
      await shoot(page, `docs-${file}`);
      await unfold(page, "createVideo");
      await page.getByText("delay_seconds").first().waitFor();
      expect(await scrollsSideways(page)).toBe(false);
      await shoot(page, `docs-${file}-create`);

      const background = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      expect(background).toBe(look.colorScheme === "dark" ? "rgb(28, 32, 34)" : "rgb(255, 255, 255)");
      expect(complaints).toEqual([]);
      const { origin } = new URL(stack.worker.url);
      const foreign = requests
        .map((request) => new URL(request.url()))
        .filter(({ protocol }) => protocol !== "data:");
      expect(foreign.filter((url) => url.origin !== origin)).toEqual([]);
      await close();
    },
  );

  it("calls the API with a key that is typed in and forgotten again, while the browser keeps the renderer", async () => {
    const { page, complaints, close } = await open({ viewport: WIDE });
    await authorize(page);
    await unfold(page, "listModels");
    await page.getByRole("button", { name: "Try it out" }).click();
    await page.getByRole("button", { name: "Execute" }).click();

    await expect
      .poll(async () => page.locator(".live-responses-table .response-col_status").last().innerText())
      .toContain("200");
    expect(complaints).toEqual([]);
    await page.reload();
    await page.locator(".opblock").first().waitFor();
    const transferred = await page.evaluate<number[]>(
      "performance.getEntriesByType('resource').filter(({ name }) => name.includes('swagger-ui')).map(({ transferSize }) => transferSize)",
    );
    expect(transferred).toEqual([0, 0]);
    expect(await page.locator(".auth-wrapper .authorize.unlocked").count()).toBe(1);
    await close();
  });

  it("starts a free test, and nothing else, where a reader edits nothing: as JSON and as a form of either kind", async () => {
    const { page, close } = await open({ viewport: WIDE });
    await authorize(page);
    await unfold(page, "createVideo");
    const create = page.locator('[id$="-createVideo"]');
    expect(await create.locator(".examples-select option").first().innerText()).toMatch(/free/);
    await create.getByRole("button", { name: "Try it out" }).click();
    const type = create.getByRole("combobox", { name: "Request content type" });
    const types = await type.locator("option").allInnerTexts();
    expect(types).toEqual(["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]);
    for (const one of types) {
      await type.selectOption(one);
      const answered = page.waitForResponse((response) => response.request().method() === "POST");
      await create.getByRole("button", { name: "Execute" }).click();
      const answer = await answered;
      expect([one, answer.request().headers()["content-type"]?.split(";")[0]]).toEqual([one, one]);
      expect([answer.status(), await answer.json()]).toMatchObject([202, { test: true }]);
    }
    expect(submitsTo(stack.gateway)).toEqual([]);
    await close();
  });

  it("needs no settings", async () => {
    await stack.restart({ RINGBACK_SECRET: "short" });
    const { page, complaints, close } = await open({ viewport: WIDE });
    expect(await page.locator(".info .title").innerText()).toContain("Ringback");
    expect(complaints).toEqual([]);
    await close();
    await stack.restart();
  });
});
