import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RpcBatcher } from "../../../src/net/rpc-batcher.ts";

/*
 * scenario                                 requirement
 * items that come during a call            one call takes them along, and none waits
 * an object that dies in the middle        delays the others by a second at most, and nothing is lost with it
 * a receiver that fails or is silent       its items wait for the next one that comes, 5,000 at most
 */

const START = 1_000_000;

/** Calls that end when they are told to. */
function heldCalls() {
  const calls: { items: string[]; end: () => void; fail: (error: Error) => void }[] = [];
  const call = async (items: string[]): Promise<void> =>
    new Promise((end, fail) => {
      calls.push({ items, end, fail });
    });
  return { calls, call };
}

const item = (name: string, says = name) => ({ to: "account", name, item: says });

describe("a batcher", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("calls at once for an item that comes alone, and ends with the call", async () => {
    const batcher = new RpcBatcher<string>();
    const { calls, call } = heldCalls();
    const told = batcher.tell(item("a"), call);
    expect(calls.map(({ items }) => items)).toEqual([["a"]]);
    calls[0]?.end();
    await told;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("takes along what comes during a call, 50 ms after that one began, without making it wait", async () => {
    const batcher = new RpcBatcher<string>();
    const { calls, call } = heldCalls();
    const told = batcher.tell(item("a"), call);
    const standby = batcher.tell(item("b"), call);
    await batcher.tell(item("c"), call);
    await batcher.tell(item("b", "newer b"), call);
    expect(calls).toHaveLength(1);
    calls[0]?.end();
    await vi.advanceTimersByTimeAsync(49);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    calls[1]?.end();
    await told;
    await vi.advanceTimersByTimeAsync(1_000);
    await standby;
    expect(calls.map(({ items }) => items)).toEqual([["a"], ["c", "newer b"]]);
  });

  it("has calls of their own for different receivers", async () => {
    const batcher = new RpcBatcher<string>();
    const { calls, call } = heldCalls();
    const all = [batcher.tell(item("a"), call), batcher.tell({ to: "another", name: "b", item: "b" }, call)];
    expect(calls.map(({ items }) => items)).toEqual([["a"], ["b"]]);
    for (const { end } of calls) end();
    await Promise.all(all);
  });

  it("throws a failure to the one that called; the next one takes everything along, the newer word of each", async () => {
    const batcher = new RpcBatcher<string>();
    const { calls, call } = heldCalls();
    const told = batcher.tell(item("a"), call);
    void batcher.tell(item("b"), call);
    await batcher.tell(item("a", "newer a"), call);
    calls[0]?.fail(new Error("away"));
    await expect(told).rejects.toThrow("away");
    const again = batcher.tell(item("c"), call);
    expect(calls[1]?.items.toSorted()).toEqual(["b", "c", "newer a"]);
    calls[1]?.end();
    await again;
  });

  it("is held up for a second by an object that dies in its call: the first one that came meanwhile takes over", async () => {
    const batcher = new RpcBatcher<string>();
    const { calls, call } = heldCalls();
    void batcher.tell(item("a"), call);
    const standby = batcher.tell(item("b"), call);
    await batcher.tell(item("c"), call);
    await vi.advanceTimersByTimeAsync(999);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls[1]?.items.toSorted()).toEqual(["a", "b", "c"]);
    calls[1]?.end();
    await standby;
  });

  it("is held up for a second by two objects that die: the next one says again what they had taken", async () => {
    const batcher = new RpcBatcher<string>();
    const { calls, call } = heldCalls();
    void batcher.tell(item("a"), call);
    void batcher.tell(item("b"), call);
    vi.clearAllTimers();
    vi.setSystemTime(START + 999);
    await batcher.tell(item("c"), call);
    expect(calls).toHaveLength(1);
    vi.setSystemTime(START + 1_000);
    const told = batcher.tell(item("d"), call);
    expect(calls[1]?.items.toSorted()).toEqual(["a", "b", "c", "d"]);
    // And there may be a standby again.
    const standby = batcher.tell(item("e"), call);
    calls[1]?.end();
    await vi.advanceTimersByTimeAsync(50);
    calls[2]?.end();
    await told;
    await vi.advanceTimersByTimeAsync(1_000);
    await standby;
    expect(calls).toHaveLength(3);
  });

  it("is not held up longer by an object that dies after many calls, nor while it waits for the next", async () => {
    const batcher = new RpcBatcher<string>();
    const { calls, call } = heldCalls();
    void batcher.tell(item("first"), call);
    for (let at = 0; at < 15; at++) {
      void batcher.tell(item(`${at}`), call);
      calls.at(-1)?.end();
      await vi.advanceTimersByTimeAsync(60);
    }
    vi.setSystemTime(START + 1_000);
    void batcher.tell(item("next"), call);
    expect(calls.at(-1)?.items).toContain("next");
  });

  it("lets an object that is alive go once another one has taken over", async () => {
    const batcher = new RpcBatcher<string>();
    const { calls, call } = heldCalls();
    const slow = batcher.tell(item("a"), call);
    vi.setSystemTime(START + 1_000);
    const told = batcher.tell(item("b"), call);
    void batcher.tell(item("c"), call);
    calls[0]?.end();
    await vi.advanceTimersByTimeAsync(100);
    await slow;
    calls[1]?.end();
    await vi.advanceTimersByTimeAsync(100);
    calls[2]?.end();
    await told;
    expect(calls.map(({ items }) => items.toSorted())).toEqual([["a"], ["a", "b"], ["c"]]);
  });

  it("is not held up by a clock that jumps back", async () => {
    const batcher = new RpcBatcher<string>();
    const { calls, call } = heldCalls();
    void batcher.tell(item("a"), call);
    vi.setSystemTime(1);
    void batcher.tell(item("b"), call);
    expect(calls.map(({ items }) => items.toSorted())).toEqual([["a"], ["a", "b"]]);
  });

  it("takes 500 along in a call, and keeps the newest 5,000 for a silent receiver", async () => {
    const batcher = new RpcBatcher<string>();
    const { calls, call } = heldCalls();
    const told = batcher.tell(item("first"), call);
    void batcher.tell(item("0"), call);
    for (let index = 1; index < 5_001; index++) await batcher.tell(item(`${index}`), call);
    expect(calls).toHaveLength(1);
    for (let index = 0; index < 12; index++) {
      calls.at(-1)?.end();
      await vi.advanceTimersByTimeAsync(50);
    }
    await told;
    const names = calls.flatMap(({ items }) => items);
    expect(Math.max(...calls.map(({ items }) => items.length))).toBe(500);
    expect(names).toHaveLength(5_001);
    expect(new Set(names).has("0")).toBe(false);
    expect(new Set(names).has("5000")).toBe(true);
  });
});
