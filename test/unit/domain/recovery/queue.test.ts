import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../../src/domain/recovery/host-pace.ts";
import { candidateKey, partsOf } from "../../../../src/domain/recovery/candidate-key.ts";
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

/** Some tasks have a candidate for their callback and for endpoints; the number of the candidate ends its key. */
const keyAmong = (index: number): string => {
  const task = `${keyOf(index - (index % 3))} name`;
  return candidateKey(task, index % 3 === 0 ? null : `ep_${index % 3}`);
};
const indexOf = (key: string): number => {
  const { endpoint } = partsOf(key);
  return Number(key.slice(0, 4)) + (endpoint === null ? 0 : Number(endpoint.slice(3)));
};

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

const key6 = (index: number): string => String(index).padStart(6, "0");

interface World {
  hosts: number[];
  /** What an attempt, or the task without one, comes to. */
  answers: Told[];
  /** Hosts that take nothing from the candidate of that number on. */
  down: { host: number; from: number }[];
  /** Which of those on their way answers next. */
  order: number[];
  /** After so many answers the process dies, and of its last asks these arrive nevertheless. */
  crashes: { at: number; arrives: boolean[] }[];
  /** The answers after which progress is stored. */
  saves: number[];
}

type Told = "delivered" | "failed" | "unmatched" | "gone";

const WORLDS = fc.record<World>({
  hosts: fc.array(fc.nat(6), { minLength: 1, maxLength: 150, size: "max" }),
  answers: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<Told>("delivered") },
      { weight: 5, arbitrary: fc.constant<Told>("failed") },
      { weight: 1, arbitrary: fc.constantFrom<Told>("unmatched", "gone") },
    ),
    { minLength: 150, maxLength: 150 },
  ),
  down: fc.array(fc.record({ host: fc.nat(6), from: fc.nat(60) }), { maxLength: 4 }),
  // A slow one holds the cursor: the first on its way answers late.
  order: fc.oneof(
    fc.array(fc.nat(29), { minLength: 1, maxLength: 40 }),
    fc.array(fc.constantFrom(-1, -2), { minLength: 1, maxLength: 40 }),
  ),
  crashes: fc.array(
    fc.record({ at: fc.nat(100), arrives: fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }) }),
    {
      maxLength: 4,
    },
  ),
  saves: fc.array(fc.nat(100), { maxLength: 60, size: "max" }),
});

/** The tasks: each sends once, and remembers what it came to. */
class Tasks {
  readonly said = new Map<string, Told>();
  readonly #answers: readonly Told[];

  constructor(answers: readonly Told[]) {
    this.#answers = answers;
  }

  /** A failure that is remembered tells nothing new about its host. */
  ask(key: string): Outcome {
    const said = this.said.get(key);
    if (said !== undefined) return said === "failed" ? "interrupted" : said;
    const told = this.#answers[indexOf(key)] ?? "delivered";
    this.said.set(key, told);
    return told;
  }
}

/** At a halted host only what an earlier process has asked before it was halted. */
function expectAllowed({ host, key }: Candidate, { haltedHosts }: Progress, failuresInARow: number): void {
  const halted = haltedHosts.find((other) => other.host === host);
  if (halted) expect(key <= halted.askedUpTo).toBe(true);
  else expect(failuresInARow).toBeLessThan(5);
}

function rowAfter(failuresInARow: number, outcome: Outcome): number {
  if (outcome === "failed") return failuresInARow + 1;
  return outcome === "delivered" && failuresInARow < 5 ? 0 : failuresInARow;
}

describe("any answers, in any order, with processes that die", () => {
  it("are within the limits, and the counts are what the tasks say", () => {
    fc.assert(
      fc.property(WORLDS, ({ hosts, answers, down, order, crashes, saves }) => {
        const all = hosts.map((host, index): Candidate => ({ key: keyAmong(index), host: `host-${host}` }));
        const tasks = new Tasks(
          answers.map((told, index) =>
            down.some(({ host, from }) => host === hosts[index] && index >= from) ? "failed" : told,
          ),
        );
        let stored: Progress = { ...START, counts: { matched: all.length, delivered: 0, failed: 0 } };
        let queue = new RecoveryQueue(stored);
        const onTheWay = new Map<string, Candidate>();
        const proven = new Set<string>();
        const row = new Map<string, number>();
        for (let step = 0; ; step += 1) {
          for (const candidate of all) if (candidate.key > queue.position) queue.add(candidate);
          queue.passTo("~");
          if (queue.isIdle) break;
          for (let one = queue.next(); one; one = queue.next()) {
            const { host, key } = one;
            expectAllowed(one, stored, row.get(host) ?? 0);
            onTheWay.set(key, one);
          }
          const there = [...onTheWay.values()];
          expect(there.length).toBeGreaterThan(0);
          expect(there.length).toBeLessThanOrEqual(30);
          for (const host of new Set(there.map((one) => one.host))) {
            const atHost = there.filter((one) => one.host === host).length;
            expect(atHost).toBeLessThanOrEqual(proven.has(host) ? 5 : 1);
          }
          if (saves.includes(step)) stored = queue.progress();
          const crash = crashes.find(({ at }) => at === step);
          if (crash) {
            there.forEach(({ key }, index) => crash.arrives[index] && tasks.ask(key));
            queue = new RecoveryQueue(stored);
            for (const memory of [onTheWay, proven, row]) memory.clear();
            continue;
          }
          const { key, host } = there.at((order[step % order.length] ?? 0) % there.length) as Candidate;
          onTheWay.delete(key);
          const outcome = tasks.ask(key);
          if (outcome === "delivered") proven.add(host);
          row.set(host, rowAfter(row.get(host) ?? 0, outcome));
          queue.answer(key, outcome);
        }
        const said = [...tasks.said.values()];
        const count = (told: Told): number => said.filter((one) => one === told).length;
        expect(queue.counts).toEqual(queue.progress().counts);
        expect(queue.counts).toEqual({
          matched: all.length - count("gone") - count("unmatched"),
          delivered: count("delivered"),
          failed: count("failed"),
        });
        expect(queue.progress().cursor).toBe("~");
      }),
      { numRuns: 150 },
    );
  });
});
