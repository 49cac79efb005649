import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { GatewayCall } from "../../../../dev/gateway.ts";
import { MODEL, OWN_KEY, sendRaw, submitsTo } from "../../../support/stack.ts";
import { useStrictStack } from "./strict-stack.ts";

/*
 * scenario                                               requirement
 * 15 MB of images, one and several at once               contract, Errors: MAX_BODY_BYTES; Shape: 48 MiB in hand, else 503
 * one byte too many, with and without a length           contract, Errors: 413, enforced while reading
 * other content types, content encodings                 contract, POST /v1/videos: 415
 */

const MAX_BODY_BYTES = 16 * 1024 * 1024;

const { stack, onlySubmit, post } = useStrictStack();

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
