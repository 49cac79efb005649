import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { compileFunction } from "node:vm";
import RunwayML from "@runwayml/sdk";
import OpenAI from "openai";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { root } from "../../../dev/bundle.ts";
import { startUpstream, UPSTREAM_NAMES, type Upstream, type UpstreamName } from "../../../dev/upstreams.ts";
import { Ringback } from "../../../src/client/index.ts";
import { ALICE, OPERATOR_SETTINGS } from "../../support/operator.ts";
import { newHook, startStack, type Hook, type Stack, type TaskBody } from "../../support/stack.ts";

/*
 * Other upstreams by their own SDKs and by curl: the recipe's blocks, run as they stand there, and a create of each.
 *
 * scenario                                 requirement
 * an SDK, unchanged                        gets Ringback's task; its body goes upstream, its headers and query do not
 * the SDK's own polling                    404, which says where a task is read
 * a form with a file                       400 before anything goes upstream
 * a create by curl at each upstream        the video of that upstream in a signed callback
 * Ringback's client                        one task under a key, called back; the list of upstreams
 * n8n's expression                         the same task, called back at the execution's address
 */

const run = promisify(execFile);
const SDKS = { "@runwayml/sdk": RunwayML, openai: OpenAI };
const KEY_SETTINGS = Object.fromEntries(
  UPSTREAM_NAMES.map((name) => [`UPSTREAM_KEY_${name.toUpperCase().replace("-", "_")}`, keyOf(name)]),
);
const upstreams = new Map<UpstreamName, Upstream>();
let stack: Stack;

function keyOf(name: UpstreamName): string {
  return `sk-the-operators-for-${name}`;
}

beforeAll(async () => {
  for (const name of UPSTREAM_NAMES) {
    // Ringback keeps Runway's five seconds between two polls.
    const runSeconds = name === "runway" ? 0 : 0.2;
    upstreams.set(name, await startUpstream(name, { keys: [keyOf(name)], queueSeconds: 0, runSeconds }));
  }
  const entries = Array.from(upstreams, ([name, { origin }]) => [name, { profile: name, base_url: origin }]);
  stack = await startStack({
    token: ALICE,
    settings: {
      ...OPERATOR_SETTINGS,
      ...KEY_SETTINGS,
      UPSTREAMS: JSON.stringify(Object.fromEntries(entries)),
    },
  });
}, 60_000);
afterEach(() => {
  vi.restoreAllMocks();
  for (const { calls } of upstreams.values()) calls.length = 0;
});
afterAll(async () => {
  await stack?.close();
  await Promise.all(Array.from(upstreams.values(), async (upstream) => upstream.close()));
});

