import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_ATTEMPTS, type AttemptTally } from "../../../../src/domain/account/attempts.ts";
import { Counters } from "../../../../src/domain/account/counters.ts";
import type { TaskSummary } from "../../../../src/domain/account/summary.ts";
import { anEndpointSummary, aQueuedSummary, aSummary, T0 } from "../../../support/builders.ts";

/*
 * scenario                              requirement
 * tasks that are added and taken out    contract, stats: running counters; those of `test` left out
 * run times                             p50 and p95 by nearest rank, to 2 %
 * kept files                            contract, Kept files: the bytes that are kept now
 * callbacks                             contract, stats: `deliveries` counts terminal events, one for each receiver
 * a host that comes back                guarantee 7: a bounded count, which is low rather than wrong
 * made-up models                        guarantee 7: stored bytes are bounded
 */

const NOTHING = {
  tasks: { queued: 0, running: 0, succeeded: 0, failed: 0 },
  models: [],
  deliveries: { pending: 0, delivered: 0, exhausted: 0, stopped: 0 },
  hosts: [],
  files: { kept: 0, bytes: 0 },
  pollsPerTask: null,
};

function tried(
  callbackHost: string,
  { delivered, failed, lastAt }: { delivered: number; failed: number; lastAt: number },
): TaskSummary {
  const attempts = { ...NO_ATTEMPTS, delivered, failed, deliveredAt: lastAt };
  return aQueuedSummary({ callbackHost, attempts });
}

function sumOf(attempts: readonly AttemptTally[]): { delivered: number; failed: number } {
  const sum = { delivered: 0, failed: 0 };
  for (const { delivered, failed } of attempts) {
    sum.delivered += delivered;
    sum.failed += failed;
  }
  return sum;
}

function triedAt({ delivered, failed }: { delivered: number; failed: number }): AttemptTally {
  return { ...NO_ATTEMPTS, delivered, failed, deliveredAt: T0 };
}

const TRIED = tried("__proto__", { delivered: 3, failed: 1, lastAt: T0 });

const ran = (ms: number, model = "m") => aSummary({ model, finishedAt: T0 + ms });

