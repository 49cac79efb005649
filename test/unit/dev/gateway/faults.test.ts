import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Fault, Gateway } from "../../../../dev/gateway.ts";
import { get, KEY, submit, TEXT_REQUEST, useGateways } from "./calls.ts";

const start = useGateways();

/** Everything that the server puts on the wire until it closes the connection. */
async function rawExchange(gateway: Gateway, request: string): Promise<string> {
  const { hostname, port } = new URL(gateway.baseUrl);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  return text(socket);
}

function rawGet(gateway: Gateway, path: string): Promise<string> {
  return rawExchange(gateway, `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n\r\n`);
}

describe("faults", () => {
  it.each<[string, Fault, number, number | null]>([
    ["is not processed when dropped before", { on: "submit", drop: "before" }, 0, null],
    ["is processed when dropped after", { on: "submit", drop: "after" }, 1, null],
    ["is processed when broken off in the body", { on: "submit", drop: "mid-body" }, 1, 200],
    ["is processed when broken off in the headers", { on: "submit", drop: "mid-headers" }, 1, null],
  ])("a create %s", async (_, fault, taskCount, status) => {
    const gateway = await start();
    gateway.fault(fault);
    await expect(submit(gateway).then((response) => response.text())).rejects.toThrow();
    expect(gateway.tasks.size).toBe(taskCount);
    expect(gateway.calls.map((call) => call.status)).toEqual([status]);
    expect((await submit(gateway)).status).toBe(200);
  });

  it.each<[string, Fault, number]>([
    ["nothing under a status", { on: "submit", status: 500 }, 0],
    ["a task under a status with process", { on: "submit", status: 500, process: true }, 1],
    ["a task when only the body is replaced", { on: "submit", body: "<html>" }, 1],
    ["nothing when the body is replaced without process", { on: "submit", body: {}, process: false }, 0],
  ])("leaves %s", async (_, fault, taskCount) => {
    const gateway = await start();
    gateway.fault(fault);
    expect((await submit(gateway)).status).toBe(fault.status ?? 200);
    expect(gateway.tasks.size).toBe(taskCount);
  });

  it("sends status, headers and body as planned", async () => {
    const gateway = await start();
    gateway.fault({
      on: "poll",
      status: 502,
      headers: { "Content-Type": "text/html", "X-A": "1" },
      body: "<h1>",
    });
    const response = await get(gateway, "/videos/cgt-1");
    expect([response.status, response.headers.get("content-type"), response.headers.get("x-a")]).toEqual([
      502,
      "text/html",
      "1",
    ]);
    expect(await response.text()).toBe("<h1>");
  });

  it("are used first in first out on their own route, as often as they say", async () => {
    const gateway = await start();
    gateway.fault({ on: "models", status: 500, times: 2 });
    gateway.fault({ on: "poll", status: 418 });
    gateway.fault({ on: "models", status: 503 });
    const statuses: number[] = [];
    for (const path of ["/models", "/models", "/models", "/models", "/videos/cgt-1", "/videos/cgt-1"])
      statuses.push((await get(gateway, path)).status);
    expect(statuses).toEqual([500, 500, 503, 200, 418, 404]);
  });

  it("wait for the key that they name", async () => {
    const gateway = await start();
    gateway.fault({ on: "models", key: "sk-second", status: 500 });
    const statuses: number[] = [];
    for (const key of [KEY, "sk-second", "sk-second"])
      statuses.push((await get(gateway, "/models", key)).status);
    expect(statuses).toEqual([200, 500, 200]);
  });

  it("go on for ever with times Infinity until they are cleared", async () => {
    const gateway = await start();
    gateway.fault({ on: "models", status: 500, times: Infinity });
    const before = [
      await get(gateway, "/models"),
      await get(gateway, "/models"),
      await get(gateway, "/models"),
    ];
    gateway.clearFaults();
    expect(before.map(({ status }) => status)).toEqual([500, 500, 500]);
    expect((await get(gateway, "/models")).status).toBe(200);
  });

  it("delay the answer past the caller's timeout after the task was made", async () => {
    const gateway = await start();
    gateway.fault({ on: "submit", delayMs: Infinity });
    const signal = AbortSignal.timeout(100);
    const request = { method: "POST", headers: { authorization: `Bearer ${KEY}` }, signal };
    const attempt = fetch(`${gateway.baseUrl}/videos`, { ...request, body: JSON.stringify(TEXT_REQUEST) });
    await expect(attempt).rejects.toThrow("timeout");
    expect(gateway.tasks.size).toBe(1);
  });

  it("delay the answer by no less than planned", async () => {
    const gateway = await start();
    gateway.fault({ on: "models", delayMs: 100 });
    const startedAt = performance.now();
    expect((await get(gateway, "/models")).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(98);
  });

  it("cut the answer on the wire in the headers and in the body", async () => {
    const gateway = await start();
    gateway.fault({ on: "models", drop: "mid-headers" });
    gateway.fault({ on: "models", drop: "mid-body", status: 200, body: "0123456789" });
    gateway.fault({ on: "models", drop: "mid-body", status: 200, body: "" });
    expect(await rawGet(gateway, "/v1/models")).toMatch(/^HTTP\/1\.1 200 [^]*applic$/);
    const cutBody = await rawGet(gateway, "/v1/models");
    expect(cutBody).toContain("content-length: 10\r\n");
    expect(cutBody).toMatch(/\r\n\r\n01234$/);
    const cutEmptyBody = await rawGet(gateway, "/v1/models");
    expect(cutEmptyBody).toContain("content-length: 1\r\n");
    expect(cutEmptyBody).toMatch(/\r\n\r\n$/);
  });

  it("drip until the client leaves", async () => {
    const gateway = await start();
    gateway.fault({ on: "models", status: 200, body: "head", drip: { chunk: ".", everyMs: 5 } });
    const response = await get(gateway, "/models");
    let received = "";
    for await (const chunk of response.body ?? []) {
      received += new TextDecoder().decode(chunk);
      if (received.length >= 10) break;
    }
    expect(received).toMatch(/^head\.{6,}$/);
  });
});
