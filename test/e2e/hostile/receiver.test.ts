import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  BOUNDED_BYTES,
  broken,
  endlessDrips,
  head,
  tooMuch,
  tooSlow,
  type Bytes,
} from "../../support/wire/hostile-bytes.ts";
import {
  reply,
  startRawReceiver,
  type Endpoint,
  type RawReceiver,
  type Reply,
} from "../../support/receivers/raw-receiver.ts";
import { httpAnswer, startRawServer, type Exchange, type RawServer } from "../../support/wire/raw-server.ts";
import { auditReceiver } from "../../support/checks/audit.ts";
import { eventually, startStack, type DeliveryBody, type Stack, type TaskBody } from "../../support/stack.ts";
import {
  LATE_MS,
  STEP_MS,
  contract,
  retried,
  verdictOf,
  type Attempt,
  type Life,
} from "./receiver-verdict.ts";

/*
 * A receiver that means harm or is broken, in naked bytes. Of each attempt: what is written down, that it was written
 * down before the request was seen, when the next one is planned, and that all of them are the same message.
 *
 * scenario                                            requirement
 * statuses from 200 to 599, by night each of them     contract, The callback: 2xx, 410 and 501, everything else
 * interim answers before the last one                 the same: the status line of the last one decides
 * every 3xx, to loopback, to itself                   the same: never followed; threats T3
 * bodies without an end, bombs, drips, silence        threats T13; faults 5.2: the status line decides, read to 2 KB
 * resets, garbage, half of an answer                  faults 5.2: a failed attempt like any other
 * each of them                                        guarantees 4 and 5: same id, same bytes, the log before the wire
 */

/** Long for an honest answer on a busy machine, which comes after one of the Worker's own: see `startRawReceiver` below. */
const TIMEOUT_MS = 8000;
/** They share two cores: each of many has its answer so late that it times out. */
const AT_ONCE = 10;
/** How long a 2xx body may take to become an excerpt. */
const PATIENCE_MS = 1000;

vi.setConfig({ maxConcurrency: 10 });

let stack: Stack;
let receiver: RawReceiver;
/** Places to which a redirect may point and Ringback must not go. */
let bystander: RawServer;
/** By task: how many attempts the log had when the request was seen. */
const loggedAtArrival = new Map<string, number[]>();
beforeAll(async () => {
  bystander = await startRawServer((socket) => socket.end(httpAnswer(200)));
  receiver = await startRawReceiver(async ({ request }) => {
    const id = taskIdIn(request.body);
    const rows = (await stack.deliveries(id)).flatMap(({ attempts }) => attempts).length;
    loggedAtArrival.set(id, [...(loggedAtArrival.get(id) ?? []), rows]);
  });
  stack = await startStack({
    settings: {
      CALLBACK_RETRY_SECONDS: `${STEP_MS / 1000},600`,
      CALLBACK_TIMEOUT_SECONDS: String(TIMEOUT_MS / 1000),
      UPSTREAM_TIMEOUT_SECONDS: "10",
    },
  });
});
afterAll(async () => {
  await stack.close();
  await Promise.all([receiver.close(), bystander.close()]);
});

function taskIdIn(body: string): string {
  return (JSON.parse(body) as { data: { task_id: string } }).data.task_id;
}

/** A test task, whose only event comes at once. */
async function create(endpoint: Endpoint, fields: Record<string, unknown> = {}): Promise<TaskBody> {
  const test = { outcome: "succeeded", delay_seconds: 0 };
  const response = await stack.create({ test, callback_url: endpoint.url, ...fields });
  expect(response.status).toBe(202);
  return (await response.json()) as TaskBody;
}

async function only(id: string, ready: (delivery: DeliveryBody) => boolean): Promise<DeliveryBody> {
  const data = await stack.deliveries(id, ([first]) => first !== undefined && ready(first), 15_000);
  expect(data).toHaveLength(1);
  return data[0] as DeliveryBody;
}

const recorded = ({ attempts }: DeliveryBody): boolean => (attempts[0]?.outcome ?? "unknown") !== "unknown";

/** Watches the wire, which costs the Worker nothing, before the log is asked. */
async function answered({ exchanges }: Endpoint, count: number): Promise<void> {
  await eventually(
    async () => exchanges[count - 1]?.closed ?? null,
    (closed) => closed !== null,
    2 * TIMEOUT_MS,
  );
}

