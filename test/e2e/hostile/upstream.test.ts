import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { BOUNDED_BYTES, broken, endlessDrips, tooMuch, tooSlow } from "../../support/wire/hostile-bytes.ts";
import {
  httpAnswer,
  startRawServer,
  trackExchange,
  type Exchange,
  type RawServer,
} from "../../support/wire/raw-server.ts";
import { BORNE, meetings, outcomes, UNKNOWN } from "../../support/upstreams/meetings.ts";
import {
  json,
  startRawUpstream,
  succeeds,
  VIDEO,
  type Answer,
  type RawUpstream,
} from "../../support/upstreams/raw-upstream.ts";
import { auditUpstream } from "../../support/checks/audit.ts";
import { eventually, isTerminal, newHook, startStack, type Stack } from "../../support/stack.ts";
import { byDay } from "../../support/checks/by-day.ts";
import {
  FOREIGN_IDS,
  NO_IDS,
  okWith,
  PAGES,
  pointersTo,
  say,
  STATUSES_IN_A_ROW,
} from "./upstream-answers.ts";

/*
 * An upstream that means harm or is broken, in naked bytes; each answer both to the submit and to a poll. What an
 * ordinary HTTP server can say wrong stands in life/submit and life/poll.
 *
 * scenario                                            requirement
 * bodies without an end, bombs                        threats T13: read to a cap and cancelled
 * drips, silence, heads without an end                the same: ended by the timeout, which covers the body
 * resets, garbage, half of an answer                  contract, Submit: unknown, sent once; faults 5.2: polls go on
 * pages with a 200, whatever their type says          faults 5.2: not parsed as success
 * 3 MB of good JSON                                   the same: no honest answer is longer
 * ids of a wrong type                                 contract, The task: a string or an integer, at most 256
 * an id that changes                                  the same: not trusted and asked again
 * a status that goes back, two in one answer          contract: a terminal task never changes; guarantee 3
 * redirects, and every header that names a host       threats T2: that host sees no connection at all
 */

/** Long for an honest answer on a busy machine. */
const TIMEOUT_MS = 8000;
/** Timers of two busy cores. */
const LATE_MS = 2000;

vi.setConfig({ maxConcurrency: 6 });

let upstream: RawUpstream;
let stack: Stack;
/** Another host: where nothing may ever arrive. */
let elsewhere: RawServer;
beforeAll(async () => {
  upstream = await startRawUpstream();
  elsewhere = await startRawServer((socket) => socket.end(httpAnswer(200, "{}")));
  stack = await startStack({
    settings: {
      AIO_BASE_URL: upstream.baseUrl,
      UPSTREAM_TIMEOUT_SECONDS: String(TIMEOUT_MS / 1000),
      CALLBACK_TIMEOUT_SECONDS: String((2 * TIMEOUT_MS) / 1000),
    },
  });
});
afterAll(async () => {
  await stack.close();
  await Promise.all([upstream.close(), elsewhere.close()]);
});

const { create, meet, submitMeets, pollMeets } = meetings(() => ({ stack, upstream }));

async function closing(exchange: Exchange): Promise<NonNullable<Exchange["closed"]>> {
  const closed = await eventually(
    async () => exchange.closed,
    (value) => value !== null,
    2 * TIMEOUT_MS,
  );
  return closed ?? { afterMs: Number.NaN, bytes: Number.NaN };
}

describe.concurrent("an answer that is too much", () => {
  it.each(byDay(tooMuch(200)))(
    "is disconnected after a bounded number of bytes: %s",
    async (_name, bytes) => {
      const met = await meet(bytes);
      expect(outcomes(met)).toEqual([UNKNOWN, BORNE]);
      for (const { exchange } of met) {
        const closed = await closing(exchange);
        expect(closed.bytes).toBeLessThan(BOUNDED_BYTES);
        expect(closed.afterMs).toBeLessThan(TIMEOUT_MS);
      }
    },
  );

  it.each(byDay(tooMuch(200)))(
    "is disconnected at once, not when the task's alarm has run: %s",
    async (_name, bytes) => {
      // While a callback hangs, the run that polls goes on, and whatever it holds stays open.
      let callback = null as Exchange | null;
      const hanging = await startRawServer((socket, request) => {
        callback = trackExchange(socket, request);
      });
      try {
        const fields = { callback_url: hanging.origin, callback_events: ["video.running"] };
        const running = json(200, { status: "running" });
        const { scene } = await create({ poll: [running, running, bytes] }, fields);
        const [, , exchange] = await eventually(
          async () => scene.polls,
          ({ length }) => length >= 3,
        );
        const closed = await closing(exchange as Exchange);
        expect(hanging.requests).toHaveLength(1);
        // It hangs for twice as long as an answer of the upstream may take.
        expect(callback).toMatchObject({ closed: null });
        expect(closed.bytes).toBeLessThan(BOUNDED_BYTES);
      } finally {
        await hanging.close();
      }
    },
  );
});

