import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../../../dev/bundle.ts";
import type { Received } from "../../../../dev/receiver.ts";
import { eventually, newHook, startStack, submitsTo, type Hook, type Stack } from "../../../support/stack.ts";

/*
 * The recipe for registered endpoints, run as it stands there.
 *
 * scenario                                  requirement
 * each block of the page in order           registers, tests, is used, changes and removes
 * an endpoint that said 410                 what was stopped is counted by the page's preview
 * the triggers of n8n, Zapier and Make      one call registers; samples with every field, flat, with the tool's header
 * the upstream's own request, unchanged     the endpoint gets the event of its task; the upstream gets the same bytes' JSON
 */

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "ringback-endpoints-"));
const ADDRESSES =
  /https:\/\/(app\.example\.com\/hook|n8n\.example\.com\/webhook\/ringback-video|hooks\.zapier\.com\/[\w/-]*|hook\.eu1\.make\.com\/[\w-]*)/g;
const SAMPLES = '{"type": "video.failed"}';
let stack: Stack;
let keys = 0;

beforeAll(async () => {
  stack = await startStack();
}, 60_000);
afterEach(() => {
  stack.gateway.calls.length = 0;
  stack.receiver.defaultReply({ status: 200 });
});
afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One reader of the page: an account and a receiver of its own. */
class Reader {
  readonly key = `sk-reader-of-the-page-${++keys}`;
  readonly hook: Hook = newHook(stack);

