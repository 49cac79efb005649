import { env, exports } from "cloudflare:workers";
import { abortAllDurableObjects, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { deliveriesTo } from "../../../src/domain/delivery/by-receiver.ts";
import type { TaskState } from "../../../src/domain/task/due-work.ts";
import { isUnproved } from "../../../src/domain/task/key-proof.ts";
import { anotherAsks } from "../support/burst.ts";
import { keyedName, ownKeyAccount } from "../../../src/keys/ids.ts";
import { watchLog } from "../../support/log-lines.ts";
import { readRows } from "../../support/model/read-rows.ts";
import { addRun, newTally, printTally, type Tally } from "../../support/checks/tally.ts";
import { crash, onTheWire, planCrash, plantPoints, unknownMembers, VERBS } from "../support/crash.ts";
import { register, unregister } from "../support/registered.ts";
import {
  create,
  ELSEWHERE,
  ENDPOINT_A,
  ENDPOINT_B,
  bucketFiles,
  fakeNetwork,
  HEADER_ELSEWHERE,
  isReceiver,
  network,
  RECEIVER,
  SOURCES,
  video,
} from "../support/world.ts";

/*
 * The crash sweep: one life after another, from create to retention; in the n-th the process dies at its n-th point.
 * The task is then left alone, and must come to its end by its alarm only. After every step, every guarantee is looked
 * at. The clock is a fake one, a day ahead, so that no alarm fires by itself and each one is a step of the test.
 *
 * What is emulated: an alarm whose run dies is run again by the platform, unless the run had set a new one.
 */

const DAY = 86_400_000;
/** No life needs more alarms; one more is a life that does not end. */
const STEPS_MAX = 80;
/** No recovery's order needs more repeats: at most three deaths in a life. */
const RECOVERS_MAX = 5;
/** Random triples of deaths in each scenario; more by night. */
const THREES = Number(inject("sweep").threes ?? 1);
/** The first scenario dies at each of its points; of the others' points, which are mostly the same, at every eighth one. By night at each. */
const WHOLE_SCENARIOS = 1;
const EVERY = Number(inject("sweep").every ?? 8);
declare module "vitest" {
  interface ProvidedContext {
    sweep: { threes?: string; every?: string };
  }
}

/** Milliseconds that one step may take; the patience with a silent account is ten seconds. */
const WAITS_MAX = 15_000;

interface Scenario {
  name: string;
  /** The upstream's answers to submits, then to polls; the last one of each is repeated. */
  submits: (() => Response)[];
  polls: object[];
  receiver: number[];
  /** Answers to `/models`: the key of a task whose submit was not accepted is proved before its first attempt. */
  models?: (() => Response)[];
  /** It is never proved, so nothing may be sent. */
  unproved?: true;
  end: "succeeded" | "failed";
  /** It is deleted after so many alarms; its account is away at first. */
  deletedAfter?: number;
  /** Once its callback is stopped a recovery sends it: to its own receiver, or to another one. */
  recovered?: "own" | "elsewhere";
  /** Another task has asked for the forecast a moment before, so this one need not ask. */
  inBurst?: true;
  /** Two endpoints are registered beside its callback. */
  hasEndpoints?: true;
  /** A copy of its result is kept: how the source answers to each try. */
  sources?: (() => Response)[];
  /** Definite "not now" answers, each of which allows one more submit. */
  notNow: number;
}

const accepted = (): Response => Response.json({ task_id: "up-1", status: "queued" });
const slowDown = (): Response =>
  Response.json({ message: "slow" }, { status: 429, headers: { "retry-after": "7" } });
const broken = (): Response => new Response("", { status: 500 });
const listed = (): Response => Response.json({ data: [] });
const notFound = (): Response => new Response("", { status: 404 });
const ready = { status: "succeeded", video_url: "https://cdn.test/v.mp4" };

const SCENARIOS: Scenario[] = [
  {
    name: "the happy path",
    submits: [accepted],
    polls: [{ status: "running" }, ready],
    receiver: [200],
    end: "succeeded",
    notNow: 0,
  },
  {
    name: "429, then success",
    submits: [slowDown, accepted],
    polls: [ready],
    receiver: [200],
    end: "succeeded",
    notNow: 1,
  },
  {
    name: "a callback's 500, then 200",
    submits: [accepted],
    polls: [ready],
    receiver: [500, 200],
    end: "succeeded",
    notNow: 0,
  },
  {
    name: "a failed generation",
    submits: [accepted],
    polls: [{ status: "failed", error_message: "no" }],
    receiver: [200],
    end: "failed",
    notNow: 0,
  },
  {
    name: "a task in a burst",
    submits: [accepted],
    polls: [{ status: "queued" }, ready],
    receiver: [200],
    end: "succeeded",
    inBurst: true,
    notNow: 0,
  },
  {
    name: "a key that is proved at the second question",
    submits: [broken],
    polls: [ready],
    models: [broken, listed],
    receiver: [200],
    end: "failed",
    notNow: 0,
  },
  {
    name: "a key that the upstream does not know",
    submits: [broken],
    polls: [ready],
    models: [() => new Response("", { status: 401 })],
    receiver: [200],
    unproved: true,
    end: "failed",
    notNow: 0,
  },
  {
    name: "a recovery of what was not delivered",
    submits: [accepted],
    polls: [ready],
    receiver: [410, 200],
    recovered: "own",
    end: "succeeded",
    notNow: 0,
  },
  {
    name: "a recovery to another receiver that fails, too",
    submits: [accepted],
    polls: [ready],
    receiver: [410, 500, 200],
    recovered: "elsewhere",
    end: "succeeded",
    notNow: 0,
  },
  {
    name: "an end that two registered endpoints are told of, too",
    submits: [accepted],
    polls: [ready],
    receiver: [200],
    end: "succeeded",
    hasEndpoints: true,
    notNow: 0,
  },
  {
    name: "a task that is deleted while it runs",
    submits: [accepted],
    polls: [{ status: "running" }],
    receiver: [200],
    end: "failed",
    deletedAfter: 3,
    notNow: 0,
  },
  {
    name: "a copy under way that fails once",
    submits: [accepted],
    polls: [{ status: "running" }, ready],
    sources: [notFound, video],
    receiver: [200],
    end: "succeeded",
    notNow: 0,
  },
  {
    name: "a task that is deleted while its file is copied, or after it",
    submits: [accepted],
    polls: [ready],
    sources: [notFound, video],
    receiver: [200],
    end: "succeeded",
    deletedAfter: 2,
    notNow: 0,
  },
];

beforeEach(() => {
  fakeNetwork();
  plantPoints();
  watchLog((line) => logLines.push(line), { isShown: true });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY });
  // No jitter: every life without a death passes the same points.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

afterEach(async () => {
  planCrash([]);
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

function play(scenario: Scenario): void {
  network.calls.length = 0;
  logLines.length = 0;
  crash.keyAtAttempt = true;
  crash.silentForgets = scenario.deletedAfter === undefined ? 0 : 1;
  network.answer = (call) => {
    if (isReceiver(call.url))
      return new Response("", { status: nth(scenario.receiver, sent("callback") - 1) });
    if (call.url.endsWith("/models")) return nth(scenario.models ?? [listed], sent("models") - 1)();
    if (call.url.startsWith(SOURCES)) return nth(scenario.sources ?? [], sent("copy") - 1)();
    if (call.method === "POST") return nth(scenario.submits, sent("submit") - 1)();
    return Response.json({ task_id: "up-1", ...nth(scenario.polls, sent("poll") - 1) });
  };
}

function nth<T>(list: readonly T[], index: number): T {
  const item = list[Math.min(index, list.length - 1)];
  if (item === undefined) throw new Error("an empty script");
  return item;
}

function sent(kind: Parameters<typeof onTheWire>[0]): number {
  return onTheWire(kind).length;
}

/** Runs it to its end; each death on the way is made real, and what was under way breaks off. */
async function survive<T>(act: () => Promise<T>): Promise<{ value: T | null; died: boolean }> {
  const deaths = crash.deaths.length;
  const result = { value: null as T | null, over: false };
  void act().then(
    (value) => Object.assign(result, { value, over: true }),
    () => (result.over = true),
  );
  for (let wait = 0; wait < WAITS_MAX && (!result.over || crash.dead); wait++) {
    // A call may break off with the death that ends it.
    if (crash.dead) {
      await abortAllDurableObjects();
      crash.dead = false;
    }
    await scheduler.wait(1);
  }
  return { value: result.value, died: crash.deaths.length > deaths };
}

interface Rows {
  state: TaskState | null;
  attempts: number;
  alarm: number | null;
  key: boolean;
  parts: number;
  /** Whether anything is stored. */
  isEmpty: boolean;
}

/** Of a task's object, or of its account's, which keeps tables. */
async function rowsOf(stub: DurableObjectStub): Promise<Rows> {
  return runInDurableObject(stub, async (_object, { storage }) => {
    const { state, attempts, key, parts, keys } = readRows(storage);
    return {
      state,
      attempts: attempts.length,
      alarm: await storage.getAlarm(),
      key,
      parts,
      isEmpty: keys.length === 0 && filledTables(storage.sql).length === 0,
    };
  });
}

function filledTables(sql: SqlStorage): string[] {
  const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
  return tables
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("_cf"))
    .filter((name) => sql.exec(`SELECT 1 FROM ${name} LIMIT 1`).toArray().length > 0);
}

/** 3: one delivery for each type and receiver; to endpoints, the end's: with the end, or with the answer that names them. */
function eachOnce({ task, deliveries }: TaskState): void {
  const events = deliveries.map(({ type, endpoint }) => `${type} ${endpoint?.id}`);
  expect(new Set(events).size).toBe(events.length);
  const own = deliveriesTo(deliveries, null).length;
  if (task.finishedAt !== null) expect(events).toHaveLength(own + (task.endpoints ?? []).length);
}

/** Looks at the guarantees after every step of one life, against what it saw before. */
function witness(scenario: Scenario): (rows: Rows) => void {
  let terminal: string | null = null;
  let erased = false;
  return (rows) => {
    // 2: submitted at most once while the outcome is unknown.
    expect(sent("submit")).toBeLessThanOrEqual(1 + scenario.notNow);
    // 6: whatever is stored has an alarm that will deal with it.
    if (!rows.isEmpty) expect(rows.alarm).not.toBeNull();
    // 4: the same id and the same bytes every time.
    const messages = onTheWire("callback");
    const bodies = new Map(messages.map(({ headers, body }) => [headers.get("webhook-id"), body]));
    for (const { headers, body } of messages) {
      expect(bodies.get(headers.get("webhook-id"))).toBe(body);
      expect(JSON.parse(body)).toMatchObject({ id: headers.get("webhook-id") });
    }
    if (!rows.state) {
      erased = true;
      return;
    }
    expect(erased).toBe(false);
    const { task, deliveries } = rows.state;
    // 3: one end, one event a type.
    eachOnce(rows.state);
    const types = deliveriesTo(deliveries, null).map(({ type }) => type);
    const end = task.finishedAt === null ? null : JSON.stringify([task.status, task.error, task.videoUrl]);
    if (terminal !== null) expect(end).toBe(terminal);
    terminal = end;
    if (end !== null) expect(types.filter((type) => type === `video.${task.status}`)).toHaveLength(1);
    // 5: the log never holds fewer rows than the wire saw requests.
    expect(rows.attempts).toBeGreaterThanOrEqual(messages.length);
    // 9: the key goes with the end, or with the answer that it is kept for; the request with its acceptance.
    const hasMore = task.endpoints === null || deliveries.some(({ status }) => status === "pending");
    const asks = isUnproved(task) && hasMore;
    if (end !== null) expect(rows.key).toBe(asks);
    if (scenario.unproved && task.submit.phase === "done" && !asks) {
      expect(deliveries.map(({ status }) => status)).toEqual(["stopped"]);
    }
    if (task.upstreamTaskId !== null || end !== null) expect(rows.parts).toBe(0);
  };
}

/** What the Worker and its objects logged in this life. */
const logLines: string[] = [];
let lives = 0;
let tally = newTally("");

/** One life, with deaths at these points. Returns how it went. */
async function live(
  scenario: Scenario,
  dieAt: readonly string[],
): Promise<{ passed: string[]; deaths: string[] }> {
  lives += 1;
  removed = null;
  const key = `sk-sweep-${lives}`;
  const account = await ownKeyAccount(key);
  planCrash([]);
  if (scenario.inBurst) await anotherAsks(account, "m");
  if (scenario.hasEndpoints) await register(ENDPOINTS, account);
  planCrash(dieAt);
  play(scenario);
  const task = env.TASKS.idFromName(await keyedName(account, "once"));
  const wish = scenario.sources ? { keep_result: true } : {};
  const answer = await survive(async () =>
    create(
      { ...wish, callback_events: EVENTS },
      { authorization: `Bearer ${key}`, "idempotency-key": "once" },
    ),
  );
  const status = answer.value?.status;
  // The Worker asks again by id: what was begun is accepted, what was not is refused for good. Never a 500.
  expect(status === 202 || (status === 503 && answer.died)).toBe(true);
  if (scenario.inBurst) await registered();
  await runToTheEnd(
    () => env.TASKS.get(task),
    witness(scenario),
    async (step, rows) => {
      if (scenario.sources) await judgeFile(rows);
      if (step === scenario.deletedAfter && rows.state !== null) await remove(answer.value, key);
      if (scenario.recovered && isStopped(rows)) {
        await recover(() => env.TASKS.get(task), { account, to: scenario.recovered });
      }
    },
  );
  expect(await bucketFiles()).toEqual([]);
  if (scenario.hasEndpoints) await unregister(account);
  await runToTheEnd(() => env.ACCOUNTS.get(env.ACCOUNTS.idFromName(account)));
  const found = verdict(scenario, status === 202, key);
  expect(found).toEqual({ lost: 0, doubled: 0, leaked: 0 });
  addRun(tally, found);
  return { passed: crash.passed, deaths: crash.deaths };
}

/** In a burst a task is told of a moment after its create: before its first alarm, if nothing dies meanwhile. */
async function registered(): Promise<void> {
  const told = (): boolean => crash.passed.includes("after account.sync 1") || crash.deaths.length > 0;
  for (let wait = 0; wait < WAITS_MAX && !told(); wait++) {
    if (crash.dead) return;
    await scheduler.wait(1);
  }
}

/** A file that a task calls kept is in the bucket, until its retention is over. */
async function judgeFile({ state }: Rows): Promise<void> {
  const { file = null, keep } = state?.task ?? {};
  if (file === null || Date.parse(file.status === "kept" ? file.expires_at : "") <= Date.now()) return;
  expect([file.status, ...(await bucketFiles())]).toEqual(["kept", keep?.fileId]);
}

function isStopped({ state }: Rows): boolean {
  const end = state?.deliveries.at(-1);
  return end?.status === "stopped" && !end.finished.some(({ recoveryId }) => recoveryId !== undefined);
}

/** A recovery's order, again until it is answered. Each is one request at most, and its answer is what is stored. */
async function recover(
  stub: () => ReturnType<typeof env.TASKS.get>,
  { account, to }: { account: string; to: "own" | "elsewhere" },
): Promise<void> {
  const headers: [string, string][] = [["x-elsewhere", HEADER_ELSEWHERE]];
  const order = {
    recoveryId: "rec_1",
    statuses: ["stopped" as const],
    endpoint: null,
    target: to === "elsewhere" ? { url: ELSEWHERE, headers } : null,
  };
  const before = sent("callback");
  for (let again = 0; again < RECOVERS_MAX; again++) {
    const { value } = await survive(async () => stub().recover(account, order));
    const { state } = await rowsOf(stub());
    const end = state?.deliveries.at(-1);
    const marked = end?.finished.filter(({ recoveryId }) => recoveryId === "rec_1") ?? [];
    expect(sent("callback") - before).toBeLessThanOrEqual(1);
    if (value !== null) {
      const isDelivered = marked[0]?.result.outcome === "delivered";
      expect(marked).toHaveLength(1);
      // A failure that a call before this one has recorded is `interrupted` to this one.
      expect(isDelivered ? ["delivered"] : ["failed", "interrupted"]).toContain(value.kind);
      expect(end?.status).toBe(isDelivered ? "delivered" : "stopped");
      return;
    }
    // The next order waits until the lease of the process that is gone is over.
    vi.setSystemTime(Math.max(Date.now(), end?.onTheWire?.leaseUntil ?? 0));
  }
  throw new Error("a recovery that is never answered");
}

async function remove(answer: Response | null, key: string): Promise<void> {
  const path = answer?.headers.get("location") ?? "";
  const call = async () =>
    survive(async () =>
      exports.default.fetch(`http://ringback.test${path}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${key}` },
      }),
    );
  const first = await call();
  // The Worker repeats a call once. An object that dies twice in it is an error, and the caller repeats it: a 503 on
  // the platform, whose errors bear a mark, and a 500 here.
  const failed = first.died && (first.value?.status ?? 0) >= 500;
  const answered = failed ? { ...(await call()), died: true } : first;
  // A repeat after the crash may find it gone already.
  expect(answered.value?.status === 204 || (answered.died && answered.value?.status === 404)).toBe(true);
  const before = network.calls.length;
  removed = () => expect(network.calls).toHaveLength(before);
}

