import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JointQuestion } from "../../../src/net/joint-question.ts";

const PATIENCE_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A call that takes a while, counted. */
function slow(takesMs: number, answers: string[] = []): { calls: () => number; ask: () => Promise<string> } {
  let calls = 0;
  return {
    calls: () => calls,
    ask: async () => {
      const answer = answers[calls] ?? `answer ${calls + 1}`;
      calls += 1;
      await new Promise((resolve) => setTimeout(resolve, takesMs));
      return answer;
    },
  };
}

describe("equal questions", () => {
  it("at one time are one call, whose answer all of them get", async () => {
    const questions = new JointQuestion<string>();
    const { ask, calls } = slow(500);
    const asked = Array.from({ length: 60 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * 5));
      return questions.ask("key", PATIENCE_MS, ask);
    });
    await vi.advanceTimersByTimeAsync(600);
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["answer 1"]));
    expect(calls()).toBe(1);
  });

  it("one after another are asked again, and others are no equal ones", async () => {
    const questions = new JointQuestion<string>();
    const { ask, calls } = slow(100);
    for (const name of ["a", "a"]) {
      const asked = questions.ask(name, PATIENCE_MS, ask);
      await vi.advanceTimersByTimeAsync(100);
      await asked;
    }
    const asked = [questions.ask("a", PATIENCE_MS, ask), questions.ask("b", PATIENCE_MS, ask)];
    await vi.advanceTimersByTimeAsync(100);
    expect(await Promise.all(asked)).toEqual(["answer 3", "answer 4"]);
    expect(calls()).toBe(4);
  });

  it("do not wait for an asker that is gone: one of them asks, for all", async () => {
    const questions = new JointQuestion<string>();
    // Its client has disconnected: nothing of it goes on.
    void questions.ask("key", PATIENCE_MS, async () => new Promise<string>(() => undefined));
    const { ask, calls } = slow(100);
    const asked = [questions.ask("key", PATIENCE_MS, ask), questions.ask("key", PATIENCE_MS, ask)];
    await vi.advanceTimersByTimeAsync(1_200);
    expect(await Promise.all(asked)).toEqual(["answer 1", "answer 1"]);
    expect(calls()).toBe(1);
  });

  it("wait no longer than they have patience where the clock stands still", async () => {
    const questions = new JointQuestion<string>();
    vi.spyOn(Date, "now").mockReturnValue(Date.now());
    void questions.ask("key", PATIENCE_MS, async () => new Promise<string>(() => undefined));
    const { ask } = slow(100);
    const asked = questions.ask("key", PATIENCE_MS, ask);
    await vi.advanceTimersByTimeAsync(1_200);
    expect(await asked).toBe("answer 1");
  });

  it("do not wait longer where the clock jumps back", async () => {
    const questions = new JointQuestion<string>();
    void questions.ask("key", PATIENCE_MS, async () => new Promise<string>(() => undefined));
    vi.setSystemTime(Date.now() - 3_600_000);
    const { ask } = slow(100);
    const asked = questions.ask("key", PATIENCE_MS, ask);
    await vi.advanceTimersByTimeAsync(100);
    expect(await asked).toBe("answer 1");
  });
});
