import { offerCopying } from "./copy.js";
import { localise } from "./local-times.js";
import { morph } from "./morph.js";

/**
 * Keeps a page with `data-live` up to date: loads the page again while it is visible, and applies the changes. The
 * server renders both, so there is one rendering and no second language for it.
 */

/** After a failure twice as long each time, up to this, in milliseconds. */
const PAUSE_MAX_MS = 30_000;
/** A server that does not answer in this time counts as unavailable. */
const PATIENCE_MS = 15_000;

export function keepLive() {
  const main = document.querySelector("main[data-live]");
  if (main === null) return;
  const stale = document.querySelector("[data-stale]");
  let failures = 0;
  let timer = 0;

  function arm() {
    clearTimeout(timer);
    const everyMs = Number(main.getAttribute("data-live"));
    // The page will not change any more.
    if (!(everyMs > 0)) return showLiving(false);
    showLiving(true);
    timer = setTimeout(() => void update(), Math.min(everyMs * 2 ** failures, PAUSE_MAX_MS));
  }

  async function update() {
    if (document.hidden) return;
    try {
      const response = await fetch(location.href, {
        redirect: "manual",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      // To the sign-in, or the task is gone: then the page itself goes there.
      if (response.type === "opaqueredirect" || response.status === 404) return location.reload();
      if (!response.ok) throw new Error(`answered ${response.status}`);
      show(await response.text());
      failures = 0;
    } catch {
      // The network, a deployment, a limit: said to the reader, and tried again.
      failures += 1;
    }
    if (stale instanceof HTMLElement) stale.hidden = failures < 2;
    arm();
  }

  function show(html) {
    const next = new DOMParser().parseFromString(html, "text/html");
    const wanted = next.querySelector("main");
    if (wanted === null) throw new Error("no page");
    localise(wanted);
    morph(main, wanted);
    offerCopying(main);
    document.title = next.title;
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) void update();
  });
  arm();
}

/** Says beside the page whether it updates by itself. */
function showLiving(living) {
  document.documentElement.toggleAttribute("data-living", living);
  for (const word of document.querySelectorAll("[data-live-word]")) word.hidden = !living;
  for (const link of document.querySelectorAll("[data-no-script]")) link.hidden = living;
}
