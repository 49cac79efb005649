import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../../../dev/bundle.ts";
import { newHook, OWN_KEY, startStack, type Stack } from "../../../support/stack.ts";

/*
 * scenario                                        requirement
 * the blocks of the page, one after another       docs/recipes/keep.md: the file without a key, whole and in part
 * the flat callback of such a task                the fields of the page's table
 */

const run = promisify(execFile);
const CLIP = readFileSync(`${root}dev/clip.mp4`);
const folder = mkdtempSync(join(tmpdir(), "ringback-keep-"));
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ settings: { KEEP_RESULTS: "ask" } });
}, 60_000);
afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("the page's blocks keep a file and fetch it without the key", async () => {
  const page = readFileSync(`${root}docs/recipes/keep.md`, "utf8");
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
  expect(blocks).toHaveLength(3);
  const script = ["set -eu", ...blocks]
    .join("\n")
    .replaceAll("https://ringback.example.com", stack.worker.url)
    .replaceAll("sk-your-api-key", OWN_KEY)
    // Only the upstream key opens the result.
    .replaceAll("A lighthouse at dusk.", "[content] A lighthouse at dusk.");
  const { stdout } = await run("bash", ["-c", script], { cwd: folder, timeout: 60_000 });
  expect(stdout.trim()).toMatch(new RegExp(`^${stack.worker.url}/v1/files/[a-z2-7]{26}\\.mp4$`));
  expect(readFileSync(join(folder, "video.mp4")).equals(CLIP)).toBe(true);
  expect(readFileSync(join(folder, "part.mp4")).equals(CLIP)).toBe(true);
});

it("the flat callback has the fields of the page's table", async () => {
  const page = readFileSync(`${root}docs/recipes/keep.md`, "utf8");
  const fields = Array.from(page.matchAll(/^\| `(\w+)` \|/gm), ([, name = ""]) => name);
  expect(fields).toEqual(["video_url", "file_status", "file_expires_at", "source_url"]);
  const hook = newHook(stack);
  await stack.create({
    prompt: "[content] A lighthouse at dusk.",
    keep_result: true,
    callback_url: hook.url,
    callback_format: "flat",
  });
  const [received] = await hook.waitFor(1);
  const message = JSON.parse(received?.body.toString() ?? "") as Record<string, unknown>;
  expect(Object.fromEntries(fields.map((name) => [name, message[name]]))).toEqual({
    video_url: expect.stringMatching(/\/v1\/files\/[a-z2-7]{26}\.mp4$/),
    file_status: "kept",
    file_expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    source_url: expect.stringMatching(/\/content$/),
  });
});
