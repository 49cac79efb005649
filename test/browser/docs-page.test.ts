import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Locator, Page, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../dev/bundle.ts";
import { recipeNames } from "../../dev/reference/recipes.ts";
import { openApiDocument } from "../../src/openapi/document.ts";
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
import { OWN_KEY, startStack, submitsTo, type Stack, type TaskBody } from "../support/stack.ts";
import { byDay } from "../support/checks/by-day.ts";

/*
 * scenario                                     requirement
 * the page, wide and narrow, light and dark    every operation and callback; axe-clean; one main; nothing sticks out
 * without scripts                              everything but trying calls
 * what the page asks for                       nothing from another host, no script or style in the page; small
 * a call from the page                         reaches the API under the page's own policy
 * an unedited create                           a test: nothing goes upstream, nothing is paid
 * the recipes                                  the same, and no link that leads nowhere
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

async function open(look: Parameters<typeof openWindow>[2], path = "/docs"): Promise<Visit> {
  const window = await openWindow(browser, stack.worker.url, look);
  const requests: Request[] = [];
  window.page.on("request", (request) => requests.push(request));
  const response = await window.page.goto(path);
  expect(response?.headers()).toMatchObject({
    "content-type": "text/html; charset=UTF-8",
    "x-request-id": expect.stringMatching(/^req_/) as string,
    "content-security-policy": expect.not.stringMatching(/unsafe|\*/) as string,
  });
  return { ...window, requests };
}

async function unfold(page: Page, operationId: string): Promise<Locator> {
  const operation = page.locator("details.operation", { has: page.locator(`#${operationId}`) });
  await operation.locator("> summary").click();
  await operation.getByText("Try it", { exact: true }).click();
  return operation;
}

/** Everything that can be opened, so that it is judged and seen too. */
async function openAll(page: Page): Promise<void> {
  await page.evaluate("for (const all of document.querySelectorAll('details')) all.open = true");
}

const LOOKS = [
  ["wide and light", "wide-light", { viewport: WIDE, colorScheme: "light" }],
  ["on a phone, dark", "phone-dark", { viewport: PHONE, colorScheme: "dark" }],
] as const;

