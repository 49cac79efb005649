import { abortAllDurableObjects, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountStore } from "../../../src/account-object/store.ts";
import type { RecoveryJson } from "../../../src/contract/shapes/recovery.ts";
import { account } from "../support/account.ts";
import { alarmOf, tablesOf } from "../support/stored.ts";
import {
  caller,
  callbacks,
  created,
  fakeNetwork,
  network,
  read,
  RECEIVER,
  until,
  upstream,
} from "../support/world.ts";

/*
 * A recovery and the account's other work, in workerd itself.
 *
 * scenario                                         requirement
 * the hourly reconciliation falls into a recovery  comes at its time, once; a recovery's alarms are none
 * the alarm of a recovery is lost                  guarantee 6: any request to the account arms it again
 * nothing is left but an ended recovery            guarantee 10: emptied 30 days later
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

beforeEach(fakeNetwork);

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

async function call(method: string, path = "", body?: object): Promise<RecoveryJson> {
  const response = await exports.default.fetch(`http://ringback.test/v1/webhooks/recoveries${path}`, {
    method,
    headers: { authorization: caller.authorization, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json();
}

/** Tasks whose receiver has said 410; it is well then, but slow if that is asked. */
async function anOutage(count: number, delayMs = 0): Promise<void> {
  const good = upstream();
  let status = 410;
  network.answer = async (request) => {
    if (request.url !== RECEIVER) return good(request);
    if (status === 200) await scheduler.wait(delayMs);
    return new Response("", { status });
  };
  for (let index = 0; index < count; index += 1) {
    const { task_id: id } = await created();
    await until(
      async () => read(id),
      ({ callback }) => callback.status === "stopped",
    );
  }
  await until(
    async () => (await call("POST", "", { dry_run: true, statuses: ["stopped"] })).matched,
    (matched) => matched === count,
  );
  status = 200;
  network.calls.length = 0;
}

describe("a recovery", () => {
  it("neither delays the hourly reconciliation nor makes it come more often", async () => {
    const reconciled = vi.spyOn(AccountStore.prototype, "beginRun");
    await anOutage(4, 300);
    const due = await alarmOf(await account());
    expect(due).toBeGreaterThan(Date.now() + 50 * 60_000);
    const { id } = await call("POST", "", { statuses: ["stopped"] });
    await until(callbacks, ({ length }) => length > 0);
    await until(
      async () => call("GET", `/${id}`),
      ({ status }) => status === "done",
    );
    expect(reconciled).not.toHaveBeenCalled();
    expect(await alarmOf(await account())).toBe(due);
  });

  it("lets the reconciliation come when it is due in the middle, once", async () => {
    await anOutage(4, 300);
    await runInDurableObject(await account(), async (_object, { storage }) =>
      storage.setAlarm(Date.now() + 60_000),
    );
    await abortAllDurableObjects();
    const reconciled = vi.spyOn(AccountStore.prototype, "beginRun");
    const { id } = await call("POST", "", { statuses: ["stopped"] });
    await until(callbacks, ({ length }) => length > 0);
    expect(reconciled).not.toHaveBeenCalled();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    // Beyond the time of its run: the next one begins with the reconciliation.
    await until(
      async () => {
        await runDurableObjectAlarm(await account());
        return call("GET", `/${id}`);
      },
      ({ status }) => status === "done",
    );
    expect(reconciled).toHaveBeenCalledTimes(1);
    expect(await alarmOf(await account())).toBeGreaterThan(Date.now() + 50 * 60_000);
  });

  it("whose alarm is lost is armed again by any request to the account, and goes on", async () => {
    await anOutage(3, 200);
    const { id } = await call("POST", "", { statuses: ["stopped"] });
    await until(callbacks, ({ length }) => length === 1);
    await abortAllDurableObjects();
    await runInDurableObject(await account(), async (_object, { storage }) => storage.deleteAlarm());
    await abortAllDurableObjects();
    const recovery = await until(
      async () => call("GET", `/${id}`),
      ({ matched, delivered, failed }) => delivered + failed === matched,
    );
    expect(recovery).toMatchObject({ matched: 3, remaining: 0 });
    expect(callbacks()).toHaveLength(3);
  });

  it("keeps an account that has nothing else for 30 days, and is then gone with it", async () => {
    const { status } = await call("POST", "", {});
    expect(status).toBe("done");
    const began = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: began + HOUR });
    await runDurableObjectAlarm(await account());
    const due = (await alarmOf(await account())) ?? 0;
    expect(due - began).toBeGreaterThan(30 * DAY - HOUR);
    expect(due - began).toBeLessThanOrEqual(30 * DAY + HOUR);
    vi.setSystemTime(due);
    await runDurableObjectAlarm(await account());
    expect(await alarmOf(await account())).toBeNull();
    const tables = await runInDurableObject(await account(), (_object, { storage }) => tablesOf(storage));
    expect(tables).toEqual([]);
  });
});
