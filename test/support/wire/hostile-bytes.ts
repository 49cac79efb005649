import type { Socket } from "node:net";
import { brotliCompressSync, constants, deflateRawSync, gzipSync } from "node:zlib";
import { drip, flood } from "./raw-server.ts";

/** Answers that try to fill a client's memory or to hold it for ever; for an upstream and for a receiver. */

export type Bytes = (socket: Socket) => void;

const MIB = 1_048_576;
/** More than any client may read: if the server writes so much, the client did not disconnect. */
const ENDLESS_BYTES = 512 * MIB;
/** Two socket buffers and a client's read-ahead; far below `ENDLESS_BYTES`. */
export const BOUNDED_BYTES = 24 * MIB;

export function head(status: number, ...lines: string[]): string {
  return [`HTTP/1.1 ${status} Planned`, ...lines, "", ""].join("\r\n");
}

/** 200 MB of JSON in next to nothing. Made before any request: that takes a second, in which no server answers. */
function bombs(): { gzip: Buffer; br: Buffer } {
  const pad = Buffer.alloc(200 * MIB, " ");
  const plain = Buffer.concat([Buffer.from('{"status":"succeeded","pad":"'), pad, Buffer.from('"}')]);
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  return { gzip: gzipSync(plain, { level: 1 }), br: brotliCompressSync(plain, quick) };
}

/** A gzip stream whose every kilobyte is a megabyte, without an end. */
function endlessGzip(socket: Socket): void {
  socket.write(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]));
  flood(socket, deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_FULL_FLUSH }), ENDLESS_BYTES);
}

const JSON_TYPE = "content-type: application/json";

/** Too much: the client must disconnect after a bounded number of bytes, long before a timeout. */
export function tooMuch(status: number): [name: string, bytes: Bytes][] {
  const { gzip, br } = bombs();
  return [
    [
      "a body of 512 MB, announced",
      (socket) => {
        socket.write(head(status, JSON_TYPE, `content-length: ${ENDLESS_BYTES}`));
        flood(socket, Buffer.alloc(65_536, " "), ENDLESS_BYTES);
      },
    ],
    [
      "a body without an end, in chunks",
      (socket) => {
        socket.write(head(status, JSON_TYPE, "transfer-encoding: chunked"));
        flood(socket, Buffer.from(`10000\r\n${" ".repeat(65_536)}\r\n`), ENDLESS_BYTES);
      },
    ],
    [
      "a body without an end, until the connection closes",
      (socket) => {
        socket.write(head(status, JSON_TYPE, "connection: close"));
        flood(socket, Buffer.alloc(65_536, " "), ENDLESS_BYTES);
      },
    ],
    [
      "a gzip bomb of 200 MB",
      (socket) => {
        // The header announces one byte more than comes: the connection stays open until the client closes it.
        socket.write(head(status, JSON_TYPE, "content-encoding: gzip", `content-length: ${gzip.length + 1}`));
        socket.write(gzip);
      },
    ],
    [
      "a brotli bomb of 200 MB",
      (socket) => {
        socket.write(head(status, JSON_TYPE, "content-encoding: br", `content-length: ${br.length + 1}`));
        socket.write(br);
      },
    ],
    [
      "gzip without an end",
      (socket) => {
        socket.write(head(status, JSON_TYPE, "content-encoding: gzip", "connection: close"));
        endlessGzip(socket);
      },
    ],
  ];
}

/** Too slow: the client must disconnect at its timeout. */
export function tooSlow(status: number): [name: string, bytes: Bytes][] {
  const answer = head(status, JSON_TYPE, "content-length: 1000").split("");
  return [
    ["nothing at all", () => undefined],
    ["half of a status line", (socket) => void socket.write("HTTP/1.1 2")],
    [
      "a head in single bytes",
      (socket) => {
        // For fifteen seconds in all, longer than any time limit here.
        let at = 0;
        drip(socket, 200, () => answer[at++] ?? null);
      },
    ],
    [
      "headers without an end",
      (socket) => {
        socket.write(`HTTP/1.1 ${status} Planned\r\n`);
        drip(socket, 50, () => "x-more: and more\r\n");
      },
    ],
    [
      "interim answers without an end",
      (socket) => drip(socket, 50, () => head(103, "link: </x>; rel=preload")),
    ],
  ];
}

/** A head in time, and a body that is never whole. */
export function endlessDrips(status: number): [name: string, bytes: Bytes][] {
  return [
    [
      "a byte a second",
      (socket) => {
        socket.write(head(status, JSON_TYPE, "content-length: 1000"));
        drip(socket, 1000, () => "{");
      },
    ],
    [
      "a space every 20 ms, without an end",
      (socket) => {
        socket.write(head(status, JSON_TYPE, "transfer-encoding: chunked"));
        drip(socket, 20, () => "1\r\n \r\n");
      },
    ],
    ["a head and no body", (socket) => void socket.write(head(status, JSON_TYPE, "content-length: 2"))],
    [
      "gzip that never yields a byte",
      (socket) => {
        socket.write(head(status, JSON_TYPE, "content-encoding: gzip", "connection: close"));
        socket.write(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]));
        // Empty stored blocks: valid, and nothing in them.
        drip(socket, 20, () => Buffer.from([0, 0, 0, 0xff, 0xff]));
      },
    ],
  ];
}

/** No HTTP answer, or none that is whole. */
export function broken(status: number): [name: string, bytes: Bytes][] {
  return [
    ["a reset before the status line", (socket) => socket.resetAndDestroy()],
    ["an end before the status line", (socket) => socket.end()],
    ["an end within the status line", (socket) => socket.end("HTTP/1.1 20")],
    [
      "a reset within the headers",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-ty", () => socket.resetAndDestroy());
      },
    ],
    ["TLS instead of HTTP", (socket) => socket.end(Buffer.from("1603010200010001fc0303", "hex"))],
    ["an SMTP greeting", (socket) => socket.end("220 mail.example.com ESMTP\r\n")],
    ["a status that is no number", (socket) => socket.end("HTTP/1.1 two-hundred OK\r\n\r\n{}")],
    [
      "noise",
      (socket) => socket.end(Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919) % 256))),
    ],
    [
      "only interim answers",
      (socket) => socket.end(head(100) + head(102) + head(103, `x-status: ${status}`)),
    ],
  ];
}
