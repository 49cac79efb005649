import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readText } from "../../../src/net/read-bytes.ts";

/*
 * scenario                                          requirement
 * announced or not, in one piece or in several      the whole body
 * longer than announced once it is unpacked         the whole body, up to the cap
 * over the cap                                      the cap's worth, the rest cancelled
 * broken off                                        broken, with nothing of it believed
 * a body that a script makes                        the whole body
 */

const CAP_BYTES = 10_000;
const LONG = "a".repeat(CAP_BYTES + 5000);
const packed = (text: string): Buffer => gzipSync(text);

/** By path. */
const answers: Record<string, (response: ServerResponse) => void> = {
  "/announced": (response) => response.writeHead(200, { "content-length": 5 }).end("hello"),
  "/in-pieces": (response) => {
    response.writeHead(200, { "content-length": 10 }).write("hello");
    setTimeout(() => response.end("world"), 20);
  },
  "/not-announced": (response) => {
    response.write("hello");
    response.end();
  },
  "/empty": (response) => response.writeHead(200, { "content-length": 0 }).end(),
  "/no-body": (response) => response.writeHead(204).end(),
  "/unpacks": (response) => packedAnswer(response, "b".repeat(5000)),
  "/unpacks-over-the-cap": (response) => packedAnswer(response, LONG),
  "/over-the-cap": (response) => response.writeHead(200, { "content-length": LONG.length }).end(LONG),
  "/broken": (response) => {
    response.writeHead(200, { "content-length": 10 }).write("hello");
    setTimeout(() => response.destroy(), 20);
  },
};

function packedAnswer(response: ServerResponse, text: string): void {
  const bytes = packed(text);
  response.writeHead(200, { "content-length": bytes.length, "content-encoding": "gzip" }).end(bytes);
}

let server: Server;
let origin = "";

beforeAll(async () => {
  server = createServer((request, response) => answers[request.url ?? ""]?.(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

describe("reading an answer", () => {
  it.each([
    ["/announced", "hello"],
    ["/in-pieces", "helloworld"],
    ["/not-announced", "hello"],
    ["/empty", ""],
    ["/no-body", ""],
    ["/unpacks", "b".repeat(5000)],
  ])("gives all of %s", async (path, text) => {
    expect(await readText(await fetch(origin + path), CAP_BYTES)).toEqual({ text, end: "complete" });
  });

  it.each(["/unpacks-over-the-cap", "/over-the-cap"])("gives the cap's worth of %s", async (path) => {
    expect(await readText(await fetch(origin + path), CAP_BYTES)).toEqual({
      text: LONG.slice(0, CAP_BYTES),
      end: "capped",
    });
  });

  it("believes nothing of an answer that breaks off before its announced end", async () => {
    expect(await readText(await fetch(`${origin}/broken`), CAP_BYTES)).toEqual({ text: "", end: "broken" });
  });

  it("gives all of a body that a script makes", async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("hello"));
        controller.close();
      },
    });
    const response = new Response(body, { headers: { "content-length": "5" } });
    expect(await readText(response, CAP_BYTES)).toEqual({ text: "hello", end: "complete" });
  });
});
