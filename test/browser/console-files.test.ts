import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  axeViolations,
  launchBrowser,
  openWindow,
  scrollsSideways,
  shoot,
  signIn,
  type Look,
  type Window,
} from "../support/browsers/browser.ts";
import { FURTHER_LOOKS } from "../support/browsers/looks.ts";
import { ALICE, OPERATOR_SETTINGS } from "../support/operator.ts";
import { startSourceServer, type SourceServer } from "../support/sources/source-server.ts";
import { isTerminal, startStack, type Stack, type TaskBody } from "../support/stack.ts";

/*
 * scenario                                              requirement (contract, Kept files; the console)
 * a result that needs the upstream's key, asked for     kept; played and sought in the browser without a key, downloaded
 * in the form
 * `RINGBACK_PUBLIC_URL` on another origin               the page's policy lets it play from there
 * a copy that is under way, and one that failed         said; the upstream's link with the warning that it dies
 * each page at 360 and 1280 px, light and dark, in      axe-core clean, nothing to scroll sideways
 * both languages
 */

let stack: Stack;
let source: SourceServer;
let browser: Browser;
beforeAll(async () => {
  const settings = { ...OPERATOR_SETTINGS, KEEP_RESULTS: "ask", KEEP_PATIENCE_SECONDS: "30" };
  [stack, source, browser] = await Promise.all([
    startStack({ settings, token: ALICE }),
    startSourceServer(),
    launchBrowser(),
  ]);
}, 60_000);
afterAll(async () => {
  await browser.close();
  await Promise.all([stack.close(), source.close()]);
});

/** A task whose result is to be kept; `path`: of the source, in place of the gateway's own clip. */
async function createdTask(path: string | null, fields: Record<string, unknown> = {}): Promise<string> {
  const body = { status: "succeeded", video_url: `${source.origin}${path}` };
  if (path !== null) stack.gateway.fault({ on: "poll", status: 200, body });
  const created = await stack.create({ keep_result: true, ...fields });
  return ((await created.json()) as TaskBody).task_id;
}

async function opened(look: Look): Promise<Window> {
  const window = await openWindow(browser, stack.worker.url, look);
  await signIn(window.page, ALICE);
  return window;
}

async function expectWell(page: Page, name: string): Promise<void> {
  await shoot(page, name);
  expect(await axeViolations(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
}

/** Plays the page's video, seeks to a second, and says what the player then has. */
async function soughtTo(page: Page, second: number): Promise<Player> {
  return page.locator("video").evaluate(async (element, to) => {
    const video = element as unknown as Player & EventTarget & { play(): Promise<void>; pause(): void };
    video.muted = true;
    await video.play();
    video.pause();
    const sought = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
    video.currentTime = to;
    await sought;
    const { currentTime, duration, muted, readyState, videoWidth, videoHeight } = video;
    return { currentTime, duration, muted, readyState, videoWidth, videoHeight };
  }, second);
}

interface Player {
  currentTime: number;
  duration: number;
  muted: boolean;
  readyState: number;
  videoWidth: number;
  videoHeight: number;
}

/** `HAVE_CURRENT_DATA`: the picture at that second is there. */
const HAS_PICTURE = 2;

describe("a result that only the upstream's key opens", () => {
  it.each(FURTHER_LOOKS)("is kept, played, sought and downloaded without it: %s", async (look, settings) => {
    const { page, complaints, close } = await opened(settings);
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.resourceType() === "media") asked.push(request.url());
    });
    await page.goto("/new");
    await page.locator("#prompt").fill("[content] A lighthouse at dusk.");
    await page.locator("#test_outcome").selectOption("");
    await page.locator("#model").fill("doubao-seedance-2-0-260128");
    await page.locator("#keep_result").check();
    await expectWell(page, `new-task-keep-${look}`);
    await page.locator("#new-task button.primary").click();
    await page.waitForURL(/\/tasks\/task_/);
    await page.locator("video").waitFor();
    expect(await soughtTo(page, 2)).toMatchObject({ currentTime: 2, videoWidth: 320, videoHeight: 180 });
    expect((await soughtTo(page, 0.5)).readyState).toBeGreaterThanOrEqual(HAS_PICTURE);
    expect(new Set(asked.map((url) => new URL(url).origin))).toEqual(new Set([stack.worker.url]));
    await expectWell(page, `file-kept-${look}`);
    const id = (await page.locator("#task-id").textContent()) ?? "";
    const task = await stack.task(id);
    expect(task).toMatchObject({ file: { status: "kept" }, source_url: /\/content$/ });
    const coming = page.waitForEvent("download");
    await page.locator("#video a.button").click();
    const download = await coming;
    expect(download.url()).toBe(`${task.video_url}?download`);
    expect(download.suggestedFilename()).toMatch(/\.mp4$/);
    await page.goto("/statistics");
    await page.locator("#files .figure").waitFor();
    await expectWell(page, `statistics-files-${look}`);
    expect(complaints).toEqual([]);
    await close();
  });

  it("plays from another origin, where the deployment has its public address", async () => {
    const elsewhere = "https://video.example.com";
    await stack.restart({ RINGBACK_PUBLIC_URL: elsewhere });
    const id = await createdTask(null, { prompt: "[content] A lighthouse at dusk." });
    const task = await stack.task(id, isTerminal);
    expect(task.video_url).toMatch(/^https:\/\/video\.example\.com\/v1\/files\//);
    const { page, complaints, close } = await opened({});
    const partial: number[] = [];
    await page.route(`${elsewhere}/**`, async (route) => {
      const url = stack.worker.url + new URL(route.request().url()).pathname;
      const response = await route.fetch({ url });
      partial.push(response.status());
      await route.fulfill({ response });
    });
    await page.goto(`/tasks/${id}`);
    expect((await soughtTo(page, 2)).readyState).toBeGreaterThanOrEqual(HAS_PICTURE);
    expect(partial).toContain(206);
    expect(complaints).toEqual([]);
    await close();
    await stack.restart();
  });
});

describe("a copy", () => {
  it.each(FURTHER_LOOKS)("that is under way is shown: %s", async (look, settings) => {
    const id = await createdTask("/drip?size=1000000&type=video/mp4");
    const { page, complaints, close } = await opened(settings);
    await page.goto(`/tasks/${id}`);
    await page.locator("#copying").waitFor();
    expect(await page.locator("#progress .number").textContent()).toBe("100%");
    expect(await page.locator("video").count()).toBe(0);
    await expectWell(page, `file-copying-${look}`);
    expect(complaints).toEqual([]);
    await close();
  });

  it.each(FURTHER_LOOKS)("that failed says why, and offers what dies: %s", async (look, settings) => {
    await stack.restart({ KEEP_PATIENCE_SECONDS: "0.5" });
    const id = await createdTask("/html?mark=not-kept");
    const task = await stack.task(id, isTerminal);
    expect(task.file).toEqual({ status: "failed", reason: "not_media" });
    const { page, close } = await opened(settings);
    await page.goto(`/tasks/${id}`);
    const words = await page.locator("#not-kept").textContent();
    expect(words).toMatch(/no video or image.+one day|不是视频或图片.+一天/);
    expect(await page.locator("#video a.button").getAttribute("href")).toBe(task.video_url);
    await expectWell(page, `file-not-kept-${look}`);
    await close();
    await stack.restart();
  });
});
