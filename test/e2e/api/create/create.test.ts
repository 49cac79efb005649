import { createHash, randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { GatewayCall } from "../../../../dev/gateway.ts";
import { aTaskJson } from "../../../support/builders.ts";
import {
  eventually,
  isTerminal,
  MODEL,
  newHook,
  OWN_KEY,
  sendRaw,
  startStack,
  submitsTo,
  type Hook,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import {
  IMAGE_TO_VIDEO,
  REFERENCE_TO_VIDEO,
  TEXT_TO_VIDEO,
} from "../../../support/upstreams/upstream-examples.ts";

/*
 * scenario                                               requirement
 * the upstream's own examples, sent and asked about      contract, base path: a client changes nothing but its base URL
 * what the gateway receives                              contract, POST /v1/videos: upstream fields, Ringback's own fields
 * Ringback's own fields as headers                       contract, Other upstreams: /v1/videos takes these headers too
 * the answer to a create                                 contract: 202, Location, x-request-id, The task
 * a create without a callback_url                        contract: only kept and polled
 * 15 MB of images, one and several at once               contract, Errors: MAX_BODY_BYTES; Shape: 48 MiB in hand, else 503
 * one byte too many, with and without a length           contract, Errors: 413, enforced while reading
 * respond-async                                          contract, headers: before the submit; Preference-Applied
 * a made-up key                                          contract, Who is calling: known key, remembered
 * other content types, content encodings                 contract, POST /v1/videos: 415
 */

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const ISO_TIME = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/) as string;
const TASK_ID = expect.stringMatching(/^task_[A-Za-z0-9]+$/) as string;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ settings: { VALIDATION: "strict" } });
});
let hook: Hook;
beforeEach(() => {
  stack.gateway.calls.length = 0;
  hook = newHook(stack);
});
afterEach(() => stack.gateway.clearFaults());
afterAll(async () => stack.close());

function onlySubmit(): GatewayCall {
  const [first, ...others] = submitsTo(stack.gateway);
  if (first === undefined) throw new Error("nothing was submitted");
  expect(others).toEqual([]);
  return first;
}

