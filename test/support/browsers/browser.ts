import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { CHROMIUM } from "../programs/programs.ts";

/** Debian's Chromium, as a person's browser would meet the console. */

const SCREENSHOTS = fileURLToPath(new URL("../../../test-results/console/", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function launchBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`No Chromium at ${CHROMIUM}: npm run test:setup, or name one in CHROMIUM.`);
  }
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export type Look = Pick<BrowserContextOptions, "viewport" | "colorScheme" | "locale" | "javaScriptEnabled">;

export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 740 };

/** A page of a browser profile of its own, and its errors. */
export interface Window {
  page: Page;
  /** Errors of scripts, and violations of the content security policy. */
  complaints: string[];
  close(): Promise<void>;
}

export async function openWindow(browser: Browser, origin: string, look: Look = {}): Promise<Window> {
  const context = await browser.newContext({
    baseURL: origin,
    viewport: WIDE,
    locale: "en-GB",
    timezoneId: "Asia/Shanghai",
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
    ...look,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // Ours answer 4xx to forms that they refuse, on purpose; Chromium writes a line for each.
    const expected = /Failed to load resource: the server responded with a status of 4\d\d/;
    if (message.type() === "error" && !expected.test(message.text())) complaints.push(message.text());
  });
  return { page, complaints, close: async () => context.close() };
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.goto("/");
  await page.locator("#key").fill(key);
  await page.locator("form[action='/sign-in'] button[type=submit]").click();
  await page.waitForURL("/");
}

/** With SCREENSHOTS=1, for a person to view: `test-results/` is not committed. Each takes a third of a second. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (process.env["SCREENSHOTS"] !== "1") return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** Every violation that axe-core finds on the page as it stands; the tests ask for none. */
export async function axeViolations(page: Page): Promise<string[]> {
  // Evaluated by the debugger, so that the page's own policy does not stop it.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResult> } };
    const { violations } = await axe.run();
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" | ")}`,
    );
  });
}

interface AxeResult {
  violations: { id: string; help: string; nodes: { html: string }[] }[];
}

/** Whether something sticks out to the right, which makes a page scroll sideways. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
}
