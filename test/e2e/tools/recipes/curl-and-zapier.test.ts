import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { compileFunction } from "node:vm";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { newHook, OWN_KEY, submitsTo } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import { page } from "./pages.ts";

/*
 * The recipes' own code, run as it stands there; the receivers have a suite of their own.
 *
 * scenario                                         requirement
 * curl.md, block by block                          each answers what the page says
 * zapier/verify.js as a code step                  a genuine callback gives its fields, anything else stops the Zap
 */

const folder = mkdtempSync(join(tmpdir(), "ringback-recipes-"));
const run = promisify(execFile);

const stack = useStack();
afterEach(() => {
  stack.gateway.calls.length = 0;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The page's blocks in this language, with this stack's addresses for the examples'. */
function blocks(name: string, language: string, callbackUrl = ""): string[] {
  return [...page(name).matchAll(new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, "gm"))].map(
    ([, code = ""]) =>
      code
        .replaceAll("https://ringback.example.com", stack.worker.url)
        .replaceAll("sk-your-api-key", OWN_KEY)
        .replaceAll(
          /https:\/\/(app\.example\.com|hook\.eu1\.make\.com|hooks\.zapier\.com)\/[\w/-]*/g,
          callbackUrl,
        ),
  );
}

async function shell(...scripts: string[]): Promise<string> {
  const script = `set -eu\n${scripts.join("\n")}`;
  return (await run("bash", ["-c", script], { cwd: folder, timeout: 20_000 })).stdout.trim();
}

function lastSubmit(): unknown {
  const submit = submitsTo(stack.gateway).at(-1);
  return submit && JSON.parse(submit.body.toString());
}

describe("the page on curl", () => {
  const block = (containing: string, callbackUrl?: string): string => {
    const found = blocks("curl.md", "sh", callbackUrl).find((code) => code.includes(containing));
    if (found === undefined) throw new Error(`no block with ${containing}`);
    return found;
  };
  const setUp = (): string => block("export RINGBACK");

  it("gets a video in one line", async () => {
    const answer = await shell(setUp(), block("Prefer: wait=60"));
    expect(JSON.parse(answer)).toMatchObject({
      status: "succeeded",
      video_url: expect.stringMatching(/^http/),
    });
  });

  it("waits for as long as it takes, and follows the task", async () => {
    const [task = "", ...events] = (await shell(setUp(), block("while ["), block("/events"))).split("\n");
    expect(JSON.parse(task)).toMatchObject({ status: "succeeded" });
    expect(events).toContain("event: video.succeeded");
  });

  it("sends a form", async () => {
    const answer = await shell(setUp(), block("--data-urlencode"));
    expect(JSON.parse(answer)).toMatchObject({ metadata: { order: 42 } });
    expect(lastSubmit()).toEqual({
      model: "doubao-seedance-2-0-260128",
      prompt: 'A lighthouse, 100% calm & "quiet".',
      duration_seconds: 5,
      with_audio: false,
      reference_images: ["https://example.com/1.png", "https://example.com/2.png"],
    });
  });

  it("sends an image from a file", async () => {
    const image = Buffer.from("the first frame of a film");
    writeFileSync(join(folder, "first-frame.png"), image);
    expect(JSON.parse(await shell(setUp(), block("-F image=")))).toMatchObject({ object: "video.task" });
    expect(lastSubmit()).toEqual({
      model: "doubao-seedance-2-0-260128",
      prompt: "The waves move.",
      input_mode: "single_image",
      image: `data:image/png;base64,${image.toString("base64")}`,
    });
  });

  it("is called back", async () => {
    const hook = newHook(stack);
    await shell(setUp(), block("x-app-key", hook.url));
    const [callback] = await hook.waitFor(1);
    expect(callback?.headers["x-app-key"]).toBe("a-secret-of-yours");
  });

  it("tries the receiver for nothing", async () => {
    const hook = newHook(stack);
    const [ping, task] = (
      await shell(`curl() { command curl "$@"; echo; }`, setUp(), block("/ping", hook.url))
    )
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(ping).toMatchObject({ delivered: true, status_code: 200 });
    expect(task).toMatchObject({ test: true });
    const [, callback] = await hook.waitFor(2);
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({ type: "video.failed" });
    expect(submitsTo(stack.gateway)).toHaveLength(0);
  });
});

describe("the examples for a tool's first hook", () => {
  it.each([
    ["make.md", { event: "ping" }, { "x-make-apikey": "the-key-of-the-webhook" }],
    ["zapier.md", { event: "video.succeeded", metadata_row: "7" }, {}],
  ])("of %s send flat fields", async (name, fields, headers) => {
    const hook = newHook(stack);
    const [code = ""] = blocks(name, "sh", hook.url);
    await shell(`export RINGBACK="${stack.worker.url}/v1" KEY=${OWN_KEY}`, code);
    const [callback] = await hook.waitFor(1);
    expect(JSON.parse(callback?.body ?? "")).toMatchObject(fields);
    expect(callback?.headers).toMatchObject(headers);
  });

  it("of make.md's body is a create", async () => {
    const hook = newHook(stack);
    const [body = ""] = blocks("make.md", "json", hook.url);
    const fields = JSON.parse(body) as Record<string, unknown>;
    expect((await stack.create(fields)).status).toBe(202);
    expect(lastSubmit()).toMatchObject({ duration_seconds: 5, with_audio: true });
    const [callback] = await hook.waitFor(1);
    expect(JSON.parse(callback?.body ?? "")).toMatchObject({ metadata_row: "7" });
  });
});

describe("Zapier's code step", () => {
  type Inputs = Record<string, string>;

  /** As Zapier does: the body of an async function that sees its inputs and may require Node's own modules. */
  async function codeStep(inputs: Inputs): Promise<Record<string, unknown>> {
    const code = `return (async () => {${page("zapier/verify.js")}\n})()`;
    const step = compileFunction(code, ["inputData", "require", "Buffer"]) as (
      ...values: unknown[]
    ) => Promise<Record<string, unknown>>;
    return step(inputs, createRequire(import.meta.url), Buffer);
  }

  async function received(format: string): Promise<Inputs> {
    const hook = newHook(stack);
    await stack.create({ callback_url: hook.url, callback_format: format, metadata: { row: "灯 7" } });
    const [callback] = await hook.waitFor(1);
    const header = (name: string): string => String(callback?.headers[`webhook-${name}`]);
    return {
      body: callback?.body ?? "",
      id: header("id"),
      timestamp: header("timestamp"),
      signature: header("signature"),
      secrets: await secrets(),
    };
  }

  async function secrets(): Promise<string> {
    const answer = await stack.call("/v1/webhooks/secret");
    return ((await answer.json()) as { secret: string }).secret;
  }

  it("gives the fields of a flat callback", async () => {
    const event = await codeStep(await received("flat"));
    expect(event).toMatchObject({ event: "video.succeeded", metadata_row: "灯 7" });
  });

  it("gives the task of a standard callback, beside its event and id", async () => {
    const inputs = await received("standard");
    expect(await codeStep(inputs)).toMatchObject({
      event: "video.succeeded",
      message_id: inputs["id"],
      status: "succeeded",
      metadata: { row: "灯 7" },
    });
  });

  it("takes either secret while they change, and no other", async () => {
    const old = await secrets();
    await stack.call("/v1/webhooks/secret/rotate", { method: "POST" });
    const inputs = await received("flat");
    expect(inputs["secrets"]).not.toBe(old);
    expect(await codeStep(inputs)).toMatchObject({ event: "video.succeeded" });
    expect(await codeStep({ ...inputs, secrets: old })).toMatchObject({ event: "video.succeeded" });
    const stranger = `whsec_${Buffer.alloc(32).toString("base64")}`;
    expect(await codeStep({ ...inputs, secrets: `${stranger} ${old}` })).toMatchObject({
      status: "succeeded",
    });
    await expect(codeStep({ ...inputs, secrets: stranger })).rejects.toThrow("not from your Ringback");
  });

  it.each<[string, (inputs: Inputs) => Inputs, string]>([
    ["whose body was changed", ({ body }) => ({ body: `${body} ` }), "not from your Ringback"],
    ["with another id", () => ({ id: "msg_other" }), "not from your Ringback"],
    ["without a signature", () => ({ signature: "" }), "not from your Ringback"],
    ["with an empty signature", () => ({ signature: "v1," }), "not from your Ringback"],
    ["with a time of its own", ({ timestamp }) => ({ timestamp: String(Number(timestamp) - 1) }), "not from"],
    ["of 6 minutes ago", ({ timestamp }) => ({ timestamp: String(Number(timestamp) - 360) }), "too old"],
    ["without a time", () => ({ timestamp: "" }), "too old"],
    ["without a secret", () => ({ secrets: "" }), "has no whsec_"],
  ])("stops at a callback %s", async (_name, change, message) => {
    const inputs = await received("flat");
    await expect(codeStep({ ...inputs, ...change(inputs) })).rejects.toThrow(message);
  });

  it("stops at a callback that is signed with an empty key", async () => {
    const inputs = await received("flat");
    const mac = createHmac("sha256", "").update(`${inputs["id"]}.${inputs["timestamp"]}.{}`).digest("base64");
    const forged = { ...inputs, body: "{}", signature: `v1,${mac}` };
    await expect(codeStep({ ...forged, secrets: "whsec_" })).rejects.toThrow("has no whsec_");
  });
});
