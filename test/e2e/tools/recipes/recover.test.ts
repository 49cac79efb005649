import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { root } from "../../../../dev/bundle.ts";
import { installClient } from "../../../support/programs/installed-client.ts";
import {
  eventually,
  newHook,
  OWN_KEY,
  startStack,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";

/*
 * The recipe for an outage, run as it stands there, after a receiver has refused every callback.
 *
 * scenario                              requirement
 * each block of the page in order       finds, previews, starts and watches; the callbacks arrive
 * recover.mjs                           the same with the client
 * the receiver still refuses            it says so, and what is left stays as it was
 */

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "ringback-recover-"));
let stack: Stack;
let consumer: string;

beforeAll(async () => {
  ({ consumer } = await installClient(folder));
  stack = await startStack();
}, 60_000);

beforeEach(() => {
  stack.receiver.received.length = 0;
  stack.receiver.defaultReply({ status: 200 });
});

afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page's block that has these words, with this stack's addresses for the examples'. */
function block(containing: string, callbackUrl: string): string {
  const page = readFileSync(`${root}docs/recipes/recover.md`, "utf8");
  const all = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
  const found = all.filter((code) => code.includes(containing));
  if (found.length !== 1) throw new Error(`${found.length} blocks with ${containing}`);
  return (found[0] ?? "")
    .replaceAll("https://ringback.example.com", stack.worker.url)
    .replaceAll("sk-your-api-key", OWN_KEY)
    .replaceAll("https://app.example.com/hook", callbackUrl);
}

async function shell(callbackUrl: string, ...containing: string[]): Promise<string> {
  const scripts = ["export RINGBACK", ...containing].map((words) => block(words, callbackUrl));
  const script = `set -eu\n${scripts.join("\n")}`;
  return (await run("bash", ["-c", script], { cwd: folder, timeout: 30_000 })).stdout.trim();
}

/** Tasks whose callback was refused until it was exhausted; the account knows of it. */
async function missed(count: number, callbackUrl: string): Promise<string[]> {
  stack.receiver.defaultReply({ status: 500 });
  const ids: string[] = [];
  for (let nth = 0; nth < count; nth++) {
    const created = await stack.create({ callback_url: callbackUrl });
    ids.push(((await created.json()) as TaskBody).task_id);
  }
  for (const id of ids) await stack.task(id, ({ callback }) => callback?.status === "exhausted");
  const listed = async (): Promise<{ data: TaskBody[] }> =>
    (await stack.call("/v1/videos?callback_status=exhausted")).json() as Promise<{ data: TaskBody[] }>;
  await eventually(listed, ({ data }) => ids.every((id) => data.some(({ task_id: known }) => known === id)));
  stack.receiver.received.length = 0;
  stack.receiver.defaultReply({ status: 200 });
  return ids;
}

it("finds, previews, starts and watches, block by block", async () => {
  const hook = newHook(stack);
  const ids = await missed(3, hook.url);
  const found = JSON.parse(await shell(hook.url, "callback_status=exhausted")) as { data: TaskBody[] };
  expect(found.data.map(({ task_id: id }) => id).toSorted()).toEqual(ids.toSorted());
  expect(JSON.parse(await shell(hook.url, "/webhooks/ping"))).toMatchObject({ delivered: true });
  const host = new URL(hook.url).host;
  const preview = { matched: 3, hosts: [{ host, count: 3 }] };
  expect(JSON.parse(await shell(hook.url, `'{"dry_run": true}'`))).toMatchObject(preview);
  expect(JSON.parse(await shell(hook.url, "a-secret-of-yours"))).toMatchObject(preview);
  expect(hook.received()).toHaveLength(1);
  const ended = JSON.parse(await shell(hook.url, "recovery=", "while [")) as object;
  expect(ended).toMatchObject({ status: "done", matched: 3, delivered: 3, failed: 0, remaining: 0 });
  const told = hook.received().slice(1);
  expect(told.map(({ body }) => (JSON.parse(body) as { data: TaskBody }).data.task_id).toSorted()).toEqual(
    ids.toSorted(),
  );
});

async function program(): Promise<string> {
  cpSync(`${root}docs/recipes/recover/recover.mjs`, join(consumer, "recover.mjs"));
  const host = new URL(stack.receiver.url).host;
  const own = { BASE_URL: `${stack.worker.url}/v1`, KEY: OWN_KEY, HOST: host, EVERY_MS: "100" };
  const options = { cwd: consumer, env: { ...process.env, ...own }, timeout: 30_000 };
  return (await run(process.execPath, ["recover.mjs"], options)).stdout.trim();
}

it("recover.mjs does the same with the client, and says what it came to", async () => {
  const hook = newHook(stack);
  const [id] = await missed(1, hook.url);
  stack.receiver.defaultReply({ status: 503 });
  const refused = await program();
  expect(refused).toContain(`1 to deliver again, the oldest of them ${id}`);
  expect(refused).toContain("0 delivered, 1 failed");
  expect(await stack.task(id ?? "")).toMatchObject({ callback: { status: "exhausted" } });
  stack.receiver.defaultReply({ status: 200 });
  expect((await program()).split("\n").slice(-2)).toEqual(["1 delivered, 0 failed, 0 remain", "done"]);
  expect(await program()).toMatch(/^0 to deliver again/);
});