describe.concurrent("an answer that is too slow", () => {
  it.each([...tooSlow(200), ...endlessDrips(200)])(
    "is disconnected at the timeout: %s",
    async (_name, bytes) => {
      const met = await meet(bytes);
      expect(outcomes(met)).toEqual([UNKNOWN, BORNE]);
      for (const { exchange } of met) {
        const closed = await closing(exchange);
        // Counted from when the request was seen, which may be a while after it left.
        expect(closed.afterMs).toBeGreaterThan(TIMEOUT_MS / 2);
        expect(closed.afterMs).toBeLessThan(TIMEOUT_MS + LATE_MS);
      }
    },
  );
});

describe.concurrent("an answer that is none", () => {
  it.each(byDay(broken(200)))("is an unknown submit, and a poll to repeat: %s", async (_name, bytes) => {
    expect(outcomes(await meet(bytes))).toEqual([UNKNOWN, BORNE]);
  });
});

describe.concurrent("a 200 that is no answer of the API", () => {
  it.each(byDay(PAGES))("is an unknown submit, and a poll to repeat: %s", async (_name, body, type) => {
    expect(outcomes(await meet(okWith(body, type)))).toEqual([UNKNOWN, BORNE]);
  });
});

describe.concurrent("an id", () => {
  it.each(byDay(NO_IDS))("that is %s leaves a submit unknown", async (_name, ids) => {
    const met = await submitMeets((socket) => socket.end(httpAnswer(200, `{"status":"queued",${ids}}`)));
    expect(met.outcome).toEqual(UNKNOWN);
  });

  it.each(byDay(FOREIGN_IDS))(
    "that is another one is not trusted and asked again: %s",
    async (_name, ids) => {
      const url = "https://cdn.example.com/somebody-elses.mp4";
      const met = await pollMeets((socket, { id }) =>
        socket.end(httpAnswer(200, `{"status":"succeeded","video_url":"${url}",${ids(id)}}`)),
      );
      expect(met.outcome).toEqual(BORNE);
    },
  );

  it("that changes from poll to poll is asked again until it is ours, at the place that the submit named", async () => {
    const other = (id: string, status: string) =>
      json(200, { task_id: id, status, video_url: VIDEO, error: "no" });
    const plan = [
      other("a", "succeeded"),
      other("b", "failed"),
      other("c", "running"),
      other("d", "succeeded"),
    ];
    const { scene, task } = await create({ poll: plan });
    const ended = await stack.task(task.task_id, isTerminal);
    expect(ended).toMatchObject({ status: "succeeded", upstream_task_id: scene.id });
    expect(scene.polls.map(({ request }) => request.path)).toEqual(Array(5).fill(`/v1/videos/${scene.id}`));
  });
});

describe.concurrent("a status that goes back", () => {
  it.each(byDay(STATUSES_IN_A_ROW))("%s, has one end and one event", async (_name, poll, end, polls) => {
    const hook = newHook(stack);
    const { scene, task } = await create(
      { poll: [...poll, ...Array.from({ length: 20 }, () => say("failed"))] },
      { callback_url: hook.url },
    );
    await hook.waitFor(1);
    const ended = await stack.task(task.task_id, ({ callback }) => callback?.status === "delivered");
    expect(ended).toMatchObject(end);
    // The life of another task is the time in which this one would have been asked about again.
    const other = await create({});
    await stack.task(other.task.task_id, isTerminal);
    expect(await stack.task(task.task_id)).toEqual(ended);
    expect(scene.polls).toHaveLength(polls);
    expect(hook.received()).toHaveLength(1);
  });
});

