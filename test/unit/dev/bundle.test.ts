import { expect, it } from "vitest";
import { bundleWorker } from "../../../dev/bundle.ts";

/** As `wrangler deploy` counts it, in KiB: parsing and compiling is most of what a new isolate does before its first answer. */
const WORKER_MAX_BYTES = 320 * 1024;

it("the Worker, minified, is at most 320 kB", async () => {
  const script = await bundleWorker({ minify: true });
  expect(new TextEncoder().encode(script).byteLength).toBeLessThanOrEqual(WORKER_MAX_BYTES);
});
