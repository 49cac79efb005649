import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stepKey, type Step } from "../../../../src/domain/task/due-work.ts";
import { nextStartAt, startable } from "../../../../src/domain/task/startable.ts";
import { T0 } from "../../../support/builders.ts";

/*
 * A copy may take two minutes, a run of the alarm starts nothing new after 30 s.
 *
 * scenario                                             requirement
 * attempts and reports while a file is copied          issue 16: callbacks of other events are not held up
 * a success that is found while an attempt hangs       a slow receiver delays nothing
 * eleven receivers that hang                           the run ends within minutes all the same
 */

const copy: Step = { kind: "copy", dueAt: T0 };
const rank = { isTerminal: false, isOwn: true, isTroubled: false };
const attempt: Step = { kind: "attempt", seq: 1, ...rank, dueAt: T0 };
const lost: Step = { kind: "attempt_lost", seq: 2, ...rank, dueAt: T0 };
const report: Step = { kind: "report", dueAt: T0, wakeAt: null };
const stopAt = T0 + 10;
const over = T0 + 11;

describe("while a file is copied", () => {
  const run = { stopAt, running: new Set(["copy"]) };

  it.each([T0, over])("attempts and reports start, the copy not a second time (%#)", (now) => {
    const started = startable([copy, attempt, lost, report], now, run);
    expect(new Set(started)).toEqual(new Set([attempt, lost, report]));
  });

  it("the run waits for an attempt that becomes due after its end", () => {
    expect(nextStartAt([copy, { ...attempt, dueAt: T0 + 50 }], over, run)).toBe(T0 + 50);
  });
});

describe("after the end of its run", () => {
  it("a copy starts beside an attempt that hangs", () => {
    const run = { stopAt, running: new Set(["attempt 2"]) };
    expect(startable([copy, attempt], over, run)).toEqual([copy]);
  });

  it("the end goes to an endpoint beside any attempt, and the run waits for a later one; news waits for the next run", () => {
    const end: Step = {
      kind: "attempt",
      seq: 3,
      isTerminal: true,
      isOwn: false,
      isTroubled: true,
      dueAt: T0,
    };
    for (const isTerminal of [false, true]) {
      const run = { stopAt, running: new Set(["attempt 2"]) };
      const onTheWire: Step = { ...lost, isTerminal, dueAt: over + 20_000 };
      expect(startable([onTheWire, attempt, end], over, run)).toEqual([end]);
      expect(nextStartAt([onTheWire, attempt, { ...end, dueAt: over + 5 }], over, run)).toBe(over + 5);
    }
  });

  it("nothing starts beside nothing, or beside a report", () => {
    const end: Step = { ...attempt, seq: 3, isTerminal: true };
    expect(startable([copy, attempt, end], over, { stopAt, running: new Set() })).toEqual([]);
    expect(startable([copy, attempt, end], over, { stopAt, running: new Set(["report"]) })).toEqual([]);
  });

  it("the run ends within ten minutes, however eleven receivers hang", () => {
    const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(shares, { minLength: 1, maxLength: 11 }), (receivers) => {
        expect(endOfRun(receivers) - T0).toBeLessThan(600_000);
      }),
      { numRuns: 300 },
    );
  });
});

/** `CALLBACK_RETRY_SECONDS` as it is by default; each wait may be a fifth shorter or longer. */
const WAITS_MS = [5, 30, 120, 300, 1_800, 7_200, 18_000, 36_000].map((seconds) => seconds * 1_000);

/** When a run ends that begins with the end of a task, each attempt of which hangs for 15 s; a share places each wait. */
function endOfRun(receivers: readonly number[][]): number {
  const tries = receivers.map(() => 0);
  const hanging = { isTerminal: true, isTroubled: true };
  let due = receivers.map((_, seq): Step => ({
    kind: "attempt",
    seq,
    isOwn: seq === 0,
    ...hanging,
    dueAt: T0,
  }));
  const wire = new Map<Step, number>();
  for (let now = T0; ;) {
    const run = { stopAt: T0 + 30_000, running: new Set(Array.from(wire.keys(), stepKey)) };
    const begun = startable([...wire.keys(), ...due], now, run);
    due = due.filter((step) => !begun.includes(step));
    for (const step of begun) wire.set(step, now + 15_000);
    if (wire.size === 0) return now;
    const later = due.map(({ dueAt }) => dueAt).filter((dueAt) => dueAt > now);
    now = Math.min(...wire.values(), ...later);
    for (const [step, until] of wire) {
      if (step.kind !== "attempt" || until > now) continue;
      wire.delete(step);
      const failures = tries[step.seq] ?? 0;
      tries[step.seq] = failures + 1;
      const waitMs = WAITS_MS[failures];
      const share = receivers[step.seq]?.[failures] ?? 0;
      if (waitMs !== undefined) due.push({ ...step, dueAt: now + waitMs * (0.8 + 0.4 * share) });
    }
  }
}
