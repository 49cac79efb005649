import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { RecoveryStore } from "../../../src/account-object/recovery/store.ts";
import type { RecoveryJson } from "../../../src/contract/shapes/recovery.ts";
import { nameInTaskId } from "../../../src/domain/task/task-id.ts";
import { ownKeyAccount } from "../../../src/keys/ids.ts";
import { TaskObject } from "../../../src/task-object/object.ts";
import { addRun, newTally, printTally } from "../../support/checks/tally.ts";
import { watchLog } from "../../support/log-lines.ts";
import { crash, onTheWire, planCrash, plant, plantPoints } from "../support/crash.ts";
import { HEADER_OF_ENDPOINT, register, twoEndpoints } from "../support/registered.ts";
import { alarmOf } from "../support/stored.ts";
import { survive, type Survived } from "../support/survive.ts";
import { created, ELSEWHERE, fakeNetwork, HEADER_ELSEWHERE, network } from "../support/world.ts";

/*
 * A recovery of three deliveries, of three tasks or of one task at its own receiver and at two registered endpoints, whose
 * process, account and tasks alike, dies at every point of it: the account's writes and alarms, its questions to tasks,
 * what the tasks write and send. It is then left to the account's alarm.
 *
 * guarantee 4: nothing is sent twice by it, and one task under one id at all its receivers. 6: whenever it is not over, an alarm is set. 9: its receiver and headers are
 * sealed, erased at the end, and in no log line. The counts say what was on the wire.
 *
 * The clock is a fake one, a day ahead, so that no alarm fires by itself; it goes on while an alarm runs.
 */

const DAY = 86_400_000;
const DELIVERIES = 3;
const STEPS_MAX = 40;
/** What a millisecond of a step takes of the fake clock. */
const TURN_MS = 50;

const STORE = {
  begin: "verb",
  writeMatches: "verb",
  clearMatches: "verb",
  writeProgress: "verb",
  end: "verb",
  reconcileNextAt: "verb",
  armForRun: "verb",
  armNextRun: "async verb",
};

const logLines: string[] = [];
let lives = 0;