/** Nothing goes out after a delete was answered. */
let removed: (() => void) | null = null;

/** Fires one alarm after the other until there is none; what is stored must be gone by then. */
async function runToTheEnd(
  stub: () => DurableObjectStub,
  look: (rows: Rows) => void = () => {},
  meddle: (step: number, rows: Rows) => Promise<void> = async () => {},
): Promise<void> {
  for (let step = 0; step < STEPS_MAX; step++) {
    await meddle(step, await rowsOf(stub()));
    const rows = await rowsOf(stub());
    look(rows);
    const { alarm } = rows;
    if (alarm === null) {
      expect(rows.isEmpty).toBe(true);
      return;
    }
    vi.setSystemTime(Math.max(Date.now(), alarm));
    const { died } = await survive(async () => runDurableObjectAlarm(stub()));
    if (died) {
      await runInDurableObject(stub(), async (_object, { storage }) => {
        if ((await storage.getAlarm()) === null) await storage.setAlarm(alarm);
      });
    }
  }
  throw new Error("a life without an end");
}

const ENDPOINTS = [
  { id: "ep_a", url: ENDPOINT_A },
  { id: "ep_b", url: ENDPOINT_B },
];
const EVENTS = ["video.succeeded", "video.failed", "video.running"];

interface CallbackBody {
  id: string;
  type: string;
  data: { status: string; error: { code: string } | null; file: { status: string } | null };
}

