import type { Page } from "playwright-core";
import { eventually } from "../support/stack.ts";

/** Everything but the video, with the cache off. */
export async function weigh(page: Page, path: string): Promise<{ bytes: number; firstContentMs: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  const videos = new Set<string>();
  session.on("Network.responseReceived", ({ requestId, type }) => {
    if (type === "Media") videos.add(requestId);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (!videos.has(requestId)) bytes += encodedDataLength;
  });
  await page.goto(path, { waitUntil: "networkidle" });
  const firstContentMs = await eventually(
    async () =>
      page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"),
    (at) => at > 0,
  );
  return { bytes, firstContentMs: Math.round(firstContentMs) };
}
