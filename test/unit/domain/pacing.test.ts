import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PACED_MS, Pacer } from "../../../src/domain/pacing.ts";
import { simulatePacing, type PacingWorld } from "../../../bench/pacing/simulation.ts";

const refusal = (sentAt: number, more: { hadSlot?: boolean; retryAfterMs?: number } = {}) => ({
  sentAt,
  hadSlot: false,
  retryAfterMs: null,
  ...more,
});

/** A lane with its first 429 behind it. */
function pacedSince(now: number): Pacer {
  const pacer = new Pacer();
  pacer.refuse("poll", refusal(now), now);
  return pacer;
}

describe("a lane", () => {
  it("is open until a 429, and again a minute after the last one", () => {
    const pacer = new Pacer();
    expect(pacer.ask("poll", "a", 0, 0)).toEqual({ kind: "free" });
    pacer.refuse("poll", refusal(0), 0);
    expect(pacer.ask("poll", "a", 1, 0)).toEqual({ kind: "slot", at: 1 });
    expect(pacer.ask("submit", "a", 1, 0)).toEqual({ kind: "free" });
    pacer.refuse("poll", refusal(30_000), 30_000);
    expect(pacer.isPaced("poll", 30_000 + PACED_MS - 1)).toBe(true);
    expect(pacer.ask("poll", "a", 30_000 + PACED_MS, 0)).toEqual({ kind: "free" });
  });

  it("gives slots that are apart as its rate has it, two seconds ahead, and sends the others away", () => {
    const pacer = pacedSince(0);
    const answers = Array.from({ length: 8 }, () => pacer.ask("poll", "a", 0, 0.5));
    const slots = answers
      .filter(({ kind }) => kind === "slot")
      .map((answer) => ("at" in answer ? answer.at : 0));
    expect(slots).toEqual([0, 500, 1000, 1500, 2000]);
    expect(answers.slice(5).every((answer) => answer.kind === "again" && answer.at > 500)).toBe(true);
  });

  it("shares its slots evenly between the accounts that ask", () => {
    const pacer = pacedSince(0);
    const taken = { a: 0, b: 0 };
    for (let now = 0; now < 8_000; now += 100) {
      // One account asks ten times as often as the other.
      for (const account of [...Array.from({ length: 10 }, () => "a" as const), "b" as const]) {
        if (pacer.ask("poll", account, now, 0.5).kind === "slot") taken[account] += 1;
      }
    }
    expect(taken.b).toBeGreaterThan(taken.a * 0.7);
  });

  it("closes for a wait that the upstream asks for, if it is a long one", () => {
    const pacer = pacedSince(0);
    pacer.refuse("poll", refusal(10, { retryAfterMs: 30_000 }), 10);
    const answer = pacer.ask("poll", "a", 20, 0.5);
    expect(answer.kind === "again" && answer.at >= 30_010).toBe(true);
  });

  it("slows down by one step for all the 429s of one moment, and not for those of others without a slot", () => {
    const pacer = pacedSince(0);
    for (let call = 0; call < 10; call++) pacer.refuse("poll", refusal(100), 200);
    expect(pacer.rate("poll")).toBe(2);
    for (let call = 0; call < 3; call++) pacer.refuse("poll", refusal(6000, { hadSlot: true }), 6100);
    expect(pacer.rate("poll")).toBeCloseTo(1.7);
  });

  it("never gives more slots than its rate, whatever is asked", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { minLength: 1, maxLength: 200 }), fc.nat(5), (gaps, accounts) => {
        const pacer = pacedSince(0);
        let now = 0;
        let last = -Infinity;
        for (const [index, gap] of gaps.entries()) {
          now += gap;
          const answer = pacer.ask("poll", `account ${index % (accounts + 1)}`, now, 0.5);
          if (answer.kind !== "slot") continue;
          expect(answer.at).toBeGreaterThanOrEqual(now);
          // Slots are in order, and a rate only grows by steps.
          expect(answer.at - last).toBeGreaterThanOrEqual(Math.floor(1000 / pacer.rate("poll")) - 1);
          last = answer.at;
        }
      }),
    );
  });
});

describe("three hundred tasks of one key at once", () => {
  const world: PacingWorld = {
    tasks: 300,
    accounts: 1,
    submitsPerSecond: 2,
    pollsPerSecond: 5,
    runSeconds: 60,
    seed: 1,
  };

  /** After the first minute, while tasks wait. */
  function settled(lane: "submit" | "poll", perSecond: number, of: ReturnType<typeof simulatePacing>) {
    const { passed, refused } = of.calls[lane];
    const until = passed[Math.floor(passed.length * 0.9)] ?? 0;
    const between = (times: number[]): number => times.filter((at) => at >= 60 && at < until).length;
    return {
      refusedShare: between(refused) / (between(refused) + between(passed)),
      quota: between(passed) / (perSecond * (until - 60)),
    };
  }

  it.each([
    { what: "of one account", more: {} },
    { what: "of three accounts", more: { accounts: 3 } },
    { what: "with other random numbers", more: { seed: 7 } },
    { what: "against a slower upstream", more: { submitsPerSecond: 1, pollsPerSecond: 1 } },
  ])("$what all finish, with few 429s and most of the quota used", ({ more }) => {
    const here = { ...world, ...more };
    const result = simulatePacing(here);
    expect(result.finished).toBe(300);
    for (const [lane, perSecond] of [
      ["submit", here.submitsPerSecond],
      ["poll", here.pollsPerSecond],
    ] as const) {
      const { refusedShare, quota } = settled(lane, perSecond, result);
      expect(refusedShare, `${lane}: 429s`).toBeLessThanOrEqual(0.05);
      expect(quota, `${lane}: quota`).toBeGreaterThanOrEqual(0.85);
    }
  });

  it("are faster when the limit is raised", () => {
    const raised = simulatePacing({ ...world, change: { at: 80, factor: 3 } });
    const left = simulatePacing(world).calls.submit.passed.at(-1) ?? 0;
    expect(raised.finished).toBe(300);
    expect(raised.calls.submit.passed.at(-1)).toBeLessThan(left * 0.9);
  });

  it("end at about the same time, whichever of three accounts they are of", () => {
    const ends = [...simulatePacing({ ...world, accounts: 3 }).ended.values()];
    expect(Math.max(...ends) / Math.min(...ends)).toBeLessThan(1.1);
  });
});
