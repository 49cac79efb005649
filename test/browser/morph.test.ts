import * as fc from "fast-check";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser, openWindow, type Window } from "../support/browsers/browser.ts";
import { startStack, type Stack } from "../support/stack.ts";

/*
 * scenario                                        requirement
 * any tree made to look like any other            what a live page shows is what the server rendered
 * what is the same stays the same node            focus, an open part and a playing video outlive an update
 */

let stack: Stack;
let browser: Browser;
let open: Window;
let page: Page;
beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack(), launchBrowser()]);
  open = await openWindow(browser, stack.worker.url);
  ({ page } = open);
  await page.goto("/sign-in");
  // As text: the test runner rewrites an import that it sees.
  await page.evaluate("import('/assets/morph.js').then((module) => Object.assign(globalThis, module))");
});
afterAll(async () => {
  await open.close();
  await browser.close();
  await stack.close();
});

const text = fc.stringMatching(/^[a-z ]{1,6}$/);
const attributes = fc
  .record(
    {
      id: fc.constantFrom("a", "b", "c"),
      class: fc.constantFrom("x", "y", "x is-on", "x is-off"),
      title: text,
    },
    { requiredKeys: [] },
  )
  .map((record) =>
    Object.entries(record)
      .map(([name, value]) => ` ${name}="${value}"`)
      .join(""),
  );
const { tree } = fc.letrec<{ tree: string; element: string }>((tie) => ({
  element: fc
    .tuple(fc.constantFrom("p", "div", "span"), attributes, fc.array(tie("tree"), { maxLength: 4 }))
    // A paragraph ends where a block begins, so here it has text alone.
    .map(([name, attribute, children]) =>
      name === "p" ? `<p${attribute}>p</p>` : `<${name}${attribute}>${children.join("")}</${name}>`,
    ),
  tree: fc.oneof({ maxDepth: 3 }, text, tie("element")),
}));

it("makes any tree look like any other", async () => {
  const pairs = fc.sample(fc.tuple(fc.array(tree, { maxLength: 5 }), fc.array(tree, { maxLength: 5 })), {
    numRuns: 500,
    seed: 20261123,
  });
  const texts = pairs.map((pair) => pair.map((parts) => parts.join("")));
  const differences = await page.evaluate((all) => {
    const parsed = (html: string) =>
      new DOMParser().parseFromString(`<main>${html}</main>`, "text/html").querySelector("main");
    return all.filter(([before = "", after = ""]) => {
      const [from, to, wanted] = [parsed(before), parsed(after), parsed(after)];
      morph(from, to);
      return !from.isEqualNode(wanted);
    });
  }, texts);
  expect(differences).toEqual([]);
});

it.each([
  [
    "something before it goes",
    '<p class="said">Done.</p><div class="split"><video id="v"></video></div>',
    '<div class="split"><video id="v"></video></div>',
  ],
  [
    "something before it comes",
    '<div class="split"><video id="v"></video></div>',
    '<div class="notice"></div><div class="split"><video id="v"></video></div>',
  ],
  [
    "its neighbours change their state",
    '<p class="badge is-running">a</p><i>b</i><video id="v"></video>',
    '<p class="badge is-failed">c</p><video id="v"></video>',
  ],
])("keeps an element when %s", async (_name, before, after) => {
  const same = await page.evaluate(
    ([from = "", to = ""]) => {
      const parsed = (html: string) =>
        new DOMParser().parseFromString(`<main>${html}</main>`, "text/html").querySelector("main");
      const main = parsed(from);
      const video = main.querySelector("#v");
      morph(main, parsed(to));
      return main.querySelector("#v") === video;
    },
    [before, after],
  );
  expect(same).toBe(true);
});

/** The part of a browser's own types that the functions above use; they run there. */
interface Node {
  isEqualNode(other: Node): boolean;
  querySelector(selector: string): Node;
}
declare function morph(from: Node, to: Node): void;
declare class DOMParser {
  parseFromString(html: string, type: string): Node;
}