/** The page's block that has these words, with this stack's addresses for the examples'. */
function block(containing: string, hook?: Hook): string {
  const page = readFileSync(`${root}docs/recipes/upstreams.md`, "utf8");
  const all = [...page.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
  const found = all.filter((code) => code.includes(containing));
  if (found.length !== 1) throw new Error(`${found.length} blocks with ${containing}`);
  return (found[0] ?? "")
    .replaceAll("https://ringback.example.com", stack.worker.url)
    .replaceAll("sk-your-api-key", ALICE)
    .replaceAll("https://app.example.com/hook", hook?.url ?? "");
}

/** The paid calls that reached the upstream. */
function submitsTo(name: UpstreamName): { path: string; headers: object; body: string }[] {
  const { calls = [] } = upstreams.get(name) ?? {};
  return calls
    .filter(({ method, path }) => method === "POST" && path !== "/v1/video/status")
    .map(({ path, headers, body }) => ({ path, headers, body: body.toString() }));
}

interface Event {
  type: string;
  data: TaskBody;
}

/** The one callback there, whose signature holds. */
async function callbackAt(hook: Hook): Promise<Event> {
  const [callback, ...others] = await hook.waitFor(1);
  expect(others).toEqual([]);
  const { secret } = (await (await stack.call("/v1/webhooks/secret")).json()) as { secret: string };
  return new Webhook(secret).verify(callback?.body ?? "", callback?.headers as never) as Event;
}

/** Runs a block that uses an SDK. Gives what it prints, and its request as the SDK sent it. */
async function runSdk(code: string): Promise<{ printed: unknown[]; sent: Request; answer: TaskBody }> {
  const { fetch } = globalThis;
  const seen: { sent: Request; answer: Response }[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (...given) => {
    const answer = await fetch(...given);
    // OpenAI's tries whether the runtime's `fetch` sends forms, without a network.
    const sent = new Request(...given);
    if (sent.url.startsWith(stack.worker.url)) seen.push({ sent, answer: answer.clone() });
    return answer;
  });
  const printed: unknown[] = [];
  const body = code.replaceAll(/^import (\w+) from ("[^"]+");$/gm, "const $1 = sdks[$2];");
  const program = compileFunction(`return (async () => {${body}\n})()`, ["sdks", "console"]) as (
    ...values: unknown[]
  ) => Promise<void>;
  await program(SDKS, { log: (value: unknown) => printed.push(value) });
  vi.restoreAllMocks();
  const [only, ...others] = seen;
  if (only === undefined || others.length > 0) throw new Error(`${seen.length} requests`);
  return { printed, sent: only.sent, answer: (await only.answer.json()) as TaskBody };
}

/** What Ringback sends with a create, and what HTTP and the platform add. */
function headersOf(name: UpstreamName, more: Record<string, string> = {}): Record<string, unknown> {
  return {
    accept: "application/json",
    authorization: `Bearer ${keyOf(name)}`,
    "cf-worker": "worker.example.com",
    "content-type": "application/json",
    "content-length": expect.any(String),
    host: new URL(upstreams.get(name)?.origin ?? "").host,
    "ringback-hop": "1",
    ...more,
  };
}

describe("Runway's SDK", () => {
  it("gets Ringback's task; its body goes upstream byte for byte, and nothing else of it", async () => {
    const hook = newHook(stack);
    const { printed, sent, answer } = await runSdk(block("@runwayml/sdk", hook));
    expect(sent.headers.get("x-stainless-lang")).toBe("js");
    expect(answer).toMatchObject({
      object: "video.task",
      id: printed[0],
      status: "queued",
      upstream_name: "runway",
      model: "gen4_turbo",
    });
    expect(submitsTo("runway")).toEqual([
      {
        path: "/v1/image_to_video",
        headers: headersOf("runway", { "x-runway-version": "2024-11-06" }),
        body: await sent.text(),
      },
    ]);
    expect(await callbackAt(hook)).toMatchObject({
      type: "video.succeeded",
      data: { id: printed[0], upstream_name: "runway", video_url: expect.stringMatching(/^http.*\.mp4/) },
    });
  });

  it("is told where a task is read when it polls by itself", async () => {
    const baseURL = `${stack.worker.url}/v1/upstreams/runway`;
    const runway = new RunwayML({ baseURL, apiKey: ALICE });
    await expect(runway.tasks.retrieve("17f20503-6c24-4c16-946b-35dbbce2af2f")).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining("GET /v1/videos/{id}"),
    });
    expect(upstreams.get("runway")?.calls).toEqual([]);
  });
});

describe("OpenAI's SDK", () => {
  it("sends a form, which goes upstream as JSON with its values as they are", async () => {
    const hook = newHook(stack);
    const { printed, sent, answer } = await runSdk(block("import OpenAI", hook));
    expect(sent.headers.get("content-type")).toMatch(/^multipart\/form-data/);
    expect(answer).toMatchObject({ object: "video.task", id: printed[0], upstream_name: "openai" });
    const asked = { model: "sora-2", prompt: "A lighthouse at dusk.", seconds: "4", size: "1280x720" };
    expect(Object.fromEntries(await sent.formData())).toEqual(asked);
    expect(submitsTo("openai")).toEqual([
      { path: "/v1/videos", headers: headersOf("openai"), body: JSON.stringify(asked) },
    ]);
    // Only the operator's key opens the result.
    expect(await callbackAt(hook)).toMatchObject({
      type: "video.succeeded",
      data: { id: printed[0], video_url: null, file: { status: "failed", reason: "needs_key" } },
    });
  });

  it("is refused with a file, and nothing goes upstream", async () => {
    const baseURL = `${stack.worker.url}/v1/upstreams/openai/v1`;
    const openai = new OpenAI({ baseURL, apiKey: ALICE });
    const image = new File([Uint8Array.of(0x89, 0x50, 0x4e, 0x47)], "first.png", { type: "image/png" });
    const create = openai.videos.create({ prompt: "The waves move.", input_reference: image });
    await expect(create).rejects.toMatchObject({ status: 400, param: "input_reference" });
    expect(upstreams.get("openai")?.calls).toEqual([]);
  });
});