  /** The page's block that has these words, with this reader's addresses for the examples'. */
  block(containing: string): string {
    const page = readFileSync(`${root}docs/recipes/endpoints.md`, "utf8");
    const all = [...page.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)].map(([, code = ""]) => code);
    const found = all.filter((code) => code.includes(containing));
    if (found.length !== 1) throw new Error(`${found.length} blocks with ${containing}`);
    return (found[0] ?? "")
      .replaceAll("https://ringback.example.com", stack.worker.url)
      .replaceAll("sk-your-api-key", this.key)
      .replaceAll(ADDRESSES, this.hook.url);
  }

  /** The blocks' output, line by line. */
  async shell(...scripts: string[]): Promise<string[]> {
    const setUp = ['curl() { command curl "$@"; echo; }', this.block("export RINGBACK")];
    const script = ["set -eu", ...setUp, ...scripts].join("\n");
    const { stdout } = await run("bash", ["-c", script], { cwd: folder, timeout: 30_000 });
    return stdout.split("\n").filter((line) => line !== "");
  }

  async call<Answer>(path: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.key}` };
    return (await (await fetch(`${stack.worker.url}/v1${path}`, { headers })).json()) as Answer;
  }

  /** Fails if the account's secret has not signed it. */
  async verified({ body, headers }: Received): Promise<Record<string, unknown>> {
    const { secret } = await this.call<{ secret: string }>("/webhooks/secret");
    return new Webhook(secret).verify(body, headers as Record<string, string>) as Record<string, unknown>;
  }
}

const parsed = (lines: string[]): unknown[] => lines.map((line) => JSON.parse(line) as unknown);

describe("the page, block by block", () => {
  it("registers a receiver, once and again", async () => {
    const reader = new Reader();
    const registration = `${reader.block("the app")}\necho "$endpoint"`;
    const [id, again] = await reader.shell(registration, registration);
    expect(id).toMatch(/^ep_[a-z2-7]{26}$/);
    expect(again).toBe(id);
    const { data } = await reader.call<{ data: unknown[] }>("/webhooks/endpoints");
    expect(data).toMatchObject([
      {
        id,
        url: reader.hook.url,
        events: ["video.succeeded", "video.failed"],
        format: "standard",
        header_names: ["x-app-key"],
        description: "the app",
        status: "active",
      },
    ]);
  });

  it("tests it: a ping, and a sample of each event", async () => {
    const reader = new Reader();
    const answers = await reader.shell(
      reader.block("the app"),
      reader.block("-d '{}'"),
      reader.block(SAMPLES),
    );
    expect(parsed(answers)).toMatchObject([{ delivered: true }, { delivered: true }, { delivered: true }]);
    const received = await reader.hook.waitFor(3);
    const events = await Promise.all(received.map(async (one) => reader.verified(one)));
    expect(events).toMatchObject([
      { type: "ping" },
      { type: "video.succeeded", data: { test: true, status: "succeeded" } },
      { type: "video.failed", data: { test: true, status: "failed" } },
    ]);
    for (const { headers } of received) expect(headers["x-app-key"]).toBe("a-secret-of-yours");
  });

  it("uses it: a task without a callback_url", async () => {
    const reader = new Reader();
    const [answer = ""] = await reader.shell(reader.block("the app"), reader.block("A lighthouse at dusk."));
    const created = JSON.parse(answer) as { task_id: string };
    expect(created).toMatchObject({ object: "video.task", callback: null });
    const [callback] = await reader.hook.waitFor(1);
    expect(callback && (await reader.verified(callback))).toMatchObject({
      type: "video.succeeded",
      data: { task_id: created.task_id },
    });
    expect(callback?.headers["x-app-key"]).toBe("a-secret-of-yours");
  });

  it("switches it off and on, lists it, and removes it", async () => {
    const reader = new Reader();
    const answers = parsed(await reader.shell(reader.block("the app"), reader.block('{"enabled": false}')));
    expect(answers).toMatchObject([
      { status: "disabled", disabled_reason: "manual" },
      { status: "active", disabled_reason: null },
      { object: "list", data: [{ description: "the app" }] },
    ]);
    expect(answers).toHaveLength(3);
    expect(await reader.call("/webhooks/endpoints")).toEqual({ object: "list", data: [] });
  });

  it("counts what was stopped because it said 410", async () => {
    const reader = new Reader();
    stack.receiver.defaultReply({ status: 410 });
    const [id = ""] = await reader.shell(
      `${reader.block("the app")}\necho "$endpoint"`,
      `${reader.block("A lighthouse at dusk.")} > /dev/null`,
    );
    await eventually(
      async () => reader.call<{ status: string; disabled_reason: string }>(`/webhooks/endpoints/${id}`),
      ({ status, disabled_reason: reason }) => status === "disabled" && reason === "gone",
    );
    const preview = async (): Promise<unknown> =>
      parsed(await reader.shell(`endpoint=${id}`, reader.block("dry_run")))[0];
    const { host } = new URL(reader.hook.url);
    await eventually(preview, (answer) => (answer as { matched: number }).matched === 1);
    expect(await preview()).toMatchObject({ matched: 1, hosts: [{ host, count: 1 }] });
  });
});

describe("a trigger", () => {
  it("of n8n is registered by one call, with the header that its first node wants", async () => {
    const reader = new Reader();
    const [answer = ""] = await reader.shell(reader.block('"description": "n8n"'));
    expect(JSON.parse(answer)).toMatchObject({ url: reader.hook.url, format: "flat" });
    await reader.shell(reader.block("A lighthouse at dusk."));
    const [callback] = await reader.hook.waitFor(1);
    expect(callback?.headers["x-app-key"]).toBe("a-secret-of-yours");
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({
      event: "video.succeeded",
      video_url: expect.stringMatching(/^http/),
    });
  });

  it.each([
    ["Zapier", {}],
    ["Make", { "x-make-apikey": "the-key-of-the-webhook" }],
  ])("of %s learns the fields from a sample of each event", async (name, headers) => {
    const reader = new Reader();
    await reader.shell(reader.block(`"description": "${name}"`), reader.block(SAMPLES));
    const received = await reader.hook.waitFor(2);
    expect(received.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      { event: "video.succeeded", test: true, video_url: expect.any(String), error_message: null },
      { event: "video.failed", test: true, video_url: null, error_message: expect.any(String) },
    ]);
    for (const one of received) expect(one.headers).toMatchObject(headers);

    // Every field of a real callback is in the sample, so that the tool can map it.
    await reader.shell(reader.block("A lighthouse at dusk."));
    const [, , real] = await reader.hook.waitFor(3);
    expect(real?.headers).toMatchObject(headers);
    const [sample] = received.map(({ body }) => JSON.parse(body) as object);
    expect(Object.keys(sample ?? {})).toEqual(
      expect.arrayContaining(Object.keys(JSON.parse(real?.body ?? "") as object)),
    );
  });
});

describe("a client that changes only its base URL", () => {
  it("sends the upstream's own example, unchanged, and the endpoint is called", async () => {
    const reader = new Reader();
    const example = reader.block('curl "$AIO_BASE_URL/videos"');
    const [answer = ""] = await reader.shell(
      reader.block("the app"),
      reader.block("export AIO_BASE_URL"),
      example,
    );
    const { task_id: id } = JSON.parse(answer) as { task_id: string };
    const [callback] = await reader.hook.waitFor(1);
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({ data: { id, task_id: id } });
    const [submit] = submitsTo(stack.gateway);
    const asked = JSON.parse(/-d '([\s\S]*)'/.exec(example)?.[1] ?? "") as unknown;
    expect(JSON.parse(submit?.body.toString() ?? "")).toEqual(asked);
  });

  it("polls as ever, and the endpoint is called", async () => {
    const reader = new Reader();
    await reader.shell(reader.block("the app"));
    const env = { ...process.env, BASE_URL: `${stack.worker.url}/v1`, KEY: reader.key, EVERY_MS: "50" };
    const program = `${root}docs/recipes/migrate/before.mjs`;
    const { stdout } = await run(process.execPath, [program], { env, timeout: 20_000 });
    const [callback] = await reader.hook.waitFor(1);
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({
      type: "video.succeeded",
      data: { video_url: stdout.trim() },
    });
  });
});
