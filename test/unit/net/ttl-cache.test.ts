import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TtlCache } from "../../../src/net/ttl-cache.ts";

const T0 = 1_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});
afterEach(() => {
  vi.useRealTimers();
});

it("an answer counts for a while from its instant on, null too, and on no clock before that", () => {
  const cache = new TtlCache<string | null>(100, 10);
  cache.set("a", null, T0 - 40);
  expect(cache.get("a")).toBeNull();
  vi.setSystemTime(T0 + 59);
  expect(cache.get("a")).toBeNull();
  vi.setSystemTime(T0 + 60);
  expect(cache.get("a")).toBeUndefined();
  vi.setSystemTime(T0 - 41);
  expect(cache.get("a")).toBeUndefined();
});

it("what is deleted, or pushed out by too many, must be asked again", () => {
  const cache = new TtlCache<number>(100, 2);
  cache.set("a", 1, T0);
  cache.delete("a");
  expect(cache.get("a")).toBeUndefined();
  for (const [index, name] of ["a", "b", "a", "c"].entries()) cache.set(name, index, T0);
  expect(["a", "b", "c"].map((name) => cache.get(name))).toEqual([2, undefined, 3]);
});
