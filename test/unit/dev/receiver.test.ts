import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { type Received, type Receiver, type ReceiverOptions, startReceiver } from "../../../dev/receiver.ts";

const running: Receiver[] = [];
afterEach(() => Promise.all(running.splice(0).map((receiver) => receiver.close())));

async function start(options: ReceiverOptions = {}): Promise<Receiver> {
  const receiver = await startReceiver(options);
  running.push(receiver);
  return receiver;
}

function send(receiver: Receiver, body = "{}", path = ""): Promise<Response> {
  return fetch(receiver.url + path, { method: "POST", body, headers: { "webhook-id": "msg_1" } });
}

async function rawExchange(receiver: Receiver, request: string): Promise<string> {
  const { hostname, port } = new URL(receiver.url);
  const socket = connect(Number(port), hostname);
  // A reset in place of an orderly end is one of the ways in which a drop may look.
  const ended = text(socket).catch(() => "");
  socket.write(request);
  return ended;
}

describe("what is received", () => {
  it("is kept with path, headers as sent, body and answered status", async () => {
    const receiver = await start();
    const response = await send(receiver, "héllo", "/deep?a=%20b");
    expect([response.status, await response.text()]).toEqual([200, "ok"]);
    expect(receiver.received).toEqual([
      {
        method: "POST",
        path: "/hook/deep?a=%20b",
        headers: expect.objectContaining({ "webhook-id": "msg_1" }) as object,
        rawHeaders: expect.arrayContaining(["webhook-id", "msg_1"]) as string[],
        body: "héllo",
        at: expect.any(Number) as number,
        status: 200,
      },
    ]);
  });

  it("is handed to onRequest as it comes", async () => {
    const seen: string[] = [];
    const receiver = await start({ onRequest: ({ body }) => seen.push(body) });
    await send(receiver, "one");
    await send(receiver, "two");
    expect(seen).toEqual(["one", "two"]);
  });
});

describe("replies", () => {
  it("are used first in first out, then the default", async () => {
    const receiver = await start();
    receiver.reply({ status: 503, times: 2, headers: { "Retry-After": "7" }, body: { busy: true } });
    receiver.reply({ status: 410 });
    receiver.defaultReply({ status: 204 });
    const first = await send(receiver);
    expect([first.status, first.headers.get("retry-after"), await first.json()]).toEqual([
      503,
      "7",
      { busy: true },
    ]);
    for (let sent = 1; sent < 5; sent += 1) await send(receiver);
    expect(receiver.received.map(({ status }) => status)).toEqual([503, 503, 410, 204, 204]);
  });

  it("can be redirects and bodies of bytes", async () => {
    const receiver = await start();
    receiver.reply({ status: 302, headers: { location: "http://127.0.0.1:1/" } });
    receiver.reply({ body: Buffer.from([0, 255]) });
    const redirect = await fetch(receiver.url, { redirect: "manual" });
    expect([redirect.status, redirect.headers.get("location")]).toEqual([302, "http://127.0.0.1:1/"]);
    expect([...(await (await fetch(receiver.url)).bytes())]).toEqual([0, 255]);
  });

  it("come no sooner than their delay", async () => {
    const receiver = await start();
    receiver.reply({ delayMs: 100 });
    const startedAt = performance.now();
    await send(receiver);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(98);
  });

  it.each([
    ["before", "", null],
    ["before-headers", "sent", null],
    ["mid-body", "sent", 200],
  ] as const)("may drop the connection %s", async (drop, body, status) => {
    const receiver = await start();
    receiver.reply({ drop, body: "0123456789" });
    await expect(send(receiver, "sent").then((response) => response.text())).rejects.toThrow();
    expect(receiver.received).toMatchObject([{ body, status }]);
  });

  it("drop before without waiting for the body, and mid-body after half of the answer", async () => {
    const receiver = await start();
    receiver.reply({ drop: "before" });
    receiver.reply({ drop: "mid-body", body: "0123456789" });
    const head = "POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n";
    expect(await rawExchange(receiver, head)).toBe("");
    expect(await rawExchange(receiver, `${head}body`)).toMatch(/content-length: 10\r\n[^]*\r\n\r\n01234$/);
  });

  it("drip until the caller leaves", async () => {
    const receiver = await start();
    receiver.reply({ drip: { chunk: "drop ", everyMs: 5 } });
    const response = await send(receiver);
    let heard = "";
    for await (const chunk of response.body ?? []) {
      heard += new TextDecoder().decode(chunk);
      if (heard.length >= 25) break;
    }
    expect(heard).toMatch(/^(drop ){5,}$/);
  });
});

describe("waiting", () => {
  it("ends as soon as so many requests were received, at once if they were", async () => {
    const receiver = await start();
    const two = receiver.waitFor(2);
    await send(receiver, "one");
    await send(receiver, "two");
    expect((await two).map(({ body }) => body)).toEqual(["one", "two"]);
    expect(await receiver.waitFor(1, 0)).toHaveLength(2);
  });

  it("ends when the predicate over everything received holds", async () => {
    const receiver = await start();
    const answered = receiver.waitFor((all: readonly Received[]) => all.some(({ status }) => status === 204));
    receiver.reply({ status: 500 });
    receiver.reply({ status: 204 });
    await send(receiver);
    await send(receiver);
    expect((await answered).map(({ status }) => status)).toEqual([500, 204]);
  });

  it("is rejected after the timeout with a list of what came", async () => {
    const receiver = await start();
    await expect(receiver.waitFor(1, 10)).rejects.toThrow(
      "Timed out after 10 ms, waiting for 1 request(s). Nothing was received.",
    );
    receiver.reply({ status: 500 });
    await send(receiver, '{"type":"video.failed"}');
    await expect(receiver.waitFor(3, 10)).rejects.toThrow(
      /waiting for 3 request\(s\)\. Received 1:\n {2}[\d:.]+ POST \/hook 500 msg_1 video\.failed$/,
    );
  });

  it("is rejected by a predicate that throws, and the request is answered all the same", async () => {
    const receiver = await start();
    let calls = 0;
    const broken = receiver.waitFor(() => {
      calls += 1;
      if (calls > 1) throw new Error("broken predicate");
      return false;
    });
    const rejection = expect(broken).rejects.toThrow("broken predicate");
    expect((await send(receiver)).status).toBe(200);
    await rejection;
  });

  it("is rejected when the receiver is closed, and open connections end", async () => {
    const receiver = await start();
    receiver.reply({ delayMs: Infinity });
    const unanswered = expect(send(receiver)).rejects.toThrow();
    await receiver.waitFor(1);
    const waiting = expect(receiver.waitFor(2)).rejects.toThrow("The receiver was closed, waiting for 2");
    await receiver.close();
    await Promise.all([unanswered, waiting]);
  });
});
