import { env, exports } from "cloudflare:workers";
import { abortAllDurableObjects, listDurableObjectIds, reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EventsAnswer } from "../../../src/task-object/client.ts";
import { STREAM_LIMITS } from "../../../src/task-object/waiters/stream-limits.ts";
import { taskStub } from "../../../src/task-object/client.ts";
import { nameInTaskId } from "../../../src/domain/task/task-id.ts";
import { parseEventStream } from "../../support/wire/sse.ts";
import { ownAccount } from "../support/account.ts";
import {
  caller,
  created,
  fakeNetwork,
  network,
  request,
  type TaskBody,
  until,
  upstream,
} from "../support/world.ts";

/*
 * scenario                                        requirement
 * a thousand wait and listen                      contract, events: at most 1,000; none of them causes a poll
 * one of a thousand leaves, or its time is up     its place is free
 * the object dies while it is waited for          no waiter hangs: asked again, or the stream breaks
 * the task is deleted while it is waited for      404; the stream ends
 * ids that are made up                            contract, ids: no object is woken
 */

const running = upstream({ status: "running", progress: 5 });

beforeEach(() => {
  fakeNetwork();
  network.answer = running;
});

const limits = { ...STREAM_LIMITS };
afterEach(async () => {
  Object.assign(STREAM_LIMITS, limits);
  await reset();
  vi.restoreAllMocks();
});

const polls = (): number => network.calls.filter(({ method }) => method === "GET").length;

async function account(): Promise<string> {
  return ownAccount();
}

const objectOf = (id: string) => taskStub(env.TASKS, nameInTaskId(id) ?? "");

/** A running task without a callback. */
async function runningTask(): Promise<string> {
  const { task_id: id } = await created({ callback_url: undefined });
  await until(
    async () => (await request("GET", `/v1/videos/${id}`)).json<TaskBody>(),
    ({ status }) => status === "running",
  );
  return id;
}

/** Opens a stream at the object itself. */
async function listen(id: string, ticket = crypto.randomUUID()): Promise<EventsAnswer> {
  return objectOf(id).events({ account: await account(), ticket, lastEventId: null });
}

async function streamOf(id: string): Promise<ReadableStream<Uint8Array>> {
  const answer = await listen(id);
  if (answer.kind !== "stream") throw new Error(answer.kind);
  return answer.stream;
}

async function fill(id: string, waiters: number, streams: number, waitMs = 30_000) {
  const waits = Array.from({ length: waiters }, async () =>
    objectOf(id).wait({ account: await account(), ticket: crypto.randomUUID(), waitMs }),
  );
  const open = await Promise.all(Array.from({ length: streams }, async () => streamOf(id)));
  // A full room is seen from outside only.
  await until(
    async () => waiting(id),
    (kind) => kind === "full",
  );
  return { waits, open };
}

/** Whether one more finds a place, at the object itself; it leaves at once. */
async function waiting(id: string): Promise<string> {
  const { kind } = await objectOf(id).wait({
    account: await account(),
    ticket: crypto.randomUUID(),
    waitMs: 1,
  });
  return kind;
}

describe("a thousand callers that wait for one task", () => {
  it("cause no poll of their own and all hear the end; one more is told to come back", async () => {
    const id = await runningTask();
    const before = { polls: polls(), at: Date.now() };
    const { waits, open } = await fill(id, 500, 500);
    for (const path of [`/v1/videos/${id}?wait=5`, `/v1/videos/${id}/events`]) {
      const refused = await request("GET", path);
      expect(refused.status).toBe(503);
      expect(refused.headers.get("retry-after")).toBe("1");
      expect(await refused.json()).toMatchObject({ error: { code: "overloaded", retryable: true } });
    }
    // A read without a wait needs no place.
    expect((await request("GET", `/v1/videos/${id}`)).status).toBe(200);
    const seen = polls();
    await until(polls, (count) => count >= seen + 3);
    // One task's own polls: a fifth of a second apart, less the jitter.
    expect(polls() - before.polls).toBeLessThanOrEqual((Date.now() - before.at) / 150 + 2);

    network.answer = upstream();
    const answers = await Promise.all(waits);
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(["task"]));
    const bodies = new Set(answers.map((answer) => (answer.kind === "task" ? answer.body : "")));
    expect(bodies.size).toBe(1);
    expect(JSON.parse([...bodies][0] ?? "")).toMatchObject({ task_id: id, status: "succeeded" });
    const texts = await Promise.all(open.map(async (stream) => new Response(stream).text()));
    for (const text of texts) {
      const { events } = parseEventStream(text);
      expect(events.map(({ event }) => event)).toEqual(["video.running", "video.succeeded"]);
    }
  });

  it("leave their places when they go: a waiter, a listener, and a listener whose stream is cancelled", async () => {
    const id = await runningTask();
    const ticket = crypto.randomUUID();
    const leaver = objectOf(id).wait({ account: await account(), ticket, waitMs: 30_000 });
    const listener = crypto.randomUUID();
    const left = await listen(id, listener);
    const cancelled = await streamOf(id);
    await fill(id, 0, 997);

    await objectOf(id).cancelWait(ticket);
    expect(await leaver).toMatchObject({ kind: "task", ended: false });
    expect(await waiting(id)).toBe("task");

    await objectOf(id).cancelWait(listener);
    if (left.kind !== "stream") throw new Error(left.kind);
    // What was told before arrives, and then the end.
    expect(parseEventStream(await new Response(left.stream).text()).events).toHaveLength(1);

    await cancelled.cancel();
    // Two are free again, and the third is not.
    const [one, two] = [await streamOf(id), await streamOf(id)];
    expect(one).not.toBe(two);
    await until(
      async () => (await listen(id)).kind,
      (kind) => kind === "full",
    );
  });
});

