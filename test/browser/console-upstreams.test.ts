import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startUpstream, type Upstream } from "../../dev/upstreams.ts";
import {
  axeViolations,
  launchBrowser,
  openWindow,
  scrollsSideways,
  shoot,
  signIn,
} from "../support/browsers/browser.ts";
import { FURTHER_LOOKS } from "../support/browsers/looks.ts";
import { ALICE, OPERATOR_SETTINGS } from "../support/operator.ts";
import { startStack, type Stack } from "../support/stack.ts";

/*
 * scenario                                          requirement (other upstreams in the console)
 * a request at another upstream, typed in           the fields of its path, checked while it is typed, refused with all
 *                                                   that was typed, and sent
 * the task, the list and its filters                whose it is
 * each page at 360 and 1280 px, light and dark, in  axe-core clean, nothing to scroll sideways
 * both languages
 */

let stack: Stack;
let upstreams: Upstream[];
let browser: Browser;
beforeAll(async () => {
  const names = ["runway", "veo"] as const;
  const keyOf = (name: string): string => `key-of-${name}-0123456789`;
  upstreams = await Promise.all(
    names.map(async (name) => startUpstream(name, { keys: [keyOf(name)], queueSeconds: 0 })),
  );
  const entries = names.map((name, index) => [name, { profile: name, base_url: upstreams[index]?.origin }]);
  const settings = {
    ...OPERATOR_SETTINGS,
    UPSTREAMS: JSON.stringify(Object.fromEntries(entries)),
    UPSTREAM_KEY_RUNWAY: keyOf("runway"),
    UPSTREAM_KEY_VEO: keyOf("veo"),
  };
  [stack, browser] = await Promise.all([startStack({ settings, token: ALICE }), launchBrowser()]);
}, 60_000);
afterAll(async () => {
  await browser.close();
  await Promise.all([stack.close(), ...upstreams.map(async ({ close }) => close())]);
});

async function expectWell(page: Page, name: string): Promise<void> {
  await shoot(page, name);
  expect(await axeViolations(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
}

it.each(FURTHER_LOOKS)(
  "a request at another upstream, from the form to the list: %s",
  async (look, settings) => {
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, settings);
    await signIn(page, ALICE);
    await page.goto("/new");
    await expectWell(page, `new-task-ways-${look}`);
    await page.locator('a[href="/new/upstream"]').click();
    await page.waitForURL("**/new/upstream");

    // The names of a path are asked for where it has some.
    expect(await page.locator("#path_model").isVisible()).toBe(false);
    await page.locator("#target").selectOption("veo /v1beta/models/{model}:predictLongRunning");
    await page.locator("#path_model").fill("veo/3");
    await page.locator("#body").fill('{"instances": [{"prompt": "A lighthouse at dusk. [refuse]"}]');
    await page.locator("#metadata").focus();
    await page.locator("#body-problem:not([hidden])").waitFor();
    await page.locator("#path_model-problem:not([hidden])").waitFor();
    await expectWell(page, `raw-request-checked-${look}`);

    await page.locator("#path_model").fill("veo-3.1");
    const body = { instances: [{ prompt: "A lighthouse at dusk. [refuse]" }] };
    await page.locator("#body").fill(JSON.stringify(body, null, 2));
    await page.locator("#curl", { hasText: "veo-3.1:predict" }).waitFor();
    await page.locator("#new-task button.primary").click();
    await page.locator(".notice.is-bad details").waitFor();
    expect(await page.locator("#path_model").inputValue()).toBe("veo-3.1");
    await expectWell(page, `raw-request-refused-${look}`);

    await page.locator("#body").fill(JSON.stringify(body).replace(" [refuse]", ""));
    await page.locator("#metadata").fill('{"title": "Harbour film"}');
    await page.locator("#new-task button.primary").click();
    await page.waitForURL(/\/tasks\/task_/);
    await expectWell(page, `task-of-upstream-${look}`);

    await page.goto("/?upstream_name=veo");
    await page.locator("tr .id", { hasText: "veo · veo-3.1 ·" }).first().waitFor();
    await page.locator(".filters summary").click();
    expect(await page.locator("#upstream_name").inputValue()).toBe("veo");
    await expectWell(page, `list-of-upstreams-${look}`);
    await page.locator('.chips a[href="/"]').first().click();
    await page.waitForURL((url) => url.search === "");
    expect(complaints).toEqual([]);
    await close();
  },
);
