import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import type { Received } from "../../../../dev/receiver.ts";
import { packageVersion } from "../../../../dev/worker.ts";
import { httpAnswer, type RawRequest } from "../../../support/wire/raw-server.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import {
  accepts,
  answers,
  createTask,
  firstThenAccepts,
  onlyDelivery,
  settled,
  useCallbacks,
  type Behaviour,
} from "./stage.ts";

/*
 * The callback on the wire, and what is kept of the receiver's answer.
 *
 * scenario                                            requirement
 * headers and body of a callback                      contract, The callback; Standard Webhooks 1.0.0
 * largest URL and metadata                            contract, The callback: under 20 KB
 * prompt, image, keys                                 the same: never in it
 * what a receiver writes into its answer              threats T13, T20: capped, JSON, no secret of ours
 */

describe("a callback", () => {
  const { stack, origin, create, secret, verify } = useCallbacks();

  describe("in the standard format", () => {
    it("carries exactly the headers of the contract, each once", async () => {
      const { task_id: id } = await createTask(stack, {
        callback_url: stack.receiver.url,
        callback_headers: { "X-Make-Apikey": "make-key-1", authorization: "Bearer of the caller" },
      });
      await stack.deliveries(id, settled);
      const { headers, rawHeaders, method } = stack.receiver.received[0] as Received;
      // The platform adds headers of its own to any request.
      const platform = new Set(["host", "content-length", "cf-worker", "connection", "accept-encoding"]);
      const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !platform.has(name)));
      expect(own).toEqual({
        "content-type": "application/json",
        "user-agent": `Ringback/${packageVersion()}`,
        "ringback-attempt": "1",
        "webhook-id": expect.stringMatching(/^msg_[A-Za-z0-9_-]+$/) as string,
        "webhook-timestamp": expect.stringMatching(/^\d{10}$/) as string,
        "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/) as string,
        "x-make-apikey": "make-key-1",
        authorization: "Bearer of the caller",
      });
      const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
      expect(method).toBe("POST");
    });

    it("is sent to the URL byte for byte, query and all", async () => {
      const { id, url, requests } = await create(accepts);
      await onlyDelivery(stack, id);
      expect(requests().map(({ method, path }) => `${method} ${origin()}${path}`)).toEqual([`POST ${url}`]);
    });

    it("says id, type, timestamp and the task without callback and upstream", async () => {
      const metadata = { order: 12, tags: ["a", "b"], ключ: null };
      const { id, requests } = await create(accepts, { metadata });
      const { message_id: messageId } = await onlyDelivery(stack, id);
      const { callback, upstream, ...data } = await stack.task(id);
      expect(callback?.status).toBe("delivered");
      expect(upstream).not.toBeNull();
      const [request] = requests() as [RawRequest];
      const event = JSON.parse(request.body) as Record<string, unknown>;
      expect(event).toEqual({
        id: messageId,
        type: "video.succeeded",
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        data,
      });
      expect(Object.keys(event["data"] as object).toSorted()).toEqual([
        "created_at",
        "deadline_at",
        "error",
        "error_message",
        "file",
        "finished_at",
        "id",
        "metadata",
        "model",
        "object",
        "progress",
        "source_url",
        "status",
        "submitted_at",
        "task_id",
        "test",
        "upstream_name",
        "upstream_task_id",
        "video_url",
      ]);
      expect(event["data"]).toMatchObject({
        object: "video.task",
        status: "succeeded",
        metadata,
        test: false,
      });
      expect(request.headers["webhook-id"]).toBe(messageId);
      expect(verify(request)).toEqual(event);
    });

    it("tells a failure with its error", async () => {
      const { id, requests } = await create(accepts, { prompt: "[fail]" });
      await onlyDelivery(stack, id);
      const message = "The prompt was refused by content review.";
      expect(verify(requests()[0] as RawRequest)).toMatchObject({
        type: "video.failed",
        data: {
          status: "failed",
          video_url: null,
          error: { code: "generation_failed", message, retryable: false },
          error_message: message,
        },
      });
    });

    it("does not verify with one byte changed, nor with another account's secret", async () => {
      const { id, requests } = await create(accepts);
      await onlyDelivery(stack, id);
      const [request] = requests() as [RawRequest];
      const changed = { ...request, body: request.body.replace("succeeded", "Succeeded") };
      expect(() => verify(changed)).toThrow("No matching signature");
      const other = await stack.call("/v1/webhooks/secret", {
        headers: { authorization: "Bearer sk-other" },
      });
      const { secret: otherSecret } = (await other.json()) as { secret: string };
      expect(otherSecret).not.toBe(secret());
      expect(() => new Webhook(otherSecret).verify(request.body, request.headers)).toThrow(
        "No matching signature",
      );
    });

    it("holds no prompt, image, key or static header", async () => {
      const image = `data:image/png;base64,${Buffer.from("canary image").toString("base64")}`;
      const { id, requests } = await create(accepts, {
        prompt: "canary-prompt",
        image,
        callback_headers: { "x-api-key": "canary-header" },
      });
      await onlyDelivery(stack, id);
      const [request] = requests() as [RawRequest];
      for (const canary of ["canary-prompt", image.slice(22), "canary-header", "sk-the-callers-own-key"])
        expect(request.body).not.toContain(canary);
      expect(request.headers["x-api-key"]).toBe("canary-header");
    });
  });

  describe("with the largest URL and metadata", () => {
    const largest = (sign: string) => `https://cdn.example.com/v.mp4?${sign.repeat(8192 - 30)}`;
    /** 4095 bytes of JSON that become as long as they can when each member is a field of its own. */
    const wideMetadata = Object.fromEntries(
      Array.from({ length: 450 }, (_, index) => [(index + 1296).toString(36), []]),
    );
    /** The same where quotes have to be escaped twice. */
    const quotedMetadata = { a: ['"'.repeat(2040)] };

    it.each(
      byDay([
        ["standard", "x", wideMetadata],
        ["standard", '"', quotedMetadata],
        ["standard", "\\", quotedMetadata],
        ["flat", "x", wideMetadata],
        ["flat", '"', wideMetadata],
        ["flat", '"', quotedMetadata],
      ]),
    )("stays under 20 KB: %s, %s", async (format, sign, metadata) => {
      expect(JSON.stringify(metadata).length).toBeLessThanOrEqual(4096);
      stack.gateway.fault({
        on: "submit",
        status: 200,
        body: { task_id: "up", status: "succeeded", video_url: largest(sign) },
      });
      // Should that URL not be taken for one, the task still ends.
      stack.gateway.fault({ on: "poll", body: { status: "failed" } });
      const { id, requests } = await create(accepts, { callback_format: format, metadata });
      await onlyDelivery(stack, id);
      stack.gateway.clearFaults();
      expect(Buffer.byteLength((requests()[0] as RawRequest).body)).toBeLessThan(20_480);
    });
  });

  describe.concurrent("whose answer is kept as an excerpt", () => {
    const excerptOf = async (behaviour: Behaviour, headers: Record<string, string> = {}) => {
      const { id } = await create(firstThenAccepts(behaviour), { callback_headers: headers });
      const { attempts } = await onlyDelivery(stack, id);
      return { id, excerpt: attempts[0]?.response_excerpt ?? null };
    };

    it("is null for an empty one", async () => {
      expect((await excerptOf(answers(204))).excerpt).toBeNull();
    });

    it.each(
      byDay([
        ["letters", "a".repeat(5000), "a".repeat(2048)],
        ["characters of two bytes", "é".repeat(3000), "é".repeat(1024)],
        ["exactly 2 KB", "b".repeat(2048), "b".repeat(2048)],
      ]),
    )("has 2 KB of %s", async (_name, body, kept) => {
      expect((await excerptOf(answers(200, body))).excerpt).toBe(kept);
      expect((await excerptOf(answers(500, body))).excerpt).toBe(kept);
    });

    it.each(
      byDay([
        ["that are no UTF-8", Buffer.alloc(5000, 0xff)],
        ["cut within a character", Buffer.from(`x${"é".repeat(3000)}`)],
        ["of control characters", Buffer.alloc(5000, 0)],
      ]),
    )("has at most 2 KB of bytes %s", async (_name, bytes) => {
      const { excerpt } = await excerptOf((socket) => {
        socket.write(`HTTP/1.1 500 Planned\r\ncontent-length: ${bytes.length}\r\n\r\n`);
        socket.end(bytes);
      });
      expect(Buffer.byteLength(excerpt ?? "")).toBeLessThanOrEqual(2048);
    });

    it("comes back inert: as JSON text, without the receiver's headers", async () => {
      const page = '<script>alert("1")</script></script><!--';
      const headers = { "content-type": "text/html", "set-cookie": "a=b", "x-receiver": "canary" };
      const { id, excerpt } = await excerptOf(answers(500, page, headers));
      expect(excerpt).toBe(page);
      const response = await stack.call(`/v1/videos/${id}/deliveries`);
      expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
      expect(response.headers.has("set-cookie")).toBe(false);
      expect(await response.text()).not.toContain("canary");
    });

    const KEY = "canary-4f1d9a7c2e";
    const echoes: [name: string, headers: Record<string, string>, behaviour: Behaviour][] = [
      ["as it is", { "x-make-apikey": KEY }, answers(401, `No such key: ${KEY}.`)],
      [
        "all headers as JSON",
        { "x-make-apikey": KEY, authorization: `Bearer ${KEY}` },
        (socket, _attempt, { headers }) => socket.end(httpAnswer(401, JSON.stringify(headers))),
      ],
      ["without its scheme", { authorization: `Bearer ${KEY}` }, answers(401, `Invalid token '${KEY}'.`)],
      [
        "escaped in JSON",
        { "x-api-key": `"${KEY}\\${KEY}"` },
        (socket, _attempt, { headers }) =>
          socket.end(httpAnswer(401, JSON.stringify({ e: headers["x-api-key"] }))),
      ],
      ["many times", { "x-make-apikey": KEY }, answers(401, KEY.repeat(500))],
      ["across the cut at 2 KB", { "x-make-apikey": KEY }, answers(401, "x".repeat(2048 - 12) + KEY)],
      ["in a Location", { "x-make-apikey": KEY }, answers(302, "", { location: `/login?key=${KEY}` })],
      ["on a 200", { "x-make-apikey": KEY }, answers(200, KEY)],
    ];
    it.each(byDay(echoes))(
      "leaks no static header that the receiver echoes %s",
      async (_name, headers, behaviour) => {
        const { id, excerpt } = await excerptOf(behaviour, headers);
        expect(excerpt).not.toBeNull();
        expect(Buffer.byteLength(excerpt ?? "")).toBeLessThanOrEqual(2048);
        const text = await (await stack.call(`/v1/videos/${id}/deliveries`)).text();
        expect(text).not.toContain(KEY.slice(0, 12));
        expect(text).not.toContain(KEY.slice(-12));
        expect(stack.logs.join("\n")).not.toContain(KEY);
      },
    );
  });
});
