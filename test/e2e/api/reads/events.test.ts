import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listenTo, type Listener } from "../../../support/wire/event-source.ts";
import { hold, type Held } from "../../../support/wire/held.ts";
import { parseEventStream, type ServerEvent } from "../../../support/wire/sse.ts";
import {
  eventually,
  isTerminal,
  OWN_KEY,
  startStack,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";

/*
 * scenario                                     requirement
 * a life, followed from its start              contract, events: the state as it is, each change, the end
 * an EventSource that comes again              its `retry:`; a known end is not sent again
 * silence                                      comment heartbeat; an end after the stream's time, with `retry:`
 * upstream JSON of several lines               one event all the same
 * refused listeners                            404, 401, 405 in the contract's order; 1,000 at most
 * a listener that disconnects                  its place is free at once
 * POLL_MAX_SECONDS                             contract, Settings: bounds the first poll of a streamed task, not of one waited for
 */

const authorization = `Bearer ${OWN_KEY}`;
const LIMITS = { heartbeatMs: 200, lengthMs: 2500, retryMs: 150 };

let stack: Stack;
let plan = { queueSeconds: 0.3, runSeconds: 0.8, fails: false };
const listeners: { close(): void }[] = [];

beforeAll(async () => {
  stack = await startStack({
    gateway: { taskPlan: () => plan },
    instead: {
      "task-object/waiters/stream-limits.ts": `export const STREAM_LIMITS = ${JSON.stringify(LIMITS)};`,
    },
  });
});
afterAll(async () => stack.close());
beforeEach(() => {
  plan = { queueSeconds: 0.3, runSeconds: 0.8, fails: false };
});
afterEach(() => {
  stack.gateway.clearFaults();
  for (const { close } of listeners.splice(0)) close();
});

const pathOf = (id: string): string => `/v1/videos/${id}/events`;

async function created(headers: Record<string, string> = {}): Promise<string> {
  return ((await (await stack.create({}, headers)).json()) as TaskBody).task_id;
}

function listen(id: string): Listener {
  const listener = listenTo(stack.worker.url + pathOf(id), authorization);
  listeners.push(listener);
  return listener;
}

function open(id: string, { worker }: Pick<Stack, "worker"> = stack): Held {
  const held = hold(worker.url + pathOf(id), { authorization });
  listeners.push({ close: held.hangUp });
  return held;
}

/** The events of a task's whole stream. */
async function eventsOf(id: string): Promise<ServerEvent[]> {
  const response = await stack.call(pathOf(id));
  expect(response.status).toBe(200);
  return parseEventStream(await response.text()).events;
}

const taskIn = ({ data }: { data: string }): TaskBody => JSON.parse(data) as TaskBody;

describe("a stream of events", () => {
  it("tells a life as it goes: queued, running, each progress, succeeded", async () => {
    const id = await created();
    const listener = listen(id);
    await eventually(
      async () => listener.events(),
      (events) => events.includes("video.succeeded"),
    );
    const told = listener.dispatched.filter(({ type }) => type.startsWith("video."));
    const [first, second, ...rest] = told;
    expect([first?.type, second?.type, told.at(-1)?.type]).toEqual([
      "video.queued",
      "video.running",
      "video.succeeded",
    ]);
    expect(new Set(rest.slice(0, -1).map(({ type }) => type))).toEqual(new Set(["video.progress"]));
    const progress = told.map((event) => taskIn(event).progress ?? 0);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(rest.length).toBeGreaterThanOrEqual(3);
    for (const event of told) expect(taskIn(event)).toMatchObject({ object: "video.task", task_id: id });
    // Sent while it happened, and not at the end.
    expect((told.at(-1)?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(500);
    expect(taskIn(told.at(-1) ?? { data: "" })).toEqual(await stack.task(id));
  });

  it("ends an EventSource after the end of the task: it comes again once, and not for a third time", async () => {
    const id = await created();
    const listener = listen(id);
    await eventually(
      async () => listener.source.readyState,
      (state) => state === listener.source.CLOSED,
    );
    expect(listener.events().filter((type) => type === "video.succeeded")).toHaveLength(1);
    // The state says so itself, so a client may keep it for as long as it likes.
    const last = listener.dispatched.findLast(({ type }) => type === "video.succeeded");
    const again = await stack.call(pathOf(id), { headers: { "last-event-id": last?.id ?? "" } });
    expect([again.status, await again.text()]).toEqual([204, ""]);
    expect(again.headers.get("x-request-id")).toMatch(/^req_/);
    const other = await stack.call(pathOf(id), { headers: { "last-event-id": "running-50" } });
    expect(parseEventStream(await other.text()).events).toHaveLength(1);
  });

  it("of a task that has ended is its end", async () => {
    plan.fails = true;
    const id = await created();
    const task = await stack.task(id, isTerminal);
    const [event, ...more] = await eventsOf(id);
    expect(more).toEqual([]);
    expect(event?.event).toBe("video.failed");
    expect(taskIn(event ?? { data: "" })).toEqual(task);
  });

  it("is never cached, and names its request", async () => {
    const id = await created();
    const response = await stack.call(pathOf(id));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-request-id": expect.stringMatching(/^req_/),
    });
    await response.body?.cancel();
  });

  it("carries an upstream's answer of several lines as one event", async () => {
    plan.runSeconds = 600;
    const id = await created();
    const { upstream_task_id: upstreamId } = await stack.task(id, ({ status }) => status === "running");
    const stream = open(id);
    const done = { task_id: upstreamId, status: "completed", video_url: "https://cdn.example.com/v.mp4" };
    const body = JSON.stringify(done, null, 2).replaceAll("\n", "\r\n");
    stack.gateway.fault({
      on: "poll",
      times: Infinity,
      status: 200,
      body,
      headers: { "content-type": "application/json" },
    });
    await stream.ended;
    expect(stream.text()).toMatch(/\ndata: +"status": "completed"/);
    const last = parseEventStream(stream.text()).events.at(-1);
    expect(last?.event).toBe("video.succeeded");
    expect(taskIn(last ?? { data: "" })).toMatchObject({ status: "succeeded", upstream: done });
  });

  it("of a task that was not submitted yet starts with it queued", async () => {
    stack.gateway.fault({ on: "submit", process: true, delayMs: 600 });
    const events = await eventsOf(await created({ prefer: "respond-async" }));
    expect(events.slice(0, 2).map(({ event }) => event)).toEqual(["video.queued", "video.running"]);
    expect(taskIn(events[0] ?? { data: "" }).upstream_task_id).toBeNull();
    expect(events.at(-1)?.event).toBe("video.succeeded");
  });
});

describe("a stream of a task that does not end", () => {
  beforeEach(() => {
    plan = { queueSeconds: 600, runSeconds: 600, fails: false };
  });

  it("beats in comments, and ends after its time with when to come again", async () => {
    const id = await created();
    const startedAt = Date.now();
    const stream = open(id);
    await stream.answer;
    await stream.ended;
    const { events, comments, retryMs } = parseEventStream(stream.text());
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(LIMITS.lengthMs - 10);
    expect(events.map(({ event }) => event)).toEqual(["video.queued"]);
    expect(comments.length).toBeGreaterThanOrEqual(LIMITS.lengthMs / LIMITS.heartbeatMs / 2);
    expect(stream.text()).toMatch(/\nretry: 150\n\n$/);
    expect(retryMs).toBe(LIMITS.retryMs);
  });

  it("is followed by an EventSource, which connects again after the time that the stream names", async () => {
    const listener = listen(await created());
    await eventually(
      async () => listener.events(),
      (events) => events.length >= 2,
    );
    // Nothing has changed meanwhile: it starts again with the state as it is.
    expect(listener.events().slice(0, 2)).toEqual(["video.queued", "video.queued"]);
    const [broken, opened] = ["error", "open"].map((type) =>
      listener.dispatched.findLast((event) => event.type === type),
    );
    const gapMs = (opened?.at ?? 0) - (broken?.at ?? 0);
    expect(gapMs).toBeGreaterThanOrEqual(LIMITS.retryMs - 10);
    expect(gapMs).toBeLessThan(LIMITS.retryMs + 1000);
  });
});

describe("a refused listener", () => {
  it.each(["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])("by %s is answered with what may", async (method) => {
    const response = await stack.call(pathOf(`task_${"a".repeat(42)}`), { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET");
  });

  it("without a key is refused", async () => {
    const response = await stack.call(pathOf(await created()), { headers: { authorization: "none" } });
    expect(response.status).toBe(401);
  });

  it("with another's key finds the same 404 as for an id that is made up", async () => {
    const headers = { authorization: "Bearer sk-somebody-else" };
    const answers = await Promise.all(
      [await created(), `task_${"a".repeat(42)}`].map(async (id) => {
        const response = await stack.call(pathOf(id), { headers });
        expect(response.status).toBe(404);
        return (await response.text()).replace(/req_\w+/, "req");
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain("task_not_found");
  });
});

describe("with the limits that are deployed", () => {
  const POLL_MAX_SECONDS = 0.5;
  let patient: Stack;
  beforeAll(async () => {
    // Without POLL_FIRST_SECONDS the prior decides: it looks for nothing within the first ten seconds.
    patient = await startStack({
      settings: { POLL_FIRST_SECONDS: "", POLL_MAX_SECONDS: String(POLL_MAX_SECONDS) },
      gateway: { queueSeconds: 600 },
    });
  });
  afterAll(async () => patient.close());

  const polls = (id: string): number =>
    patient.gateway.calls.filter(({ path }) => path === `/v1/videos/${id}`).length;

  it("the first poll of a task that is only waited for stays where it was planned; a stream brings it within POLL_MAX_SECONDS", async () => {
    const { task_id: id, upstream_task_id: upstreamId } = (await (await patient.create()).json()) as TaskBody;
    await patient.call(`/v1/videos/${id}?wait=2`);
    expect(polls(upstreamId ?? "")).toBe(0);
    const openedAt = Date.now();
    const streams = [open(id, patient), open(id, patient), open(id, patient)];
    await eventually(
      async () => polls(upstreamId ?? ""),
      (count) => count > 0,
    );
    expect(Date.now() - openedAt).toBeLessThan(POLL_MAX_SECONDS * 1000 + 700);
    for (const { hangUp } of streams) hangUp();
  });

  it("the first poll of a task that is followed before it was accepted comes within POLL_MAX_SECONDS of its acceptance", async () => {
    patient.gateway.fault({ on: "submit", process: true, delayMs: 800 });
    const response = await patient.create({}, { prefer: "respond-async" });
    const { task_id: id } = (await response.json()) as TaskBody;
    open(id, patient);
    const accepted = await patient.task(id, (task) => task.upstream_task_id !== null);
    await eventually(
      async () => polls(accepted.upstream_task_id ?? ""),
      (count) => count > 0,
    );
    expect(Date.now() - Date.parse(accepted.submitted_at ?? "")).toBeLessThan(POLL_MAX_SECONDS * 1000 + 700);
  });

  it("finds no room beside 1,000 others, until one of them disconnects", async () => {
    const { task_id: id } = (await (await patient.create()).json()) as TaskBody;
    const comments = (): number =>
      streams
        .map((stream) => parseEventStream(stream.text()).comments.length)
        .reduce((sum, count) => sum + count);
    const streams = Array.from({ length: 1001 }, () => open(id, patient));
    const answers = await Promise.all(streams.map(async ({ answer }) => answer));
    const refused = answers.filter(({ statusCode }) => statusCode === 503);
    expect(refused).toHaveLength(1);
    expect(refused[0]?.headers["retry-after"]).toBe("1");
    const sent = answers.findIndex(({ statusCode }) => statusCode === 200);
    streams[sent]?.hangUp();
    const one = await eventually(
      async () => patient.call(pathOf(id)),
      ({ status }) => status === 200,
    );
    await one.body?.cancel();
    // That took less than a heartbeat, which would have noticed in its time.
    expect(comments()).toBe(0);
  });
});
