import { describe, expect, it } from "vitest";
import { hold } from "../../../support/wire/held.ts";
import { eventually, isTerminal, newHook, OWN_KEY, submitsTo } from "../../../support/stack.ts";
import { HOLD_SECONDS, timed, useWaits, type Timed } from "./timed.ts";

/*
 * scenario                                       requirement
 * Prefer: wait on a create                       contract, Headers: 200 when it ends in time, else 202; not named if out of range
 * with respond-async                             the submit does not delay the answer, the wait does
 * on an idempotent replay                        the same
 * ?wait and Prefer: wait on a read               at once when it is terminal, or after N seconds; else 400
 * a callback beside the wait                     contract, The callback: not within the hold of the create's answer
 * a caller that disconnects                      its place is free at once; at most 1,000 a task
 */

const authorization = `Bearer ${OWN_KEY}`;

const { stack, runFor, create, read, longTask } = useWaits();

describe("a create that waits", () => {
  it("is answered with 200 as soon as its task has ended", async () => {
    const { response, task, seconds, applied } = await create("wait=20");
    expect(response.status).toBe(200);
    expect(applied).toBe("wait=20");
    expect(task).toMatchObject({ status: "succeeded", progress: 100 });
    expect(response.headers.get("location")).toBe(`/v1/videos/${task.task_id}`);
    expect(seconds).toBeLessThan(10);
    expect(await stack.task(task.task_id)).toEqual(task);
  });

  it("is answered with 202 when its time is up, and the task goes on", async () => {
    runFor(600);
    const { response, task, seconds, applied } = await create("wait=2");
    expect(response.status).toBe(202);
    expect(applied).toBe("wait=2");
    // As it is now, and not as it was accepted.
    expect(task.status).toBe("running");
    expect(seconds).toBeGreaterThanOrEqual(1.99);
    expect(seconds).toBeLessThan(4);
    stack.gateway.finish(task.upstream_task_id ?? "", "succeeded");
    await stack.task(task.task_id, isTerminal);
  });

  it("counts from its arrival, and never answers before the submit", async () => {
    runFor(600);
    stack.gateway.fault({ on: "submit", process: true, delayMs: 1500 });
    const { response, task, seconds } = await create("wait=1");
    expect(response.status).toBe(202);
    expect(task.upstream_task_id).toMatch(/^cgt-/);
    expect(seconds).toBeGreaterThanOrEqual(1.49);
    expect(seconds).toBeLessThan(2.4);
  });

  it("with respond-async is held by the wait and not by the submit", async () => {
    stack.gateway.fault({ on: "submit", process: true, delayMs: 3000 });
    const { response, task, seconds, applied } = await create("respond-async, wait=1");
    expect(response.status).toBe(202);
    expect(applied).toBe("respond-async, wait=1");
    expect(task).toMatchObject({ status: "queued", upstream_task_id: null });
    expect(seconds).toBeGreaterThanOrEqual(0.99);
    expect(seconds).toBeLessThan(2.5);
    await stack.task(task.task_id, isTerminal);
  });

  it("with respond-async too ends with 200", async () => {
    const { response, task, applied } = await create("wait=20, respond-async");
    expect([response.status, task.status]).toEqual([200, "succeeded"]);
    expect(applied).toBe("respond-async, wait=20");
  });

  it("with respond-async has a definite no as the end of its task", async () => {
    stack.gateway.fault({ on: "submit", status: 422, body: { message: "No." } });
    const { response, task } = await create("respond-async, wait=20");
    expect(response.status).toBe(200);
    expect(task).toMatchObject({ status: "failed", error: { code: "upstream_rejected" } });
  });

  it("has a definite no at once, as every create, and no preference applied", async () => {
    stack.gateway.fault({ on: "submit", status: 422, body: { message: "No." } });
    const { response, seconds, applied } = await create("wait=20");
    expect([response.status, applied]).toEqual([422, null]);
    expect(seconds).toBeLessThan(5);
  });

  it("has an unknown submit at once: its task has ended", async () => {
    stack.gateway.fault({ on: "submit", status: 500 });
    const { response, task } = await create("wait=20");
    expect(response.status).toBe(200);
    expect(task).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
  });

  it.each(["wait=0", "wait=61", "wait=abc", "wait=1.5", "wait", "wait=-1", "waiting=5"])(
    "does not, for Prefer: %s",
    async (prefer) => {
      runFor(600);
      const { response, seconds, applied } = await create(prefer);
      expect([response.status, applied]).toEqual([202, null]);
      expect(seconds).toBeLessThan(1);
    },
  );

  it("holds its request's bytes no longer than its submit", async () => {
    runFor(600);
    const image = Buffer.alloc(11_000_000).toString("base64");
    const waits: Promise<Timed>[] = [];
    // Four times 14.7 MB are more than an isolate takes in hand at once.
    for (let count = 1; count <= 4; count += 1) {
      const submits = submitsTo(stack.gateway).length;
      waits.push(create("wait=5", { input_mode: "single_image", image }));
      await eventually(
        async () => submitsTo(stack.gateway).length,
        (now) => now > submits,
      );
    }
    const answers = await Promise.all(waits);
    expect(answers.map(({ response }) => response.status)).toEqual([202, 202, 202, 202]);
  });

  it("is called back when it has been answered and the hold is over, by every event", async () => {
    const hook = newHook(stack);
    runFor(1.5);
    const callback = {
      callback_url: hook.url,
      callback_events: ["video.running", "video.succeeded", "video.failed"],
    };
    const { task } = await create("wait=20", callback);
    const answeredAt = Date.now();
    expect(task.status).toBe("succeeded");
    // Held back until the create has been answered, running is overtaken by the end.
    const [callbackOfEnd, ...others] = await hook.waitFor(1);
    expect(others).toEqual([]);
    expect(JSON.parse(callbackOfEnd?.body ?? "")).toMatchObject({ type: "video.succeeded" });
    expect((callbackOfEnd?.at ?? 0) - answeredAt).toBeGreaterThanOrEqual(HOLD_SECONDS * 1000 - 100);
    expect((callbackOfEnd?.at ?? 0) - answeredAt).toBeLessThan(HOLD_SECONDS * 1000 + 2000);
  });
});

