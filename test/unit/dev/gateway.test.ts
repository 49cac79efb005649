import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { type Fault, type Gateway, type GatewayOptions, startGateway } from "../../../dev/gateway.ts";

const KEY = "sk-first";
const MODEL = "doubao-seedance-2-0-260128";
const TEXT_REQUEST = { model: MODEL, input_mode: "text", prompt: "A lighthouse in the rain" };

const running: Gateway[] = [];
afterEach(() => Promise.all(running.splice(0).map((gateway) => gateway.close())));

async function start(options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway(options);
  running.push(gateway);
  return gateway;
}

function submit(gateway: Gateway, request: unknown = TEXT_REQUEST, key = KEY): Promise<Response> {
  return fetch(`${gateway.baseUrl}/videos`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: typeof request === "string" ? request : JSON.stringify(request),
  });
}

async function submitted(gateway: Gateway, request: unknown = TEXT_REQUEST): Promise<string> {
  const { task_id: id } = (await (await submit(gateway, request)).json()) as { task_id: string };
  return id;
}

function get(gateway: Gateway, path: string, key = KEY): Promise<Response> {
  return fetch(gateway.baseUrl + path, { headers: { authorization: `Bearer ${key}` } });
}

async function poll(gateway: Gateway, id: string): Promise<Record<string, unknown>> {
  return (await (await get(gateway, `/videos/${id}`)).json()) as Record<string, unknown>;
}

async function statusAndCode(response: Response): Promise<[number, string]> {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
}

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

describe("the life of a task", () => {
  it("answers a create with a queued task under task_id alone", async () => {
    const gateway = await start();
    const response = await submit(gateway);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      task_id: expect.stringMatching(/^cgt-/) as string,
      status: "queued",
      created_at: expect.any(Number) as number,
    });
  });

  it("goes through queued, running and succeeded by the clock, with growing progress", async () => {
    const gateway = await start({ queueSeconds: 0.2, runSeconds: 0.5 });
    const id = await submitted(gateway);
    const seen: { status: unknown; progress: number }[] = [];
    await expect
      .poll(
        async () => {
          const { status, progress } = await poll(gateway, id);
          seen.push({ status, progress: Number(progress) });
          return status;
        },
        { interval: 5, timeout: 5000 },
      )
      .toBe("succeeded");
    expect([...new Set(seen.map(({ status }) => status))]).toEqual(["queued", "running", "succeeded"]);
    const progress = seen.map((entry) => entry.progress);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.every(Number.isInteger)).toBe(true);
    expect([progress[0], progress.at(-1)]).toEqual([0, 100]);
    expect(new Set(progress).size).toBeGreaterThan(2);
  });

  it("serves the video under its token and nothing without it", async () => {
    const gateway = await start({ queueSeconds: 0, runSeconds: 0 });
    const { video_url: url, model } = await poll(gateway, await submitted(gateway));
    expect(model).toBe(MODEL);
    const video = await fetch(String(url));
    expect([video.status, video.headers.get("content-type")]).toEqual([200, "video/mp4"]);
    expect(Buffer.from(await video.arrayBuffer()).toString("latin1")).toContain("ftypisom");
    expect((await fetch(String(url).replace(/\?.*/, ""))).status).toBe(404);
  });

  it("fails a task whose prompt contains [fail]", async () => {
    const gateway = await start({ queueSeconds: 0, runSeconds: 0 });
    const id = await submitted(gateway, { ...TEXT_REQUEST, prompt: "A storm [fail]" });
    expect(await poll(gateway, id)).toEqual({
      task_id: id,
      status: "failed",
      progress: 0,
      model: MODEL,
      created_at: expect.any(Number) as number,
      error_message: "The prompt was refused by content review.",
    });
  });

  it("follows the plan made for one request", async () => {
    const taskPlan = ({ prompt }: Record<string, unknown>) => ({
      queueSeconds: 0,
      runSeconds: prompt === "long" ? 60 : 0,
      fails: prompt === "bad",
    });
    const gateway = await start({ taskPlan });
    const statusOf = async (prompt: string) =>
      (await poll(gateway, await submitted(gateway, { ...TEXT_REQUEST, prompt }))).status;
    expect(await Promise.all(["long", "bad", "good"].map(statusOf))).toEqual([
      "running",
      "failed",
      "succeeded",
    ]);
  });

  it("ends at once when the test finishes it", async () => {
    const gateway = await start({ runSeconds: 60 });
    const [good, bad] = [await submitted(gateway), await submitted(gateway)];
    gateway.finish(good, "succeeded");
    gateway.finish(bad, "failed", "Out of luck.");
    expect(await poll(gateway, good)).toMatchObject({ status: "succeeded", progress: 100 });
    expect(await poll(gateway, bad)).toMatchObject({ status: "failed", error_message: "Out of luck." });
    expect(() => gateway.finish("cgt-unknown", "failed")).toThrow("no task cgt-unknown");
  });

  it("sends other status words when given", async () => {
    const gateway = await start({
      queueSeconds: 0,
      runSeconds: 0,
      statusWords: { queued: "PENDING", succeeded: "completed" },
    });
    const created = (await (await submit(gateway)).json()) as { task_id: string; status: string };
    expect(created.status).toBe("PENDING");
    expect((await poll(gateway, created.task_id)).status).toBe("completed");
  });
});

