import { describe, expect, it } from "vitest";
import { fileLife } from "../../../../../src/console/pages/task/file-life.ts";
import { T0 } from "../../../../support/builders.ts";
import { iso } from "../views.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const times = { created_at: iso(-DAY_MS), finished_at: iso(0) };

describe("the file of a task", () => {
  it.each([
    ["is usually there for a day after the end", DAY_MS - 1, false],
    ["is over then", DAY_MS, true],
  ])("%s", (_name, afterMs, isOver) => {
    const task = { ...times, upstream_name: "aio" };
    expect(fileLife(task, [], T0 + afterMs)).toEqual({ until: iso(DAY_MS), isOver, lifeMs: DAY_MS });
  });

  it("lives as long as the profile of its upstream says", () => {
    const upstreams = [
      { name: "aio", lifetimeHours: null },
      { name: "veo", lifetimeHours: 48 },
    ];
    const until = iso(2 * DAY_MS);
    const task = { ...times, upstream_name: "veo" };
    expect(fileLife(task, upstreams, T0 + DAY_MS)).toEqual({ until, isOver: false, lifeMs: 2 * DAY_MS });
  });

  it.each([
    ["says nothing of it", [{ name: "xai", lifetimeHours: null }]],
    ["is no longer set", []],
  ])("has no known life if its upstream %s", (_name, upstreams) => {
    expect(fileLife({ ...times, upstream_name: "xai" }, upstreams, T0 + DAY_MS)).toBeNull();
  });
});