/** Follows one callback whose first attempt is met by `answer` and whose next one is taken. */
async function follow(answer: Reply): Promise<Life> {
  const endpoint = receiver.endpoint(answer);
  const { task_id: id } = await create(endpoint);
  await answered(endpoint, 1);
  const first = await only(id, recorded);
  if (first.status === "pending") await answered(endpoint, 2);
  const last = await only(id, ({ status }) => status !== "pending");
  const [attempt] = first.attempts as [Attempt];
  const endedAt = Date.parse(attempt.started_at) + (attempt.duration_ms ?? Number.NaN);
  // On a busy machine the second attempt may have begun before the log was read: then it says itself when it did.
  const plannedAt = first.attempts[1]?.started_at ?? first.next_attempt_at;
  const plannedMs = plannedAt === null ? null : Date.parse(plannedAt) - endedAt;
  // The log was ahead of the wire each time, and has as many rows as the wire had requests.
  const { exchanges } = endpoint;
  expect(loggedAtArrival.get(id)).toEqual(exchanges.map((_, index) => index + 1));
  expect(last.attempts).toHaveLength(exchanges.length);
  // One message: the same id and the same bytes each time.
  expect(new Set(exchanges.map(({ request }) => request.headers["webhook-id"]))).toEqual(
    new Set([first.message_id]),
  );
  expect(new Set(exchanges.map(({ request }) => request.body)).size).toBe(1);
  expect(exchanges.map(({ request }) => request.headers["ringback-attempt"])).toEqual(
    exchanges.map((_, index) => String(index + 1)),
  );
  return { first, last, attempt, plannedMs, exchanges };
}

/** Follows many, some at a time. */
async function followAll(answers: readonly Reply[]): Promise<Life[]> {
  const lives: Life[] = [];
  const left = [...answers.entries()];
  const follower = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      lives[next[0]] = await follow(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, follower));
  return lives;
}

const act =
  (bytes: Bytes): Reply =>
  (socket) =>
    bytes(socket);

/** By day every third status is enough for a rule that has four cases; by night each. */
const STATUS_STEP = Number(process.env["STATUS_STEP"] ?? 3);
/** Those of the contract, and their neighbours. */
const NAMED = new Set([200, 204, 299, 300, 304, 399, 400, 409, 410, 411, 429, 499, 500, 501, 502, 503, 599]);

const statusesFrom = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index).filter(
    (status) => NAMED.has(status) || status % STATUS_STEP === 0,
  );

describe("a status line", () => {
  it.each([
    [200, 299],
    [300, 399],
    [400, 499],
    [500, 599],
  ])("decides, from %i to %i", async (from, to) => {
    const statuses = statusesFrom(from, to);
    const lives = await followAll(statuses.map((status) => reply(status)));
    expect(lives.map(verdictOf)).toEqual(statuses.map((status) => contract(status)));
  });

  it("from 300 to 399 is never followed to where its Location points", async () => {
    const statuses = statusesFrom(300, 399);
    const location = `${bystander.origin}/x`;
    const lives = await followAll(statuses.map((status) => reply(status, "", { location })));
    expect(lives.map(verdictOf)).toEqual(statuses.map((status) => contract(status, true)));
    for (const { attempt } of lives) expect(attempt.response_excerpt).toContain(location);
    expect(bystander.connections).toBe(0);
  });

  it.each(["/", "//[", "?", "data:text/plain,ok", "file:///etc/passwd", "http://a:b@127.0.0.1/", "\x80\xff"])(
    "of a redirect to %j is never followed either",
    async (location) => {
      const life = await follow(reply(302, "", { location }));
      expect(verdictOf(life)).toEqual(contract(302, true));
    },
  );

  it("of a redirect to itself does not go round", async () => {
    const life = await follow((socket, { path }) => socket.end(httpAnswer(307, "", { location: path })));
    expect(verdictOf(life)).toEqual(contract(307, true));
    expect(life.exchanges.map(({ request }) => request.method)).toEqual(["POST", "POST"]);
  });

  it("decides after interim ones: 100, 102, 103, several", async () => {
    const link = "link: </x>; rel=preload";
    const several = [head(100) + head(103, link), head(103, link).repeat(50)];
    const interim = [head(100), head(102), head(103, link), head(199), ...several];
    const statuses = [200, 204, 302, 410, 429, 500];
    const lives = await followAll(
      interim.flatMap((before) =>
        statuses.map((status) => (socket) => socket.end(before + httpAnswer(status))),
      ),
    );
    expect(lives.map(verdictOf)).toEqual(interim.flatMap(() => statuses.map((status) => contract(status))));
  });
});

