import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { get, KEY, MODEL, poll, submit, submitted, TEXT_REQUEST, useGateways } from "./calls.ts";

const start = useGateways();

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
