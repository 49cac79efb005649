import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EVERY_TASK } from "../../../../src/domain/account/filter.ts";
import { reportOf } from "../../../../src/domain/account/report.ts";
import type { TaskSummary } from "../../../../src/domain/account/summary.ts";
import type { RecoveryAnswer } from "../../../../src/domain/recovery/order.ts";
import { anEndpointSummary } from "../../../support/builders.ts";
import {
  anExhausted,
  deliveryOf,
  HOUR,
  nameOf,
  passing,
  RecoveringAccount,
  request,
} from "./recovering-account.ts";

/*
 * What a recovery counts and asks: the receivers of one task, rows that change, a receiver of its own.
 *
 * scenario                                  requirement
 * several receivers of a task               each has a delivery of its own, which is counted and asked once
 * rows that change before their turn        delivered meanwhile counts; gone or unfit leaves the count; newly fit joins it
 * a seal that does not open                 it waits, asks nothing, and ends after a day
 */

let account: RecoveringAccount;
beforeEach(() => {
  account = new RecoveringAccount();
});
afterEach(() => account.close());

describe("the receivers of a task", () => {
  const AT_HOOKS = "hooks.acme.com";
  /** The callback and two endpoints, one of them at the callback's host. */
  function severalOf(index: number, overrides: Partial<TaskSummary> = {}): TaskSummary {
    const exhausted = { terminalDelivery: "exhausted" as const };
    return anExhausted(index, {
      endpoints: [
        anEndpointSummary({ id: "ep_a", host: "a.acme.com", ...exhausted }),
        anEndpointSummary({ id: "ep_b", host: AT_HOOKS, ...exhausted }),
      ],
      ...overrides,
    });
  }
  const all = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => nameOf(index)).flatMap((name) => [
      name,
      `${name} ep_a`,
      `${name} ep_b`,
    ]);
  const askedFor = (): string[] => account.asked.map(({ name, order }) => deliveryOf(name, order.endpoint));

  beforeEach(() => {
    account.endpoints.set("ep_c", "c.acme.com");
    account.endpoints.set("ep_a", "a.acme.com");
    account.endpoints.set("ep_b", AT_HOOKS);
    account.report(...Array.from({ length: 12 }, (_, index) => severalOf(index)));
  });

  it("are previewed each, and each task once among the oldest", async () => {
    const preview = await passing(account.recoveries.preview(request().filter));
    expect(preview).toMatchObject({
      matched: 36,
      hosts: [
        { host: AT_HOOKS, count: 24 },
        { host: "a.acme.com", count: 12 },
      ],
    });
    expect(preview.first.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, at) => nameOf(at)));
  });

  it("get each their own delivery, once", async () => {
    const { id, matched } = await account.started();
    expect(matched).toBe(36);
    expect(await account.ended(id)).toMatchObject({
      status: "done",
      matched: 36,
      delivered: 36,
      remaining: 0,
    });
    expect(askedFor().toSorted()).toEqual(all(12).toSorted());
  });

  it("are sent to one URL instead, once for each delivery", async () => {
    const { id } = await account.started({ target: { url: "https://new.acme.com/", headers: [] } });
    expect(await account.ended(id)).toMatchObject({ status: "done", matched: 36, delivered: 36 });
    expect(askedFor()).toEqual(all(12));
    expect(account.asked.every(({ order }) => order.target?.url === "https://new.acme.com/")).toBe(true);
  });

  it("are halted by their own host", async () => {
    for (let index = 0; index < 12; index += 1)
      account.answers.set(`${nameOf(index)} ep_a`, { kind: "failed" });
    const { id } = await account.started();
    expect(await account.ended(id)).toMatchObject({
      status: "halted",
      matched: 36,
      delivered: 24,
      failed: 5,
      remaining: 7,
    });
  });

  it("are left out where the filter is for one endpoint, and where it was deleted before it was stopped", async () => {
    const stopped = [
      anEndpointSummary({ id: "ep_a", terminalDelivery: "stopped" }),
      anEndpointSummary({ id: "ep_gone", terminalDelivery: "stopped" }),
    ];
    account.report(severalOf(3, { endpoints: stopped }));
    const filter = {
      statuses: ["exhausted", "stopped"] as const,
      isElsewhere: false,
      tasks: { ...EVERY_TASK, endpoint: "ep_a" },
    };
    const first = await account.started({ filter });
    expect(await account.ended(first.id)).toMatchObject({ status: "done", matched: 12, delivered: 12 });
    expect(askedFor()).toEqual(Array.from({ length: 12 }, (_, index) => `${nameOf(index)} ep_a`));
    account.asked.length = 0;
    const gone = { statuses: ["stopped"] as const, tasks: EVERY_TASK, isElsewhere: false };
    const second = await account.started({ filter: gone });
    expect(await account.ended(second.id)).toMatchObject({ matched: 1 });
  });

  it("that change before their turn count as one that joins, one that leaves and one that was delivered", async () => {
    const { id } = await account.started();
    const exhausted = { terminalDelivery: "exhausted" as const };
    account.report(
      severalOf(9, {
        endpoints: [
          anEndpointSummary({ id: "ep_a", host: "a.acme.com", terminalDelivery: "delivered" }),
          anEndpointSummary({ id: "ep_b", host: AT_HOOKS, terminalDelivery: "pending" }),
          anEndpointSummary({ id: "ep_c", host: "c.acme.com", ...exhausted }),
        ],
      }),
    );
    account.answers.set(`${nameOf(9)} ep_b`, { kind: "unmatched" });
    expect(await account.ended(id)).toMatchObject({
      status: "done",
      matched: 36,
      delivered: 36,
      remaining: 0,
    });
    expect(askedFor()).toContain(`${nameOf(9)} ep_c`);
  });

  it("of a task that was deleted leave the count", async () => {
    const { id } = await account.started();
    account.store.receive([{ ...reportOf(severalOf(9)), summary: null, lesson: null }], Date.now());
    expect(await account.ended(id)).toMatchObject({
      status: "done",
      matched: 33,
      delivered: 33,
      remaining: 0,
    });
  });

  it.each([1, 60, 130, 330, 1_100, 2_500])(
    "are each counted once when a process dies after %d ms, in the middle of a task",
    async (ms) => {
      for (const delivery of [`${nameOf(2)} ep_a`, `${nameOf(4)} ep_b`])
        account.answers.set(delivery, { kind: "failed" });
      // The cursor waits in the middle of a task, while its other deliveries are made.
      account.slow.add(`${nameOf(1)} ep_a`);
      const { id } = await account.started();
      account.fireNow().catch(() => undefined);
      await vi.advanceTimersByTimeAsync(ms);
      account.begin();
      await account.store.watch(Date.now());
      expect(await account.ended(id)).toMatchObject({
        status: "done",
        matched: 36,
        delivered: 34,
        failed: 2,
        remaining: 0,
      });
      expect(askedFor().toSorted()).toEqual(all(12).toSorted());
    },
  );
});