describe.concurrent("an answer that is too much", () => {
  it.each(tooMuch(200))(
    "is delivered by its 200, read to 2 KB and disconnected: %s",
    async (_name, bytes) => {
      const life = await follow(act(bytes));
      expect(verdictOf(life)).toEqual(contract(200));
      expect(Buffer.byteLength(life.attempt.response_excerpt ?? "")).toBe(2048);
      const [{ closed }] = life.exchanges as [Exchange];
      expect(closed?.bytes).toBeLessThan(BOUNDED_BYTES);
      expect(closed?.afterMs).toBeLessThan(PATIENCE_MS + LATE_MS);
    },
  );

  it.each(tooMuch(503))("fails by its 503, read to 2 KB and disconnected: %s", async (_name, bytes) => {
    const life = await follow(act(bytes));
    expect(verdictOf(life)).toEqual(contract(503));
    expect(Buffer.byteLength(life.attempt.response_excerpt ?? "")).toBe(2048);
    const [{ closed }] = life.exchanges as [Exchange];
    expect(closed?.bytes).toBeLessThan(BOUNDED_BYTES);
    expect(closed?.afterMs).toBeLessThan(PATIENCE_MS + LATE_MS);
  });
});

describe.concurrent("an answer that is too slow", () => {
  it.each(tooSlow(200))("is a timeout, and disconnected: %s", async (_name, bytes) => {
    const life = await follow(act(bytes));
    expect(verdictOf(life)).toEqual(retried("timeout"));
    expect(life.attempt.response_excerpt).toBeNull();
    expect(life.attempt.duration_ms).toBeGreaterThanOrEqual(TIMEOUT_MS - 10);
    const [{ closed }] = life.exchanges as [Exchange];
    expect(closed?.bytes).toBeLessThan(BOUNDED_BYTES);
    expect(closed?.afterMs).toBeLessThan(TIMEOUT_MS + LATE_MS);
  });

  it.each(endlessDrips(200))(
    "is delivered once its 200 is there, and disconnected: %s",
    async (_name, bytes) => {
      const life = await follow(act(bytes));
      expect(verdictOf(life)).toEqual(contract(200));
      const [{ closed }] = life.exchanges as [Exchange];
      expect(closed?.bytes).toBeLessThan(BOUNDED_BYTES);
      expect(closed?.afterMs).toBeLessThan(PATIENCE_MS + LATE_MS);
    },
  );

  it.each(endlessDrips(500))(
    "has failed once its 500 is there, and is disconnected: %s",
    async (_name, bytes) => {
      const life = await follow(act(bytes));
      expect(verdictOf(life)).toEqual(contract(500));
      const [{ closed }] = life.exchanges as [Exchange];
      expect(closed?.bytes).toBeLessThan(BOUNDED_BYTES);
      expect(closed?.afterMs).toBeLessThan(PATIENCE_MS + LATE_MS);
    },
  );
});

describe.concurrent("an answer that is none", () => {
  it.each(broken(200))("is a failed connection: %s", async (_name, bytes) => {
    const life = await follow(act(bytes));
    expect(verdictOf(life)).toEqual(retried("connection"));
    expect(life.attempt.response_excerpt).toBeNull();
  });

  it.each([200, 410, 503])("is one if only its body breaks off: a reset after a %i", async (status) => {
    const life = await follow((socket) => {
      socket.write(head(status, "content-length: 100"), () => setTimeout(() => socket.resetAndDestroy(), 50));
    });
    expect(verdictOf(life)).toEqual(contract(status));
  });
});

it("lost, doubled and leaked nothing in all of that", () => {
  const tally = auditReceiver("a hostile receiver, every status", { stack, receiver });
  expect(tally).toMatchObject({ lost: 0, doubled: 0, leaked: 0 });
  expect(tally.runs).toBeGreaterThan(50);
});
