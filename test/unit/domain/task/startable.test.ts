import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stepKey, type Step } from "../../../../src/domain/task/due-work.ts";
import { nextStartAt, startable } from "../../../../src/domain/task/startable.ts";
import { T0 } from "../../../support/builders.ts";

/** Attempts that are due: of news, or of the end; at an endpoint or at the task's own receiver. */
const at =
  (isTerminal: boolean, isOwn: boolean, isTroubled = false) =>
  (seq: number): Attempt => ({
    kind: "attempt",
    seq,
    isTerminal,
    isOwn,
    isTroubled,
    dueAt: T0 - 10 + seq,
  });
const news = at(false, false);
const badNews = at(false, false, true);
const ownNews = at(false, true);
const end = at(true, false);
const badEnd = at(true, false, true);
const ownEnd = at(true, true, true);

const LIMIT_MS = 15_000;

type Attempt = Step & { kind: "attempt" };

/** A receiver of the end: how long each of its attempts takes, and how long after one the next is due. */
interface Receiver {
  answersInMs: number[];
  retryMs: number;
}

/** A task that has just ended, while attempts of news hang: its attempts of the end, until each receiver has had its own. */
class EndOfTask {
  readonly begun: { step: Attempt; waitedMs: number }[] = [];
  mostAtOnce = 0;
  #now = T0;
  #due: Attempt[];
  /** Until when. */
  readonly #wire: Map<Attempt, number>;
  readonly #receivers: readonly Receiver[];