describe("a candidate whose row changes before its turn", () => {
  it.each<{ what: string; change: () => void; answer?: RecoveryAnswer; counts: object }>([
    {
      what: "delivered by hand",
      change: () => account.report(anExhausted(9, { delivery: "delivered" })),
      answer: { kind: "delivered" },
      counts: { matched: 10, delivered: 10 },
    },
    {
      what: "no longer exhausted",
      change: () => account.report(anExhausted(9, { delivery: "pending" })),
      answer: { kind: "unmatched" },
      counts: { matched: 9, delivered: 9 },
    },
    {
      what: "deleted",
      change: () =>
        account.store.receive([{ ...reportOf(anExhausted(9)), summary: null, lesson: null }], Date.now()),
      counts: { matched: 9, delivered: 9 },
    },
    {
      what: "joined by one that is exhausted now",
      change: () => account.report(anExhausted(20)),
      counts: { matched: 11, delivered: 11 },
    },
  ])("is $what", async ({ change, answer, counts }) => {
    account.outage(10);
    account.report(anExhausted(20, { delivery: "pending", settledAt: null }));
    if (answer) account.answers.set(nameOf(9), answer);
    const { id } = await account.started();
    change();
    expect(await account.ended(id)).toMatchObject({ status: "done", ...counts, failed: 0, remaining: 0 });
  });
});

describe("a receiver of its own", () => {
  const target = {
    url: "https://new.acme.com/hook?token=canary-query",
    headers: [["x-key", "canary-value"]],
  } as const;
  const elsewhere = {
    target: { ...target, headers: target.headers.map(([name, value]): [string, string] => [name, value]) },
  };
  const rows = (): string =>
    account.storage.sql
      .exec<{ doc: string }>("SELECT doc FROM recovery")
      .toArray()
      .map(({ doc }) => doc)
      .join();

  it("gets all of it; it is stored sealed, and erased at the end", async () => {
    account.outage(3);
    account.report(anExhausted(5, { callbackHost: "other.acme.com" }));
    const { id } = await account.started(elsewhere);
    expect(rows()).not.toContain("canary");
    expect(rows()).toMatch(/"target":"[A-Za-z0-9+/=]{100,}"/);
    expect(await account.ended(id)).toMatchObject({ status: "done", delivered: 4 });
    expect(account.asked.map(({ order }) => order.target)).toEqual(account.asked.map(() => elsewhere.target));
    expect(rows()).toContain('"target":null');
  });

  it("whose seal does not open is waited for, and given up after a day", async () => {
    account.outage(3);
    const { id } = await account.started(elsewhere);
    const others = ["another root secret that has as many letters as the first"] as const;
    for (let run = 0; run < 3; run += 1) {
      await account.fire(others);
      expect((account.storage.alarm ?? 0) - Date.now()).toBeGreaterThan(58_900);
      expect((account.storage.alarm ?? 0) - Date.now()).toBeLessThanOrEqual(60_001);
    }
    expect(account.asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(24 * HOUR);
    await account.fire(others);
    expect(account.recoveries.find(id)).toMatchObject({
      status: "halted",
      matched: 3,
      delivered: 0,
      remaining: 3,
    });
    expect(rows()).toContain('"target":null');
  });

  it("whose seal opens again goes on", async () => {
    account.outage(3);
    const { id } = await account.started(elsewhere);
    await account.fire(["another root secret that has as many letters as the first"]);
    expect(await account.ended(id)).toMatchObject({ status: "done", delivered: 3 });
  });
});
