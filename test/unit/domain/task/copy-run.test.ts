import { describe, expect, it } from "vitest";
import type { Step } from "../../../../src/domain/task/due-work.ts";
import { nextStartAt, startable } from "../../../../src/domain/task/startable.ts";
import { T0 } from "../../../support/builders.ts";

/*
 * A copy may take two minutes, a run of the alarm starts nothing new after 30 s.
 *
 * scenario                                             requirement
 * attempts and reports while a file is copied          issue 16: callbacks of other events are not held up
 * a success that is found while an attempt hangs       a slow receiver delays nothing
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
});