  /** The first receiver is the task's own. */
  constructor(receivers: readonly Receiver[], old: readonly { isOwn: boolean; leftMs: number }[]) {
    this.#receivers = receivers;
    this.#due = receivers.map((_, index) => ({ ...at(true, index === 0)(index), dueAt: T0 }));
    this.#wire = new Map(
      old.map(({ isOwn, leftMs }, index) => [at(false, isOwn, true)(100 + index), T0 + leftMs]),
    );
  }

  get isUnderWay(): boolean {
    return this.#due.length + this.#wire.size > 0;
  }

  /** Begins what may begin, and goes on to the next instant at which anything changes. */
  next(): void {
    const steps = [...Array.from(this.#wire.keys(), lostLater), ...this.#due];
    const run = { stopAt: Infinity, running: new Set(Array.from(this.#wire.keys(), stepKey)) };
    for (const step of startable(steps, this.#now, run)) if (step.kind === "attempt") this.#begin(step);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#wire.size);
    const later = this.#due.map(({ dueAt }) => dueAt).filter((dueAt) => dueAt > this.#now);
    this.#now = Math.min(...this.#wire.values(), ...later);
    for (const [step, until] of this.#wire) if (until <= this.#now) this.#end(step);
  }

  #begin(step: Attempt): void {
    const takesMs = this.#receivers[step.seq]?.answersInMs[this.#triesOf(step)] ?? 0;
    this.#due = this.#due.filter((one) => one !== step);
    this.begun.push({ step, waitedMs: this.#now - step.dueAt });
    this.#wire.set(step, this.#now + takesMs);
  }

  #end(step: Attempt): void {
    this.#wire.delete(step);
    const { answersInMs = [], retryMs = 0 } = this.#receivers[step.seq] ?? {};
    if (this.#triesOf(step) < answersInMs.length)
      this.#due.push({ ...step, isTroubled: true, dueAt: this.#now + retryMs });
  }

  #triesOf({ seq }: Attempt): number {
    return this.begun.filter(({ step }) => step.seq === seq).length;
  }
}

function lostLater(step: Attempt): Step {
  return { ...step, kind: "attempt_lost", dueAt: Infinity };
}

describe("a run of the alarm", () => {
  it("reports nothing more of what is to be erased", () => {
    const erase: Step = { kind: "erase", dueAt: T0 };
    const run = { stopAt: T0 + 1, running: new Set<string>() };
    expect(startable([{ kind: "report", dueAt: T0 - 9, wakeAt: null }, erase], T0, run)).toEqual([erase]);
  });

  const poll: Step = { kind: "poll", dueAt: T0 };
  const attempt = news(1);
  const other = news(2);

  it("starts what is due and not on the wire", () => {
    const run = { stopAt: T0 + 10, running: new Set(["attempt 1"]) };
    expect(startable([attempt, poll, other, { ...poll, dueAt: T0 + 5 }], T0, run)).toEqual([poll, other]);
  });

  it("starts a report after its end, too: no other run would come for it", () => {
    const report: Step = { kind: "report", dueAt: T0, wakeAt: null };
    const run = { stopAt: T0 + 10, running: new Set<string>() };
    expect(startable([poll, report], T0 + 11, run)).toEqual([report]);
    // And waits for it beside what is on the wire anyway.
    const beside = { stopAt: T0 + 10, running: new Set(["attempt 1"]) };
    expect(nextStartAt([{ ...report, dueAt: T0 + 15 }], T0 + 11, beside)).toBe(T0 + 15);
    expect(startable([report], T0 + 11, { stopAt: T0 + 10, running: new Set(["report"]) })).toEqual([]);
  });

  it("starts nothing else after its end, except polls and the attempts of the end beside an attempt that hangs", () => {
    const steps = [poll, other, end(3), ownEnd(4)];
    expect(startable(steps, T0 + 11, { stopAt: T0 + 10, running: new Set() })).toEqual([]);
    expect(startable(steps, T0 + 11, { stopAt: T0 + 10, running: new Set(["poll"]) })).toEqual([]);
    expect(startable(steps, T0 + 11, { stopAt: T0 + 10, running: new Set(["attempt 1"]) })).toEqual([
      end(3),
      poll,
      ownEnd(4),
    ]);
  });

  it.each([
    {
      what: "four of news, the last for the own receiver",
      due: [news(1), news(2), news(3), news(4), ownNews(5)],
      wire: [],
      starts: [1, 2, 3, 5],
    },
    {
      what: "news where there was no trouble first",
      due: [badNews(1), badNews(2), news(3), news(4)],
      wire: [],
      starts: [3, 4, 1],
    },
    {
      what: "the own end beside all that hangs",
      due: [end(8), ownEnd(9)],
      wire: [news(1), news(2), news(3), ownNews(4), end(5)],
      starts: [9],
    },
    {
      what: "five of the end at endpoints, those without trouble first",
      due: [badEnd(1), badEnd(2), badEnd(3), badEnd(4), end(5), end(6)],
      wire: [],
      starts: [5, 6, 1, 2, 3],
    },
    {
      what: "the end before news",
      due: [news(1), badEnd(2), ownEnd(3)],
      wire: [end(7), end(8), end(9)],
      starts: [3, 2, 1],
    },
    {
      what: "nothing beside six",
      due: [news(1), end(2)],
      wire: [end(5), end(6), end(7), end(8), end(9), ownEnd(4)],
      starts: [],
    },
  ])("starts $what", ({ due, wire, starts }) => {
    const onTheWire = wire.map((step): Step => ({ ...step, kind: "attempt_lost", dueAt: T0 + 20_000 }));
    const run = { stopAt: T0 + 10, running: new Set(wire.map(stepKey)) };
    const steps = [...due, ...onTheWire, poll];
    const started = startable(steps, T0, run);
    const seqs = started.flatMap((step) => (step.kind === "attempt" ? [step.seq] : []));
    expect(new Set(seqs)).toEqual(new Set(starts));
    // A poll waits for none of them.
    expect(started).toContain(poll);
    const rest = { ...run, running: new Set([...run.running, ...started.map(stepKey)]) };
    expect(nextStartAt(steps, T0, rest)).toBe(null);
  });

  it("has six attempts on the wire at most; the own end waits for none, an endpoint's for two time limits at most", () => {
    const ms = fc.oneof(fc.constant(LIMIT_MS), fc.integer({ min: 1, max: LIMIT_MS }));
    const receiver = fc.record({
      answersInMs: fc.array(ms, { minLength: 1, maxLength: 6 }),
      retryMs: fc.integer({ min: 1, max: 40_000 }),
    });
    const hangingNews = fc.array(fc.record({ isOwn: fc.boolean(), leftMs: ms }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(receiver, { minLength: 1, maxLength: 11 }), hangingNews, (receivers, old) => {
        const life = new EndOfTask(receivers, old);
        while (life.isUnderWay) life.next();
        for (const { step, waitedMs } of life.begun) {
          expect(waitedMs).toBeLessThanOrEqual(step.isOwn ? 0 : 2 * LIMIT_MS);
        }
        expect(life.mostAtOnce).toBeLessThanOrEqual(6);
        const tries = receivers.map((_, index) => life.begun.filter(({ step }) => step.seq === index).length);
        expect(tries).toEqual(receivers.map(({ answersInMs }) => answersInMs.length));
      }),
      { numRuns: 300 },
    );
  });

  it("never waits for no time at all: what cannot start now is later than now, or never", () => {
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({
        kind: fc.constantFrom("poll" as const, "submit" as const, "erase" as const),
        dueAt: fc.nat(100),
      }),
      fc.record({
        kind: fc.constantFrom("attempt" as const, "attempt_lost" as const),
        seq: fc.nat(3),
        isTerminal: fc.boolean(),
        isOwn: fc.boolean(),
        isTroubled: fc.boolean(),
        dueAt: fc.nat(100),
      }),
      fc.record({ kind: fc.constant("report" as const), dueAt: fc.nat(100), wakeAt: fc.constant(null) }),
    );
    const keys = fc.subarray(["poll", "submit", "erase", "report", "attempt 0", "attempt 1", "attempt 2"]);
    fc.assert(
      fc.property(fc.array(step), keys, fc.nat(100), fc.nat(100), (steps, running, now, stopAt) => {
        const run = { stopAt, running: new Set(running) };
        const started = startable(steps, now, run);
        for (const begun of started) expect(run.running.has(stepKey(begun))).toBe(false);
        const rest = { stopAt, running: new Set([...running, ...started.map(stepKey)]) };
        const next = nextStartAt(steps, now, rest);
        if (startable(steps, now, rest).length === 0 && next !== null) expect(next).toBeGreaterThan(now);
      }),
      { numRuns: 5000 },
    );
  });
});
