import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HORIZON_MS, PACED_MS, Pacer, type PaceAnswer } from "../../../../src/domain/pacing/pacing.ts";

const refusal = (slotAt: number | null, retryAfterMs: number | null = null) => ({ slotAt, retryAfterMs });
const T0 = 1_800_000_000_000;
const waiter = (name: string, since = 0, account = "a") => ({ name, account, since });

/** A lane with the 429 of a call without a slot behind it. */
function pacedSince(now: number): Pacer {
  const pacer = new Pacer();
  pacer.refuse("poll", refusal(null), now);
  return pacer;
}

function slotOf(answer: PaceAnswer): number {
  if (answer.kind !== "slot") throw new Error(`a slot was expected, not ${answer.kind}`);
  return answer.at;
}

/** As many ask all the time as get slots; `refused` says which of them get through. The slots, in order. */
function keepAsking(
  pacer: Pacer,
  { from, until, refused = () => false }: { from: number; until: number; refused?: (at: number) => boolean },
): number[] {
  const slots: number[] = [];
  let told = 0;
  for (let now = from; now < until; now += 50) {
    for (let question = 0; question < 60; question++) {
      const answer = pacer.ask("poll", waiter(`task ${now} ${question}`), now, 0.5);
      if (answer.kind !== "slot") break;
      slots.push(answer.at);
    }
    for (; (slots[told] ?? Infinity) <= now - 50; told++) {
      const slot = slots[told] ?? 0;
      if (refused(slot)) pacer.refuse("poll", refusal(slot), now);
    }
  }
  return slots;
}

describe("a lane", () => {
  it("is open until a 429, and again a minute after the last one", () => {
    const pacer = new Pacer();
    expect(pacer.ask("poll", waiter("one"), 0, 0)).toEqual({ kind: "free" });
    pacer.refuse("poll", refusal(null), 0);
    expect(pacer.ask("poll", waiter("one"), 1, 0).kind).toBe("slot");
    expect(pacer.ask("submit", waiter("one"), 1, 0)).toEqual({ kind: "free" });
    pacer.refuse("poll", refusal(null), 30_000);
    expect(pacer.isPaced("poll", 30_000 + PACED_MS - 1)).toBe(true);
    expect(pacer.ask("poll", waiter("two"), 30_000 + PACED_MS, 0)).toEqual({ kind: "free" });
  });

  it("stays paced while a task has to wait, because all at once would be refused at once", () => {
    const pacer = pacedSince(0);
    // So slow that within a minute there is not one slot, and no 429.
    for (let probe = 0; probe < 7; probe++) {
      const now = 2_000 + 20_000 * probe;
      pacer.refuse("poll", refusal(slotOf(pacer.ask("poll", waiter("probe"), now, 0.5))), now + 100);
    }
    const last = 2_000 + 20_000 * 6;
    for (let now = last + 1_000; now < last + 2 * PACED_MS; now += 10) {
      for (let task = 0; task < 50; task++) pacer.ask("submit", waiter(`task ${task}`), now, 0.5);
    }
    expect(pacer.isPaced("submit", last + 2 * PACED_MS)).toBe(false);
    expect(pacer.isPaced("poll", last + 2 * PACED_MS)).toBe(false);
  });

  it("forgets slots of a clock that was set back, because they would delay all tasks", () => {
    const pacer = pacedSince(T0);
    keepAsking(pacer, { from: T0, until: T0 + 2_000 });
    const earlier = T0 - 3_600_000;
    expect(pacer.ask("poll", waiter("late"), earlier, 0.5)).toEqual({ kind: "free" });
    pacer.refuse("poll", refusal(null), earlier);
    const answer = pacer.ask("poll", waiter("late"), earlier, 0.5);
    expect(slotOf(answer)).toBeLessThanOrEqual(earlier + HORIZON_MS);
  });

  it("gives slots that are apart as its rate has it, a second ahead, and sends the others away", () => {
    const pacer = pacedSince(0);
    const answers = Array.from({ length: 6 }, (_, task) =>
      pacer.ask("poll", waiter(`task ${task}`), 1_000, 0.5),
    );
    const slots = answers.flatMap((answer) => (answer.kind === "slot" ? [answer.at] : []));
    expect(slots).toEqual([1_000, 1_500, 2_000]);
    expect(answers.slice(3).every((answer) => answer.kind === "again" && answer.at > 1_250)).toBe(true);
  });

  it("closes for a wait that the upstream asks for, if it is a long one", () => {
    const pacer = pacedSince(0);
    pacer.refuse("poll", refusal(null, 20_000), 10);
    const answer = pacer.ask("poll", waiter("one"), 20, 0.5);
    expect(answer.kind === "again" && answer.at >= 20_010 - HORIZON_MS).toBe(true);
    expect(slotOf(pacer.ask("poll", waiter("one"), 19_900, 0.5))).toBeGreaterThanOrEqual(20_010);
  });
});

