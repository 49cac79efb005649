import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttemptReason } from "../../../../src/contract/words.ts";
import type { AttemptTally } from "../../../../src/domain/account/attempts.ts";
import {
  failingSince,
  NEW_HOST,
  observe,
  restarted,
  transitionOf,
  type HostHealth,
} from "../../../../src/domain/account/hosts.ts";

/*
 * scenario                                      requirement
 * runs of failures, short, quick, long          failing: the last five, over at least a minute
 * a success                                     ends it
 * reports in any order                          come to the same
 */

const SECOND = 1000;

/** A task of one attempt. */
function once(at: number, outcome: "ok" | "fail", reason: AttemptReason = "http_503"): AttemptTally {
  return outcome === "ok"
    ? { delivered: 1, failed: 0, deliveredAt: at, failedAt: [], lastFailure: null }
    : { delivered: 0, failed: 1, deliveredAt: null, failedAt: [at], lastFailure: { at, reason } };
}

function after(tallies: readonly AttemptTally[], from: HostHealth = NEW_HOST): HostHealth {
  return tallies.reduce((health, tally) => observe(health, null, tally), from);
}

function fails(...seconds: number[]): AttemptTally[] {
  return seconds.map((second) => once(second * SECOND, "fail"));
}

const HOST = { endpoint: null, host: "hooks.acme.com" };

describe("a host", () => {
  it.each<[what: string, tallies: AttemptTally[], since: number | null]>([
    ["nothing was sent to", [], null],
    ["failed four times in an hour", fails(0, 1000, 2000, 3600), null],
    ["failed five times in 59 seconds", fails(0, 1, 2, 3, 59), null],
    ["failed five times in a minute", fails(0, 1, 2, 3, 60), 0],
    ["failed a hundred times in a minute", fails(...Array.from({ length: 101 }, (_, at) => at * 0.6)), 0],
    [
      "failed once, then took one, then failed five times",
      [...fails(0), once(1000, "ok"), ...fails(5, 6, 7, 8, 9)],
      null,
    ],
    ["took one before it failed five times", [once(1000, "ok"), ...fails(5, 6, 7, 8, 70)], 5_000],
    ["took one after it failed five times", [...fails(5, 6, 7, 8, 70), once(71_000, "ok")], null],
    ["took one in the middle", [...fails(5, 6, 7, 80, 90), once(7_500, "ok")], null],
  ])("that %s", (_what, tallies, since) => {
    expect(failingSince(after(tallies))).toBe(since);
  });

  it("begins to fail once, and is well again with the next success", () => {
    let health = NEW_HOST;
    const transitions = [...fails(0, 5, 35, 155, 455, 2255), once(3000_000, "ok"), ...fails(4000)].flatMap(
      (tally) => {
        const before = health;
        health = observe(before, null, tally);
        return transitionOf(HOST, before, health) ?? [];
      },
    );
    expect(transitions).toEqual([
      { kind: "failing", ...HOST, since: 0, reason: "http_503" },
      { kind: "recovered", ...HOST, since: 0, reason: "http_503" },
    ]);
  });

  it("keeps the reason of its newest failure, whichever report came last, and after a success", () => {
    const tallies = [once(5, "fail", "timeout"), once(3, "fail", "connection"), once(9, "ok")];
    expect(after(tallies).lastFailure).toEqual({ at: 5, reason: "timeout" });
  });

  it("counts what is new in a task's report, and not again what was told before", () => {
    const first = once(1, "fail");
    const second: AttemptTally = {
      delivered: 0,
      failed: 2,
      deliveredAt: null,
      failedAt: [1, 90_000],
      lastFailure: { at: 90_000, reason: "gone" },
    };
    const third: AttemptTally = { ...second, delivered: 1, deliveredAt: 91_000, failedAt: [] };
    const one = observe(NEW_HOST, null, first);
    const two = observe(one, first, second);
    expect(two).toEqual(observe(NEW_HOST, null, second));
    expect(two.failedAt).toEqual([1, 90_000]);
    expect(observe(two, second, third)).toMatchObject({
      failedAt: [],
      deliveredAt: 91_000,
      firstFailedAt: null,
    });
    // The second one never came.
    expect(observe(one, first, third)).toMatchObject({ failedAt: [], deliveredAt: 91_000 });
  });

  it("counts an attempt once that began before one that is known, and ended after it", () => {
    const quick = { ...once(2_000, "fail"), failed: 1 };
    const both: AttemptTally = { ...quick, failed: 2, failedAt: [1_000, 2_000] };
    const known = observe(NEW_HOST, null, quick);
    expect(observe(known, quick, both).failedAt).toEqual([1_000, 2_000]);
    // The slow one was delivered: what began after it has failed all the same.
    const slowOk: AttemptTally = { ...quick, delivered: 1, deliveredAt: 1_000 };
    expect(observe(known, quick, slowOk)).toMatchObject({ deliveredAt: 1_000, failedAt: [2_000] });
  });

  it("counts two of a task that began at one instant", () => {
    const one = once(2_000, "fail");
    const two: AttemptTally = { ...one, failed: 2, failedAt: [2_000, 2_000] };
    expect(observe(observe(NEW_HOST, null, one), one, two).failedAt).toEqual([2_000, 2_000]);
  });

  it("comes to the same in every order of its tasks' reports, but perhaps for the first failure's time", () => {
    const reports = fc.array(
      fc.record({ at: fc.nat(200), outcome: fc.constantFrom("ok" as const, "fail" as const) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(reports, fc.nat(), (all, seed) => {
        const tallies = all.map(({ at, outcome }) => once(at * SECOND, outcome));
        const shuffled = tallies
          .map((tally, index) => ({ tally, by: (index * 7919 + seed) % 101 }))
          .toSorted((a, b) => a.by - b.by)
          .map(({ tally }) => tally);
        const [inOrder, mixed] = [after(tallies), after(shuffled)];
        expect(mixed.failedAt).toEqual(inOrder.failedAt);
        expect(mixed.deliveredAt).toBe(inOrder.deliveredAt);
        // Where no success comes late, it is the same too.
        const successFirst = [...shuffled].toSorted((a, b) => b.delivered - a.delivered);
        const byTime = [...tallies].toSorted((a, b) => b.delivered - a.delivered);
        expect(after(successFirst)).toEqual(after(byTime));
      }),
      { numRuns: 500 },
    );
  });

  it("that begins anew forgets what had failed until then, whenever it is told of it", () => {
    const all = fc.array(
      fc.record({ at: fc.nat(200), outcome: fc.constantFrom("ok" as const, "fail" as const) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(all, fc.nat(200), fc.nat(20), (attempts, restartS, told) => {
        const restartAt = restartS * SECOND;
        // What ends after it is told after it; of what ended before, some is told late.
        const isEarly = ({ at }: { at: number }, index: number): boolean => at <= restartS && index < told;
        const tallyOf = ({ at, outcome }: (typeof attempts)[number]) => once(at * SECOND, outcome);
        const early = restarted(after(attempts.filter(isEarly).map(tallyOf)), restartAt);
        const late = attempts.filter((one, index) => !isEarly(one, index));
        const is = after(late.map(tallyOf), early);
        const alone = after(attempts.filter(({ at }) => at > restartS).map(tallyOf));
        expect(is.failedAt).toEqual(alone.failedAt);
        if (alone.deliveredAt === null) expect(failingSince(is)).toBe(failingSince(alone));
      }),
      { numRuns: 500 },
    );
  });
});
