import type { Browser, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { axeViolations, openWindow, scrollsSideways, shoot, signIn } from "../support/browsers/browser.ts";
import { eventually, newHook, type Stack, type TaskBody } from "../support/stack.ts";

export async function expectWell(page: Page, name: string): Promise<void> {
  expect(await axeViolations(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
  await shoot(page, name);
}

/** A page that is loaded again forgets this. */
export async function mark(page: Page): Promise<void> {
  await page.evaluate("window.neverLoadedAgain = true");
}
export async function isMarked(page: Page): Promise<boolean> {
  return page.evaluate("window.neverLoadedAgain === true");
}

export const button = (page: Page | Locator, name: string): Locator =>
  page.getByRole("button", { name, exact: true });
export const statusOf = (page: Page): Locator => page.locator(".big .badge");

/** What a test asks of a `video`; the tests know Node's types only. */
export interface VideoElement {
  muted: boolean;
  controls: boolean;
  currentTime: number;
  videoWidth: number;
  error: { message: string } | null;
  play(): Promise<void>;
  pause(): void;
}

/** Creates a task of each kind; the pages that show them, and the others. */
export async function examplePages(stack: Stack, key: string): Promise<[name: string, path: string][]> {
  const headers = { authorization: `Bearer ${key}` };
  const done = await stack.create(
    { callback_url: newHook(stack).url, metadata: { order: 42, name: "阿达" } },
    headers,
  );
  const { task_id: succeeded } = (await done.json()) as TaskBody;
  stack.receiver.reply({ status: 500, body: "out of order" });
  const test = { outcome: "failed", delay_seconds: 0 };
  const failing = await stack.create({ callback_url: newHook(stack).url, test }, headers);
  const { task_id: failed } = (await failing.json()) as TaskBody;
  await eventually(
    async () => (await (await stack.call(`/v1/videos/${succeeded}`, { headers })).json()) as TaskBody,
    ({ callback }) => callback?.status === "delivered",
  );
  const { task_id: waiting } = (await (
    await stack.create({ test: { outcome: "succeeded", delay_seconds: 600 } }, headers)
  ).json()) as TaskBody;

  return [
    ["tasks", "/"],
    ["tasks-filtered", "/?callback_status=delivered&metadata.order=42&limit=50"],
    ["tasks-none", "/?model=none&test=false"],
    ["tasks-refused", "/?callback_host=a%20b&metadata=42&created_after=yesterday"],
    ["succeeded", `/tasks/${succeeded}`],
    ["failed", `/tasks/${failed}`],
    ["waiting", `/tasks/${waiting}`],
    ["new", "/new"],
    ["webhooks", "/webhooks"],
    ["statistics", "/statistics"],
  ];
}

/** Width and height stand at fixed places of a PNG's first chunk. */
export function sizeOfPng(png: Buffer): { width: number; height: number } {
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

export const PICTURE = { width: 1000, height: 870 };

/** A task's page once its second attempt is there, with the first picture of its video. */
export async function pictureOf(
  browser: Browser,
  stack: Stack,
  { key, path }: { key: string; path: string },
): Promise<Buffer> {
  const { page, close } = await openWindow(browser, stack.worker.url, { viewport: PICTURE });
  await signIn(page, key);
  await page.goto(path);
  await page.locator(".timeline").getByText("Callback attempt 2").waitFor();
  await page.locator("video").evaluate(async (element: VideoElement) => {
    element.muted = true;
    element.controls = false;
    await element.play();
    element.pause();
  });
  const shown = await page.screenshot();
  await close();
  return shown;
}