/** A create whose body is this very text. */
async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return stack.call("/v1/videos", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

describe("a client of the upstream that changes nothing but its base URL", () => {
  const AIO_API_KEY = "sk-your-api-key";
  const FINAL = new Set(["succeeded", "completed", "failed"]);

  /** What the upstream's document reads of its answers. */
  interface Answer {
    task_id: string;
    status: string;
    progress: unknown;
    video_url: string | null;
    error_message: string | null;
  }

  async function curl(path: string, data?: string): Promise<Answer> {
    const response = await fetch(`${stack.worker.url}/v1${path}`, {
      headers: {
        Authorization: `Bearer ${AIO_API_KEY}`,
        ...(data === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(data === undefined ? {} : { method: "POST", body: data }),
    });
    expect(response.ok).toBe(true);
    return (await response.json()) as Answer;
  }

  const examples: [name: string, data: string][] = [
    ["text to video", TEXT_TO_VIDEO],
    ["image to video", IMAGE_TO_VIDEO],
    ["reference to video", REFERENCE_TO_VIDEO],
  ];
  it.each(examples)("sends the document's %s and polls it to its video", async (_name, data) => {
    const created = await curl("/videos", data);
    expect(created).toMatchObject({
      task_id: TASK_ID,
      status: "queued",
      video_url: null,
      error_message: null,
    });
    const seen: Answer[] = [];
    const last = await eventually(
      async () => curl(`/videos/${created.task_id}`),
      (answer) => {
        seen.push(answer);
        return FINAL.has(answer.status);
      },
    );
    expect(last).toMatchObject({
      task_id: created.task_id,
      status: "succeeded",
      progress: 100,
      error_message: null,
    });
    expect(last.video_url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/files\//);
    expect((await fetch(last.video_url ?? "")).status).toBe(200);
    for (const { status, progress } of seen) {
      expect(["queued", "running", "succeeded"]).toContain(status);
      expect(progress === null || (typeof progress === "number" && progress >= 0 && progress <= 100)).toBe(
        true,
      );
    }
    expect(JSON.parse(onlySubmit().body.toString())).toStrictEqual(JSON.parse(data));
    expect(onlySubmit().headers).toMatchObject({
      authorization: `Bearer ${AIO_API_KEY}`,
      "content-type": "application/json",
    });
  });

  it.each(examples)("reads of the document's %s why it failed in error_message", async (_name, data) => {
    const { task_id: id } = await curl("/videos", data);
    const [upstreamId] = [...stack.gateway.tasks.keys()].slice(-1);
    stack.gateway.finish(upstreamId ?? "", "failed", "提示词未通过内容审核");
    const last = await eventually(
      async () => curl(`/videos/${id}`),
      ({ status }) => FINAL.has(status),
    );
    expect(last).toMatchObject({ status: "failed", video_url: null, error_message: "提示词未通过内容审核" });
  });
});

describe("what reaches the upstream", () => {
  it("is exactly the upstream's part of the request, and of the headers only the key", async () => {
    const upstreamPart = {
      model: MODEL,
      prompt: "A lighthouse at dusk.",
      aspect_ratio: "adaptive",
      capability: "video_generation",
      control_mode: "none",
      duration_seconds: -1,
      input_mode: "text",
      resolution: "1080p",
      with_audio: false,
    };
    const response = await stack.create(
      {
        ...upstreamPart,
        callback_url: hook.url,
        callback_events: ["video.succeeded"],
        callback_headers: { "x-make-apikey": "of the receiver" },
        callback_format: "flat",
        metadata: { order: 7 },
        timeout_seconds: 3600,
        retry_ambiguous_submit: true,
        test: null,
      },
      {
        "idempotency-key": "k-1",
        prefer: "handling=lenient",
        cookie: "session=1",
        "x-request-id": "the-callers",
        "x-custom": "1",
      },
    );
    expect(response.status).toBe(202);
    const { headers, body } = onlySubmit();
    expect(JSON.parse(body.toString())).toStrictEqual(upstreamPart);
    expect(headers.authorization).toBe(`Bearer ${OWN_KEY}`);
    for (const name of ["idempotency-key", "prefer", "cookie", "x-request-id", "x-custom"])
      expect(headers).not.toHaveProperty(name);
  });

  it("has none of Ringback's own fields that came as headers, and the task has them all", async () => {
    const own = { callback_url: hook.url, callback_headers: { "x-make-apikey": "of-the-receiver" } };
    const upstreamPart = `"model":"${MODEL}","prompt":"A lighthouse at dusk."`;
    const headers = {
      "idempotency-key": "k-headers",
      "Ringback-Callback-Url": own.callback_url,
      "Ringback-Callback-Headers": JSON.stringify(own.callback_headers),
      // As curl sends it: the bytes of UTF-8.
      "Ringback-Metadata": Buffer.from('{"名":"é"}').toString("latin1"),
    };
    const created = await post(`{${upstreamPart}}`, headers);
    expect(created.status).toBe(202);
    const task = (await created.json()) as TaskBody;
    expect(task).toMatchObject({ metadata: { 名: "é" }, callback: { url: hook.url } });
    expect(onlySubmit().body.toString()).toBe(`{${upstreamPart}}`);
    expect(Object.keys(onlySubmit().headers).filter((name) => name.startsWith("ringback-"))).toEqual([
      "ringback-hop",
    ]);
    const [callback] = await hook.waitFor(1);
    expect(callback?.headers["x-make-apikey"]).toBe("of-the-receiver");

    const inBody = JSON.stringify({ ...own, metadata: { 名: "é" } }).slice(1);
    const again = await post(`{${upstreamPart},${inBody}`, { "idempotency-key": "k-headers" });
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([202, "true"]);
    expect(stack.logs.join("\n")).not.toContain("of-the-receiver");
  });

  it("is nothing when one of Ringback's headers is unknown, or a field of Ringback's is given twice", async () => {
    const callback = JSON.stringify({ callback_url: hook.url }).slice(1, -1);
    const refused = await post(`{"model":"${MODEL}","test":"failed",${callback},"prompt":"x","test":null}`, {
      "Ringback-Callback-Uri": hook.url,
      "Ringback-Callback-Url": hook.url,
      Ringback_Test: "failed",
    });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: {
        code: "invalid_request",
        param: "test",
        issues: [
          { path: "test", code: "given_twice" },
          { path: "Ringback-Callback-Uri", code: "unknown_header" },
          { path: "Ringback-Callback-Url", code: "given_two_ways" },
          { path: "Ringback_Test", code: "misspelled" },
        ],
      },
    });
    expect(submitsTo(stack.gateway)).toEqual([]);
  });

  it("keeps unknown fields as they are, with every digit of their numbers", async () => {
    const unknown =
      '"seed":12345678901234567890,"scale":1.10,"tiny":1e-400,"x":{"callback_url":[0.10,-0,null,"",{"n":1E+2}]},' +
      '"constructor":"c","__proto__":{"polluted":true},"watermark":false,"empty":"","none":null';
    const response = await post(`{"model":"${MODEL}","prompt":"A lighthouse.",${unknown}}`);
    expect(response.status).toBe(202);
    expect(onlySubmit().body.toString()).toContain(unknown);
    expect(JSON.parse(onlySubmit().body.toString())).toHaveProperty("model", MODEL);
  });

  const spellings: [field: string, given: unknown, forwarded: unknown][] = [
    ["duration_seconds", "5", 5],
    ["duration_seconds", "-1", -1],
    ["with_audio", "false", false],
    ["with_audio", "true", true],
    ["with_audio", false, false],
    ["with_audio", null, undefined],
    ["image", null, undefined],
    ["resolution", "", undefined],
    [
      "reference_images",
      '["asset://a","https://example.com/b.png"]',
      ["asset://a", "https://example.com/b.png"],
    ],
    ["reference_images", "asset://a\nhttps://example.com/b.png", ["asset://a", "https://example.com/b.png"]],
    ["reference_images", ["asset://a"], ["asset://a"]],
  ];
  it.each(spellings)("has %s typed: %j becomes %j", async (field, given, forwarded) => {
    expect((await stack.create({ [field]: given })).status).toBe(202);
    const expected = {
      model: MODEL,
      prompt: "A lighthouse at dusk.",
      ...(forwarded === undefined ? {} : { [field]: forwarded }),
    };
    expect(JSON.parse(onlySubmit().body.toString())).toStrictEqual(expected);
  });

  it("is nothing when a callback_… field is misspelled", async () => {
    const response = await stack.create({ callback_uri: hook.url });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: "invalid_request", param: "callback_uri" },
    });
    expect(submitsTo(stack.gateway)).toEqual([]);
  });
});

