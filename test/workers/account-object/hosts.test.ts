import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountObject } from "../../../src/account-object/object.ts";
import { AccountRows } from "../../../src/account-object/rows.ts";
import type { EndpointSummary } from "../../../src/domain/account/summary.ts";
import {
  anEndpoint,
  anEndpointSummary,
  aQueuedSummary,
  aReport,
  failedAttempts,
  T0,
} from "../../support/builders.ts";
import { watchLog } from "../../support/log-lines.ts";
import { account } from "../support/account.ts";
import { register } from "../support/registered.ts";
import { alarmOf } from "../support/stored.ts";
import {
  callbacks,
  created,
  fakeNetwork,
  isReceiver,
  network,
  stubOf,
  until,
  upstream,
} from "../support/world.ts";

/*
 * What an account learns of its receivers: hosts, and registered endpoints.
 *
 * scenario                             requirement
 * an attempt that fails                is reported at once, though nothing else has changed, and sets no alarm for that
 * failures of many tasks at one time   share their calls
 * an endpoint that fails, or is gone   the same; and it is disabled, by a report or by the alarm; a call may end it, too
 * a host that fails                    is logged once, and again when it has recovered; survives the process
 */

const HOST = "receiver.test";

beforeEach(fakeNetwork);
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

async function hosts() {
  return (await (await account()).stats()).hosts;
}

function receiverSays(status: number): void {
  const up = upstream();
  network.answer = (call) => (isReceiver(call.url) ? new Response("", { status }) : up(call));
}

/** Reports that said that so many attempts had failed. */
function reportsOf(failed: number, sync: { mock: { calls: Parameters<AccountObject["sync"]>[] } }): number {
  return sync.mock.calls.filter(([all]) => all.some(({ summary }) => summary?.attempts.failed === failed))
    .length;
}

describe("an attempt that fails", () => {
  it("is reported at once, with its reason, and the next alarm is that of the next attempt", async () => {
    receiverSays(503);
    const { task_id: id } = await created();
    const [host] = await until(hosts, ([first]) => (first?.failed ?? 0) >= 1);
    expect(host).toMatchObject({ host: HOST, delivered: 0, failingSince: null, lastReason: "http_503" });
    await until(
      async () => alarmOf(stubOf(id)),
      (alarm) => alarm !== null,
    );
    await until(hosts, ([first]) => (first?.failed ?? 0) >= 2);
    receiverSays(200);
    const [after] = await until(hosts, ([first]) => first?.delivered === 1);
    // One attempt may have gone between the look and the answer; each that failed is counted.
    expect(after?.failed).toBe(callbacks().length - 1);
  });

  it("shares its call with those of other tasks that fail at the same time", async () => {
    const tasks = 30;
    const sync = vi.spyOn(AccountObject.prototype, "sync");
    // The receiver answers once it has heard of each task as often, so that they fail at one time on any machine.
    const up = upstream();
    network.answer = async (call) => {
      if (!isReceiver(call.url)) return up(call);
      const attempt = Number(call.headers.get("ringback-attempt"));
      await until(callbacks, ({ length }) => length >= tasks * attempt);
      return new Response("", { status: 500 });
    };
    await Promise.all(Array.from({ length: tasks }, async () => created()));
    await until(hosts, ([first]) => (first?.failed ?? 0) >= 2 * tasks);
    // The first failure may be the first that the account hears of a task: such a report must not be lost, and goes alone.
    expect(reportsOf(2, sync)).toBeLessThan(tasks / 2);
    const attempts = callbacks().length;
    expect(sync.mock.calls.length).toBeLessThan(3 * tasks + attempts);
  });
});

describe("a host", () => {
  it("is logged when it begins to fail and when it has recovered, whatever process heard of it", async () => {
    const logged: string[] = [];
    watchLog((line) => logged.push(line));
    // Of its own: tasks of another test may still report to the other one.
    const stub = env.ACCOUNTS.get(env.ACCOUNTS.idFromName("key:of these reports"));
    const shown = async () => (await stub.stats()).hosts;
    const of = (name: string, attempts = failedAttempts()) =>
      aReport(1, aQueuedSummary({ name, callbackHost: HOST, attempts, createdAt: Date.now() }));
    for (const second of [0, 5, 35, 155, 455]) {
      await stub.sync([of(`t${second}`, failedAttempts(second))]);
      await evictDurableObject(stub);
    }
    expect(await shown()).toEqual([
      { host: HOST, delivered: 0, failed: 5, failingSince: T0, lastReason: "http_503" },
    ]);
    await evictDurableObject(stub);
    const ok = { ...failedAttempts(), delivered: 1, deliveredAt: T0 + 500_000, lastFailure: null };
    await stub.sync([of("ok", ok), of("ok too", ok)]);
    expect(await shown()).toMatchObject([{ delivered: 2, failed: 5, failingSince: null }]);
    const events = logged.filter((line) => line.includes('"host.')).map((line) => JSON.parse(line) as object);
    expect(events).toMatchObject([
      { event: "host.failing", host: HOST, since: new Date(T0).toISOString(), reason: "http_503" },
      { event: "host.recovered", host: HOST, since: new Date(T0).toISOString() },
    ]);
  });
});

