import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../../dev/bundle.ts";
import { installClient } from "../../support/programs/installed-client.ts";
import { freePort, listens } from "../../support/programs/ports.ts";
import { PYTHON } from "../../support/programs/programs.ts";
import { eventually, isTerminal, startStack, type Stack, type TaskBody } from "../../support/stack.ts";

/*
 * The code of the README, docs/api.md and docs/recipes/receivers.md, run as it stands there.
 *
 * scenario                                         requirement
 * the README's lines of curl; the walk of the API  each line gets the answer that it is there for
 * the receivers on one screen                      a real callback is taken, a forged or old one is not
 */

const page = (path: string): string => readFileSync(`${root}${path}`, "utf8");
const folder = mkdtempSync(join(tmpdir(), "ringback-readme-"));
let stack: Stack;
let secret: string;
/** A folder whose programs can import the client, as a user's can. */
let consumer: string;

beforeAll(async () => {
  ({ consumer } = await installClient(folder));
  stack = await startStack({ settings: { CALLBACK_RETRY_SECONDS: "30" } });
  ({ secret } = (await (await stack.call("/v1/webhooks/secret")).json()) as { secret: string });
}, 60_000);
afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page's first code block in this language, as a file. */
function snippet(document: string, language: string, file: string): string {
  const code = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page(document))?.[1];
  if (code === undefined) throw new Error(`${document} has no ${language} block`);
  const path = join(consumer, file);
  writeFileSync(path, code);
  return path;
}

async function withReceiver(command: string[], use: (url: string) => Promise<void>): Promise<void> {
  const port = await freePort();
  const [program = "", ...rest] = command;
  const env = { ...process.env, PORT: String(port), SECRET: secret };
  const child: ChildProcess = spawn(program, rest, { env, stdio: "ignore" });
  try {
    await eventually(async () => listens(port), Boolean);
    await use(`http://127.0.0.1:${port}/hook`);
  } finally {
    child.kill();
  }
}

