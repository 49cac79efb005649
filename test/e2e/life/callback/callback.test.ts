import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Received } from "../../../../dev/receiver.ts";
import { packageVersion } from "../../../../dev/worker.ts";
import {
  drip,
  flood,
  httpAnswer,
  startRawServer,
  type RawRequest,
  type RawServer,
} from "../../../support/wire/raw-server.ts";
import {
  eventually,
  isTerminal,
  startStack,
  type DeliveryBody,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";

/*
 * The callback on the wire, and what is written down about it.
 *
 * scenario                                            requirement
 * headers and body of a callback                      contract, The callback; Standard Webhooks 1.0.0
 * largest URL and metadata                            contract, The callback: under 20 KB
 * prompt, image, keys                                 the same: never in it
 * attempts of one event                               guarantee 4: same id, same bytes, fresh timestamp and signature
 * each status code                                    contract, The callback: 2xx, 410 and 501, everything else
 * 3xx                                                 the same: never followed, the Location named
 * schedule, `Retry-After`                             the same: later only, at most twice the step or 60 s
 * running, progress, and the end that stops them      contract, callback_events and The callback
 * hold                                                contract, The callback: not within it of the create's answer
 * what a receiver writes into its answer              threats T13, T20: capped, JSON, no secret of ours
 * hostile receivers                                   faults 5.2: still a failed attempt, with its reason
 * a receiver that hangs                               design, Shape: polls go on
 * the Worker itself as receiver                       threats T15: refused, and 508
 */

type Behaviour = (socket: Socket, attempt: number, request: RawRequest) => void;

/** Timers of two busy cores. */
const LATE_MS = 500;

/** A receiver with one endpoint per behaviour. */
interface Stage {
  raw: RawServer;
  /** The URL of an endpoint of its own. */
  endpoint(behaviour: Behaviour): string;
  /** What came to it, in order. */
  requests(url: string): RawRequest[];
}

async function startStage(): Promise<Stage> {
  const behaviours = new Map<string, Behaviour>();
  const raw = await startRawServer((socket, request) => {
    const behave = behaviours.get(request.path);
    if (behave === undefined) socket.end(httpAnswer(404));
    else behave(socket, Number(request.headers["ringback-attempt"]), request);
  });
  return {
    raw,
    endpoint: (behaviour) => {
      const path = `/hook/${behaviours.size + 1}?signature=a%2Fb+c==`;
      behaviours.set(path, behaviour);
      return raw.origin + path;
    },
    requests: (url) => raw.to(url.slice(raw.origin.length)),
  };
}

const answers =
  (status: number, body = "", headers: Record<string, string> = {}): Behaviour =>
  (socket) =>
    socket.end(httpAnswer(status, body, headers));

const accepts = answers(200, "ok");

/** The behaviour at the first attempt, and a 200 at every later one. */
const firstThenAccepts =
  (first: Behaviour): Behaviour =>
  (socket, attempt, request) =>
    (attempt === 1 ? first : accepts)(socket, attempt, request);

function settled(data: DeliveryBody[]): boolean {
  return data.length > 0 && data.every(({ status }) => status !== "pending");
}

/** The type of the event in a standard body. */
function typeOf({ body }: Pick<RawRequest, "body">): string {
  return (JSON.parse(body) as { type: string }).type;
}

async function createTask(stack: Stack, fields: Record<string, unknown>): Promise<TaskBody> {
  const response = await stack.create(fields);
  expect(response.status).toBe(202);
  return (await response.json()) as TaskBody;
}

/** The delivery of the task's only event, once it is settled. */
async function onlyDelivery(stack: Stack, id: string): Promise<DeliveryBody> {
  const data = await stack.deliveries(id, settled, 15_000);
  expect(data).toHaveLength(1);
  return data[0] as DeliveryBody;
}

describe("a callback", () => {
  const STEPS_MS = [200, 1300, 400];
  const TIMEOUT_MS = 1500;
  let stack: Stack;
  let stage: Stage;
  let secret: string;
  beforeAll(async () => {
    stage = await startStage();
    stack = await startStack({
      settings: {
        CALLBACK_RETRY_SECONDS: STEPS_MS.map((ms) => ms / 1000).join(","),
        CALLBACK_TIMEOUT_SECONDS: String(TIMEOUT_MS / 1000),
      },
      gateway: {
        // A slow one runs until the test ends it; any other has ended at the first poll.
        taskPlan: ({ prompt }) => ({
          queueSeconds: 0,
          runSeconds: String(prompt).includes("[slow]") ? 600 : 0,
          fails: String(prompt).includes("[fail]"),
        }),
      },
    });
    secret = ((await (await stack.call("/v1/webhooks/secret")).json()) as { secret: string }).secret;
  });
  afterAll(async () => {
    await stack.close();
    await stage.raw.close();
  });

  const create = async (behaviour: Behaviour, fields: Record<string, unknown> = {}) => {
    const url = stage.endpoint(behaviour);
    const task = await createTask(stack, { callback_url: url, ...fields });
    return { url, task, id: task.task_id, requests: () => stage.requests(url) };
  };

  const verify = ({ body, headers }: RawRequest): unknown => new Webhook(secret).verify(body, headers);

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
      expect(requests().map(({ method, path }) => `${method} ${stage.raw.origin}${path}`)).toEqual([
        `POST ${url}`,
      ]);
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
      expect(otherSecret).not.toBe(secret);
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

  describe.concurrent("that is not taken", () => {
    it.each(byDay([400, 401, 403, 404, 405, 408, 409, 422, 429, 500, 502, 503, 504, 599]))(
      "with %i is repeated by the schedule, then exhausted after exactly 1 + 3 attempts",
      async (status) => {
        const { id, requests } = await create(answers(status, "no"));
        const delivery = await onlyDelivery(stack, id);
        expect(delivery).toEqual({
          message_id: expect.stringMatching(/^msg_/) as string,
          event: "video.succeeded",
          endpoint: null,
          status: "exhausted",
          next_attempt_at: null,
          attempts: [1, 2, 3, 4].map((number) => ({
            number,
            trigger: "scheduled",
            started_at: expect.any(String) as string,
            duration_ms: expect.any(Number) as number,
            status_code: status,
            outcome: "retryable",
            reason: `http_${status}`,
            response_excerpt: "no",
          })),
        });
        expect((await stack.task(id)).callback).toMatchObject({
          status: "exhausted",
          attempts: 4,
          next_attempt_at: null,
        });
        for (const [index, stepMs] of STEPS_MS.entries()) {
          const [before, after] = delivery.attempts.slice(index) as [
            DeliveryBody["attempts"][number],
            DeliveryBody["attempts"][number],
          ];
          const endedAt = Date.parse(before.started_at) + (before.duration_ms ?? 0);
          const waited = Date.parse(after.started_at) - endedAt;
          expect(waited).toBeGreaterThanOrEqual(stepMs * 0.8 - 1);
          expect(waited).toBeLessThan(stepMs * 1.2 + LATE_MS);
        }
        expect(requests()).toHaveLength(4);
      },
    );

    it("is repeated with the same id and bytes, a fresh timestamp and signature, and counted", async () => {
      const { id, requests } = await create(answers(500), { callback_headers: { "x-key": "static" } });
      const delivery = await onlyDelivery(stack, id);
      const sent = requests();
      expect(sent.map(({ headers }) => headers["ringback-attempt"])).toEqual(["1", "2", "3", "4"]);
      expect(new Set(sent.map(({ headers }) => headers["webhook-id"]))).toEqual(
        new Set([delivery.message_id]),
      );
      expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
      expect(sent.map(({ headers }) => headers["x-key"])).toEqual(Array(4).fill("static"));
      for (const request of sent) {
        const age = request.at / 1000 - Number(request.headers["webhook-timestamp"]);
        expect(age).toBeGreaterThanOrEqual(0);
        expect(age).toBeLessThan(1 + LATE_MS / 1000);
        expect(() => verify(request)).not.toThrow();
      }
      // The second step is longer than a second, so that these two cannot fall into the same one.
      const [second, third] = sent.slice(1) as [RawRequest, RawRequest];
      expect(third.headers["webhook-timestamp"]).not.toBe(second.headers["webhook-timestamp"]);
      expect(third.headers["webhook-signature"]).not.toBe(second.headers["webhook-signature"]);
    });

    it("is repeated only until it is", async () => {
      const { id, requests } = await create((socket, attempt) =>
        socket.end(httpAnswer(attempt < 3 ? 503 : 200)),
      );
      const { status, attempts } = await onlyDelivery(stack, id);
      expect(status).toBe("delivered");
      expect(attempts.map(({ outcome }) => outcome)).toEqual(["retryable", "retryable", "delivered"]);
      expect(requests()).toHaveLength(3);
    });

    it.each(
      byDay([
        [410, "gone"],
        [501, "http_501"],
      ]),
    )("with %i is not repeated, and stops the task's later ones", async (status, reason) => {
      const { task, id, requests } = await create(answers(status), {
        prompt: "[slow]",
        callback_events: ["video.running", "video.progress", "video.succeeded"],
      });
      await stack.deliveries(id, settled);
      const upstreamId = task.upstream_task_id ?? "";
      Object.assign(stack.gateway.tasks.get(upstreamId) ?? {}, progressOf(50));
      await stack.task(id, ({ progress }) => progress === 50);
      stack.gateway.finish(upstreamId, "succeeded");
      await stack.task(id, isTerminal);
      const data = await stack.deliveries(id);
      expect(data.map(({ event }) => event).toSorted()).toEqual([
        "video.progress",
        "video.running",
        "video.succeeded",
      ]);
      expect(data.map(({ status: now, next_attempt_at: next }) => [now, next])).toEqual(
        data.map(() => ["stopped", null]),
      );
      // One attempt in all, that of the first event; the later ones are recorded and not sent.
      expect(data.find(({ event }) => event === "video.running")?.attempts).toMatchObject([
        { number: 1, status_code: status, outcome: "permanent", reason },
      ]);
      expect(data.flatMap(({ attempts }) => attempts)).toHaveLength(1);
      expect((await stack.task(id)).callback).toMatchObject({ status: "stopped", next_attempt_at: null });
      expect(requests()).toHaveLength(1);
    });

    it.each([301, 302, 303, 307, 308])("with %i is not followed, and names the Location", async (status) => {
      const target = `${stack.receiver.url}/redirected`;
      const { id, requests } = await create(firstThenAccepts(answers(status, "moved", { location: target })));
      const { attempts } = await onlyDelivery(stack, id);
      expect(attempts).toHaveLength(2);
      expect(attempts[0]).toMatchObject({
        status_code: status,
        outcome: "retryable",
        reason: "redirect",
        response_excerpt: expect.stringContaining(target) as string,
      });
      expect(requests().map(({ method }) => method)).toEqual(["POST", "POST"]);
      expect(stack.receiver.received.filter(({ path }) => path.includes("redirected"))).toEqual([]);
    });

    it("with a redirect to itself does not go round", async () => {
      const { id, requests } = await create(
        firstThenAccepts((socket, _attempt, { path }) => socket.end(httpAnswer(307, "", { location: path }))),
      );
      expect((await onlyDelivery(stack, id)).attempts[0]?.reason).toBe("redirect");
      expect(requests()).toHaveLength(2);
    });
  });

  describe.concurrent("that is taken", () => {
    it.each(byDay([200, 201, 202, 203, 204, 205, 206, 226, 299]))(
      "with %i is delivered at once",
      async (status) => {
        const { id, requests } = await create(answers(status));
        expect(await onlyDelivery(stack, id)).toMatchObject({
          status: "delivered",
          next_attempt_at: null,
          attempts: [{ number: 1, status_code: status, outcome: "delivered", reason: null }],
        });
        expect((await stack.task(id)).callback).toMatchObject({ status: "delivered", attempts: 1 });
        expect(requests()).toHaveLength(1);
      },
    );

    it("is the only one for a test task that fails at once", async () => {
      const { id, requests } = await create(accepts, { test: { outcome: "failed", delay_seconds: 0 } });
      expect(await onlyDelivery(stack, id)).toMatchObject({ event: "video.failed", status: "delivered" });
      expect(requests().map(typeOf)).toEqual(["video.failed"]);
    });
  });

  /** A gateway task's clock, set so that it reports this progress for hours. */
  const progressOf = (percent: number) => {
    const runsAt = Date.now() - (percent + 0.5) * 1e7;
    return { runsAt, fullAt: runsAt + 1e9 };
  };

  describe.concurrent("before the end", () => {
    it("tells video.running once, and video.progress whenever it grew by 10 or more", async () => {
      const { task, id, requests } = await create(accepts, {
        prompt: "[slow]",
        callback_events: ["video.running", "video.progress", "video.succeeded", "video.failed"],
      });
      const upstreamId = task.upstream_task_id ?? "";
      const upstream = stack.gateway.tasks.get(upstreamId);
      for (const percent of [5, 9, 12, 15, 21, 22, 80]) {
        Object.assign(upstream ?? {}, progressOf(percent));
        await stack.task(id, ({ progress }) => progress === percent);
      }
      // Back to the queue and running again: an event that was sent already.
      Object.assign(upstream ?? {}, { runsAt: Date.now() + 1e9 });
      await stack.task(id, ({ status }) => status === "queued");
      Object.assign(upstream ?? {}, progressOf(80));
      await stack.task(id, ({ status }) => status === "running");
      stack.gateway.finish(upstreamId, "succeeded");
      const data = await stack.deliveries(id, (all) => settled(all) && all.some(isEnd));
      expect(data.map(({ status }) => status)).toEqual(data.map(() => "delivered"));
      const events = requests().map((request) => verify(request) as { type: string; data: TaskBody });
      expect(
        events.filter(({ type }) => type === "video.running").map(({ data: told }) => told.status),
      ).toEqual(["running"]);
      const told = events.filter(({ type }) => type === "video.progress");
      expect(told.map(({ data: { progress } }) => progress)).toEqual([12, 22, 80]);
      expect(events.filter(({ type }) => type === "video.succeeded")).toHaveLength(1);
      expect(events).toHaveLength(5);
      expect(new Set(requests().map(({ headers }) => headers["webhook-id"])).size).toBe(5);
    });

    it("is not sent without a subscription", async () => {
      const { task, id, requests } = await create(accepts, { prompt: "[slow]" });
      await stack.task(id, ({ status }) => status === "running");
      stack.gateway.finish(task.upstream_task_id ?? "", "succeeded");
      await onlyDelivery(stack, id);
      expect(requests().map(typeOf)).toEqual(["video.succeeded"]);
    });

    it("is sent alone where nothing else is subscribed", async () => {
      const { task, id, requests } = await create(accepts, {
        prompt: "[slow]",
        callback_events: ["video.running"],
      });
      await onlyDelivery(stack, id);
      stack.gateway.finish(task.upstream_task_id ?? "", "succeeded");
      const ended = await stack.task(id, isTerminal);
      expect(ended.callback).toMatchObject({ events: ["video.running"], status: "delivered", attempts: 1 });
      expect(requests().map(typeOf)).toEqual(["video.running"]);
    });

    it("is stopped by the end, which is sent all the same", async () => {
      const { task, id, requests } = await create(
        // The end is repeated until the time is long past at which running would have been.
        (socket, attempt, request) =>
          socket.end(httpAnswer(typeOf(request) === "video.succeeded" && attempt === 4 ? 200 : 500)),
        { prompt: "[slow]", callback_events: ["video.running", "video.succeeded"] },
      );
      await stack.deliveries(id, ([running]) => running?.attempts[1]?.outcome === "retryable");
      stack.gateway.finish(task.upstream_task_id ?? "", "succeeded");
      const data = await stack.deliveries(id, (all) => settled(all) && all.some(isEnd));
      const byEvent = Object.fromEntries(data.map((delivery) => [delivery.event, delivery]));
      expect(byEvent["video.running"]).toMatchObject({ status: "stopped", next_attempt_at: null });
      expect(byEvent["video.running"]?.attempts).toHaveLength(2);
      expect(byEvent["video.succeeded"]).toMatchObject({ status: "delivered" });
      expect(requests().map(typeOf)).toEqual([
        ...Array<string>(2).fill("video.running"),
        ...Array<string>(4).fill("video.succeeded"),
      ]);
    });

    it("does not delay a poll when its receiver hangs", async () => {
      const { task, id, requests } = await create(() => undefined, {
        prompt: "[slow]",
        callback_events: ["video.running"],
      });
      await eventually(
        async () => requests().length,
        (count) => count === 1,
      );
      const hangsFrom = requests()[0]?.at ?? Number.NaN;
      const path = `/v1/videos/${task.upstream_task_id}`;
      const meanwhile = () => stack.gateway.calls.filter((call) => call.path === path && call.at > hangsFrom);
      await eventually(
        async () => meanwhile().length,
        (count) => count >= 5,
      );
      const [delivery] = await stack.deliveries(id);
      expect(delivery?.attempts).toEqual([
        expect.objectContaining({ number: 1, outcome: "unknown", duration_ms: null, status_code: null }),
      ]);
      // And the end is seen while it still hangs.
      stack.gateway.finish(task.upstream_task_id ?? "", "succeeded");
      const ended = await stack.task(id, isTerminal);
      expect(Date.parse(ended.finished_at ?? "") - hangsFrom).toBeLessThan(TIMEOUT_MS);
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

  describe.concurrent("to a hostile receiver", () => {
    interface Expected {
      outcome: "delivered" | "retryable";
      reason: string | null;
      status: number | null;
      /** The bounds of the recorded duration; by default less than the timeout. */
      atLeastMs?: number;
      lessThanMs?: number;
    }
    const delivered = (status = 200, lessThanMs = TIMEOUT_MS): Expected => ({
      outcome: "delivered",
      reason: null,
      status,
      lessThanMs,
    });
    const failed = (reason: string, status: number | null = null): Expected => ({
      outcome: "retryable",
      reason,
      status,
      lessThanMs: TIMEOUT_MS,
    });
    const timedOut: Expected = {
      ...failed("timeout"),
      atLeastMs: TIMEOUT_MS - 10,
      lessThanMs: TIMEOUT_MS + LATE_MS,
    };
    const head = (status: number, ...lines: string[]) =>
      [`HTTP/1.1 ${status} Planned`, ...lines, "", ""].join("\r\n");
    const chunked = "transfer-encoding: chunked";
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));

    const receivers: [name: string, behaviour: Behaviour, expected: Expected][] = [
      ["says nothing at all", () => undefined, timedOut],
      [
        "answers after the timeout",
        (socket) => void setTimeout(() => socket.end(httpAnswer(200)), TIMEOUT_MS + 300),
        timedOut,
      ],
      [
        "sends its status line a byte at a time",
        (socket) => {
          const bytes = httpAnswer(200).split("");
          drip(socket, 100, () => bytes.shift() ?? null);
        },
        timedOut,
      ],
      [
        "never ends its headers",
        (socket) => {
          socket.write("HTTP/1.1 200 OK\r\n");
          drip(socket, 50, () => "x-more: and more\r\n");
        },
        timedOut,
      ],
      ["resets before the status line", (socket) => socket.resetAndDestroy(), failed("connection")],
      ["closes before the status line", (socket) => socket.end(), failed("connection")],
      ["closes within the status line", (socket) => socket.end("HTTP/1.1 20"), failed("connection")],
      ["sends garbage", (socket) => socket.end("\0\xff\x16\x03\x01 not HTTP\r\n\r\n"), failed("connection")],
      ["speaks SMTP", (socket) => socket.end("220 mail.example ESMTP\r\n"), failed("connection")],
      [
        "resets after a 200",
        (socket) => socket.write(head(200, "content-length: 100"), () => socket.resetAndDestroy()),
        delivered(),
      ],
      [
        "resets after a 500",
        (socket) => socket.write(head(500, "content-length: 100"), () => socket.resetAndDestroy()),
        failed("http_500", 500),
      ],
      [
        "sends less than promised",
        (socket) => socket.end(`${head(200, "content-length: 100")}half`),
        delivered(),
      ],
      ["breaks its chunks", (socket) => socket.end(`${head(200, chunked)}zz\r\nnot a length`), delivered()],
      [
        "sends a byte a second after a 200",
        (socket) => {
          socket.write(head(200, "content-length: 1000"));
          drip(socket, 1000, () => "x");
        },
        delivered(),
      ],
      [
        "sends a byte a second after a 503",
        (socket) => {
          socket.write(head(503, "content-length: 1000"));
          drip(socket, 1000, () => "x");
        },
        failed("http_503", 503),
      ],
      [
        "never ends its body",
        (socket) => {
          socket.write(head(200, chunked));
          drip(socket, 20, () => "3e8\r\n".concat("x".repeat(1000), "\r\n"));
        },
        delivered(),
      ],
      ["stops before its body", (socket) => void socket.write(head(200, "content-length: 5")), delivered()],
      [
        "sends a gzip bomb",
        (socket) => {
          socket.write(head(200, "content-encoding: gzip", `content-length: ${bomb.length}`));
          socket.end(bomb);
        },
        delivered(),
      ],
      [
        "says gzip and sends none",
        (socket) => socket.end(httpAnswer(200, "plain", { "content-encoding": "gzip" })),
        delivered(),
      ],
      [
        "sends 100 and 103 before its 204",
        (socket) =>
          socket.end(`${head(100)}${head(103, "link: </x>; rel=preload")}${head(204, "connection: close")}`),
        delivered(204),
      ],
      ["sends two answers", (socket) => socket.end(httpAnswer(200, "one") + httpAnswer(500)), delivered()],
      ["speaks HTTP/1.0", (socket) => socket.end("HTTP/1.0 200 OK\r\n\r\nok"), delivered()],
    ];
    it.each(byDay(receivers))("that %s is an attempt like any other", async (_name, behaviour, expected) => {
      const { id, requests } = await create(firstThenAccepts(behaviour));
      const { status, attempts } = await onlyDelivery(stack, id);
      const first = attempts[0];
      expect(first).toMatchObject({
        number: 1,
        outcome: expected.outcome,
        reason: expected.reason,
        status_code: expected.status,
      });
      expect(first?.duration_ms).toBeGreaterThanOrEqual(expected.atLeastMs ?? 0);
      expect(first?.duration_ms).toBeLessThan(expected.lessThanMs ?? 0);
      expect(Buffer.byteLength(first?.response_excerpt ?? "")).toBeLessThanOrEqual(2048);
      expect(status).toBe("delivered");
      const expectedRequests = expected.outcome === "delivered" ? 1 : 2;
      expect(attempts).toHaveLength(expectedRequests);
      expect(requests()).toHaveLength(expectedRequests);
    });

    it("that sends 100 MB is disconnected", async () => {
      let taken = 0;
      const { id } = await create((socket) => {
        socket.write(head(200, "content-length: 104857600"));
        flood(socket, Buffer.alloc(65_536, "x"), 104_857_600);
        socket.once("close", () => {
          taken = socket.bytesWritten;
        });
      });
      const { status, attempts } = await onlyDelivery(stack, id);
      expect(status).toBe("delivered");
      expect(attempts[0]).toMatchObject({ status_code: 200, response_excerpt: "x".repeat(2048) });
      expect(attempts[0]?.duration_ms).toBeLessThan(TIMEOUT_MS);
      await eventually(
        async () => taken,
        (bytes) => bytes > 0,
      );
      expect(taken).toBeLessThan(20_000_000);
    });

    it.each(
      byDay([
        ["999", "HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n"],
        ["101", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
        ["headers of 1 MB", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(1_000_000)}\r\n\r\n`],
      ]),
    )("that sends %s does not stop the schedule", async (_name, answer) => {
      const { id } = await create(firstThenAccepts((socket) => socket.end(answer)));
      const { status, attempts } = await onlyDelivery(stack, id);
      expect(status).toBe("delivered");
      expect(attempts.at(-1)).toMatchObject({ status_code: 200, outcome: "delivered" });
    });

    it("that is not there is a failed connection", async () => {
      const vacated = createServer().listen(0, "127.0.0.1");
      await once(vacated, "listening");
      const { port } = vacated.address() as AddressInfo;
      vacated.close();
      await once(vacated, "close");
      const { task_id: id } = await createTask(stack, { callback_url: `http://127.0.0.1:${port}/` });
      const { status, attempts } = await onlyDelivery(stack, id);
      expect(status).toBe("exhausted");
      expect(attempts).toHaveLength(4);
      expect(attempts.map(({ outcome, reason, status_code: code }) => [outcome, reason, code])).toEqual(
        attempts.map(() => ["retryable", "connection", null]),
      );
      for (const { duration_ms: duration } of attempts) expect(duration).toBeLessThan(TIMEOUT_MS);
    });

    it("that speaks no TLS at an https URL is a failed connection", async () => {
      const url = stage.raw.origin.replace("http:", "https:");
      const { task_id: id } = await createTask(stack, { callback_url: url });
      const { attempts } = await onlyDelivery(stack, id);
      expect(attempts).toHaveLength(4);
      for (const attempt of attempts)
        expect(attempt).toMatchObject({ outcome: "retryable", status_code: null, response_excerpt: null });
    });
  });

  describe("to the Worker itself", () => {
    const submits = () => stack.gateway.calls.filter(({ method }) => method === "POST").length;

    it.each(["/v1/videos", "/", "/hook?x=1"])("at %s is refused at the create", async (path) => {
      const before = submits();
      const response = await stack.create({ callback_url: stack.worker.url + path });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { code: "invalid_request", param: "callback_url" },
      });
      expect(submits()).toBe(before);
    });

    it("is recognised by its header: 508, ahead of every other check", async () => {
      const before = submits();
      const response = await stack.create({}, { "ringback-attempt": "1", "content-type": "text/plain" });
      expect(response.status).toBe(508);
      expect(await response.json()).toMatchObject({ error: { code: "loop_detected" } });
      const anonymous = await fetch(`${stack.worker.url}/v1/videos`, {
        method: "POST",
        headers: { "ringback-attempt": "2" },
        body: "{}",
      });
      expect(anonymous.status).toBe(508);
      expect(submits()).toBe(before);
    });
  });
});

function isEnd({ event }: DeliveryBody): boolean {
  return event === "video.succeeded" || event === "video.failed";
}

describe("with the default schedule and a hold of a second", () => {
  const HOLD_MS = 1000;
  /** The answer's way to the caller, by which the caller's clock starts later than the Worker's. */
  const ON_THE_WAY_MS = 250;
  let stack: Stack;
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
    stack = await startStack({
      settings: { CALLBACK_HOLD_SECONDS: String(HOLD_MS / 1000), CALLBACK_RETRY_SECONDS: "" },
      gateway: { queueSeconds: 0, runSeconds: 0 },
    });
  });
  afterAll(async () => {
    await stack.close();
    await stage.raw.close();
  });

  const holds: [name: string, prepare: () => void, headers: Record<string, string>][] = [
    ["a task that ends at its first poll", () => undefined, {}],
    [
      "a task that has ended in the create's answer",
      () =>
        stack.gateway.fault({
          on: "submit",
          status: 200,
          body: { task_id: "up", status: "succeeded", video_url: "https://cdn.example.com/v.mp4" },
        }),
      {},
    ],
    ["a submit that is unknown", () => stack.gateway.fault({ on: "submit", drop: "after" }), {}],
    ["a submit that times out", () => stack.gateway.fault({ on: "submit", delayMs: 2000 }), {}],
    ["a create answered before the submit", () => undefined, { prefer: "respond-async" }],
  ];
  it.each(byDay(holds))("the first attempt waits for the caller: %s", async (_name, prepare, headers) => {
    prepare();
    const url = stage.endpoint(accepts);
    const response = await stack.create({ callback_url: url }, headers);
    const answeredAt = Date.now();
    expect(response.status).toBe(202);
    const { task_id: id } = (await response.json()) as TaskBody;
    await onlyDelivery(stack, id);
    const [request] = stage.requests(url) as [RawRequest];
    expect(request.at - answeredAt).toBeGreaterThanOrEqual(HOLD_MS - ON_THE_WAY_MS);
    expect(request.at - answeredAt).toBeLessThan(HOLD_MS + LATE_MS);
  });

  it("a task that ends after the hold calls back at once", async () => {
    stack.gateway.fault({ on: "poll", times: Infinity, status: 200, body: { status: "running" } });
    const url = stage.endpoint(accepts);
    const { task_id: id, created_at: createdAt } = await createTask(stack, { callback_url: url });
    await stack.task(id, () => Date.now() > Date.parse(createdAt) + HOLD_MS + 200);
    stack.gateway.clearFaults();
    await onlyDelivery(stack, id);
    const finishedAt = Date.parse((await stack.task(id)).finished_at ?? "");
    expect(finishedAt - Date.parse(createdAt)).toBeGreaterThan(HOLD_MS);
    expect((stage.requests(url)[0]?.at ?? Number.NaN) - finishedAt).toBeLessThan(LATE_MS);
  });

  /** How long after its end the first attempt's successor is due. */
  async function waitAfter(
    on: Stack,
    headers: () => Record<string, string>,
    status: number,
  ): Promise<number> {
    const url = stage.endpoint((socket) => socket.end(httpAnswer(status, "", headers())));
    const { task_id: id } = await createTask(on, { callback_url: url });
    const [delivery] = await on.deliveries(id, ([first]) => first?.attempts[0]?.outcome === "retryable");
    expect(delivery?.status).toBe("pending");
    const { callback } = await on.task(id);
    expect(callback).toMatchObject({
      status: "pending",
      attempts: 1,
      next_attempt_at: delivery?.next_attempt_at,
    });
    const [attempt] = delivery?.attempts ?? [];
    const endedAt = Date.parse(attempt?.started_at ?? "") + (attempt?.duration_ms ?? Number.NaN);
    return Date.parse(delivery?.next_attempt_at ?? "") - endedAt;
  }

  /** The date that many seconds from now, as a header has it: in whole seconds. */
  const date = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();

  const waits: [name: string, headers: () => Record<string, string>, fromMs: number, toMs: number][] = [
    ["no Retry-After", () => ({}), 4000, 6000],
    ["Retry-After: 0", () => ({ "retry-after": "0" }), 4000, 6000],
    ["Retry-After: 1", () => ({ "retry-after": "1" }), 4000, 6000],
    ["Retry-After: 20", () => ({ "retry-after": "20" }), 20_000, 20_000],
    ["Retry-After: 60", () => ({ "retry-after": "60" }), 60_000, 60_000],
    ["Retry-After: 61", () => ({ "retry-after": "61" }), 60_000, 60_000],
    ["Retry-After: 1000000000", () => ({ "retry-after": "1000000000" }), 60_000, 60_000],
    ["a Retry-After date", () => ({ "retry-after": date(30) }), 29_000, 30_000],
    [
      "a Retry-After date by a clock that is an hour ahead",
      () => ({ date: date(3600), "retry-after": date(3630) }),
      29_000,
      31_000,
    ],
    ["a Retry-After date of the past", () => ({ "retry-after": date(-100) }), 4000, 6000],
    ["a Retry-After date far away", () => ({ "retry-after": date(86_400) }), 60_000, 60_000],
    ["Retry-After: -5", () => ({ "retry-after": "-5" }), 4000, 6000],
    ["Retry-After: soon", () => ({ "retry-after": "soon" }), 4000, 6000],
  ];
  describe.concurrent("the second attempt", () => {
    it.each(byDay(waits))(
      "waits 5 s, and %s moves it later only, at most to 60 s",
      async (_name, headers, fromMs, toMs) => {
        for (const status of [503, 429, 500]) {
          const wait = await waitAfter(stack, headers, status);
          expect(wait).toBeGreaterThanOrEqual(fromMs - 1);
          // The plan is made a little after the attempt has ended.
          expect(wait).toBeLessThan(toMs + LATE_MS);
        }
      },
    );
  });

  describe("when the step is 40 s", () => {
    let slow: Stack;
    beforeAll(async () => {
      slow = await startStack({
        settings: { CALLBACK_RETRY_SECONDS: "40" },
        gateway: { queueSeconds: 0, runSeconds: 0 },
      });
    });
    afterAll(async () => slow.close());

    it.each(
      byDay([
        ["10", 32_000, 48_000],
        ["70", 70_000, 70_000],
        ["80", 80_000, 80_000],
        ["81", 80_000, 80_000],
        ["100000", 80_000, 80_000],
      ]),
    )("Retry-After: %s moves it at most to twice the step", async (seconds, fromMs, toMs) => {
      const wait = await waitAfter(slow, () => ({ "retry-after": seconds }), 503);
      expect(wait).toBeGreaterThanOrEqual(fromMs - 1);
      expect(wait).toBeLessThan(toMs + LATE_MS);
    });
  });
});
