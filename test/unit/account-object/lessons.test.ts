import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Lessons } from "../../../src/account-object/lessons.ts";
import { watchLog } from "../../support/log-lines.ts";
import type { Lesson } from "../../../src/domain/task/cadence.ts";

/*
 * scenario                              requirement
 * a lesson that comes alone             is told at once
 * lessons that come together            one call a second at most, one at a time
 * a cadence that fails or is silent     its lessons are lost, and nothing waits for it
 */

const CLASS = { model: "m", resolution: null, seconds: null, inputMode: null };

function lesson(byMs: number, cadence = "a key"): Lesson {
  const sample = { end: { afterMs: 0, byMs }, queuedMs: null, runningMs: null, midpoint: null };
  return { cadence, task: CLASS, sample };
}

describe("an account's lessons", () => {
  const told: { at: number; cadence: string; lessons: number[] }[] = [];
  let answer: () => Promise<void>;
  const tell = async (cadence: string, lessons: readonly Lesson[]): Promise<void> => {
    told.push({ at: Date.now(), cadence, lessons: lessons.map(({ sample }) => sample.end.byMs) });
    await answer();
  };

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    watchLog(() => undefined);
    told.length = 0;
    answer = async () => undefined;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("go at once when they come alone, and together when they come within a second", async () => {
    const lessons = new Lessons(tell);
    lessons.add([lesson(1), lesson(2, "another")]);
    await vi.advanceTimersByTimeAsync(100);
    lessons.add([lesson(3)]);
    lessons.add([lesson(4), lesson(5)]);
    await vi.advanceTimersByTimeAsync(5_000);
    lessons.add([lesson(6)]);
    expect(told).toEqual([
      { at: 0, cadence: "a key", lessons: [1] },
      { at: 0, cadence: "another", lessons: [2] },
      { at: 1_000, cadence: "a key", lessons: [3, 4, 5] },
      { at: 5_100, cadence: "a key", lessons: [6] },
    ]);
  });

  it("wait for a call that is under way, and are lost with one that fails", async () => {
    let fail: (error: Error) => void = () => undefined;
    answer = async () => new Promise((_resolve, reject) => (fail = reject));
    const lessons = new Lessons(tell);
    lessons.add([lesson(1)]);
    await vi.advanceTimersByTimeAsync(3_000);
    lessons.add(Array.from({ length: 1_001 }, (_, index) => lesson(index + 2)));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(told).toHaveLength(1);
    answer = async () => undefined;
    fail(new Error("away"));
    await vi.advanceTimersByTimeAsync(0);
    expect(told[1]?.lessons).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 3));
  });
});