describe("a task that is deleted", () => {
  it("ends the waits for it with 404, and its streams", async () => {
    const id = await runningTask();
    const waits = [request("GET", `/v1/videos/${id}?wait=30`), request("GET", `/v1/videos/${id}?wait=30`)];
    const stream = await request("GET", `/v1/videos/${id}/events`);
    const reader = stream.body?.getReader();
    await reader?.read();
    expect((await request("DELETE", `/v1/videos/${id}`)).status).toBe(204);
    for (const response of await Promise.all(waits)) {
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: "task_not_found" } });
    }
    expect(await reader?.read()).toMatchObject({ done: true });
    expect((await request("GET", `/v1/videos/${id}/events`)).status).toBe(404);
  });
});

describe("an object that dies", () => {
  it("is asked again by the waiting call, for the time that remains", async () => {
    const id = await runningTask();
    const wait = request("GET", `/v1/videos/${id}?wait=30`);
    await until(
      async () => waiting(id),
      (kind) => kind === "task",
    );
    await abortAllDurableObjects();
    network.answer = upstream();
    const response = await wait;
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "succeeded" });
  });

  it("holds no call longer than the time asked for", async () => {
    const id = await runningTask();
    const startedAt = Date.now();
    const wait = request("GET", `/v1/videos/${id}?wait=2`);
    await until(
      async () => waiting(id),
      (kind) => kind === "task",
    );
    await abortAllDurableObjects();
    const response = await wait;
    expect(await response.json()).toMatchObject({ status: "running" });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1990);
    expect(Date.now() - startedAt).toBeLessThan(3500);
  });

  it("breaks its streams, so that a listener comes again and finds the state as it is", async () => {
    const id = await runningTask();
    const reader = (await streamOf(id)).getReader();
    await reader.read();
    await abortAllDurableObjects();
    await expect(reader.read()).rejects.toThrow(/./);
    network.answer = upstream();
    const again = await request("GET", `/v1/videos/${id}/events`);
    const { events } = parseEventStream(await again.text());
    expect(events.at(-1)?.event).toBe("video.succeeded");
  });

  it("and a create that waits is answered by its task's end all the same", async () => {
    const creating = exports.default.fetch("http://ringback.test/v1/videos", {
      method: "POST",
      headers: { authorization: caller.authorization, "content-type": "application/json", prefer: "wait=30" },
      body: JSON.stringify({ model: "m", prompt: "p" }),
    });
    await until(polls, (count) => count >= 2);
    await abortAllDurableObjects();
    network.answer = upstream();
    const response = await creating;
    expect(response.status).toBe(200);
    expect(response.headers.get("preference-applied")).toBe("wait=30");
    expect(await response.json()).toMatchObject({ status: "succeeded" });
  });
});

describe("a stream", () => {
  it("ends when its time is up, saying when to come again, and frees its place", async () => {
    Object.assign(STREAM_LIMITS, { heartbeatMs: 100, lengthMs: 450, retryMs: 77 });
    const id = await runningTask();
    const response = await request("GET", `/v1/videos/${id}/events`);
    const { events, comments, retryMs } = parseEventStream(await response.text());
    expect(events.map(({ event }) => event)).toEqual(["video.running"]);
    expect(comments.length).toBeGreaterThanOrEqual(3);
    expect(retryMs).toBe(77);
  });

  it("of a client that does not read is cut, so that missed events fill no memory", async () => {
    Object.assign(STREAM_LIMITS, { heartbeatMs: 20 });
    const id = await runningTask();
    const stream = await streamOf(id);
    const { waits } = await fill(id, 999, 0);
    // Its place is free once the queue at the object is full, behind what the way there holds.
    await until(
      async () => waiting(id),
      (kind) => kind === "task",
    );
    await expect(new Response(stream).text()).rejects.toThrow(/./);
    await request("DELETE", `/v1/videos/${id}`);
    expect(new Set((await Promise.all(waits)).map(({ kind }) => kind))).toEqual(new Set(["none"]));
  });
});

it("an id that is made up wakes no object, waited for or listened to", async () => {
  const before = (await listDurableObjectIds(env.TASKS)).length;
  const madeUp = `task_${"a".repeat(42)}`;
  for (const path of [`${madeUp}?wait=5`, `${madeUp}?wait=0`, `${madeUp}/events`]) {
    const response = await request("GET", `/v1/videos/${path}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "task_not_found" } });
  }
  expect(await listDurableObjectIds(env.TASKS)).toHaveLength(before);
});