describe("an idempotent replay that waits", () => {
  it("is answered with 200 when the task has ended, and with 202 without the wait", async () => {
    const key = { "idempotency-key": "replay-that-waits" };
    runFor(1);
    const first = await create("", {}, key);
    const replay = await create("wait=20", {}, key);
    expect(replay.response.status).toBe(200);
    expect(replay.response.headers.get("idempotent-replayed")).toBe("true");
    expect(replay.response.headers.get("location")).toBe(`/v1/videos/${first.task.task_id}`);
    expect(replay.applied).toBe("wait=20");
    expect(replay.task).toMatchObject({ task_id: first.task.task_id, status: "succeeded" });
    const plain = await create("", {}, key);
    expect([plain.response.status, plain.applied]).toEqual([202, null]);
  });

  it("is answered with 202 when its time is up", async () => {
    const key = { "idempotency-key": "replay-that-runs-out" };
    runFor(600);
    await create("", {}, key);
    const replay = await create("wait=1", {}, key);
    expect([replay.response.status, replay.applied]).toEqual([202, "wait=1"]);
    expect(replay.seconds).toBeGreaterThanOrEqual(0.99);
  });

  it("does not wait for a first one that is being submitted", async () => {
    const key = { "idempotency-key": "replay-in-progress" };
    stack.gateway.fault({ on: "submit", process: true, delayMs: 4000 });
    const submits = submitsTo(stack.gateway).length;
    const first = create("wait=20", {}, key);
    await eventually(
      async () => submitsTo(stack.gateway).length,
      (count) => count > submits,
    );
    const replay = await create("wait=20", {}, key);
    expect(replay.response.status).toBe(409);
    expect(replay.applied).toBeNull();
    expect((await first).response.status).toBe(200);
  });
});

