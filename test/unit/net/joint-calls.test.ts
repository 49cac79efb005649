import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JointCalls } from "../../../src/net/joint-calls.ts";

const PATIENCE_MS = 10_000;

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

describe("calls of many objects to one", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("a call alone is made at once and says that it was told", async () => {
    const joint = new JointCalls<string>(PATIENCE_MS);
    const { calls, call } = heldCalls();
    const told = joint.tell(item("a"), call);
    expect(calls.map(({ items }) => items)).toEqual([["a"]]);
    calls[0]?.end();
    expect(await told).toBe(true);
  });

  it("what comes while a call is on its way goes with the next one, and nobody waits for it", async () => {
    const joint = new JointCalls<string>(PATIENCE_MS);
    const { calls, call } = heldCalls();
    const told = joint.tell(item("a"), call);
    expect(await joint.tell(item("b"), call)).toBe(false);
    expect(await joint.tell(item("c"), call)).toBe(false);
    expect(await joint.tell(item("b", "newer b"), call)).toBe(false);
    calls[0]?.end();
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    calls[1]?.end();
    expect(await told).toBe(true);
    expect(calls.map(({ items }) => items)).toEqual([["a"], ["newer b", "c"]]);
  });

  it("different receivers have calls of their own", async () => {
    const joint = new JointCalls<string>(PATIENCE_MS);
    const { calls, call } = heldCalls();
    const all = [joint.tell(item("a"), call), joint.tell({ to: "another", name: "b", item: "b" }, call)];
    expect(calls.map(({ items }) => items)).toEqual([["a"], ["b"]]);
    for (const { end } of calls) end();
    expect(await Promise.all(all)).toEqual([true, true]);
  });

  it("a call that fails throws to who made it, and the next one takes everything along, the newer word first", async () => {
    const joint = new JointCalls<string>(PATIENCE_MS);
    const { calls, call } = heldCalls();
    const told = joint.tell(item("a"), call);
    await joint.tell(item("b"), call);
    await joint.tell(item("a", "newer a"), call);
    calls[0]?.fail(new Error("away"));
    await expect(told).rejects.toThrow("away");
    const again = joint.tell(item("c"), call);
    expect(calls[1]?.items.toSorted()).toEqual(["b", "c", "newer a"]);
    calls[1]?.end();
    expect(await again).toBe(true);
  });

  it("a call whose object died blocks nobody once its patience is over", async () => {
    const joint = new JointCalls<string>(PATIENCE_MS);
    const { calls, call } = heldCalls();
    void joint.tell(item("a"), call);
    await joint.tell(item("b"), call);
    vi.setSystemTime(1_000_000 + PATIENCE_MS);
    const told = joint.tell(item("c"), call);
    expect(calls[1]?.items).toEqual(["b", "c"]);
    calls[1]?.end();
    expect(await told).toBe(true);
  });

  it("a clock that jumps back blocks nobody either", async () => {
    const joint = new JointCalls<string>(PATIENCE_MS);
    const { calls, call } = heldCalls();
    void joint.tell(item("a"), call);
    vi.setSystemTime(1);
    void joint.tell(item("b"), call);
    expect(calls.map(({ items }) => items)).toEqual([["a"], ["b"]]);
  });

  it("what was withdrawn is not told", async () => {
    const joint = new JointCalls<string>(PATIENCE_MS);
    const { calls, call } = heldCalls();
    const told = joint.tell(item("a"), call);
    await joint.tell(item("b"), call);
    joint.withdraw("account", "b");
    calls[0]?.end();
    expect(await told).toBe(true);
    expect(calls).toHaveLength(1);
  });

  it("a call takes 500 along, and a silent receiver's line holds 5,000", async () => {
    const joint = new JointCalls<string>(PATIENCE_MS);
    const { calls, call } = heldCalls();
    const told = joint.tell(item("first"), call);
    for (let index = 0; index < 5000; index++) expect(await joint.tell(item(`${index}`), call)).toBe(false);
    void joint.tell(item("one more"), call);
    expect(calls[1]?.items).toHaveLength(500);
    for (let index = 0; index < 13; index++) {
      for (const { end } of calls) end();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(await told).toBe(true);
    const names = calls.flatMap(({ items }) => items);
    expect(new Set(names).size).toBe(5002);
    expect(names).toHaveLength(5002);
  });
});