describe("what is refused", () => {
  it.each([undefined, "", "Bearer", "Bearer pk-1", "Basic sk-1", "sk-1"])(
    "answers 401 to the authorization %j on every route",
    async (authorization) => {
      const gateway = await start();
      const headers = authorization === undefined ? {} : { authorization };
      const attempts = [
        fetch(`${gateway.baseUrl}/videos`, { method: "POST", headers, body: "{}" }),
        fetch(`${gateway.baseUrl}/videos/cgt-1`, { headers }),
        fetch(`${gateway.baseUrl}/models`, { headers }),
      ];
      for (const response of await Promise.all(attempts))
        expect(await statusAndCode(response)).toEqual([401, "invalid_api_key"]);
    },
  );

  it("answers 403 to a create by a poor key, and lets it list models", async () => {
    const gateway = await start({ poorKeys: ["sk-poor"] });
    const refused = await submit(gateway, TEXT_REQUEST, "sk-poor");
    expect(await statusAndCode(refused)).toEqual([403, "insufficient_balance"]);
    expect((await get(gateway, "/models", "sk-poor")).status).toBe(200);
  });

  it("answers 404 for an unknown model", async () => {
    const gateway = await start();
    const refused = await submit(gateway, { ...TEXT_REQUEST, model: "sora" });
    expect(await statusAndCode(refused)).toEqual([404, "model_not_found"]);
  });

  it("hides a task from every other key", async () => {
    const gateway = await start();
    const id = await submitted(gateway);
    const refused = await get(gateway, `/videos/${id}`, "sk-second");
    expect(await statusAndCode(refused)).toEqual([404, "task_not_found"]);
  });

  it.each([
    ["a body that is not JSON", "{", "JSON object"],
    ["an array", [], "JSON object"],
    ["no model", { prompt: "x" }, "model is required"],
    ["no prompt", { model: MODEL }, "prompt is required"],
    ["a prompt of 2501 characters", { prompt: "🌧".repeat(2501) }, "2500"],
    ["another capability", { capability: "image" }, "capability"],
    ["another input mode", { input_mode: "audio" }, "input_mode"],
    ["another control mode", { control_mode: "pose" }, "control_mode"],
    ["another aspect ratio", { aspect_ratio: "2:1" }, "aspect_ratio"],
    ["another resolution", { resolution: "4k" }, "resolution"],
    ["a duration of 3 seconds", { duration_seconds: 3 }, "duration_seconds"],
    ["a duration of 16 seconds", { duration_seconds: 16 }, "duration_seconds"],
    ["a duration as a string", { duration_seconds: "5" }, "duration_seconds"],
    ["audio as a string", { with_audio: "true" }, "with_audio"],
    ["null in place of an absent field", { resolution: null }, "resolution"],
    ["a single image task without image", { input_mode: "single_image" }, "image is required"],
    ["an end frame without end image", { control_mode: "end_frame" }, "end_image is required"],
    ["an end image alone", { end_image: "https://example.com/b.png" }, "image is required"],
    ["an image that is neither URL nor base64", { image: "not an image" }, "image must be"],
    ["a reference task without references", { control_mode: "reference" }, "reference_images is required"],
    ["references that are no array", { reference_images: "asset://a" }, "reference_images must be"],
    ["a reference that is a number", { reference_images: [1] }, "reference_images must hold"],
  ])("answers 400 to %s", async (_, request, message) => {
    const gateway = await start();
    const isWhole =
      typeof request === "string" ||
      Array.isArray(request) ||
      "model" in request ||
      message.includes("model");
    const response = await submit(gateway, isWhole ? request : { ...TEXT_REQUEST, ...request });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(message);
    expect(gateway.tasks.size).toBe(0);
  });

  it.each([
    ["a prompt of 2500 characters beyond the basic plane", { prompt: "🌧".repeat(2500) }],
    ["an automatic duration", { duration_seconds: -1 }],
    ["an unknown field", { seed: 7 }],
    [
      "first and last frame",
      {
        input_mode: "single_image",
        control_mode: "end_frame",
        image: "https://example.com/a.png",
        end_image: "data:image/png;base64,iVBORw0KGgo=",
      },
    ],
    [
      "references",
      {
        input_mode: "multi_image",
        control_mode: "reference",
        reference_images: ["asset://asset-1", "iVBORw0K"],
      },
    ],
    ["twenty megabytes of base64", { input_mode: "single_image", image: "A".repeat(20 * 1024 * 1024) }],
  ])("accepts %s", async (_, fields) => {
    const gateway = await start();
    expect((await submit(gateway, { ...TEXT_REQUEST, ...fields })).status).toBe(200);
  });

  it("answers 413 above 64 MiB and goes on serving", async () => {
    const gateway = await start();
    const refused = await submit(gateway, `"${"x".repeat(64 * 1024 * 1024)}"`);
    expect(await statusAndCode(refused)).toEqual([413, "request_too_large"]);
    expect((await submit(gateway)).status).toBe(200);
  });

  it.each([
    ["GET", "/videos"],
    ["DELETE", "/videos/cgt-1"],
    ["GET", "/videos/cgt-1/events"],
    ["POST", "/models"],
  ])("answers 404 as JSON to %s %s", async (method, path) => {
    const gateway = await start();
    const response = await fetch(gateway.baseUrl + path, { method });
    expect(await statusAndCode(response)).toEqual([404, "not_found"]);
  });

  it("limits the rate of each key by itself, submits apart from polls", async () => {
    const gateway = await start({ limits: { submitsPerSecond: 2, pollsPerSecond: 1 } });
    const id = await submitted(gateway);
    expect((await submit(gateway)).status).toBe(200);
    const refused = await submit(gateway);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await statusAndCode(refused)).toEqual([429, "rate_limit_exceeded"]);
    expect((await submit(gateway, TEXT_REQUEST, "sk-second")).status).toBe(200);
    const polls = [await get(gateway, `/videos/${id}`), await get(gateway, `/videos/${id}`)];
    expect(polls.map(({ status }) => status)).toEqual([200, 429]);
    await expect.poll(async () => (await submit(gateway)).status, { timeout: 3000 }).toBe(200);
  });
});

