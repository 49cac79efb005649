import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { keyedName, ownKeyAccount } from "../../../../src/keys/ids.ts";
import { addRun, type Tally } from "../../../support/checks/tally.ts";
import { anotherAsks } from "../burst.ts";
import { crash, planCrash } from "../crash.ts";
import { register, unregister } from "../registered.ts";
import { survive, WAITS_MAX } from "../survive.ts";
import {
  bucketFiles,
  create,
  ELSEWHERE,
  ENDPOINT_A,
  ENDPOINT_B,
  HEADER_ELSEWHERE,
  isReceiver,
  network,
  SOURCES,
} from "../world.ts";
import { listed, type Scenario } from "./scenarios.ts";
import { logLines, verdict } from "./verdict.ts";
import { rowsOf, sent, witness, type Rows } from "./witness.ts";

/** No life needs more alarms; one more is a life that does not end. */
const STEPS_MAX = 80;
/** No recovery's order needs more repeats: at most three deaths in a life. */
const RECOVERS_MAX = 5;

const ENDPOINTS = [
  { id: "ep_a", url: ENDPOINT_A },
  { id: "ep_b", url: ENDPOINT_B },
];
const EVENTS = ["video.succeeded", "video.failed", "video.running"];

let lives = 0;

/** One life, with deaths at these points. Returns how it went. */
export async function live(
  scenario: Scenario,
  dieAt: readonly string[],
  tally: Tally,
): Promise<{ passed: string[]; deaths: string[] }> {
  lives += 1;
  let removed: (() => void) | null = null;
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
      if (step === scenario.deletedAfter && rows.state !== null) removed = await remove(answer.value, key);
      if (scenario.recovered && isStopped(rows)) {
        await recover(() => env.TASKS.get(task), { account, to: scenario.recovered });
      }
    },
  );
  expect(await bucketFiles()).toEqual([]);
  if (scenario.hasEndpoints) await unregister(account);
  await runToTheEnd(() => env.ACCOUNTS.get(env.ACCOUNTS.idFromName(account)));
  const found = verdict(scenario, { taken: status === 202, removed, key });
  expect(found).toEqual({ lost: 0, doubled: 0, leaked: 0 });
  addRun(tally, found);
  return { passed: crash.passed, deaths: crash.deaths };
}

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

/** What looks that nothing goes out after it was answered. */
async function remove(answer: Response | null, key: string): Promise<() => void> {
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
  return () => expect(network.calls).toHaveLength(before);
}

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
