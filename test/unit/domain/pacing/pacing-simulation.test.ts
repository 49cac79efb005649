import { describe, expect, it } from "vitest";
import { quantile } from "../../../../bench/lib/measure.ts";
import { figuresOf, simulatePacing } from "../../../../bench/pacing/simulation.ts";
import { BENCH_WORLD, perSecond, WORLDS } from "../../../../bench/pacing/worlds.ts";

const LANES = ["submit", "poll"] as const;

describe("three hundred tasks of one key at once", () => {
  it.each([1, 2, 3, 4, 5])("all finish, with few 429s and most of the quota used (seed %i)", (seed) => {
    const result = simulatePacing({ ...BENCH_WORLD, runSeconds: 60, seed });
    expect(result.finished).toBe(300);
    for (const lane of LANES) {
      const { refusedShare, quota } = figuresOf(result.lanes[lane], perSecond(BENCH_WORLD.limits, lane));
      expect(refusedShare, `${lane}: 429s`).toBeLessThanOrEqual(0.05);
      expect(quota, `${lane}: quota`).toBeGreaterThanOrEqual(0.85);
    }
  });

  it("wait for a poll as long as there are tasks before them, and not much longer", () => {
    const { lanes, delays } = simulatePacing({ ...BENCH_WORLD, runSeconds: 60, seed: 1 });
    // About 120 run at a time, and each of five polls a second is for another one of them.
    const waits = lanes.poll.waits.map(({ from, to }) => to - from);
    expect(quantile(waits, 0.99)).toBeLessThan(1.3 * (120 / 5) + 5);
    expect(quantile(delays, 0.99)).toBeLessThan(1.3 * (120 / 5) + 5);
  });

  it("are submitted in the order in which they came", () => {
    const { waits } = simulatePacing({ ...BENCH_WORLD, seed: 1 }).lanes.submit;
    const times = waits.filter(({ to }) => to > 5).toSorted((a, b) => a.from - b.from);
    // No task that came a tenth of a second later, thirty tasks, is submitted more than five seconds earlier.
    const overtaken = times.filter(({ from, to }) =>
      times.some((other) => other.from > from + 0.1 && other.to < to - 5),
    );
    expect(overtaken).toEqual([]);
  });

  it("of two accounts are served in turn, though one has nine times as many", () => {
    const account = (index: number): string => (index % 10 === 0 ? "few" : "many");
    const { ended } = simulatePacing({ ...BENCH_WORLD, account, seed: 1 });
    // Thirty of sixty turns at two a second, what is learned on the way, and the run.
    expect(ended.get("few")).toBeLessThan(60);
    expect(ended.get("many")).toBeGreaterThan(150);
  });

  it.each([
    { what: "raised", factor: 3 },
    { what: "lowered", factor: 0.5 },
  ])("follow a limit that is $what", ({ factor }) => {
    const limit = (calls: number) => ({ calls: calls * factor, perSeconds: 1, kind: "sliding" as const });
    const change = { at: 80, limits: { submit: limit(2), poll: limit(5) } };
    const { finished, lanes } = simulatePacing({ ...BENCH_WORLD, tasks: 600, change, seed: 1 });
    expect(finished).toBe(600);
    const from = factor > 1 ? 120 : 90;
    const inBetween = (times: number[]): number => times.filter((at) => at >= from && at < from + 20).length;
    const { passed, refused } = lanes.submit;
    expect(inBetween(passed)).toBeGreaterThanOrEqual(0.8 * 20 * 2 * factor);
    expect(inBetween(refused)).toBeLessThanOrEqual(4);
  });
});

describe("tasks of one key", () => {
  /**
   * The most that an upstream of this kind may refuse after the first minute, and the least that must be used of it.
   */
  const WITHIN: Record<string, { refused: number; used: number }> = {
    "a minute by the clock": { refused: 0.35, used: 0.7 },
    "20 and 20 in any minute": { refused: 0.35, used: 0.7 },
    "any 10 seconds": { refused: 0.15, used: 0.7 },
    "the same, refused calls count too": { refused: 0.1, used: 0.75 },
    "the same, calls of 300 ms": { refused: 0.05, used: 0.7 },
    // Five polls a second are shared out by turns; and a create's own submit asks for no slot.
    "5 a second for both together": { refused: 0.1, used: 0.05 },
    "2 submits a second, 3 creates a second": { refused: 0.5, used: 0.4 },
  };

  it.each(WORLDS.filter(({ tasks }) => tasks <= 2_000))("all finish: $name", (world) => {
    const result = simulatePacing({ ...world, seed: 1 });
    expect(result.finished).toBe(world.tasks);
    const { refused, used } = WITHIN[world.name] ?? { refused: 0.05, used: 0.78 };
    for (const lane of LANES) {
      const { refusedShare, quota, backlogSeconds } = figuresOf(
        result.lanes[lane],
        perSecond(world.limits, lane),
      );
      expect(refusedShare, `${lane}: 429s`).toBeLessThanOrEqual(refused);
      if (backlogSeconds > 20) expect(quota, `${lane}: quota`).toBeGreaterThanOrEqual(used);
    }
  });

  it("never ask the cadence more than some hundred times a second, five thousand of them either", () => {
    const { questions, finished, lanes } = simulatePacing({ ...BENCH_WORLD, tasks: 5_000, seed: 1 });
    expect(finished).toBe(5_000);
    const counts = new Map<number, number>();
    for (const at of questions) counts.set(Math.floor(at), (counts.get(Math.floor(at)) ?? 0) + 1);
    // In the first seconds each of the burst asks for its first time.
    const later = [...counts].filter(([second]) => second > 60).map(([, count]) => count);
    expect(Math.max(...later)).toBeLessThan(200);
    expect(questions.length / lanes.submit.waits.length).toBeLessThan(60);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "whose submits and polls have one budget: neither starves (seed %i)",
    (seed) => {
      const world = WORLDS.find(({ limits }) => "shared" in limits);
      if (!world) throw new Error("there is no such world");
      const { lanes } = simulatePacing({ ...world, seed });
      const { submit, poll } = lanes;
      const until = submit.passed.at(-1) ?? 0;
      const [submits, polls] = [submit, poll].map(
        ({ passed }) => passed.filter((at) => at > 60 && at < until).length,
      );
      expect((submits ?? 0) / ((submits ?? 0) + (polls ?? 0))).toBeGreaterThan(0.06);
      expect((polls ?? 0) / ((submits ?? 0) + (polls ?? 0))).toBeGreaterThan(0.3);
    },
  );
});
