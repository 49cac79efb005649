import { readFileSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { root } from "../../../../dev/bundle.ts";
import { startWorker } from "../../../../dev/worker.ts";

/*
 * scenario                                 requirement
 * calls of the API, files, unknown paths   never load the console
 * the first page                           loads it, once
 */

const MODULE = "console/language.ts";
const LOADED = "the console was loaded";

const lines: string[] = [];
const worker = await startWorker({
  settings: { RINGBACK_SECRET: "a secret of the tests, long enough to count" },
  instead: { [MODULE]: `${readFileSync(`${root}src/${MODULE}`, "utf8")}\nconsole.log("${LOADED}");` },
  onLog: (line) => lines.push(line),
});
afterAll(async () => worker.close());

async function statusOf(path: string, method = "GET"): Promise<number> {
  const response = await fetch(worker.url + path, { method });
  await response.arrayBuffer();
  return response.status;
}

it("an isolate loads the console when the first page is asked for, and not before", async () => {
  expect(await statusOf("/v1/videos", "POST")).toBe(401);
  expect(await statusOf("/v1/stats")).toBe(401);
  expect(await statusOf("/healthz")).toBe(200);
  expect(await statusOf("/openapi.json")).toBe(200);
  expect(await statusOf("/assets/console.css")).toBe(200);
  expect(await statusOf("/no-such-path")).toBe(404);
  expect(lines).not.toContain(LOADED);
  expect(await statusOf("/sign-in")).toBe(200);
  expect(await statusOf("/sign-in")).toBe(200);
  expect(lines.filter((line) => line === LOADED)).toHaveLength(1);
});