beforeEach(() => {
  fakeNetwork();
  plantPoints();
  plant(RecoveryStore.prototype, "recoveries", STORE);
  plant(TaskObject.prototype, "task", { recover: "async verb" });
  watchLog((line) => logLines.push(line), { isShown: true });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

afterEach(async () => {
  planCrash([]);
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

/** Time goes on while it runs. */
async function survived<T>(act: () => Promise<T>): Promise<Survived<T>> {
  const result = await survive(act, TURN_MS);
  if (!result.isOver) throw new Error("a step without an end");
  return result;
}

/** A task whose receivers have said 410. */
async function aStopped(authorization: string, receivers: number): Promise<void> {
  const { task_id: id } = await created({}, { authorization });
  const stub = env.TASKS.get(env.TASKS.idFromName(nameInTaskId(id) ?? ""));
  const account = await ownKeyAccount(authorization.slice("Bearer ".length));
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const report = await stub.reconcile(account);
    const { delivery, endpoints = [] } = report?.summary ?? {};
    const registered = endpoints.filter(({ terminalDelivery }) => terminalDelivery === "stopped");
    if (report && delivery === "stopped" && registered.length === receivers - 1) {
      await accountOf(account).sync([report]);
      return;
    }
    const at = await alarmOf(stub);
    vi.setSystemTime(Math.max(Date.now(), at ?? 0));
    await runDurableObjectAlarm(stub);
  }
  throw new Error("a task that is not stopped");
}

function accountOf(account: string) {
  return env.ACCOUNTS.get(env.ACCOUNTS.idFromName(account));
}

async function call(authorization: string, method: string, body?: object): Promise<Response> {
  return exports.default.fetch("http://ringback.test/v1/webhooks/recoveries", {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function recoveriesOf(authorization: string): Promise<RecoveryJson[]> {
  return ((await (await call(authorization, "GET")).json()) as { data: RecoveryJson[] }).data;
}

/** Starts it, again while the answer is lost and nothing has begun. */
async function start(authorization: string, fields: object): Promise<RecoveryJson> {
  for (let again = 0; again < 3; again += 1) {
    await survived(async () => call(authorization, "POST", fields));
    const [first, ...others] = await recoveriesOf(authorization);
    expect(others).toEqual([]);
    if (first) return first;
  }
  throw new Error("a recovery that does not begin");
}

async function stored(account: string): Promise<{ alarm: number | null; text: string; matches: number }> {
  return runInDurableObject(accountOf(account), async (_object, { storage }) => {
    const docs = storage.sql.exec<{ doc: string }>("SELECT doc FROM recovery").toArray();
    const [row] = storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM recovery_match").toArray();
    return { alarm: await storage.getAlarm(), text: docs.map(({ doc }) => doc).join(), matches: row?.n ?? 0 };
  });
}

/** Fires the account's alarm until the recovery is over. */
async function runToTheEnd(authorization: string, account: string): Promise<RecoveryJson> {
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const before = await stored(account);
    expect(before.text).not.toMatch(/elsewhere/);
    if (!before.text.includes('"status":"running"')) {
      const [over] = await recoveriesOf(authorization);
      if (!over) throw new Error("a recovery that is gone");
      return over;
    }
    expect(before.alarm).not.toBeNull();
    const alarm = before.alarm ?? 0;
    vi.setSystemTime(Math.max(Date.now(), alarm));
    const { died } = await survived(async () => runDurableObjectAlarm(accountOf(account)));
    if (!died) continue;
    await runInDurableObject(accountOf(account), async (_object, { storage }) => {
      if ((await storage.getAlarm()) === null) await storage.setAlarm(alarm);
    });
  }
  throw new Error("a recovery without an end");
}

type Receivers = "own" | "elsewhere" | "own and registered";

async function live(to: Receivers, dieAt: readonly string[]) {
  lives += 1;
  logLines.length = 0;
  planCrash([]);
  const key = `sk-recovery-${lives}`;
  const authorization = `Bearer ${key}`;
  const account = await ownKeyAccount(key);
  const good = network.answer;
  let status = 410;
  network.answer = (request) =>
    onTheWire("callback").includes(request) ? new Response("", { status }) : good(request);
  if (to === "own and registered") {
    await register(await twoEndpoints(), account);
    await aStopped(authorization, DELIVERIES);
  } else for (let task = 0; task < DELIVERIES; task += 1) await aStopped(authorization, 1);
  status = 200;
  network.calls.length = 0;
  planCrash(dieAt);
  const elsewhere = { callback_url: ELSEWHERE, callback_headers: { "x-elsewhere": HEADER_ELSEWHERE } };
  await start(authorization, { statuses: ["stopped"], ...(to === "elsewhere" ? elsewhere : {}) });
  const over = await runToTheEnd(authorization, account);
  network.answer = good;
  const { passed, deaths } = crash;
  planCrash([]);
  expect(over).toMatchObject({ status: "done", matched: DELIVERIES, remaining: 0 });
  const sent = onTheWire("callback");
  const ids = new Set(sent.map(({ headers }) => headers.get("webhook-id")));
  if (to === "own and registered") expect(ids.size).toBeLessThanOrEqual(1);
  const wire = sent.map(({ url, headers }) => `${url} ${headers.get("webhook-id")}`);
  const rows = await stored(account);
  expect(rows.alarm).not.toBeNull();
  expect(rows.matches).toBe(0);
  expect(rows.text).toContain('"target":null');
  const secrets = [HEADER_ELSEWHERE, HEADER_OF_ENDPOINT, key];
  const leaked = logLines.filter((line) => secrets.some((secret) => line.includes(secret))).length;
  const reached = new Set(wire).size;
  // What is on its way at a death has no outcome: failed, whether or not it arrived. At one host the first goes alone.
  const onTheirWay = to === "own and registered" ? DELIVERIES : DELIVERIES - 1;
  expect(over.failed).toBeLessThanOrEqual(deaths.length * onTheirWay);
  const found = { lost: Math.max(0, over.delivered - reached), doubled: wire.length - reached, leaked };
  expect(found).toEqual({ lost: 0, doubled: 0, leaked: 0 });
  return { passed, deaths, found, over };
}

describe("a recovery", () => {
  it.each<Receivers>(["own", "elsewhere", "own and registered"])(
    "comes to its end after a death at each of its points, to its %s receivers",
    { timeout: 300_000 },
    async (to) => {
      const tally = newTally(`a death at each point of a recovery, ${to}`);
      const { passed, over } = await live(to, []);
      expect(over).toMatchObject({ delivered: DELIVERIES, failed: 0 });
      expect(passed.length).toBeGreaterThan(30);
      const missed: string[] = [];
      // What the tasks before it have taught goes to the cadence by itself, before the recovery's end or after it.
      const points = passed.filter((name) => !name.includes("cadence."));
      // What the ways have in common the first one has shown, and neighbours mostly die of the same. By night at each.
      const every = Number(inject("sweep").every ?? (to === "own" ? 2 : 8));
      for (const point of points.filter((_point, position) => position % every === 0)) {
        const { deaths, found } = await live(to, [point]).catch((error: unknown) => {
          throw new Error(`died ${point}`, { cause: error });
        });
        if (deaths.length === 0) missed.push(point);
        else addRun(tally, found);
      }
      printTally(tally);
      expect(missed).toEqual([]);
      expect(tally).toMatchObject({ lost: 0, doubled: 0, leaked: 0 });
    },
  );
});
