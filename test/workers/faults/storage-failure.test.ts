import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NOTHING_SYNCED, type SyncState } from "../../../src/domain/task/state.ts";
import { ownKeyAccount } from "../../../src/keys/ids.ts";
import { TaskObject } from "../../../src/task-object/object.ts";
import { failFrom, failing, failNoMore, plantFailures } from "../support/storage.ts";
import { alarmOf, storedOf } from "../support/stored.ts";
import {
  callbacks,
  created,
  fakeNetwork,
  network,
  stubOf,
  submits,
  until,
  upstream,
  type TaskBody,
} from "../support/world.ts";

/*
 * Storage that fails in the middle of an alarm, and for the rest of it, in workerd itself: what an object sees that was
 * reset or superseded. The clock is a fake one, a day ahead, so that no alarm fires by itself.
 *
 * scenario                                       requirement
 * each object, at each call of its alarm         alarm() throws, so that the platform repeats it; then all is well
 * the last repeat                                an alarm is set: the platform would delete it after one more throw
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** No alarm makes more calls of storage. */
const CALLS_MAX = 100;

beforeEach(async () => {
  fakeNetwork();
  await plantFailures();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DAY });
});

afterEach(async () => {
  failNoMore();
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

interface Failed {
  threw: boolean;
  alarm: number | null;
}

/** Runs the alarm with a storage that fails from its n-th call on. Null: it makes fewer calls. */
async function runFailing(stub: DurableObjectStub, nth: number): Promise<Failed | null> {
  await runInDurableObject(stub, (_object, { storage }) => {
    failFrom(nth, storage);
  });
  const threw = await runDurableObjectAlarm(stub).then(
    () => false,
    () => true,
  );
  failNoMore();
  return failing.failed ? { threw, alarm: await alarmOf(stub) } : null;
}

/** As the platform does after a throw, unless the run has set another alarm. */
async function repeat(stub: DurableObjectStub, { alarm }: Failed): Promise<void> {
  if (alarm === null) {
    await runInDurableObject(stub, async (_object, { storage }) => storage.setAlarm(Date.now() + 2000));
  }
  await runDurableObjectAlarm(stub);
}

/** A task of a key of its own, that has reported itself and was briefed. */
async function aTask(key: string): Promise<TaskBody> {
  const task = await created({}, { authorization: `Bearer ${key}` });
  const sync = async (): Promise<SyncState> => (await storedOf(task.task_id)).state?.sync ?? NOTHING_SYNCED;
  await until(sync, ({ lastReported, isBriefed }) => lastReported > 0 && isBriefed);
  return task;
}

async function accountOf(key: string) {
  return env.ACCOUNTS.get(env.ACCOUNTS.idFromName(await ownKeyAccount(key)));
}

describe("a task's alarm", () => {
  it("throws what its storage throws, at each of its calls, and the task comes to its end all the same", async () => {
    let nth = 1;
    for (; nth < CALLS_MAX; nth++) {
      network.calls.length = 0;
      const task = await aTask(`sk-failing-${nth}`);
      const stub = stubOf(task.task_id);
      vi.setSystemTime((await alarmOf(stub)) ?? 0);
      const failed = await runFailing(stub, nth);
      if (failed === null) break;
      expect(failed, `call ${nth}`).toMatchObject({ threw: true });
      await repeat(stub, failed);
      for (let alarm = 0; alarm < 5 && callbacks().length === 0; alarm++) {
        vi.setSystemTime((await alarmOf(stub)) ?? 0);
        await runDurableObjectAlarm(stub);
      }
      expect(callbacks().length, `call ${nth}`).toBeGreaterThanOrEqual(1);
      expect(submits(), `call ${nth}`).toHaveLength(1);
    }
    expect(nth).toBeGreaterThan(8);
    expect(nth).toBeLessThan(CALLS_MAX);
  }, 120_000);
});

describe("an account's alarm", () => {
  it("throws what its storage throws, at each of its calls, and its tasks are asked all the same", async () => {
    network.answer = upstream({ status: "running" });
    await aTask("sk-failing-account");
    const stub = await accountOf("sk-failing-account");
    const asked = vi.spyOn(TaskObject.prototype, "reconcile");
    let nth = 1;
    for (; nth < CALLS_MAX; nth++) {
      vi.setSystemTime((await alarmOf(stub)) ?? 0);
      asked.mockClear();
      const failed = await runFailing(stub, nth);
      if (failed === null) break;
      expect(failed, `call ${nth}`).toMatchObject({ threw: true });
      await repeat(stub, failed);
      expect(asked, `call ${nth}`).toHaveBeenCalled();
      expect(await alarmOf(stub)).toBeGreaterThan(Date.now());
    }
    expect(nth).toBeGreaterThan(4);
    expect(nth).toBeLessThan(CALLS_MAX);
  });
});

describe("a cadence's alarm", () => {
  it("throws what its storage throws, at each of its calls, and is emptied all the same", async () => {
    const stub = env.CADENCES.get(env.CADENCES.idFromName("failing"));
    const task = { model: "m", resolution: null, seconds: null, inputMode: null };
    const sample = {
      end: { afterMs: 98_000, byMs: 100_000 },
      queuedMs: null,
      runningMs: null,
      midpoint: null,
    };
    let nth = 1;
    for (; nth < CALLS_MAX; nth++) {
      await stub.learn([{ cadence: "failing", task, sample }]);
      vi.setSystemTime(Date.now() + 90 * DAY);
      const failed = await runFailing(stub, nth);
      if (failed === null) break;
      expect(failed, `call ${nth}`).toMatchObject({ threw: true });
      await repeat(stub, failed);
      expect((await stub.outlook(task)).forecast).toBeNull();
      expect(await alarmOf(stub)).toBeNull();
    }
    expect(nth).toBeGreaterThan(1);
    expect(nth).toBeLessThan(CALLS_MAX);
  });
});

describe("the last repeat of an alarm", () => {
  const last = { isRetry: true, retryCount: 6, scheduledTime: 0 };

  it.each([
    { what: "task", stubFor: async (key: string) => stubOf((await aTask(key)).task_id) },
    { what: "account", stubFor: async (key: string) => (await aTask(key), accountOf(key)) },
  ])("of the $what sets one instead of throwing", async ({ what, stubFor }) => {
    const stub: DurableObjectStub = await stubFor(`sk-last-${what}`);
    vi.setSystemTime((await alarmOf(stub)) ?? 0);
    const alarm = await runInDurableObject(stub, async (object, { storage }) => {
      await storage.deleteAlarm();
      failFrom(1, storage, true);
      await (object as Pick<DurableObject, "alarm">).alarm?.(last);
      failNoMore();
      return storage.getAlarm();
    });
    expect(failing.failed).toBe(true);
    expect(alarm).toBe(Date.now() + 60_000);
  });
});
