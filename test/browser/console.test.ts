import { readFileSync, writeFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../dev/bundle.ts";
import { launchBrowser, openWindow, signIn, type Window } from "../support/browsers/browser.ts";
import { LOOKS, VISITS } from "../support/browsers/looks.ts";
import { eventually, newHook, startStack, type Stack, type TaskBody } from "../support/stack.ts";
import {
  button,
  examplePages,
  expectWell,
  isMarked,
  mark,
  PICTURE,
  pictureOf,
  sizeOfPng,
  statusOf,
  type VideoElement,
} from "./console-page.ts";

/*
 * scenario                                               requirement (issue: the console)
 * sign in, start, watch, play, a callback that fails,    what the console shows, live without a reload
 * redeliver, ping, verify, rotate, delete, sign out
 * a task with a retried callback                         the README's picture: its size, and that it is there
 * each page at 360 and 1280 px, light and dark, Chinese  axe-core clean, nothing to scroll sideways, no policy complains
 */

/** `UPDATE_PICTURE=1 npx vitest run --project=browser -t picture` makes it anew. */
const README_PICTURE = `${root}docs/images/console.png`;

const PROMPT = "A lighthouse at dusk; it's calm.";

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  [stack, browser] = await Promise.all([
    startStack({
      gateway: {
        // The visitor's task runs until the visit says so.
        taskPlan: ({ prompt }) => ({ queueSeconds: 0.3, runSeconds: prompt === PROMPT ? 600 : 2.5 }),
      },
      settings: { CALLBACK_RETRY_SECONDS: "1.5,600", CALLBACK_TIMEOUT_SECONDS: "5" },
    }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await stack.close();
});

describe.each(VISITS)("a visit to the console (%s)", (look, settings) => {
  const key = `sk-visitor-${look}`;
  let open: Window;
  let page: Page;
  let taskPath: string;

  beforeAll(async () => {
    open = await openWindow(browser, stack.worker.url, settings);
    ({ page } = open);
  });
  afterAll(async () => open.close());

  it("asks for a key, and refuses one that the upstream does not know", async () => {
    await page.goto("/");
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    await expectWell(page, `sign-in-${look}`);
    stack.gateway.fault({ on: "models", status: 401, body: {} });
    await page.getByLabel("API key").fill(`sk-unknown-${look}`);
    await button(page, "Sign in").click();
    await page.getByText("We don't recognise this key.").waitFor();
    await expectWell(page, `sign-in-refused-${look}`);
    await signIn(page, key);
    await page.getByText("No tasks yet").waitFor();
    await expectWell(page, `tasks-none-${look}`);
  });

  it("starts a task from the form, which says what is missing while it is filled in", async () => {
    await page.locator("main").getByRole("link", { name: "New task" }).click();
    const callbackUrl = page.getByLabel("Callback URL");
    await callbackUrl.fill("nonsense");
    await page.getByRole("textbox", { name: "Prompt" }).click();
    await page.getByText("must be an absolute URL").waitFor();
    await page.getByRole("textbox", { name: "Prompt" }).fill(PROMPT);
    await callbackUrl.fill(newHook(stack).url);
    await page.getByText("Ready to send").waitFor();
    expect(await page.locator("#curl").textContent()).toContain(
      `"prompt": "A lighthouse at dusk; it'\\''s calm."`,
    );
    await expectWell(page, `new-filled-${look}`);
    await button(page, "Start the task").click();
    await page.waitForURL(/\/tasks\/task_[a-z2-7]{42}$/);
    taskPath = new URL(page.url()).pathname;
  });

  it("watches it finish without a reload", async () => {
    await mark(page);
    await expectWell(page, `task-running-${look}`);
    await statusOf(page).getByText("Running").waitFor();
    await page.getByText(/^Checked (once|\d+ times)$/).waitFor();
    stack.gateway.finish([...stack.gateway.tasks.keys()].at(-1) ?? "", "succeeded");
    await statusOf(page).getByText("Succeeded").waitFor();
    await page.locator(".timeline").getByText("Callback attempt 1").waitFor();
    expect(await isMarked(page)).toBe(true);
  });

  it("plays the video", async () => {
    const video = page.locator("video");
    await video.evaluate(async (element: VideoElement) => {
      element.muted = true;
      await element.play();
    });
    const played = await eventually(
      async () =>
        video.evaluate(({ currentTime, videoWidth, error }: VideoElement) => ({
          currentTime,
          videoWidth,
          error: error?.message ?? null,
        })),
      ({ currentTime }) => currentTime > 0.5,
    );
    expect(played).toMatchObject({ videoWidth: 320, error: null });
    await expectWell(page, `task-succeeded-${look}`);
    await button(page, "Copy: Task id").click();
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(taskPath.slice("/tasks/".length));
  });

  it("delivers again at the press of a button", async () => {
    await button(page, "Deliver again").click();
    await page.waitForURL(/\/tasks\/task_[a-z2-7]{42}#msg_[a-z2-7]+$/);
    await mark(page);
    await page.locator(".attempts").getByText("manual").waitFor();
    await page.locator(".timeline").getByText("Callback attempt 2").waitFor();
    expect(await isMarked(page)).toBe(true);
  });

  it("sees a callback fail, what the receiver said, and its retry, without a reload", async () => {
    const hook = newHook(stack);
    stack.receiver.reply({ status: 503, body: "<h1>Down</h1><script>window.hacked = true</script>" });
    await stack.create(
      { callback_url: hook.url, test: { outcome: "failed", delay_seconds: 0 } },
      { authorization: `Bearer ${key}` },
    );
    await hook.waitFor(1);
    const id = stack.accepted.at(-1) ?? "";
    await page.goto(`/tasks/${id}`);
    await mark(page);
    const [first, second] = [page.locator("[id$='-1']"), page.locator("[id$='-2']")];
    await first.getByText("503", { exact: true }).waitFor();
    await page.getByText("The receiver answered 503.").waitFor();
    await second.getByText("Delivered").waitFor();
    await first.getByText("Response body").click();
    expect(await first.locator("pre").textContent()).toBe(
      "<h1>Down</h1><script>window.hacked = true</script>",
    );
    expect(await first.locator("pre").isVisible()).toBe(true);
    expect(await page.evaluate("window.hacked")).toBeUndefined();
    expect(await isMarked(page)).toBe(true);
    await page.locator("#failure").getByText("Test task: nothing was sent").waitFor();
    await expectWell(page, `task-failed-${look}`);
  });

  it("finds its tasks in the list, by status and by id", async () => {
    await page.goto("/");
    await eventually(
      async () => page.locator("tbody tr").count(),
      (count) => count === 2,
    );
    await expectWell(page, `tasks-${look}`);
    await page.getByRole("navigation", { name: "Show" }).getByText("Failed").click();
    await page.waitForURL("/?status=failed");
    expect(await page.locator("tbody tr").count()).toBe(1);
    await page.getByRole("searchbox").fill("task_nonsense");
    await button(page, "Find").click();
    await page.waitForURL("/?upstream_task_id=task_nonsense");
    await page.getByText("No task matches").waitFor();
    await page.getByRole("searchbox").fill(`  ${taskPath.slice("/tasks/".length)} `);
    await button(page, "Find").click();
    await page.waitForURL(taskPath);
  });

  it("shows the signing secret only when asked, and rotates it", async () => {
    await page.goto("/webhooks");
    expect(await page.content()).not.toMatch(/whsec_[A-Za-z0-9+/]{20}/);
    await expectWell(page, `webhooks-${look}`);
    await button(page, "Show the secret").click();
    const first = await page.locator("#signing-secret").textContent();
    expect(first).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    await page.getByText("Rotate", { exact: true }).click();
    await page.getByLabel("Keep the old secret for").selectOption("3600");
    await button(page, "Create a new secret").click();
    await page.getByText("Callbacks are now signed with the new secret.").waitFor();
    await page.getByText("Older secrets still in use").waitFor();
    await button(page, "Show the secret").click();
    expect(await page.locator("#signing-secret").textContent()).not.toBe(first);
    expect(await page.locator(".older code").textContent()).toBe(first);
    await expectWell(page, `webhooks-shown-${look}`);
  });

  it("pings a receiver, shows its answer, and verifies what it got", async () => {
    const hook = newHook(stack);
    stack.receiver.reply({ status: 418, body: "I am a <b>teapot</b>" });
    await page.getByLabel("URL", { exact: true }).fill(hook.url);
    await page.getByLabel("Custom headers").fill("x-shop: acme");
    await button(page, "Send a ping").click();
    await page.getByText("Not delivered").waitFor();
    await page.getByText("I am a <b>teapot</b>").waitFor();
    const [received] = await hook.waitFor(1);
    expect(received?.headers["x-shop"]).toBe("acme");
    const { headers, body = "" } = received ?? {};
    await page.getByLabel("webhook-id").fill(String(headers?.["webhook-id"]));
    await page.getByLabel("webhook-timestamp").fill(String(headers?.["webhook-timestamp"]));
    await page.getByLabel("webhook-signature").fill(String(headers?.["webhook-signature"]));
    await page.getByLabel("Raw body").fill(body);
    await button(page, "Check the signature").click();
    await page.getByText("Signature is valid.").waitFor();
    await page.getByLabel("Raw body").fill(`${body} `.replace("ping", "pong"));
    await button(page, "Check the signature").click();
    await page.getByText("None of your secrets signed this.").waitFor();
    await expectWell(page, `webhooks-verified-${look}`);
  });

  it("draws what the statistics say", async () => {
    await page.goto("/statistics");
    await page.locator(".tile").getByText("1", { exact: true }).waitFor();
    await page.getByText("Finish time by model").waitFor();
    expect(await page.locator(".finish rect").first().getAttribute("width")).toBe("100%");
    await expectWell(page, `statistics-${look}`);
  });

  it("deletes a task after asking", async () => {
    await page.goto(taskPath);
    await page.getByText("Delete this task").click();
    await button(page, "Delete permanently").click();
    await page.getByText("Task deleted.").waitFor();
    const response = await page.goto(taskPath);
    expect(response?.status()).toBe(404);
    await expectWell(page, `not-found-${look}`);
  });

  it("signs out, and everything asks for the key again", async () => {
    await page.goto("/");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("/sign-in");
    expect(await page.context().cookies()).toEqual([]);
    await page.goto(taskPath);
    expect(new URL(page.url()).pathname).toBe("/sign-in");
  });

  it("never made a script fail or a policy complain", () => {
    expect(open.complaints).toEqual([]);
  });
});

describe("every page, in every look", () => {
  const key = "sk-a-reader";
  let paths: [name: string, path: string][] = [];

  beforeAll(async () => {
    paths = await examplePages(stack, key);
  });

  it.each(LOOKS)("%s", async (look, settings) => {
    const { page, complaints, close } = await openWindow(browser, stack.worker.url, settings);
    await page.goto("/");
    await expectWell(page, `look-sign-in-${look}`);
    await signIn(page, key);
    for (const [name, path] of paths) {
      await page.goto(path);
      // Everything that can be opened, so that it is judged and seen too.
      await page.evaluate("for (const all of document.querySelectorAll('details')) all.open = true");
      await expectWell(page, `look-${name}-${look}`);
    }
    expect(complaints).toEqual([]);
    await close();
  });
});

describe("the README's picture", () => {
  it("shows a task whose callback was delivered at the second attempt", async () => {
    const key = "sk-your-api-key";
    const hook = newHook(stack);
    stack.receiver.reply({ status: 503, body: "Down for maintenance" });
    const created = await stack.create(
      { callback_url: hook.url, metadata: { order: 42 } },
      { authorization: `Bearer ${key}` },
    );
    const { task_id: id } = (await created.json()) as TaskBody;
    await hook.waitFor(2);
    const shown = await pictureOf(browser, stack, { key, path: `/tasks/${id}` });
    if (process.env["UPDATE_PICTURE"] !== undefined) writeFileSync(README_PICTURE, shown);
    const picture = readFileSync(README_PICTURE);
    expect(picture.byteLength).toBeLessThan(200_000);
    expect(sizeOfPng(picture)).toEqual(PICTURE);
    expect(sizeOfPng(shown)).toEqual(PICTURE);
  });
});