describe("a registered endpoint", () => {
  it("is logged when it fails, recovers, and is disabled by a 410 or, after five days, by the alarm", async () => {
    const logged: string[] = [];
    watchLog((line) => logged.push(line));
    vi.useFakeTimers({ toFake: ["Date"], now: T0 + 700_000 });
    const name = "key:of these endpoints";
    const stub = env.ACCOUNTS.get(env.ACCOUNTS.idFromName(name));
    const createdAt = T0 - 1000;
    const [first, second] = [anEndpoint({ createdAt }), anEndpoint({ id: "ep_b", createdAt })];
    await runInDurableObject(stub, (_object, { storage: { sql } }) => {
      new AccountRows(sql).writeDocument("endpoints", [first, second]);
    });
    await evictDurableObject(stub);
    const of = (task: string, about: Partial<EndpointSummary>) =>
      aReport(1, { ...aQueuedSummary({ name: task, account: name }), endpoints: [anEndpointSummary(about)] });
    for (const at of [0, 5, 35, 155, 455]) {
      await stub.sync([of(`a${at}`, { attempts: failedAttempts(at) })]);
      await stub.sync([of(`b${at}`, { id: "ep_b", attempts: failedAttempts(at) })]);
      await evictDurableObject(stub);
    }
    const ok = { ...failedAttempts(), delivered: 1, deliveredAt: T0 + 500_000, lastFailure: null };
    await stub.sync([of("ok", { attempts: ok })]);
    await stub.sync([of("gone", { attempts: failedAttempts(600), goneAt: T0 + 600_000 })]);
    await evictDurableObject(stub);
    vi.setSystemTime(T0 + 5 * 86_400_000);
    await runDurableObjectAlarm(stub);
    const about = { account: name, host: "endpoint.acme.com" };
    const since = new Date(T0).toISOString();
    const events = logged
      .filter((line) => line.includes('"event":"endpoint.'))
      .map((line) => JSON.parse(line) as object);
    expect(events).toEqual([
      { event: "endpoint.failing", ...about, endpoint: first.id, since, reason: "http_503" },
      { event: "endpoint.failing", ...about, endpoint: "ep_b", since, reason: "http_503" },
      { event: "endpoint.recovered", ...about, endpoint: first.id, since, reason: "http_503" },
      {
        event: "endpoint.disabled",
        ...about,
        endpoint: first.id,
        since: new Date(T0 + 600_000).toISOString(),
        reason: "gone",
      },
      { event: "endpoint.disabled", ...about, endpoint: "ep_b", since, reason: "failing" },
    ]);
    const briefing = await stub.attemptBriefing();
    expect(briefing.endpoints.map(({ isDisabled }) => isDisabled)).toEqual([true, true]);
  });

  it("that fails is logged as failing no more when a call disables it", async () => {
    const logged: string[] = [];
    watchLog((line) => logged.push(line));
    vi.useFakeTimers({ toFake: ["Date"], now: T0 + 700_000 });
    const name = "key:of this endpoint";
    const one = { id: "ep_a", createdAt: T0 - 1000 };
    await register([one], name);
    const stub = env.ACCOUNTS.get(env.ACCOUNTS.idFromName(name));
    await stub.sync(
      [0, 5, 35, 155, 455].map((at) =>
        aReport(1, {
          ...aQueuedSummary({ name: `a${at}`, account: name }),
          endpoints: [anEndpointSummary({ id: one.id, attempts: failedAttempts(at) })],
        }),
      ),
    );
    expect(await stub.patchEndpoint(one.id, { enabled: false })).toMatchObject({ kind: "patched" });
    const about = { account: name, endpoint: one.id, since: new Date(T0).toISOString() };
    const events = logged
      .filter((line) => line.includes('"event":"endpoint.'))
      .map((line) => JSON.parse(line) as object);
    expect(events).toMatchObject([
      { event: "endpoint.failing", ...about },
      { event: "endpoint.recovered", ...about, reason: "disabled" },
    ]);
  });
});
