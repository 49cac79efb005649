import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { drip, flood, httpAnswer } from "../../../support/wire/raw-server.ts";
import { eventually } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import {
  LATE_MS,
  TIMEOUT_MS,
  createTask,
  firstThenAccepts,
  onlyDelivery,
  useCallbacks,
  type Behaviour,
} from "./stage.ts";

/*
 * scenario                                            requirement
 * hostile receivers                                   faults 5.2: still a failed attempt, with its reason
 * the Worker itself as receiver                       threats T15: refused, and 508
 */

describe("a callback", () => {
  const { stack, origin, create } = useCallbacks();

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
      const url = origin().replace("http:", "https:");
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