describe("a rate", () => {
  it("is cut once for all the 429s of slots that were given before the cut", () => {
    const pacer = pacedSince(0);
    const slots = keepAsking(pacer, { from: 5_000, until: 12_000 });
    const before = pacer.rate("poll");
    const last = slots.filter((at) => at <= 12_000).slice(-6);
    for (const slot of last) pacer.refuse("poll", refusal(slot), 12_100);
    for (const slot of slots.filter((at) => at > 12_000)) pacer.refuse("poll", refusal(slot), slot + 100);
    expect(pacer.rate("poll")).toBeCloseTo(before * 0.92);
  });

  it("is not cut for calls without a slot, which are those of tasks that do not ask yet", () => {
    const pacer = pacedSince(0);
    for (let call = 0; call < 100; call++) pacer.refuse("poll", refusal(null), 100);
    expect(pacer.rate("poll")).toBe(2);
  });

  it("is cut the deeper the fewer slots got through before the 429", () => {
    const cutAfter = (passed: number): number => {
      const pacer = pacedSince(0);
      const slots = keepAsking(pacer, { from: 5_000, until: 5_050 });
      for (let now = 6_000; slots.length <= passed; now += 500) {
        slots.push(slotOf(pacer.ask("poll", waiter(`task ${now}`), now, 0.5)));
      }
      const before = pacer.rate("poll");
      const slot = slots[passed] ?? 0;
      pacer.refuse("poll", refusal(slot), slot + 100);
      return pacer.rate("poll") / before;
    };
    expect(cutAfter(3)).toBeCloseTo(0.75 * 0.92);
    expect(cutAfter(5)).toBeCloseTo((5 / 6) * 0.92);
    expect(cutAfter(10)).toBeCloseTo(0.92);
  });

  it("does not grow while no task waits for it", () => {
    const pacer = pacedSince(0);
    for (let now = 5_000; now < 50_000; now += 1_000) pacer.ask("poll", waiter(`task ${now}`), now, 0.5);
    expect(pacer.rate("poll")).toBe(2);
  });

  it("is probed for, rarer and rarer, while nothing gets through, and then is what got through on the whole", () => {
    const pacer = pacedSince(0);
    // A quota of 120 a minute, by the clock.
    let [minute, count] = [0, 0];
    const refused = (at: number): boolean => {
      if (Math.floor(at / 60_000) !== minute) [minute, count] = [Math.floor(at / 60_000), 0];
      count += 1;
      return count > 120;
    };
    const slots = keepAsking(pacer, { from: 60_000, until: 240_000, refused });
    const inMinute = (from: number) => slots.filter((at) => at >= from && at < from + 60_000).length;
    // A few too many, and probes; not the thousands that the first growth would have made of it.
    expect(inMinute(120_000)).toBeLessThan(145);
    expect(pacer.rate("poll")).toBeGreaterThan(1.5);
    expect(pacer.rate("poll")).toBeLessThan(2.2);
  });

  it("is learned also where 429s take their time", () => {
    const pacer = pacedSince(0);
    for (let now = 5_000; now < 60_000; now += 50) {
      const answer = pacer.ask("poll", waiter(`task ${now}`), now, 0.5);
      if (answer.kind === "slot" && answer.at % 3 === 0)
        pacer.refuse("poll", refusal(answer.at), answer.at + 4_000);
    }
    expect(pacer.rate("poll")).toBeLessThan(20);
  });

  it("is never exceeded by the slots that are given, whatever is asked and refused", () => {
    const move = fc.record({
      gapMs: fc.nat(400),
      account: fc.nat(3),
      refused: fc.boolean(),
      slow: fc.nat(2_000),
    });
    fc.assert(
      fc.property(fc.array(move, { minLength: 1, maxLength: 300 }), (moves) => {
        const pacer = pacedSince(0);
        let [now, last, lastRate] = [0, -Infinity, Infinity];
        for (const [index, { gapMs, account, refused, slow }] of moves.entries()) {
          now += gapMs;
          const answer = pacer.ask("poll", waiter(`task ${index}`, now, `account ${account}`), now, 0.5);
          expect(pacer.rate("poll")).toBeGreaterThan(0);
          if (answer.kind !== "slot") continue;
          expect(answer.at).toBeGreaterThanOrEqual(now);
          expect(answer.at - last).toBeGreaterThanOrEqual(Math.floor(1000 / lastRate) - 1);
          [last, lastRate] = [answer.at, pacer.rate("poll")];
          if (!refused) continue;
          now = Math.max(now, answer.at + slow);
          pacer.refuse("poll", refusal(answer.at), now);
        }
      }),
    );
  });
});
