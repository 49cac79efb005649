import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidateKey, partsOf } from "../../../../src/domain/recovery/candidate-key.ts";
import type { Outcome } from "../../../../src/domain/recovery/host-pace.ts";
import { RecoveryQueue, type Candidate, type Progress } from "../../../../src/domain/recovery/queue.ts";
import { keyOf, START } from "./queue-start.ts";

/*
 * A recovery under any answers.
 *
 * scenario                                     requirement
 * a candidate that is gone or no longer fits   is not counted any more; one that fits since the start is
 * any answers in any order, a crash anywhere   the limits hold, each candidate is settled, and the counts are exact
 */

/** Some tasks have a candidate for their callback and for endpoints; the number of the candidate ends its key. */
const keyAmong = (index: number): string => {
  const task = `${keyOf(index - (index % 3))} name`;
  return candidateKey(task, index % 3 === 0 ? null : `ep_${index % 3}`);
};
const indexOf = (key: string): number => {
  const { endpoint } = partsOf(key);
  return Number(key.slice(0, 4)) + (endpoint === null ? 0 : Number(endpoint.slice(3)));
};

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
