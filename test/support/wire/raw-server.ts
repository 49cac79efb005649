import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A TCP server on loopback that reads a request and answers with any bytes, also with those of no HTTP library. */

export interface RawRequest {
  method: string;
  /** As sent, with its query. */
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
  at: number;
}

export interface RawServer {
  /** `http://127.0.0.1:PORT`, without a path. */
  origin: string;
  port: number;
  /** Every connection that was opened, request or not. */
  connections: number;
  /** In the order in which they were complete. */
  requests: RawRequest[];
  /** Those to one path, query and all. */
  to(path: string): RawRequest[];
  close(): Promise<void>;
}

/** Starts it. `answer` has the whole request (one a connection) and the naked socket. */
export async function startRawServer(
  answer: (socket: Socket, request: RawRequest) => void,
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const requests: RawRequest[] = [];
  const server = createServer((socket) => {
    raw.connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // The client disconnects in the middle of most of these answers.
    socket.on("error", () => undefined);
    readRequest(socket, (request) => {
      requests.push(request);
      answer(socket, request);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const raw: RawServer = {
    origin: `http://127.0.0.1:${port}`,
    port,
    connections: 0,
    requests,
    to: (path) => requests.filter((request) => request.path === path),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return raw;
}

function readRequest(socket: Socket, done: (request: RawRequest) => void): void {
  let bytes = Buffer.alloc(0);
  let complete = false;
  socket.on("data", (chunk: Buffer) => {
    if (complete) return;
    bytes = Buffer.concat([bytes, chunk]);
    const headEnd = bytes.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const [start = "", ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
    const headers = Object.fromEntries(lines.map(splitHeader));
    const body = bytes.subarray(headEnd + 4);
    if (body.length < Number(headers["content-length"] ?? 0)) return;
    complete = true;
    const [method = "", path = ""] = start.split(" ");
    done({ method, path, headers, body: body.toString(), at: Date.now() });
  });
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** One request and what became of its connection. */
export interface Exchange {
  request: RawRequest;
  /** The bytes written until the connection closed; null while it is open. */
  closed: { afterMs: number; bytes: number } | null;
}

export function trackExchange(socket: Socket, request: RawRequest): Exchange {
  const exchange: Exchange = { request, closed: null };
  socket.once("close", () => {
    exchange.closed = { afterMs: Date.now() - request.at, bytes: socket.bytesWritten };
  });
  return exchange;
}

/** A whole answer that ends the connection. */
export function httpAnswer(status: number, body = "", headers: Record<string, string> = {}): string {
  const lines = Object.entries({ "content-length": String(Buffer.byteLength(body)), ...headers });
  return [
    `HTTP/1.1 ${status} Planned`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    "connection: close",
    "",
    body,
  ].join("\r\n");
}

/** Writes one chunk after the other until there are no more or the other side leaves. */
export function drip(socket: Socket, everyMs: number, next: () => string | Buffer | null): void {
  const timer = setInterval(() => {
    const chunk = next();
    if (chunk === null) clearInterval(timer);
    else socket.write(chunk);
  }, everyMs);
  socket.once("close", () => clearInterval(timer));
}

/** Writes `chunk` as fast as it is taken, at most `limitBytes` in all. */
export function flood(socket: Socket, chunk: Buffer, limitBytes: number): void {
  let sent = 0;
  const pump = (): void => {
    while (sent < limitBytes && !socket.destroyed) {
      sent += chunk.length;
      if (!socket.write(chunk)) {
        socket.once("drain", pump);
        return;
      }
    }
    if (!socket.destroyed) socket.end();
  };
  pump();
}