describe("the reference page", () => {
  it.each(byDay(LOOKS))(
    "shows every operation and callback, axe-clean, with nothing from another host: %s",
    async (_name, file, look) => {
      const { page, complaints, requests, close } = await open(look);
      const shown = await page.locator("details.operation > summary > .method + .path").allInnerTexts();
      expect(new Set(shown)).toEqual(new Set([...PATHS, ...CALLBACKS]));
      expect(await page.locator("main").count()).toBe(1);
      expect(await page.getByRole("link", { name: "Ringback", exact: true }).count()).toBe(1);
      expect(await axeViolations(page)).toEqual([]);
      await shoot(page, `docs-${file}`);
      await openAll(page);
      expect(await axeViolations(page)).toEqual([]);
      expect(await scrollsSideways(page)).toBe(false);
      expect(complaints).toEqual([]);
      const { origin } = new URL(stack.worker.url);
      expect(requests.filter((request) => new URL(request.url()).origin !== origin)).toEqual([]);
      await close();
    },
  );

  it("can be read without scripts", async () => {
    const { page, close } = await open({ viewport: PHONE, javaScriptEnabled: false });
    await page.locator("summary", { hasText: "/v1/videos/{id}/redeliver" }).click();
    expect(await page.locator("#redeliver").isVisible()).toBe(true);
    expect(await page.getByText("Trying calls needs JavaScript").isVisible()).toBe(true);
    expect(await page.locator("#api-key").isVisible()).toBe(false);
    await close();
  });

  it("is small: under 60 kB with everything that it loads, compressed", async () => {
    const { page, requests, close } = await open({ viewport: WIDE });
    await page.waitForLoadState("networkidle");
    let bytes = 0;
    for (const request of requests) {
      const body = await (await request.response())?.body();
      bytes += gzipSync(body ?? Buffer.alloc(0)).byteLength;
    }
    console.log(`the reference page, compressed: ${bytes} bytes`);
    expect(bytes).toBeLessThan(60_000);
    await close();
  });

  it("calls the API with a key that is typed in and forgotten again", async () => {
    const { page, complaints, close } = await open({ viewport: WIDE });
    const operation = await unfold(page, "listModels");
    await operation.getByRole("button", { name: "Send" }).click();
    await operation.getByText("HTTP 401").waitFor();
    await page.getByLabel("API key").fill(OWN_KEY);
    await operation.getByRole("button", { name: "Send" }).click();
    await operation.getByText("HTTP 200").waitFor();
    expect(complaints).toEqual([]);
    await page.reload();
    expect(await page.getByLabel("API key").inputValue()).toBe("");
    await close();
  });

  it("starts a free test, and nothing else, where a reader edits nothing: as JSON and as a form of either kind", async () => {
    const { page, close } = await open({ viewport: WIDE });
    await page.getByLabel("API key").fill(OWN_KEY);
    const create = await unfold(page, "createVideo");
    expect(await create.getByLabel("Example").locator("option").first().innerText()).toMatch(/free/);
    const type = create.getByLabel("Content type");
    const types = await type.locator("option").allInnerTexts();
    expect(types).toEqual(["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]);
    for (const one of types) {
      await type.selectOption(one);
      const answered = page.waitForResponse((response) => response.request().method() === "POST");
      await create.getByRole("button", { name: "Send" }).click();
      const answer = await answered;
      expect([one, answer.request().headers()["content-type"]?.split(";")[0]]).toEqual([one, one]);
      expect([answer.status(), await answer.json()]).toMatchObject([202, { test: true }]);
    }
    expect(submitsTo(stack.gateway)).toEqual([]);
    await close();
  });

  it("reads a task by its id, and the beginning of its events", async () => {
    const created = await stack.create({ test: { outcome: "succeeded", delay_seconds: 600 } });
    const { task_id: id } = (await created.json()) as TaskBody;
    const { page, close } = await open({ viewport: WIDE });
    await page.getByLabel("API key").fill(OWN_KEY);
    for (const [operationId, words] of [
      ["getVideo", `"task_id": "${id}"`],
      ["watchVideo", "event: video."],
    ] as const) {
      const operation = await unfold(page, operationId);
      await operation.locator("[data-name=id]").fill(id);
      await operation.getByRole("button", { name: "Send" }).click();
      const answer = operation.locator(".answer pre");
      await answer.waitFor();
      expect(await answer.innerText()).toContain(words);
    }
    await close();
  });

  it("has the console's header, in the reader's language, with the session that there is", async () => {
    const { page, close } = await open({ viewport: WIDE, locale: "zh-CN" });
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-Hans");
    expect(await page.locator("main [lang=en] h1").innerText()).toBe("Ringback API");
    expect(await page.getByRole("link", { name: "任务" }).count()).toBe(0);
    await signIn(page, OWN_KEY);
    await page.goto("/docs");
    expect(await page.getByRole("link", { name: "任务", exact: true }).count()).toBe(1);
    await close();
  });

  it("needs no settings", async () => {
    await stack.restart({ RINGBACK_SECRET: "short" });
    const { page, complaints, close } = await open({ viewport: WIDE });
    expect(await page.locator("h1").innerText()).toContain("Ringback");
    expect(complaints).toEqual([]);
    await close();
    await stack.restart();
  });
});

describe("a recipe", () => {
  const names = recipeNames(join(root, "docs/recipes"));

  it.each(names)("is a page whose links lead somewhere: %s", async (name) => {
    const { origin } = new URL(stack.worker.url);
    const url = `${origin}/docs/recipes/${name}`;
    const html = await (await fetch(url)).text();
    const [, main = ""] = /<main[^>]*>([^]*)<\/main>/.exec(html) ?? [];
    const hrefs = Array.from(
      main.matchAll(/<a [^>]*?href="([^"#]+)/g),
      ([, href = ""]) => new URL(href, url).href,
    );
    for (const link of new Set([url, ...hrefs].filter((href) => href.startsWith(origin)))) {
      const answer = await fetch(link);
      await answer.body?.cancel();
      expect([link, answer.status]).toEqual([link, 200]);
    }
    expect(main).toContain("<h1");
  });

  it.each(byDay(names))("is axe-clean, and fits a phone: %s", async (name) => {
    const { page, complaints, close } = await open(
      { viewport: PHONE, colorScheme: name === "n8n" ? "dark" : "light" },
      `/docs/recipes/${name}`,
    );
    expect(await axeViolations(page)).toEqual([]);
    expect(await scrollsSideways(page)).toBe(false);
    await shoot(page, `recipe-${name}`);
    expect(complaints).toEqual([]);
    await close();
  });
});