describe("the answer to a create", () => {
  it("is 202 with the task, whole, and its Location", async () => {
    const response = await stack.create({
      callback_url: `${hook.url}?a=%2F&b=c+d`,
      metadata: { order: 7, tags: ["a", { b: null }] },
      timeout_seconds: 120,
    });
    expect(response.status).toBe(202);
    expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
    const task = (await response.json()) as TaskBody;
    expect(task).toStrictEqual(
      aTaskJson({
        id: task.task_id,
        task_id: TASK_ID,
        model: MODEL,
        metadata: { order: 7, tags: ["a", { b: null }] },
        upstream_task_id: expect.stringMatching(/^cgt-/) as string,
        created_at: ISO_TIME,
        submitted_at: ISO_TIME,
        deadline_at: ISO_TIME,
        callback: {
          url: `${hook.url}?a=%2F&b=c+d`,
          events: ["video.succeeded", "video.failed"],
          format: "standard",
          status: "waiting",
          attempts: 0,
          next_attempt_at: null,
        },
        upstream: {
          task_id: task.upstream_task_id,
          status: "queued",
          created_at: expect.any(Number) as number,
        },
      }),
    );
    expect(Date.parse(task.deadline_at) - Date.parse(task.created_at)).toBe(120_000);
    expect(Date.parse(task.submitted_at ?? "")).toBeGreaterThanOrEqual(Date.parse(task.created_at));

    const location = new URL(response.headers.get("location") ?? "", response.url);
    expect(location.href).toBe(`${stack.worker.url}/v1/videos/${task.task_id}`);
    const done = await stack.task(task.task_id, ({ callback }) => callback?.status === "delivered");
    const [gatewayTask] = [...stack.gateway.tasks.values()].slice(-1);
    expect(done).toStrictEqual({
      ...task,
      status: "succeeded",
      progress: 100,
      video_url: expect.stringContaining(
        `/files/${task.upstream_task_id}.mp4?token=${gatewayTask?.fileToken}`,
      ) as string,
      finished_at: ISO_TIME,
      callback: { ...task.callback, status: "delivered", attempts: 1 },
      upstream: expect.objectContaining({
        task_id: task.upstream_task_id,
        status: "succeeded",
        progress: 100,
      }) as object,
    });
  });

  it("shows a failed task's error twice, for Ringback's clients and for the upstream's", async () => {
    const { task_id: id } = (await (await stack.create({ prompt: "[fail]" })).json()) as TaskBody;
    const task = await stack.task(id, isTerminal);
    expect(task).toMatchObject({
      status: "failed",
      video_url: null,
      error: {
        code: "generation_failed",
        message: "The prompt was refused by content review.",
        retryable: expect.any(Boolean) as boolean,
      },
      error_message: "The prompt was refused by content review.",
      finished_at: ISO_TIME,
    });
    expect(Object.keys(task.error ?? {}).toSorted()).toEqual(["code", "message", "retryable"]);
  });

  it("echoes metadata as JSON, digits included, and of the callback's headers nothing", async () => {
    const metadata = '{"n":12345678901234567890,"z":1.10,"é":"\\ud83d\\ude00","__proto__":[]}';
    const headers = '"callback_headers":{"x-api-key":"of-the-receiver"}';
    const body = `{"model":"${MODEL}","prompt":"x","callback_url":"${hook.url}",${headers},"metadata":${metadata}}`;
    const text = await (await post(body)).text();
    expect(text).toContain("12345678901234567890");
    expect(text).toContain("1.10");
    expect(text).not.toContain("of-the-receiver");
    const { task_id: id, metadata: echoed } = JSON.parse(text) as TaskBody;
    expect(JSON.stringify(echoed)).toBe(JSON.stringify(JSON.parse(metadata)));
    const [callback] = await hook.waitFor(1);
    expect(callback?.headers["x-api-key"]).toBe("of-the-receiver");
    const event = JSON.parse(callback?.body ?? "") as { data: TaskBody };
    expect(event.data.task_id).toBe(id);
    expect(JSON.stringify(event.data.metadata)).toBe(JSON.stringify(JSON.parse(metadata)));
    expect(callback?.body).toContain("12345678901234567890");
  });

  it("carries Ringback's own x-request-id, neither the caller's nor the upstream's", async () => {
    const ids = new Set<string | null>();
    for (const status of [undefined, 400]) {
      stack.gateway.fault({
        on: "submit",
        headers: { "x-request-id": "the-upstreams", "set-cookie": "a=b" },
        ...(status === undefined ? {} : { status }),
      });
      const response = await stack.create({}, { "x-request-id": "the-callers" });
      expect(response.status).toBe(status ?? 202);
      expect(response.headers.get("set-cookie")).toBeNull();
      ids.add(response.headers.get("x-request-id"));
    }
    expect(ids.size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{8,}$/);
    expect(ids).not.toContain("the-callers");
    expect(ids).not.toContain("the-upstreams");
  });

  it("has no callback where no callback_url was given, and the task is polled to its end all the same", async () => {
    const created = (await (await stack.create({ callback_url: "" })).json()) as TaskBody;
    expect(created.callback).toBeNull();
    const task = await stack.task(created.task_id, isTerminal);
    expect(task).toMatchObject({ status: "succeeded", callback: null });
    expect(await stack.deliveries(created.task_id)).toEqual([]);
    expect(hook.received()).toEqual([]);
  });
});

