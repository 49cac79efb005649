import { describe, expect, it } from "vitest";
import { eventually, MODEL, OWN_KEY, submitsTo, type TaskBody } from "../../../support/stack.ts";
import {
  IMAGE_TO_VIDEO,
  REFERENCE_TO_VIDEO,
  TEXT_TO_VIDEO,
} from "../../../support/upstreams/upstream-examples.ts";
import { TASK_ID, useStrictStack } from "./strict-stack.ts";

/*
 * scenario                                               requirement
 * the upstream's own examples, sent and asked about      contract, base path: a client changes nothing but its base URL
 * what the gateway receives                              contract, POST /v1/videos: upstream fields, Ringback's own fields
 * Ringback's own fields as headers                       contract, Other upstreams: /v1/videos takes these headers too
 */

const { stack, hook, onlySubmit, post } = useStrictStack();

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
        callback_url: hook().url,
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
    const own = { callback_url: hook().url, callback_headers: { "x-make-apikey": "of-the-receiver" } };
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
    expect(task).toMatchObject({ metadata: { 名: "é" }, callback: { url: hook().url } });
    expect(onlySubmit().body.toString()).toBe(`{${upstreamPart}}`);
    expect(Object.keys(onlySubmit().headers).filter((name) => name.startsWith("ringback-"))).toEqual([
      "ringback-hop",
    ]);
    const [callback] = await hook().waitFor(1);
    expect(callback?.headers["x-make-apikey"]).toBe("of-the-receiver");

    const inBody = JSON.stringify({ ...own, metadata: { 名: "é" } }).slice(1);
    const again = await post(`{${upstreamPart},${inBody}`, { "idempotency-key": "k-headers" });
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([202, "true"]);
    expect(stack.logs.join("\n")).not.toContain("of-the-receiver");
  });

  it("is nothing when one of Ringback's headers is unknown, or a field of Ringback's is given twice", async () => {
    const callback = JSON.stringify({ callback_url: hook().url }).slice(1, -1);
    const refused = await post(`{"model":"${MODEL}","test":"failed",${callback},"prompt":"x","test":null}`, {
      "Ringback-Callback-Uri": hook().url,
      "Ringback-Callback-Url": hook().url,
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
    const response = await stack.create({ callback_uri: hook().url });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: "invalid_request", param: "callback_uri" },
    });
    expect(submitsTo(stack.gateway)).toEqual([]);
  });
});