async function takesOnlyGenuineCallbacks(url: string): Promise<void> {
  const { task_id: id } = (await (await stack.create({ callback_url: url })).json()) as TaskBody;
  await stack.task(id, (task) => isTerminal(task) && task.callback?.status === "delivered");
  const [delivery] = await stack.deliveries(id);
  expect(delivery?.attempts).toMatchObject([{ outcome: "delivered", status_code: 204 }]);

  // The same callback once more, kept by our own receiver, then forged in each of its parts.
  stack.receiver.received.length = 0;
  await stack.create({ callback_url: stack.receiver.url });
  const [genuine] = await stack.receiver.waitFor(1);
  const headers = { ...(genuine?.headers as Record<string, string>) };
  const send = async (changes: Record<string, string>, body = genuine?.body ?? ""): Promise<number> => {
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    const own = Object.fromEntries(names.map((name) => [name, changes[name] ?? headers[name] ?? ""]));
    return (await fetch(url, { method: "POST", headers: own, body })).status;
  };
  expect(await send({})).toBe(204);
  expect(await send({}, `${genuine?.body} `)).toBe(400);
  expect(await send({ "webhook-id": "msg_other" })).toBe(400);
  expect(await send({ "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 301) })).toBe(400);
  // A digit to Unicode, and no number.
  expect(await send({ "webhook-timestamp": "\u00b2" })).toBe(400);
  expect(await send({ "webhook-signature": "v1,AAAA" })).toBe(400);
  expect(await send({ "webhook-signature": `v1,AAAA ${headers["webhook-signature"]}` })).toBe(204);
}

describe("the README's lines of curl", () => {
  it("start a video and wait for its end", async () => {
    const { code, output } = await runShell(shell("README.md", "export RINGBACK"));
    expect(code).toBe(0);
    const [created, ended, ...more] = output.trim().split("\n");
    expect(JSON.parse(created ?? "")).toMatchObject({ object: "video.task", metadata: { order: 42 } });
    expect(JSON.parse(ended ?? "")).toMatchObject({ status: "succeeded", metadata: { order: 42 } });
    expect(more).toEqual([]);
  });

  it("register a receiver once, which a create without a callback_url calls", async () => {
    const { code, output } = await runShell(
      `export RINGBACK="${stack.worker.url}/v1" AUTH="Authorization: Bearer sk-registers-once"\n` +
        shell("README.md", 'curl -s "\\$RINGBACK/webhooks/endpoints"'),
    );
    expect(code).toBe(0);
    const [endpoint, created, ...more] = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(endpoint).toMatchObject({ object: "webhook_endpoint", status: "active" });
    expect(created).toMatchObject({ object: "video.task", callback: null });
    expect(more).toEqual([]);
    const received = await stack.receiver.waitFor((all) => all.some(({ path }) => path === "/every-task"));
    const event = received.find(({ path }) => path === "/every-task");
    expect(JSON.parse(event?.body ?? "")).toMatchObject({
      type: "video.succeeded",
      data: { task_id: created?.["task_id"] },
    });
  });
});

describe("the API page's walk with curl", () => {
  const walk = (): string => shell("docs/api.md", "export AIO_BASE_URL");

  it("creates a task, reads it and its deliveries, and asks for the secret", async () => {
    const { code, output } = await runShell(walk());
    expect(code).toBe(0);
    const answers = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const [created, read, deliveries, secrets] = answers;
    expect(created).toMatchObject({ object: "video.task", metadata: { order: 42 } });
    expect(read).toMatchObject({ object: "video.task", task_id: created?.["task_id"] });
    expect(deliveries).toMatchObject({ object: "list" });
    expect(secrets).toMatchObject({ secret: expect.stringMatching(/^whsec_/) });
    expect(answers).toHaveLength(4);
  });

  it("waits for a task by its create and by a read, and follows one by its events", async () => {
    const waiting = /```sh\n(curl [^`]*Prefer: wait=[\s\S]*?)```/.exec(page("docs/api.md"))?.[1] ?? "";
    const { code, output } = await runShell(`${walk()}\n${waiting}`);
    expect(code).toBe(0);
    const [created, read, ...events] = output.trim().split("\n").slice(4);
    expect(JSON.parse(created ?? "")).toMatchObject({ object: "video.task", status: "succeeded" });
    expect(JSON.parse(read ?? "")).toMatchObject({ metadata: { order: 42 }, status: "succeeded" });
    expect(events).toContain("event: video.succeeded");
  });

  it("registers an endpoint, tries it with a sample, and disables it", async () => {
    const block = /```sh\n(curl [^`]*webhooks\/endpoints[\s\S]*?)```/.exec(page("docs/api.md"))?.[1] ?? "";
    const { origin } = new URL(stack.receiver.url);
    const endpoints = block.replaceAll("http://127.0.0.1:8789", origin);
    const { code, output } = await runShell(`${walk()}\n${endpoints}`);
    expect(code).toBe(0);
    const [registered, tested, disabled] = output.trim().split("\n").slice(4);
    expect(JSON.parse(registered ?? "")).toMatchObject({ object: "webhook_endpoint", status: "active" });
    expect(JSON.parse(tested ?? "")).toMatchObject({ delivered: true });
    expect(JSON.parse(disabled ?? "")).toMatchObject({ disabled_reason: "manual" });
  });
});

/** The page's shell block that begins so, against this stack. A line feed after each answer separates them. */
function shell(document: string, start: string): string {
  const block = new RegExp(`\`\`\`sh\\n(${start}[\\s\\S]*?)\`\`\``).exec(page(document))?.[1];
  if (block === undefined) throw new Error(`${document} has no block that begins with ${start}`);
  const lines = block
    .replaceAll("http://127.0.0.1:8787", stack.worker.url)
    .replaceAll("http://127.0.0.1:8789", new URL(stack.receiver.url).origin);
  return `curl() { command curl "$@"; echo; }\n${lines}`;
}

async function runShell(script: string): Promise<{ code: number | null; output: string }> {
  const child = spawn("bash", ["-eu", "-c", script], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}

describe("a receiver on one screen", () => {
  it.each([
    { title: "the README's, with the client", document: "README.md", language: "js", file: "client.mjs" },
    { title: "in Node", document: "docs/recipes/receivers.md", language: "js", file: "receiver.mjs" },
    { title: "in Python", document: "docs/recipes/receivers.md", language: "python", file: "receiver.py" },
  ])("$title, takes a genuine callback and refuses forged ones", async ({ document, language, file }) => {
    const program = language === "js" ? process.execPath : PYTHON;
    await withReceiver([program, snippet(document, language, file)], takesOnlyGenuineCallbacks);
    expect.hasAssertions();
  });
});
