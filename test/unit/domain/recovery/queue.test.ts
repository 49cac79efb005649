import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../../src/domain/recovery/host-pace.ts";
import { RecoveryQueue, type Candidate, type Progress } from "../../../../src/domain/recovery/queue.ts";
import { endStatus } from "../../../../src/domain/recovery/recovery.ts";
import { keyOf, START } from "./queue-start.ts";

/*
 * The order and the pace of a recovery.
 *
 * scenario                                     requirement
 * one host                                     one at a time until the first success, then five
 * many hosts                                   thirty in all, oldest first
 * five failures in a row                       the rest of that host stays undelivered, that of others does not
 */

function candidates(hosts: readonly string[]): Candidate[] {
  return hosts.map((host, index) => ({ key: keyOf(index), host }));
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

const key6 = (index: number): string => String(index).padStart(6, "0");

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

  it("gets nothing more after five failures in a row", () => {
    const queue = queueOf(sameHost(20));
    for (let index = 0; index < 5; index += 1) {
      expect(asked(queue)).toEqual([keyOf(index)]);
      queue.answer(keyOf(index), "failed");
    }
    expect(asked(queue)).toEqual([]);
    expect(queue.isIdle).toBe(true);
    expect(queue.counts).toEqual({ matched: 20, delivered: 0, failed: 5 });
    expect(endStatus(queue.counts)).toBe("halted");
    expect(queue.progress()).toEqual({
      cursor: keyOf(19),
      counts: queue.counts,
      haltedHosts: [{ host: "a.example", askedUpTo: keyOf(4) }],
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

describe("thousands of hosts", () => {
  it("cost no more for each than a few", () => {
    const millisecondsFor = (hosts: number): number => {
      const began = performance.now();
      const queue = new RecoveryQueue(START);
      for (let index = 0; index < hosts; index += 1) queue.add({ key: key6(index), host: `host-${index}` });
      for (let step = 0; !queue.isIdle; step += 1) {
        for (const key of asked(queue)) queue.answer(key, step % 2 === 0 ? "failed" : "delivered");
      }
      return performance.now() - began;
    };
    // As many as memory holds; where each ask walked all hosts, that took 6.6 s.
    expect(millisecondsFor(10_000)).toBeLessThan(3_000);
  });

  it("are forgotten once they have answered, unless they took or failed something", () => {
    const queue = new RecoveryQueue(START);
    for (let index = 0; index < 50; index += 1) queue.add({ key: key6(index), host: `host-${index}` });
    while (!queue.isIdle) for (const key of asked(queue)) queue.answer(key, "gone");
    expect(queue.hosts).toBe(0);
  });
});
