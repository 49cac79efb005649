import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { drip, flood } from "../wire/raw-server.ts";

/**
 * A server of result files, honest and hostile ones; the query says of what size and type. `/seen?mark=…` answers with the
 * requests whose URL contains the mark, `/digest?size=…` with the SHA-256 of an honest file.
 */
export interface SourceServer {
  /** `http://127.0.0.1:PORT`. */
  origin: string;
  close(): Promise<void>;
}

export interface SeenRequest {
  url: string;
  headers: IncomingHttpHeaders;
  /** Whether the client left before the answer's end. */
  left: boolean;
}

/** The first box of an MP4, which is also what a test's own file begins with. */
export const MP4_START = Buffer.from("\0\0\0\x18ftypisom\0\0\x02\0isommp41", "latin1");
const BLOCK = 65_536;
const SLOW_MS = 20;

/** `size` bytes that look like a video and repeat nowhere within a block. */
export function videoBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += BLOCK) videoBlock(at).copy(bytes, at);
  return bytes;
}

/** The SHA-256 of `videoBytes(size)`, without that memory. */
export function videoDigest(size: number): string {
  const hash = createHash("sha256");
  for (let at = 0; at < size; at += BLOCK) hash.update(videoBlock(at).subarray(0, size - at));
  return hash.digest("hex");
}

const PATTERN = Buffer.alloc(BLOCK);
for (let word = 0; word < BLOCK; word += 4) PATTERN.writeUInt32LE((word * 2_654_435_761) % 2 ** 32, word);

/** The block that begins at `at`. It holds its place, so that a block lost or doubled changes the file. */
function videoBlock(at: number): Buffer {
  const block = Buffer.from(PATTERN);
  block.writeBigUInt64LE(BigInt(at), 64);
  if (at === 0) MP4_START.copy(block);
  return block;
}

/** Reads the query of a path of this server. */
interface Asked {
  size: number;
  type: string | null;
  to: string;
  status: number;
}

type Answer = (response: ServerResponse, asked: Asked, socket: Socket) => void | Promise<void>;

const typed = ({ type }: Asked): Record<string, string> => (type === null ? {} : { "content-type": type });

const rawHead = (asked: Asked, ...lines: string[]): string =>
  ["HTTP/1.1 200 OK", ...(asked.type === null ? [] : [`content-type: ${asked.type}`]), ...lines, "", ""].join(
    "\r\n",
  );

/** As fast as the client takes it, or with a pause before each block, and no longer than the client stays. */
async function stream(response: ServerResponse, size: number, pauseMs = 0): Promise<void> {
  const blocks = async function* (): AsyncGenerator<Buffer> {
    for (let at = 0; at < size; at += BLOCK) {
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      yield videoBlock(at).subarray(0, size - at);
    }
  };
  await pipeline(Readable.from(blocks()), response).catch(() => undefined);
}