describe("the record of calls", () => {
  it("holds every request in order with what it carried and how it was answered", async () => {
    const gateway = await start({ models: ["m-1"] });
    const body = JSON.stringify({ ...TEXT_REQUEST, model: "m-1" });
    await submit(gateway, body);
    const models = await get(gateway, "/models");
    await fetch(`${gateway.baseUrl}/nothing?a=1`);

    expect(await models.json()).toMatchObject({ object: "list", data: [{ id: "m-1", object: "model" }] });
    expect(gateway.calls.map(({ method, path, status }) => [method, path, status])).toEqual([
      ["POST", "/v1/videos", 200],
      ["GET", "/v1/models", 200],
      ["GET", "/v1/nothing?a=1", 404],
    ]);
    const [first] = gateway.calls;
    expect(first?.authorization).toBe(`Bearer ${KEY}`);
    expect(first?.headers["content-type"]).toBe("application/json");
    expect(first?.body.toString()).toBe(body);
    expect(Math.abs(Date.now() - (first?.at ?? 0))).toBeLessThan(5000);
  });

  it("holds what came of a body that was broken off", async () => {
    const gateway = await start();
    const { hostname, port } = new URL(gateway.baseUrl);
    const socket = connect(Number(port), hostname);
    socket.write("POST /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", () =>
      socket.destroy(),
    );
    await expect.poll(() => gateway.calls.length).toBe(1);
    expect(gateway.calls[0]).toMatchObject({ status: null, body: Buffer.from("half") });
    expect(gateway.tasks.size).toBe(0);
  });
});

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

describe("the control surface", () => {
  it("plans faults, clears them and shows the calls without itself", async () => {
    const gateway = await start();
    const control = new URL("/_control/", gateway.baseUrl).href;
    const plan = (fault: string) => fetch(`${control}faults`, { method: "POST", body: fault });
    expect((await plan('{"on":"models","status":500,"times":1e999}')).status).toBe(204);
    expect((await plan('{"on":"everything"}')).status).toBe(400);
    expect((await plan('{"on":"poll","refusal":"whim"}')).status).toBe(400);
    expect((await get(gateway, "/models")).status).toBe(500);
    expect((await get(gateway, "/models")).status).toBe(500);
    expect((await fetch(`${control}faults`, { method: "DELETE" })).status).toBe(204);
    expect((await get(gateway, "/models")).status).toBe(200);
    const calls = await fetch(`${control}calls`);
    expect(await calls.json()).toEqual(
      [500, 500, 200].map((status) => ({ method: "GET", path: "/v1/models", status })),
    );
    expect((await fetch(`${control}nothing`)).status).toBe(404);
  });
});

describe("closing", () => {
  it("ends idle, waiting and dripping connections, and may be asked twice", async () => {
    const gateway = await start();
    gateway.fault({ on: "models", delayMs: Infinity });
    gateway.fault({ on: "poll", status: 200, drip: { chunk: ".", everyMs: 5 } });
    const { hostname, port } = new URL(gateway.baseUrl);
    const idle = connect(Number(port), hostname);
    await once(idle, "connect");
    const idleClosed = once(idle, "close");
    const waiting = expect(get(gateway, "/models")).rejects.toThrow();
    const dripping = await get(gateway, "/videos/cgt-1");
    await expect.poll(() => gateway.calls.length).toBe(2);

    await gateway.close();
    await gateway.close();
    await Promise.all([idleClosed, waiting, expect(dripping.text()).rejects.toThrow()]);
    await expect(get(gateway, "/models")).rejects.toThrow();
  });
});