describe("a read that waits", () => {
  it.each([
    ["?wait=20", {}, null],
    ["", { prefer: "wait=20" }, "wait=20"],
    // What stands in the address decides, and then nothing of the header was honoured.
    ["?wait=20", { prefer: "wait=1, respond-async" }, null],
  ])("by %j and %j is answered as soon as the task has ended", async (query, headers, honoured) => {
    runFor(1.5);
    const { task: created } = await timed(stack.create());
    const { response, task, seconds, applied } = await read(created.task_id, query, headers);
    expect([response.status, task.status, applied]).toEqual([200, "succeeded", honoured]);
    expect(seconds).toBeLessThan(10);
    const again = await read(created.task_id, query, headers);
    expect(again.task).toEqual(task);
    expect(again.seconds).toBeLessThan(0.9);
  });

  it.each([
    ["?wait=1", {}],
    ["", { prefer: "wait=1" }],
  ])("by %j and %j is answered as it is when the time is up", async (query, headers) => {
    const id = await longTask();
    const { response, task, seconds } = await read(id, query, headers);
    expect([response.status, task.status]).toEqual([200, "running"]);
    expect(seconds).toBeGreaterThanOrEqual(0.99);
    expect(seconds).toBeLessThan(2.5);
  });

  it.each(["0", "61", "abc", "-1", "1.5", "1e1", "", "5s", "999999999999999999999"])(
    "by ?wait=%s is no request",
    async (wait) => {
      const id = await longTask();
      const { response, task } = await read(id, `?wait=${wait}`);
      expect(response.status).toBe(400);
      const message = "must be an integer from 1 to 60";
      expect(task).toMatchObject({
        error: {
          code: "invalid_request",
          param: "wait",
          issues: [{ path: "wait", code: "integer_range", message }],
        },
      });
    },
  );

  it("by a Prefer out of range does not wait", async () => {
    const { response, seconds, applied } = await read(await longTask(), "", { prefer: "wait=61" });
    expect([response.status, applied]).toEqual([200, null]);
    expect(seconds).toBeLessThan(0.9);
  });

  it("of an id that is made up is the same 404, whatever the wait", async () => {
    const madeUp = `task_${"a".repeat(42)}`;
    for (const query of ["", "?wait=5", "?wait=0"]) {
      const { response, task } = await read(madeUp, query);
      expect(response.status).toBe(404);
      expect(task).toMatchObject({ error: { code: "task_not_found", message: "No such task." } });
    }
  });

  it("is 404 when the task is deleted meanwhile", async () => {
    const id = await longTask();
    const waiting = read(id, "?wait=20");
    // By the time that a second wait is over, the first has begun.
    await read(id, "?wait=1");
    expect((await stack.call(`/v1/videos/${id}`, { method: "DELETE" })).status).toBe(204);
    const { response, task } = await waiting;
    expect(response.status).toBe(404);
    expect(task).toMatchObject({ error: { code: "task_not_found" } });
  });

  it("finds no room beside 1,000 others, until one of them disconnects", async () => {
    const id = await longTask();
    const url = `${stack.worker.url}/v1/videos/${id}?wait=60`;
    const waiting = Array.from({ length: 1001 }, () => hold(url, { authorization }));
    try {
      const full = await Promise.race(waiting.map(async (held) => ({ held, answer: await held.answer })));
      await full.held.ended;
      expect(full.answer.statusCode).toBe(503);
      expect(full.answer.headers["retry-after"]).toBe("1");
      expect(JSON.parse(full.held.text())).toMatchObject({ error: { code: "overloaded", retryable: true } });
      expect((await read(id, "?wait=1")).response.status).toBe(503);
      waiting.find((held) => held !== full.held)?.hangUp();
      const freed = await eventually(
        async () => read(id, "?wait=1"),
        ({ response }) => response.status === 200,
      );
      expect(freed.task.status).toBe("running");
    } finally {
      for (const { hangUp } of waiting) hangUp();
    }
  });
});
