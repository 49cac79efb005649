import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../../src/domain/recovery/lane.ts";
import { RecoveryQueue, type Candidate, type Progress } from "../../../../src/domain/recovery/queue.ts";
import { endStatus } from "../../../../src/domain/recovery/recovery.ts";

/*
 * The order and the pace of a recovery.
 *
 * scenario                                     requirement
 * one host                                     one at a time until the first success, then five
 * many hosts                                   thirty in all, oldest first
 * five failures in a row                       the rest of that host stays undelivered, that of others does not
 * a candidate that is gone or no longer fits   is not counted any more; one that fits since the start is
 * any answers in any order, a crash anywhere   the limits hold, each candidate is settled, and the counts are exact
 */

const START: Progress = { cursor: "", counts: { matched: 0, delivered: 0, failed: 0 }, haltedHosts: [] };

const keyOf = (index: number): string => String(index).padStart(4, "0");

function candidates(hosts: readonly string[]): Candidate[] {
  return hosts.map((host, index) => ({ key: keyOf(index), host, wasMatched: true }));
}

function queueOf(all: readonly Candidate[], start: Progress = START): RecoveryQueue {
  const queue = new RecoveryQueue({
    ...start,
    counts: { ...start.counts, matched: start.counts.matched || all.length },
  });
  for (const candidate of all) queue.add(candidate);
  return queue;
}

/** All that may be asked now. */
function asked(queue: RecoveryQueue): string[] {
  const keys: string[] = [];
  for (let one = queue.next(); one; one = queue.next()) keys.push(one.key);
  return keys;
}

function sameHost(count: number): Candidate[] {
  return candidates(Array.from({ length: count }, () => "a.example"));
}

describe("one host", () => {
  it("gets one at a time until its first success, then five", () => {
    const queue = queueOf(sameHost(20));
    expect(asked(queue)).toEqual(["0000"]);
    queue.answer("0000", "failed");
    expect(asked(queue)).toEqual(["0001"]);
    queue.answer("0001", "delivered");
    expect(asked(queue)).toEqual(["0002", "0003", "0004", "0005", "0006"]);
    queue.answer("0004", "failed");
    expect(asked(queue)).toEqual(["0007"]);
  });

  it.each<Outcome>(["unmatched", "gone", "interrupted"])(
    "learns nothing from a candidate that is %s",
    (outcome) => {
      const queue = queueOf(sameHost(12));
      for (let index = 0; index < 10; index += 1) {
        expect(asked(queue)).toEqual([keyOf(index)]);
        queue.answer(keyOf(index), outcome);
      }
      const failed = outcome === "interrupted" ? 10 : 0;
      expect(queue.counts).toEqual({ matched: failed === 0 ? 2 : 12, delivered: 0, failed });
    },
  );

  it.each<Outcome>(["failed", "unasked"])("gets nothing more after five that are %s in a row", (outcome) => {
    const queue = queueOf(sameHost(20));
    for (let index = 0; index < 5; index += 1) {
      expect(asked(queue)).toEqual([keyOf(index)]);
      queue.answer(keyOf(index), outcome);
    }
    expect(asked(queue)).toEqual([]);
    expect(queue.isIdle).toBe(true);
    expect(queue.counts).toEqual({ matched: 20, delivered: 0, failed: outcome === "failed" ? 5 : 0 });
    expect(endStatus(queue.counts)).toBe("halted");
    expect(queue.progress()).toEqual({
      cursor: keyOf(19),
      counts: queue.counts,
      haltedHosts: ["a.example"],
    });
  });

  it("goes on after four failures and a success", () => {
    const queue = queueOf(sameHost(9));
    for (const outcome of ["failed", "failed", "failed", "failed", "delivered"] as const) {
      for (const key of asked(queue)) queue.answer(key, outcome);
    }
    for (const key of asked(queue)) queue.answer(key, "failed");
    expect(queue.counts).toEqual({ matched: 9, delivered: 1, failed: 8 });
    expect(queue.progress().haltedHosts).toEqual([]);
  });

  it("that is halted keeps what was on its way, and stays halted when that arrives", () => {
    const queue = queueOf(sameHost(20));
    asked(queue);
    queue.answer("0000", "delivered");
    expect(asked(queue)).toHaveLength(5);
    for (const index of [1, 2, 3, 4]) queue.answer(keyOf(index), "failed");
    expect(asked(queue)).toEqual(["0006", "0007", "0008", "0009"]);
    queue.answer("0005", "failed");
    expect(asked(queue)).toEqual([]);
    queue.answer("0006", "delivered");
    expect(asked(queue)).toEqual([]);
    expect(queue.counts).toEqual({ matched: 20, delivered: 2, failed: 5 });
    for (const index of [7, 8, 9]) queue.answer(keyOf(index), "failed");
    expect(queue.isIdle).toBe(true);
  });
});

