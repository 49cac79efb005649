import { describe, expect, it } from "vitest";
import { clock, distance, span } from "../../../../../src/console/pages/parts/spans.ts";
import { en } from "../../../../../src/console/text/en.ts";
import { zh } from "../../../../../src/console/text/zh.ts";
import { T0 } from "../../../../support/builders.ts";

describe("a time", () => {
  it.each([
    [0, "0 s", "0 秒"],
    [440, "0.4 s", "0.4 秒"],
    [9999, "10 s", "10 秒"],
    [59_400, "59 s", "59 秒"],
    [59_600, "1 min", "1 分钟"],
    [200_000, "3 min 20 s", "3 分 20 秒"],
    [7_260_000, "2 h 1 min", "2 小时 1 分"],
    [86_400_000, "1 day", "1 天"],
    [200_000_000, "2 days", "2 天"],
  ])("of %i ms is %s, %s", (ms, english, chinese) => {
    expect([span(en.time, ms), span(zh.time, ms)]).toEqual([english, chinese]);
  });

  it.each([
    [-500, "now"],
    [-61_000, "1 min ago"],
    [5000, "in 5 s"],
    [7_300_000, "in 2 h"],
    [-172_800_000, "2 days ago"],
    // What is to come is rounded: the retention of a task that has just ended is that of the setting.
    [30 * 86_400_000 - 5000, "in 30 days"],
    [86_395_000, "in 1 day"],
    [59_700, "in 1 min"],
    [3_599_000, "in 1 h"],
    [-86_395_000, "23 h ago"],
  ])("%i ms away is %s", (ms, expected) => {
    expect(distance(en.time, T0 + ms, T0)).toBe(expected);
  });

  it("on the clock is said in UTC", () => {
    expect(clock("2026-11-23T20:45:12.345Z")).toBe("2026-11-23 20:45:12 UTC");
  });
});
