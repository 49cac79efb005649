/**
 * What the simulated gateway and the receiver have in common: listening on loopback, reading a body, and answering
 * as planned, including the bad answers that an ordinary framework does not allow.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** setTimeout turns a longer delay (Infinity too) into 1 ms. "Never" must not become "at once". */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Listening {
  origin: string;
  close(): Promise<void>;
}

export interface Drip {
  chunk: string;
  everyMs: number;
}

export interface Answer {
  status: number;
  headers?: Record<string, string> | undefined;
  /** An object is sent as JSON. */
  body?: string | Buffer | object | undefined;
  delayMs?: number | undefined;
  /** The point at which the socket is destroyed. */
  cut?: "before-headers" | "mid-headers" | "mid-body" | undefined;
  /** After the body, this chunk again and again until the client leaves. */
  drip?: Drip | undefined;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export async function listen(listener: Listener, port = 0): Promise<Listening> {
  const server = createServer((request, response) => {
    listener(request, response).catch((error: unknown) => {
      // Only a bug here or in a caller's own callback gets here. It is logged, or it would look like a planned drop.
      console.error(error);
      response.destroy();
    });
  });
  // Node closes an idle connection after 5 s. A client that polls at that pace would meet a broken connection, and
  // only a planned fault may break one.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        // The only error is that of a server closed before, which is what was asked for.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Those of the ports that no server can have now. */
export async function takenOf(ports: readonly number[]): Promise<number[]> {
  const taken: number[] = [];
  for (const port of ports) {
    try {
      const server = await listen(async () => undefined, port);
      await server.close();
    } catch {
      // In use, reserved, or no port at all.
      taken.push(port);
    }
  }
  return taken;
}

export interface ReadBody {
  bytes: Buffer;
  end: "complete" | "too-large" | "aborted";
}

export async function readBody(request: IncomingMessage, limitBytes: number): Promise<ReadBody> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      // Read on past the limit without keeping it: a client that is still writing would not see the answer.
      if (length <= limitBytes) chunks.push(chunk);
    }
  } catch {
    // The client left in the middle. What came is still worth recording.
    return { bytes: Buffer.concat(chunks), end: "aborted" };
  }
  return { bytes: Buffer.concat(chunks), end: length > limitBytes ? "too-large" : "complete" };
}

export async function sendAnswer(response: ServerResponse, answer: Answer): Promise<void> {
  if (answer.delayMs !== undefined) await pauseWhileConnected(response, answer.delayMs);
  const { socket } = response;
  if (socket === null || response.destroyed) return;

  const { bytes, contentType } = encodeBody(answer.body);
  const headers = headersOf(answer, contentType);

  switch (answer.cut) {
    case "before-headers":
      socket.destroy();
      return;
    case "mid-headers":
      socket.write(`HTTP/1.1 ${answer.status} Cut\r\nContent-Type: applic`, () => socket.destroy());
      return;
    case "mid-body":
      // At least one byte is promised and not sent: an empty body would otherwise be a complete answer.
      response.writeHead(answer.status, { ...headers, "content-length": Math.max(1, bytes.length) });
      response.flushHeaders();
      socket.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => socket.destroy());
      return;
    case undefined:
      break;
  }
  if (answer.drip !== undefined) {
    response.writeHead(answer.status, headers);
    response.flushHeaders();
    if (bytes.length > 0) response.write(bytes);
    dripUntilClosed(response, answer.drip);
    return;
  }
  const bodyless = answer.status === 204 || answer.status === 304;
  if (!bodyless) headers["content-length"] ??= bytes.length;
  response.writeHead(answer.status, headers).end(bodyless ? undefined : bytes);
}

function headersOf(answer: Answer, contentType: string | undefined): Record<string, string | number> {
  const headers: Record<string, string | number> =
    contentType === undefined ? {} : { "content-type": contentType };
  for (const [name, value] of Object.entries(answer.headers ?? {})) headers[name.toLowerCase()] = value;
  return headers;
}

function encodeBody(body: Answer["body"]): { bytes: Buffer; contentType?: string } {
  if (body === undefined) return { bytes: Buffer.alloc(0) };
  if (Buffer.isBuffer(body)) return { bytes: body, contentType: "application/octet-stream" };
  if (typeof body === "string") return { bytes: Buffer.from(body), contentType: "text/plain; charset=utf-8" };
  return { bytes: Buffer.from(JSON.stringify(body)), contentType: "application/json" };
}

function pauseWhileConnected(response: ServerResponse, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(delayMs, LONGEST_TIMER_MS));
    response.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function dripUntilClosed(response: ServerResponse, { chunk, everyMs }: Drip): void {
  const timer = setInterval(() => {
    // A client that stays and does not read would otherwise fill our memory.
    if (!response.writableNeedDrain) response.write(chunk);
  }, everyMs);
  response.once("close", () => clearInterval(timer));
}

/** First in, first out; each step is used `times` times (1 if left out). */
export class AnswerPlan<Step extends { times?: number }> {
  #pending: { step: Step; left: number }[] = [];

  add(step: Step): void {
    this.#pending.push({ step, left: step.times ?? 1 });
  }

  take(matches: (step: Step) => boolean = () => true): Step | undefined {
    const entry = this.#pending.find(({ step, left }) => left > 0 && matches(step));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#pending = this.#pending.filter((other) => other !== entry);
    return entry.step;
  }

  clear(): void {
    this.#pending = [];
  }
}