describe.concurrent("an answer that points elsewhere", () => {
  const pointers = () => pointersTo(elsewhere);
  const body = (id: string) =>
    JSON.stringify({ task_id: id, status: "succeeded", video_url: `${elsewhere.origin}/v.mp4` });

  it.each(byDay([300, 301, 302, 303, 304, 305, 306, 307, 308, 310, 399]))(
    "with %i is an unknown submit, a poll to repeat, and is not followed",
    async (status) => {
      const redirect: Answer = (socket, { id }) =>
        socket.end(httpAnswer(status, status === 304 ? "" : body(id), pointers()));
      expect(outcomes(await meet(redirect))).toEqual([UNKNOWN, BORNE]);
      expect(elsewhere.connections).toBe(0);
    },
  );

  it.each(
    byDay([
      ["without a scheme", () => `//127.0.0.1:${elsewhere.port}/steal`],
      ["without a host", () => "/v1/steal"],
      ["to the very same place", () => "?"],
      ["with user info", () => `http://user:pass@127.0.0.1:${elsewhere.port}/`],
      ["to data", () => "data:application/json,%7B%22task_id%22%3A%22x%22%7D"],
      ["to a file", () => "file:///etc/passwd"],
      ["nowhere", () => ""],
      ["that is no URL", () => "http://["],
    ]),
  )("whose Location is %s is not followed", async (_name, location) => {
    const redirect: Answer = (socket) => socket.end(httpAnswer(307, "", { location: location() }));
    const met = await meet(redirect);
    expect(outcomes(met)).toEqual([UNKNOWN, BORNE]);
    for (const { exchange } of met) expect(exchange.request.path).not.toContain("steal");
    expect(elsewhere.connections).toBe(0);
  });

  it("and is a success is a success, whose pointers and whose video Ringback does not fetch", async () => {
    const created: Answer = (socket, { id }) =>
      socket.end(httpAnswer(201, JSON.stringify({ task_id: id }), pointers()));
    const ended: Answer = (socket, { id }) => socket.end(httpAnswer(200, body(id), pointers()));
    const { task } = await create({ submit: [created], poll: [ended] });
    expect(await stack.task(task.task_id, isTerminal)).toMatchObject({
      status: "succeeded",
      video_url: `${elsewhere.origin}/v.mp4`,
    });
    expect(elsewhere.connections).toBe(0);
  });

  it("many times in a row is asked again each time, with the key for the configured host alone", async () => {
    const redirect: Answer = (socket: Socket) => void socket.end(httpAnswer(302, "", pointers()));
    const { scene, task } = await create({ poll: Array.from({ length: 5 }, () => redirect) });
    expect(await stack.task(task.task_id, isTerminal)).toMatchObject({ status: "succeeded" });
    expect(scene.polls).toHaveLength(6);
    expect(elsewhere.connections).toBe(0);
  });

  it("is what the list of models may not be either", async () => {
    const redirecting = await startRawServer((socket) => socket.end(httpAnswer(302, "", pointers())));
    const other = await startStack({ settings: { AIO_BASE_URL: redirecting.origin } });
    try {
      expect((await other.call("/v1/models")).status).toBe(502);
      expect((await other.call("/v1/webhooks/secret")).status).toBe(502);
      expect(redirecting.connections).toBe(2);
      expect(elsewhere.connections).toBe(0);
    } finally {
      await other.close();
      await redirecting.close();
    }
  });
});

it("after all of that the Worker is as it was", async () => {
  const { scene, task } = await create({ poll: [succeeds] });
  expect(await stack.task(task.task_id, isTerminal)).toMatchObject({ status: "succeeded", video_url: VIDEO });
  expect([scene.submits.length, scene.polls.length]).toEqual([1, 1]);
});

it("lost, doubled and leaked nothing in all of that", async () => {
  const tally = await auditUpstream("a hostile upstream, at the submit and at a poll", {
    stack,
    upstream,
    submitsMax: 1,
  });
  expect(tally).toMatchObject({ lost: 0, doubled: 0, leaked: 0 });
  expect(tally.runs).toBeGreaterThan(50);
});