describe("a large create", () => {
  /** 15 MB of base64, different every time. */
  function image(): string {
    const data = `data:image/png;base64,${randomBytes(11_250_000).toString("base64")}`;
    expect(data.length).toBe(15_000_022);
    return data;
  }

  const digest = (text: unknown): string => createHash("sha256").update(String(text)).digest("hex");
  const imagesOf = ({ body }: GatewayCall): Record<string, unknown> =>
    JSON.parse(body.toString()) as Record<string, unknown>;

  /** A create of exactly this many bytes. */
  function bodyOf(bytes: number): Buffer {
    const head = `{"model":"${MODEL}","prompt":"x","pad":"`;
    return Buffer.from(`${head}${"y".repeat(bytes - head.length - 2)}"}`);
  }

  function chunksOf(body: Buffer): Buffer[] {
    const count = Math.ceil(body.length / 65_536);
    return Array.from({ length: count }, (_, index) => body.subarray(index * 65_536, (index + 1) * 65_536));
  }

  it("of 15 MB in one image arrives intact", async () => {
    const data = image();
    expect((await stack.create({ image: data, input_mode: "single_image" })).status).toBe(202);
    const { image: received, ...rest } = imagesOf(onlySubmit());
    expect(digest(received)).toBe(digest(data));
    expect(rest).toStrictEqual({ model: MODEL, prompt: "A lighthouse at dusk.", input_mode: "single_image" });
  });

  it("of 15 MB in several images arrives intact, sent with the length said or not", async () => {
    const data = image();
    const third = Math.floor(data.length / 12) * 4;
    const images = {
      image: data.slice(0, third + 22),
      end_image: `DATA:image/webp;base64,${data.slice(third + 22, 2 * third + 22)}`,
      reference_images: ["asset://a", data.slice(2 * third + 22), "https://example.com/%E2%9C%93?a=b"],
    };
    const body = Buffer.from(JSON.stringify({ model: MODEL, ...images }));
    const headers = { authorization: `Bearer ${OWN_KEY}`, "content-type": "application/json" };
    for (const length of [{}, { "content-length": String(body.length) }]) {
      stack.gateway.calls.length = 0;
      const url = `${stack.worker.url}/v1/videos`;
      const { status } = await sendRaw(url, {
        method: "POST",
        headers: { ...headers, ...length },
        chunks: chunksOf(body),
      });
      expect(status).toBe(202);
      expect(digest(onlySubmit().body)).toBe(digest(body));
    }
  });

  it("is taken three times at once, each with its own image", async () => {
    const images = [image(), image(), image()];
    // Of one address they would be more than its share.
    const responses = await Promise.all(
      images.map(async (data, index) =>
        stack.create({ image: data }, { "cf-connecting-ip": `192.0.2.${index}` }),
      ),
    );
    expect(responses.map(({ status }) => status)).toEqual([202, 202, 202]);
    const received = submitsTo(stack.gateway).map((call) => digest(imagesOf(call)["image"]));
    expect(received.toSorted()).toEqual(images.map(digest).toSorted());
  });

  it("is refused as overloaded when too many come at once, taken whole or not at all, and taken again after", async () => {
    // All are in memory at once: the first to be submitted is answered after the last one has arrived.
    stack.gateway.fault({ on: "submit", times: 4, delayMs: 700 });
    const images = Array.from({ length: 4 }, image);
    const responses = await Promise.all(images.map(async (data) => stack.create({ image: data })));
    const taken = images.filter((_, index) => responses[index]?.status === 202);
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.length).toBeLessThan(images.length);
    for (const response of responses.filter(({ status }) => status !== 202)) {
      expect(response.status).toBe(503);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ error: { code: "overloaded" } });
    }
    const received = submitsTo(stack.gateway).map((call) => digest(imagesOf(call)["image"]));
    expect(received.toSorted()).toEqual(taken.map(digest).toSorted());
    stack.gateway.clearFaults();
    expect((await stack.create({ image: image() })).status).toBe(202);
  });

  const TYPED = { authorization: `Bearer ${OWN_KEY}`, "content-type": "application/json" };

  it.each([
    ["said", { "content-length": String(MAX_BODY_BYTES) }],
    ["not said", {}],
  ])("of exactly MAX_BODY_BYTES is taken, its length %s", async (_name, length) => {
    const headers = { ...TYPED, ...length };
    const chunks = chunksOf(bodyOf(MAX_BODY_BYTES));
    const { status } = await sendRaw(`${stack.worker.url}/v1/videos`, { method: "POST", headers, chunks });
    expect(status).toBe(202);
    expect(onlySubmit().body.length).toBe(MAX_BODY_BYTES);
  });

  it.each([
    // The refusal comes before the body: nothing of it is waited for.
    ["said", { "content-length": String(MAX_BODY_BYTES + 1) }, 1],
    ["not said", {}, Infinity],
  ])("of one byte more is 413, its length %s", async (_name, length, count) => {
    const headers = { ...TYPED, ...length };
    const chunks = chunksOf(bodyOf(MAX_BODY_BYTES + 1)).slice(0, count);
    const { status, body } = await sendRaw(`${stack.worker.url}/v1/videos`, {
      method: "POST",
      headers,
      chunks,
    });
    expect(status).toBe(413);
    expect(JSON.parse(body)).toMatchObject({ error: { code: "payload_too_large" } });
    expect(submitsTo(stack.gateway)).toEqual([]);
  });
});