describe("many hosts", () => {
  it("get thirty in all, the oldest first", () => {
    const queue = queueOf(candidates(Array.from({ length: 100 }, (_, index) => `host-${index % 50}`)));
    expect(asked(queue)).toEqual(Array.from({ length: 30 }, (_, index) => keyOf(index)));
    queue.answer("0007", "delivered");
    expect(asked(queue)).toEqual(["0030"]);
    queue.answer("0029", "delivered");
    expect(asked(queue)).toEqual(["0031"]);
  });

  it("do not wait for one that fails", () => {
    const queue = queueOf(candidates(Array.from({ length: 40 }, (_, index) => (index < 20 ? "down" : "up"))));
    for (let index = 0; index < 5; index += 1) {
      asked(queue);
      queue.answer(keyOf(index), "failed");
    }
    expect(queue.isIdle).toBe(false);
    for (let index = 20; index < 40; index += 1) {
      asked(queue);
      queue.answer(keyOf(index), "delivered");
    }
    expect(queue.isIdle).toBe(true);
    expect(queue.counts).toEqual({ matched: 40, delivered: 20, failed: 5 });
    expect(endStatus(queue.counts)).toBe("halted");
  });
});

describe("what memory holds", () => {
  it("ends at 10,000 candidates from the oldest open one on, and goes on when that is settled", () => {
    const all = sameHost(10_001);
    const queue = new RecoveryQueue(START);
    let added = 0;
    while (queue.wantsMore || queue.next()) queue.add(all[added++] as Candidate);
    expect(added).toBe(10_000);
    queue.answer("0000", "delivered");
    expect(asked(queue)).toHaveLength(5);
    expect(queue.wantsMore).toBe(true);
  });
});

interface World {
  hosts: number[];
  matched: boolean[];
  answers: Outcome[];
  /** Which of those on their way answers next. */
  order: number[];
  crashes: number[];
}

const WORLDS = fc.record<World>({
  hosts: fc.array(fc.nat(6), { minLength: 1, maxLength: 150 }),
  matched: fc.array(fc.boolean(), { minLength: 150, maxLength: 150 }),
  answers: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<Outcome>("delivered") },
      { weight: 4, arbitrary: fc.constant<Outcome>("failed") },
      { weight: 1, arbitrary: fc.constantFrom<Outcome>("unmatched", "gone", "unasked", "interrupted") },
    ),
    { minLength: 150, maxLength: 150 },
  ),
  order: fc.array(fc.nat(29), { minLength: 1, maxLength: 40 }),
  crashes: fc.array(fc.nat(200), { maxLength: 3 }),
});

describe("any answers, in any order, with processes that die", () => {
  it("settle each candidate, within the limits, and the counts are exact", () => {
    fc.assert(
      fc.property(WORLDS, ({ hosts, matched, answers, order, crashes }) => {
        const all = hosts.map((host, index): Candidate => ({
          key: keyOf(index),
          host: `host-${host}`,
          wasMatched: matched[index] ?? true,
        }));
        const counts = {
          matched: all.filter(({ wasMatched }) => wasMatched).length,
          delivered: 0,
          failed: 0,
        };
        let progress: Progress = { ...START, counts };
        let queue = new RecoveryQueue(progress);
        /** What the tasks remember: an order of the same recovery is answered as before. */
        const remembered = new Map<string, Outcome>();
        const onTheWay = new Map<string, Candidate>();
        const proven = new Set<string>();
        /** By this process, or settled before it. */
        let wasAsked = new Set<string>();
        let step = 0;
        for (let from = all; ; step += 1) {
          for (const candidate of from) if (candidate.key > queue.position) queue.add(candidate);
          queue.passTo("~");
          if (queue.isIdle) break;
          for (let one = queue.next(); one; one = queue.next()) {
            const { host } = one;
            expect(one).toEqual(all.find((other) => other.host === host && !wasAsked.has(other.key)));
            wasAsked.add(one.key);
            onTheWay.set(one.key, one);
          }
          const there = [...onTheWay.values()];
          expect(there.length).toBeGreaterThan(0);
          expect(there.length).toBeLessThanOrEqual(30);
          for (const host of new Set(there.map((one) => one.host))) {
            const atHost = there.filter((one) => one.host === host).length;
            expect(atHost).toBeLessThanOrEqual(proven.has(host) ? 5 : 1);
          }
          if (crashes.includes(step)) {
            progress = queue.progress();
            queue = new RecoveryQueue(progress);
            const { cursor } = progress;
            from = all.filter(({ key }) => key > cursor);
            wasAsked = new Set(all.filter(({ key }) => key <= cursor).map(({ key }) => key));
            onTheWay.clear();
            proven.clear();
            continue;
          }
          const next = there[(order[step % order.length] ?? 0) % there.length] as Candidate;
          onTheWay.delete(next.key);
          const outcome = remembered.get(next.key) ?? answers[Number(next.key)] ?? "delivered";
          remembered.set(next.key, outcome);
          if (outcome === "delivered") proven.add(next.host);
          queue.answer(next.key, outcome);
        }
        const outcomes = all.map(({ key }) => remembered.get(key) ?? "unasked");
        const count = (outcome: Outcome): number => outcomes.filter((one) => one === outcome).length;
        expect(queue.counts).toEqual(queue.progress().counts);
        expect(queue.counts).toEqual({
          matched: all.length - count("gone") - count("unmatched"),
          delivered: count("delivered"),
          failed: count("failed") + count("interrupted"),
        });
        expect(queue.progress().cursor).toBe("~");
      }),
      { numRuns: 300 },
    );
  });
});