const ANSWERS: Record<string, Answer> = {
  /** An honest file of a known length. */
  "/file": async (response, asked) => {
    response.writeHead(200, { ...typed(asked), "content-length": String(asked.size) });
    await stream(response, asked.size);
  },
  /** The same in chunks. */
  "/chunked": async (response, asked) => {
    response.writeHead(200, typed(asked));
    await stream(response, asked.size);
  },
  /** Both at about 3 MB a second. */
  "/slow": async (response, asked) => {
    response.writeHead(200, { ...typed(asked), "content-length": String(asked.size) });
    await stream(response, asked.size, SLOW_MS);
  },
  "/slow-chunked": async (response, asked) => {
    response.writeHead(200, typed(asked));
    await stream(response, asked.size, SLOW_MS);
  },
  /** Packed although nothing else than `identity` was asked for. */
  "/gzip": (response, asked) => {
    const packed = gzipSync(videoBytes(asked.size), { level: 1 });
    response.writeHead(200, {
      ...typed(asked),
      "content-encoding": "gzip",
      "content-length": String(packed.length),
    });
    response.end(packed);
  },
  "/zstd": (response, asked) => {
    response.writeHead(200, { ...typed(asked), "content-encoding": "zstd" });
    response.end(videoBytes(asked.size));
  },
  "/html": (response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end("<!doctype html><script>alert(1)</script>");
  },
  "/text": (response, asked) => {
    response.writeHead(200, typed(asked));
    response.end("<!doctype html><script>alert(1)</script>");
  },
  "/svg": (response) => {
    response.writeHead(200, { "content-type": "image/svg+xml" });
    response.end('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  },
  "/empty": (response, asked) => {
    response.writeHead(200, { ...typed(asked), "content-length": "0" });
    response.end();
  },
  "/status": (response, { status }) => {
    response.writeHead(status);
    response.end(status === 204 || status === 304 ? undefined : "no");
  },
  "/redirect": (response, { to, status }) => {
    response.writeHead(status, to === "" ? {} : { location: to });
    response.end("over there");
  },
  /** Half of what was promised. */
  "/cut": (_response, asked, socket) => {
    socket.write(rawHead(asked, `content-length: ${asked.size}`));
    socket.end(videoBytes(asked.size).subarray(0, asked.size / 2));
  },
  "/cut-chunked": (_response, asked, socket) => {
    socket.write(rawHead(asked, "transfer-encoding: chunked"));
    socket.write(`${asked.size.toString(16)}\r\n`);
    socket.end(videoBytes(asked.size).subarray(0, asked.size / 2));
  },
  "/bad-chunks": (_response, asked, socket) => {
    socket.write(rawHead(asked, "transfer-encoding: chunked"));
    socket.write(`${asked.size.toString(16)}\r\n`);
    socket.write(videoBytes(asked.size));
    socket.end("\r\nnot a length\r\n");
  },
  /** Ten bytes more than was promised. */
  "/longer": (_response, asked, socket) => {
    socket.write(rawHead(asked, `content-length: ${asked.size}`));
    socket.end(videoBytes(asked.size + 10));
  },
  "/two-lengths": (_response, asked, socket) => {
    socket.write(rawHead(asked, `content-length: ${asked.size}`, "content-length: 5"));
    socket.end(videoBytes(asked.size));
  },
  "/reset": (_response, _asked, socket) => void socket.resetAndDestroy(),
  "/silent": () => undefined,
  /** Half of what was promised, and then nothing more. */
  "/stuck": (_response, asked, socket) => {
    socket.write(rawHead(asked, `content-length: ${asked.size}`));
    socket.write(videoBytes(asked.size).subarray(0, asked.size / 2));
  },
  "/stuck-chunked": (_response, asked, socket) => {
    socket.write(rawHead(asked, "transfer-encoding: chunked"));
    socket.write(`${asked.size.toString(16)}\r\n`);
    socket.write(videoBytes(asked.size).subarray(0, asked.size / 2));
  },
  /** The head at once, then a byte now and then. */
  "/drip": (_response, asked, socket) => {
    // Written beside the server, which would answer nothing more on this connection.
    socket.write(rawHead(asked, `content-length: ${asked.size}`, "connection: close"));
    socket.write(MP4_START);
    let left = asked.size - MP4_START.length;
    drip(socket, 20, () => {
      if (left-- > 0) return "x";
      socket.end();
      return null;
    });
  },
  "/endless": (_response, asked, socket) => {
    socket.write(rawHead(asked, "transfer-encoding: chunked"));
    const block = videoBlock(0);
    flood(
      socket,
      Buffer.concat([Buffer.from(`${BLOCK.toString(16)}\r\n`), block, Buffer.from("\r\n")]),
      2 ** 31,
    );
  },
};

export async function startSourceServer(): Promise<SourceServer> {
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? "/", "http://source");
    if (url.pathname === "/seen") {
      const mark = url.searchParams.get("mark") ?? "";
      response.end(JSON.stringify(seen.filter((one) => one.url.includes(mark))));
      return;
    }
    if (url.pathname === "/digest") {
      response.end(videoDigest(Number(url.searchParams.get("size"))));
      return;
    }
    const entry: SeenRequest = { url: request.url ?? "", headers: request.headers, left: false };
    seen.push(entry);
    response.once("close", () => (entry.left = !response.writableFinished));
    const asked = {
      size: Number(url.searchParams.get("size") ?? 1000),
      type: url.searchParams.get("type"),
      to: url.searchParams.get("to") ?? "",
      status: Number(url.searchParams.get("status") ?? 302),
    };
    const found = ANSWERS[url.pathname];
    if (found) void found(response, asked, request.socket);
    else response.writeHead(404).end();
  };
  const server = createServer(answer);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