describe("with Prefer: respond-async", () => {
  const ASYNC = { prefer: "respond-async" };

  it("the answer comes before the submit, and says so", async () => {
    stack.gateway.fault({ on: "submit", delayMs: 300 });
    const response = await stack.create({ callback_url: hook.url }, ASYNC);
    expect(response.status).toBe(202);
    expect(response.headers.get("preference-applied")).toBe("respond-async");
    const created = (await response.json()) as TaskBody;
    expect(created).toMatchObject({
      status: "queued",
      upstream_task_id: null,
      submitted_at: null,
      upstream: null,
      error: null,
    });
    expect(response.headers.get("location")).toMatch(new RegExp(`/v1/videos/${created.task_id}$`));
    const submitted = await stack.task(created.task_id, (task) => task.submitted_at !== null);
    expect(submitted.upstream_task_id).toMatch(/^cgt-/);
    await hook.waitFor(1);
    expect(JSON.parse(onlySubmit().body.toString())).toStrictEqual({
      model: MODEL,
      prompt: "A lighthouse at dusk.",
    });
    expect(onlySubmit().authorization).toBe(`Bearer ${OWN_KEY}`);
  });

  it.each([
    ["respond-async, handling=lenient", true],
    ["handling=lenient,Respond-Async", true],
    ['wait="x", respond-async; foo="bar"', true],
    ["handling=lenient", false],
    ["not-respond-async", false],
    ["", false],
  ])("spelled %j, the preference is honoured: %j", async (prefer, honoured) => {
    const response = await stack.create({}, { prefer });
    expect(response.status).toBe(202);
    const applied = (response.headers.get("preference-applied") ?? "").split(/\s*,\s*/);
    expect(applied.includes("respond-async")).toBe(honoured);
    expect(applied).not.toContain("handling=lenient");
    const { task_id: id, submitted_at: submittedAt } = (await response.json()) as TaskBody;
    expect(submittedAt === null).toBe(honoured);
    await stack.task(id, isTerminal);
  });

  it.each([
    ["respond-async", {}, ASYNC],
    ["a test", { test: { outcome: "succeeded", delay_seconds: 0 } }, {}],
  ])("or a test, a made-up key is 401 and nothing is sent anywhere: %s", async (name, fields, prefer) => {
    const authorization = `Bearer made-up-for-${name.replaceAll(" ", "-")}`;
    const response = await stack.create({ ...fields, callback_url: hook.url }, { ...prefer, authorization });
    expect(response.status).toBe(401);
    expect(response.headers.get("location")).toBeNull();
    expect(await response.json()).toMatchObject({ error: { code: "unauthorized" } });
    // A whole life of another task is time enough for anything that was to be sent.
    const other = (await (await stack.create()).json()) as TaskBody;
    await stack.task(other.task_id, isTerminal);
    expect(hook.received()).toEqual([]);
    const sent = stack.gateway.calls.filter((call) => call.authorization === authorization);
    expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /v1/models"]);
  });

  it("a key that the upstream's /models forbids is 401 too", async () => {
    stack.gateway.fault({ on: "models", status: 403 });
    const response = await stack.create({}, { ...ASYNC, authorization: "Bearer sk-forbidden" });
    expect(response.status).toBe(401);
    expect(submitsTo(stack.gateway)).toEqual([]);
  });

  it("a key that the upstream did not judge is not taken for a known one", async () => {
    stack.gateway.fault({ on: "models", status: 500 });
    const response = await stack.create({}, { ...ASYNC, authorization: "Bearer sk-not-judged" });
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_error" } });
    expect(submitsTo(stack.gateway)).toEqual([]);
  });

  it("a known key is asked about once and remembered", async () => {
    const headers = { ...ASYNC, authorization: "Bearer sk-asked-about-once" };
    for (let time = 0; time < 3; time += 1) expect((await stack.create({}, headers)).status).toBe(202);
    const asked = stack.gateway.calls.filter(({ path }) => path === "/v1/models");
    expect(asked.map(({ authorization }) => authorization)).toEqual([headers.authorization]);
  });

  it("without it, a plain create lets the upstream judge the key", async () => {
    const response = await stack.create({}, { authorization: "Bearer made-up" });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      error: { code: "upstream_unauthorized", upstream: { status: 401 } },
    });
    const sent = stack.gateway.calls.filter((call) => call.authorization === "Bearer made-up");
    expect(sent.map(({ path }) => path)).toEqual(["/v1/videos"]);
  });
});

