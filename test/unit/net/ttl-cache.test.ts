import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TtlCache } from "../../../src/net/ttl-cache.ts";

const T0 = 1_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});
afterEach(() => {
  vi.useRealTimers();
});

it("what was told counts for a while from when it was so, null too, and not before that on any clock", () => {
  const told = new TtlCache<string | null>(100, 10);
  told.set("a", null, T0 - 40);
  expect(told.get("a")).toBeNull();
  vi.setSystemTime(T0 + 59);
  expect(told.get("a")).toBeNull();
  vi.setSystemTime(T0 + 60);
  expect(told.get("a")).toBeUndefined();
  vi.setSystemTime(T0 - 41);
  expect(told.get("a")).toBeUndefined();
});

it("what is deleted, or pushed out by too many, must be asked again", () => {
  const told = new TtlCache<number>(100, 2);
  told.set("a", 1, T0);
  told.delete("a");
  expect(told.get("a")).toBeUndefined();
  for (const [index, name] of ["a", "b", "a", "c"].entries()) told.set(name, index, T0);
  expect(["a", "b", "c"].map((name) => told.get(name))).toEqual([2, undefined, 3]);
});