/** 1, 2, 4 and 9: what was on the wire by the end of a life. */
function verdict(
  scenario: Scenario,
  taken: boolean,
  key: string,
): Pick<Tally, "lost" | "doubled" | "leaked"> {
  const wire = onTheWire("callback").map(({ body }) => body);
  const messages = wire.map((body) => JSON.parse(body) as CallbackBody);
  const ends = messages.filter(({ type }) => type !== "video.running");
  const leaked = [...wire, ...logLines].filter((text) => text.includes(key)).length;
  const resubmits = Math.max(0, sent("submit") - 1 - scenario.notNow);
  if (!taken || removed) {
    removed?.();
    // A create that was not taken is never heard of again.
    return { lost: 0, doubled: resubmits + (taken ? 0 : messages.length), leaked };
  }
  if (scenario.unproved) return { lost: 0, doubled: resubmits + messages.length, leaked };
  const data = ends[0]?.data;
  if (data?.error?.code === "submit_unknown" && !scenario.submits.includes(broken))
    expect(crash.deaths.join()).toMatch(/fetch submit|task\.(create|update)/);
  else {
    expect(data?.status).toBe(scenario.end);
    expect(data?.file?.status).toBe(scenario.sources ? "kept" : undefined);
  }
  const receivers = scenario.hasEndpoints ? [RECEIVER, ENDPOINT_A, ENDPOINT_B] : [null];
  const told = receivers.map((to) => endsAt(to));
  // More than the script's own attempts only where the process died between the send and its record.
  const repeats = told.map((count) => Math.max(0, count - scenario.receiver.length - crash.deaths.length));
  const ids = new Set(ends.map(({ id }) => id)).size;
  const doubled = resubmits + repeats.reduce((sum, count) => sum + count, 0) + Math.max(0, ids - 1);
  return { lost: told.filter((count) => count === 0).length, doubled, leaked };
}

