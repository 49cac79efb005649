import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TryTime } from "../../../src/files/try-time.ts";
import { wait } from "../../../src/net/wait.ts";

/*
 * scenario                                             requirement
 * a source that hangs, one that sends now and then     only silence ends a try early
 * a store that takes its time between two reads        no silence of the source
 * the end of the patience                              ends the try whatever the source does
 */

const SILENCE = 15_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("is over once the source has sent nothing for as long as silence may last", async () => {
  const time = new TryTime(120_000, SILENCE, new AbortController().signal);
  void time.next(new Promise(() => undefined));
  await vi.advanceTimersByTimeAsync(SILENCE - 1);
  expect(time.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(time.signal.aborted).toBe(true);
});

it.each([100, 1_000, SILENCE - 1])(
  "lasts as long as something comes every %i ms, up to its end",
  async (ms) => {
    const time = new TryTime(120_000, SILENCE, new AbortController().signal);
    const startedAt = Date.now();
    const source = (async (): Promise<void> => {
      while (!time.signal.aborted) await time.next(wait(ms));
    })();
    await vi.advanceTimersByTimeAsync(119_999);
    expect(time.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(SILENCE);
    await source;
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(120_000);
  },
);

it("does not count the time between two reads", async () => {
  const time = new TryTime(120_000, SILENCE, new AbortController().signal);
  await time.next(Promise.resolve());
  await expect(time.next(Promise.reject(new Error("reset")))).rejects.toThrow("reset");
  await vi.advanceTimersByTimeAsync(119_999);
  expect(time.signal.aborted).toBe(false);
});

it("leaves no timer behind", async () => {
  const time = new TryTime(120_000, SILENCE, new AbortController().signal);
  await time.next(Promise.resolve());
  time.clear();
  expect(vi.getTimerCount()).toBe(0);
});