describe("an account's counters", () => {
  it("count tasks and callbacks by status, and polls of those that ended", () => {
    const counters = new Counters();
    for (const task of [
      aQueuedSummary(),
      aQueuedSummary({ status: "running", delivery: null }),
      // Only news of these was sent.
      aQueuedSummary({ status: "running", delivery: "exhausted" }),
      aSummary({ status: "failed", delivery: "stopped", terminalDelivery: null, polls: 7 }),
      aSummary({ polls: 4 }),
      aSummary({ status: "failed", delivery: "exhausted", polls: 7 }),
      aSummary({ test: true }),
    ]) {
      counters.add(task);
    }
    expect(counters.stats()).toEqual({
      tasks: { queued: 1, running: 2, succeeded: 1, failed: 2 },
      models: [{ model: "m", count: 1, p50Ms: expect.any(Number), p95Ms: expect.any(Number) }],
      deliveries: { pending: 0, delivered: 1, exhausted: 1, stopped: 0 },
      hosts: [],
      files: { kept: 0, bytes: 0 },
      pollsPerTask: 6,
    });
  });

  it("count the files that are kept now, and their bytes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ bytes: fc.option(fc.nat(536_870_912)), isErased: fc.boolean() })),
        (tasks) => {
          const counters = new Counters();
          const summaries = tasks.map(({ bytes, isErased }) => ({
            summary: aSummary({ keptBytes: bytes }),
            isErased,
          }));
          for (const { summary } of summaries) counters.add(summary);
          const again = new Counters(counters.document());
          for (const { summary, isErased } of summaries) if (isErased) again.remove(summary);
          const left = tasks.flatMap(({ bytes, isErased }) => (bytes === null || isErased ? [] : [bytes]));
          expect(again.stats().files).toEqual({
            kept: left.length,
            bytes: left.reduce((total, bytes) => total + bytes, 0),
          });
        },
      ),
    );
  });

  it("give the percentiles of each model to 2 %, the most used model first", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 100, max: 259_200_000 }), { minLength: 1 }), (times) => {
        const counters = new Counters();
        counters.add(ran(5, "rare"));
        for (const ms of [...times, ...times]) counters.add(ran(ms));
        const sorted = [...times, ...times].toSorted((a, b) => a - b);
        const rank = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
        const [most] = counters.stats().models;
        expect(most).toMatchObject({ model: "m", count: sorted.length });
        for (const [found, exact] of [
          [most?.p50Ms ?? 0, rank(0.5)],
          [most?.p95Ms ?? 0, rank(0.95)],
        ] as const) {
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.02 + 1);
        }
      }),
    );
  });

  it("count the attempts at each host, that of the newest one first", () => {
    const counters = new Counters();
    const a = tried("a.example.com", { delivered: 1, failed: 2, lastAt: 5 });
    for (const task of [
      a,
      tried("b.example.com", { delivered: 0, failed: 1, lastAt: 9 }),
      tried("a.example.com", { delivered: 1, failed: 0, lastAt: 3 }),
      tried("c.example.com", { delivered: 0, failed: 0, lastAt: 0 }),
      { ...a, test: true },
      { ...a, callbackHost: null },
    ]) {
      counters.add(task);
    }
    const b = { host: "b.example.com", delivered: 0, failed: 1 };
    expect(counters.stats().hosts).toEqual([b, { host: "a.example.com", delivered: 2, failed: 2 }]);
    counters.remove(a);
    expect(counters.stats().hosts).toEqual([b, { host: "a.example.com", delivered: 1, failed: 0 }]);
  });

  it("count each receiver of a task: its own callback and endpoints, at whatever host", () => {
    const hosts = fc.constantFrom("a.acme.com", "b.acme.com", "c.acme.com");
    const receiver = fc.record({
      host: hosts,
      terminalDelivery: fc.constantFrom(null, "pending", "delivered", "exhausted", "stopped"),
      delivered: fc.nat(3),
      failed: fc.nat(3),
    });
    const task = fc.record({ own: fc.option(receiver), endpoints: fc.array(receiver, { maxLength: 4 }) });
    fc.assert(
      fc.property(fc.array(task, { maxLength: 8 }), (tasks) => {
        const counters = new Counters();
        const summaries = tasks.map(({ own, endpoints }) =>
          aSummary({
            callbackHost: own?.host ?? null,
            terminalDelivery: own?.terminalDelivery ?? null,
            attempts: own ? triedAt(own) : NO_ATTEMPTS,
            endpoints: endpoints.map((one, at) =>
              anEndpointSummary({ ...one, id: `ep_${at}`, attempts: triedAt(one) }),
            ),
          }),
        );
        for (const summary of summaries) counters.add(summary);
        const all = tasks.flatMap(({ own, endpoints }) => [...(own ? [own] : []), ...endpoints]);
        const { deliveries, hosts: found } = counters.stats();
        for (const [status, count] of Object.entries(deliveries)) {
          expect(count).toBe(all.filter(({ terminalDelivery }) => terminalDelivery === status).length);
        }
        for (const host of ["a.acme.com", "b.acme.com", "c.acme.com"]) {
          const here = sumOf(all.filter((one) => one.host === host).map(triedAt));
          const { delivered, failed } = found.find((one) => one.host === host) ?? { delivered: 0, failed: 0 };
          expect({ delivered, failed }).toEqual(here);
        }
        for (const summary of summaries) counters.remove(summary);
        expect(counters.stats()).toEqual(NOTHING);
      }),
    );
  });

  it("keep the 500 hosts that were tried last, show 100, and never count below nothing", () => {
    const counters = new Counters();
    const tasks = Array.from({ length: 600 }, (_, at) =>
      tried(`${at}.example.com`, { delivered: 1, failed: 0, lastAt: 1 + at }),
    );
    for (const task of tasks) counters.add(task);
    expect(counters.document().hosts).toHaveLength(500);
    const shown = counters.stats().hosts.map(({ host }) => host);
    expect(shown).toEqual(Array.from({ length: 100 }, (_, at) => `${599 - at}.example.com`));
    for (const task of tasks) counters.remove(task);
    expect(counters.stats().hosts).toEqual([]);
    counters.add(tried("1.example.com", { delivered: 1, failed: 0, lastAt: 700 }));
    expect(counters.stats().hosts).toEqual([{ host: "1.example.com", delivered: 1, failed: 0 }]);
  });

  it("take nothing out of a host that was forgotten and came back", () => {
    const counters = new Counters();
    const old = tried("back.example.com", { delivered: 5, failed: 4, lastAt: 1 });
    counters.add(old);
    for (let at = 2; at < 503; at++) {
      counters.add(tried(`${at}.example.com`, { delivered: 1, failed: 0, lastAt: at }));
    }
    const ofBack = (): unknown => counters.stats().hosts.find(({ host }) => host === "back.example.com");
    counters.remove(old);
    expect(ofBack()).toBeUndefined();
    const fresh = tried("back.example.com", { delivered: 1, failed: 0, lastAt: 600 });
    counters.add(fresh);
    const again = new Counters(JSON.parse(JSON.stringify(counters.document())));
    for (const one of [counters, again]) one.remove(old);
    expect(ofBack()).toEqual({ host: "back.example.com", delivered: 1, failed: 0 });
    expect(again.stats()).toEqual(counters.stats());
    // The old task's redelivery brings its attempts back, once.
    const redelivered = tried("back.example.com", { delivered: 6, failed: 4, lastAt: 601 });
    counters.add(redelivered);
    expect(ofBack()).toEqual({ host: "back.example.com", delivered: 7, failed: 4 });
    counters.remove(redelivered);
    expect(ofBack()).toEqual({ host: "back.example.com", delivered: 1, failed: 0 });
    counters.remove(fresh);
    expect(ofBack()).toBeUndefined();
  });

  it("of a host are no more than what its tasks say, and no less than what the newer ones do", () => {
    const move = fc.record({ host: fc.nat(800), task: fc.nat(3), isIn: fc.boolean() });
    fc.assert(
      fc.property(fc.array(move, { minLength: 2000, maxLength: 2000 }), (moves) => {
        const counters = new Counters();
        const tasks = new Map<string, TaskSummary>();
        for (const [at, { host, task, isIn }] of moves.entries()) {
          const key = `${host} ${task}`;
          const before = tasks.get(key);
          if (before) counters.remove(before);
          tasks.delete(key);
          if (!isIn && before) continue;
          // Some attempts are reported late.
          const lastAt = 1 + at - Math.min(at, 40 * task);
          const after = tried(`${host}`, { delivered: 1 + task, failed: task, lastAt });
          counters.add(after);
          tasks.set(key, after);
        }
        const { hosts, forgottenUntil } = counters.document();
        const found = new Map(hosts);
        for (let host = 0; host <= 800; host++) {
          const is = found.get(`${host}`) ?? { delivered: 0, failed: 0 };
          const own = [0, 1, 2, 3].flatMap((task) => tasks.get(`${host} ${task}`)?.attempts ?? []);
          const most = sumOf(own);
          const least = sumOf(own.filter(({ deliveredAt }) => (deliveredAt ?? 0) > forgottenUntil));
          for (const of of ["delivered", "failed"] as const) {
            expect(is[of]).toBeLessThanOrEqual(most[of]);
            expect(is[of]).toBeGreaterThanOrEqual(least[of]);
          }
        }
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });

  it("are stored and read without a difference, and empty when every task was taken out", () => {
    const tasks = [TRIED, aQueuedSummary(), ran(1_000), ran(70_000), ran(70_000, "__proto__")];
    const counters = new Counters();
    for (const task of tasks) counters.add(task);
    const again = new Counters(JSON.parse(JSON.stringify(counters.document())));
    expect(again.stats()).toEqual(counters.stats());
    for (const task of tasks) again.remove(task);
    expect(again.stats()).toEqual(NOTHING);
  });

  it("keep no more than 200 models, however many are made up, and never count below nothing", () => {
    const counters = new Counters();
    const names = Array.from({ length: 300 }, (_, index) => `${index}`.padEnd(200, "x"));
    for (const name of names) counters.add(ran(9_000_000, name));
    expect(counters.document().models).toHaveLength(200);
    expect(JSON.stringify(counters.document()).length).toBeLessThan(60_000);
    expect(counters.stats().models).toHaveLength(100);
    for (const name of names) counters.remove(ran(9_000_000, name));
    expect(counters.stats()).toEqual(NOTHING);
  });
});