/** How often the end of the task was sent there; null: anywhere. */
function endsAt(to: string | null): number {
  const there = onTheWire("callback").filter(({ url }) => to === null || url === to);
  return there.filter(({ body }) => (JSON.parse(body) as CallbackBody).type !== "video.running").length;
}

/** Where the scenario's lives die; what two scenarios share, one of them has if the other has not. */
function pointsOf(scenario: Scenario, passed: readonly string[]): readonly string[] {
  const index = SCENARIOS.indexOf(scenario);
  return index < WHOLE_SCENARIOS
    ? passed
    : passed.filter((_point, position) => (position + index) % EVERY === 0);
}

describe("the crash sweep", () => {
  it("knows every verb that a step can use", () => {
    expect(unknownMembers()).toEqual([]);
  });

  it.each(SCENARIOS)("survives a death at every point of $name", { timeout: 240_000 }, async (scenario) => {
    tally = newTally(`a death at each point of ${scenario.name}`);
    const { passed } = await live(scenario, []);
    const missed: string[] = [];
    const points = pointsOf(scenario, passed);
    for (const point of points) {
      const { deaths } = await live(scenario, [point]).catch((error: unknown) => {
        throw new Error(`died ${point}`, { cause: error });
      });
      if (deaths.length === 0) missed.push(point);
    }
    printTally(tally);
    expect(tally.runs).toBe(points.length + 1);
    expect(missed).toEqual([]);
  });

  it("survives three deaths in one life", { timeout: 240_000 }, async () => {
    const seed = 20_261_123;
    tally = newTally("three deaths in one life", seed);
    for (const scenario of SCENARIOS) {
      const { passed } = await live(scenario, []);
      const threes = fc.array(fc.constantFrom(...passed), { minLength: 3, maxLength: 3 });
      for (const points of fc.sample(threes, { seed, numRuns: THREES })) {
        await live(scenario, points).catch((error: unknown) => {
          throw new Error(`died ${crash.deaths.join(", ")}`, { cause: error });
        });
      }
    }
    printTally(tally);
    expect(tally.runs).toBe((THREES + 1) * SCENARIOS.length);
  });

  it("has used every verb that it knows", () => {
    expect([...crash.used].toSorted()).toEqual(VERBS.toSorted());
  });
});