describe("the form of the body", () => {
  const JSON_TEXT = `{"model":"${MODEL}","prompt":"x"}`;

  it.each([
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON;charset=UTF-8",
    "application/vnd.ringback+json",
    "application/problem+json; a=b",
  ])("may be %s", async (type) => {
    expect((await post(JSON_TEXT, { "content-type": type })).status).toBe(202);
    expect(onlySubmit().headers["content-type"]).toMatch(/^application\/json\b/);
  });

  it("may have no type at all", async () => {
    const headers = { authorization: `Bearer ${OWN_KEY}` };
    const { status } = await sendRaw(`${stack.worker.url}/v1/videos`, {
      method: "POST",
      headers,
      chunks: [JSON_TEXT],
    });
    expect(status).toBe(202);
  });

  it.each([
    "text/plain",
    "text/json",
    "application/xml",
    "application/octet-stream",
    "application/jsonp",
    "application/json5",
    "json",
    "text/html+json",
    "application/+json",
    "application/json, text/plain",
    "*/*",
  ])("is 415 as %s", async (type) => {
    const response = await post(JSON_TEXT, { "content-type": type });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ error: { code: "unsupported_media_type" } });
    expect(submitsTo(stack.gateway)).toEqual([]);
  });

  it.each(["gzip", "br", "deflate", "identity", "gzip, identity", "x"])(
    "is 415 with content-encoding %s",
    async (encoding) => {
      const response = await post(JSON_TEXT, { "content-encoding": encoding });
      expect(response.status).toBe(415);
      expect(await response.json()).toMatchObject({ error: { code: "unsupported_media_type" } });
      expect(submitsTo(stack.gateway)).toEqual([]);
    },
  );
});