describe("curl", () => {
  it("lists the upstreams as the page does", async () => {
    const { stdout } = await run("bash", ["-c", `set -eu\n${block("export RINGBACK")}`]);
    const { data } = JSON.parse(stdout) as { data: { name: string }[] };
    expect(data.map(({ name }) => name)).toEqual(["aio", ...UPSTREAM_NAMES]);
  });

  it("creates at Ark as the page does, under a key that pays once", async () => {
    const hook = newHook(stack);
    const create = block("/upstreams/ark/", hook);
    const script = ["set -eu", block("export RINGBACK"), "echo", create, "echo", create].join("\n");
    const [, first = "", again = ""] = (await run("bash", ["-c", script])).stdout.split("\n");
    const { id } = JSON.parse(first) as TaskBody;
    expect(JSON.parse(again)).toMatchObject({ id, upstream_name: "ark" });
    const [submit, ...others] = submitsTo("ark");
    expect(others).toEqual([]);
    expect(JSON.parse(submit?.body ?? "")).toEqual({
      model: "seedance-1-0-pro-250528",
      content: [{ type: "text", text: "A lighthouse at dusk. --duration 5" }],
    });
    expect(await callbackAt(hook)).toMatchObject({
      type: "video.succeeded",
      data: { id, metadata: { order: 42 }, video_url: expect.stringMatching(/^http.*\.mp4/) },
    });
  });

  it.each<[UpstreamName, string, { model?: string } & Record<string, unknown>, string]>([
    [
      "xai",
      "/v1/videos/generations",
      { model: "grok-imagine-video", prompt: "A lighthouse.", duration: 6 },
      "grok-imagine-video",
    ],
    [
      "dashscope",
      "/api/v1/services/aigc/video-generation/video-synthesis",
      { model: "wan2.6-t2v", input: { prompt: "A lighthouse." }, parameters: { size: "1280*720" } },
      "wan2.6-t2v",
    ],
    [
      "siliconflow",
      "/v1/video/submit",
      { model: "Wan-AI/Wan2.2-T2V-A14B", prompt: "A lighthouse." },
      "Wan-AI/Wan2.2-T2V-A14B",
    ],
    [
      "veo",
      "/v1beta/models/veo-3.1-generate-preview:predictLongRunning",
      { instances: [{ prompt: "A lighthouse." }], parameters: { aspectRatio: "16:9" } },
      "veo-3.1-generate-preview",
    ],
    ["new-api", "/v1/video/generations", { model: "kling-v2", prompt: "A lighthouse." }, "kling-v2"],
  ])("creates at %s, and its video comes in a callback", async (name, path, body, model) => {
    const hook = newHook(stack);
    const url = `${stack.worker.url}/v1/upstreams/${name}${path}`;
    const given = JSON.stringify({ ...body, ringback: { callback_url: hook.url } });
    const { stdout } = await run("curl", ["-s", "-H", `Authorization: Bearer ${ALICE}`, "-d", given, url]);
    const { object, id } = JSON.parse(stdout) as TaskBody;
    expect(object).toBe("video.task");
    const { type, data } = await callbackAt(hook);
    expect([type, data.id, data.upstream_name, data.model]).toEqual(["video.succeeded", id, name, model]);
    if (name === "veo") expect(data).toMatchObject({ video_url: null, file: { reason: "needs_key" } });
    else expect(data.video_url).toMatch(/^http/);
    expect(submitsTo(name).map((submit) => [submit.path, submit.body])).toEqual([
      [path, JSON.stringify(body)],
    ]);
  });
});

it("Ringback's client creates at an upstream that it lists, once under a key", async () => {
  const hook = newHook(stack);
  const ringback = new Ringback({ baseUrl: `${stack.worker.url}/v1`, apiKey: ALICE });
  const runway = (await ringback.upstreams()).find(({ name }) => name === "runway");
  const path = runway?.create_paths.find((one) => one.endsWith("text_to_video")) ?? "";
  const request = { model: "veo3.1", promptText: "A lighthouse.", ratio: "1280:720", duration: 4 };
  const options = { callbackUrl: hook.url, metadata: { order: 45 }, idempotencyKey: "order-45" };
  const { id } = await ringback.upstream("runway").create(path, request, options);
  expect((await ringback.upstream("runway").create(path, request, options)).id).toBe(id);
  expect(await callbackAt(hook)).toMatchObject({ data: { id, metadata: { order: 45 } } });
  expect(submitsTo("runway").map(({ body }) => body)).toEqual([JSON.stringify(request)]);
});

it("n8n's expression creates a task that calls its execution", async () => {
  const hook = newHook(stack);
  const [, code = ""] = /^\{\{([\s\S]*)\}\}\n$/.exec(block("$execution.resumeUrl")) ?? [];
  const evaluate = compileFunction(`return (${code});`, ["$json", "$execution"]) as (
    ...values: unknown[]
  ) => string;
  const body = evaluate({ prompt: "A lighthouse at dusk.", order: "42" }, { resumeUrl: hook.url });
  const [, path = ""] = /`https:\/\/ringback\.example\.com(\/v1\/upstreams\/[^`]+)`/.exec(
    readFileSync(`${root}docs/recipes/upstreams.md`, "utf8"),
  ) ?? [""];
  const headers = { "content-type": "application/json", "user-agent": "n8n" };
  const created = await stack.call(path, { method: "POST", headers, body });
  expect(created.status).toBe(202);
  const [callback] = await hook.waitFor(1);
  expect(JSON.parse(callback?.body ?? "")).toMatchObject({
    event: "video.succeeded",
    model: "veo3.1",
    metadata_order: "42",
  });
});
