import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ark } from "../../../src/profiles/built-in/ark.ts";
import { runAlarm, WITHOUT_SETTINGS } from "../../../src/task-object/alarm.ts";
import type { TaskDeps } from "../../../src/task-object/deps.ts";
import { Pacing } from "../../../src/task-object/pacing.ts";
import { RunningSteps } from "../../../src/task-object/running-steps.ts";
import { TaskStore } from "../../../src/task-object/document/store.ts";
import { askedKey, pollLimits } from "../../../src/task-object/task-upstream.ts";
import { UpstreamSession } from "../../../src/task-object/upstream-session.ts";
import { aDocument, anUpstream, aSchedule, aTask, T0 } from "../../support/builders.ts";
import { MemoryStorage } from "../../support/model/simulated/memory-storage.ts";

/*
 * scenario                                        requirement (design.md, Other upstreams)
 * a task whose upstream is no longer set          it waits, is logged, and ends at its deadline
 * min_gap_seconds of a profile                    the lower bound of the gap between polls
 * the keys of two upstreams                       each goes to its own
 */

const settings = {
  ...WITHOUT_SETTINGS,
  upstreams: [
    anUpstream({ baseUrl: "https://aio.example/v1", operatorKey: "sk-of-aio" }),
    anUpstream({ name: "ark", baseUrl: "https://ark.example", operatorKey: "sk-of-ark" }),
  ],
} as const satisfies TaskDeps["settings"];

describe("the key of a task", () => {
  it("goes to its own upstream, the operator's as well as a caller's", () => {
    const access = (upstreamName: string, mode: "own" | "operator") =>
      askedKey(settings, aTask({ upstreamName, mode }), "sk-of-the-caller");
    expect(access("ark", "operator")).toMatchObject({ baseUrl: "https://ark.example", apiKey: "sk-of-ark" });
    expect(access("aio", "operator")).toMatchObject({
      baseUrl: "https://aio.example/v1",
      apiKey: "sk-of-aio",
    });
    expect(access("ark", "own")).toMatchObject({
      baseUrl: "https://ark.example",
      apiKey: "sk-of-the-caller",
    });
    expect(() => access("runway", "own")).toThrow("no upstream named runway");
  });
});

describe("the gaps between polls", () => {
  const { poll } = settings;
  const gaps = { ...poll, minMs: 1000, maxMs: 15_000, firstMs: 500 };
  const limits = (seconds: number | undefined, task = aTask({ upstreamName: "ark" })) => {
    const profile = { ...ark, ...(seconds === undefined ? {} : { min_gap_seconds: seconds }) };
    return pollLimits({ ...settings, poll: gaps, upstreams: [anUpstream({ name: "ark", profile })] }, task);
  };

  it("are at least as long as the upstream wants them", () => {
    expect(limits(5)).toEqual({ ...gaps, minMs: 5000 });
    expect(limits(60)).toEqual({ ...gaps, minMs: 60_000, maxMs: 60_000 });
    for (const seconds of [undefined, 0, 0.5, 1]) expect(limits(seconds)).toEqual(gaps);
  });

  it("are the deployment's for a test, and while the upstream is not set", () => {
    const test = { outcome: "succeeded", delayMs: 0 } as const;
    expect(limits(5, aTask({ upstreamName: "ark", test }))).toEqual(gaps);
    expect(limits(5, aTask({ upstreamName: "gone" }))).toEqual(gaps);
  });
});

describe("a task whose upstream is no longer set", () => {
  let storage: MemoryStorage;
  let stalled: object[];
  beforeEach(() => {
    vi.useFakeTimers({ now: T0 });
    storage = new MemoryStorage(() => undefined);
    stalled = [];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("waits a minute at a time, says so, and ends at its deadline", async () => {
    const store = new TaskStore(storage, { now: () => Date.now(), retentionMs: () => 3_600_000 });
    const task = aTask({
      upstreamName: "runway",
      mode: "operator",
      callback: null,
      deadlineAt: T0 + 90_000,
    });
    store.create(aDocument({ task, schedule: aSchedule({ nextPollAt: T0 }) }), null);
    const refuse = async (): Promise<never> => Promise.reject(new Error("no call"));
    const deps = {
      store,
      settings,
      pacing: new Pacing(),
      running: new RunningSteps(),
      session: new UpstreamSession({
        openKey: refuse,
        judgeKey: refuse,
        apiKey: (of, key) => askedKey(settings, of, key).apiKey,
        connect: (of, key) => {
          askedKey(settings, of, key);
          throw new Error("it has no upstream to connect to");
        },
      }),
      now: () => Date.now(),
      random: () => 0.5,
      streamed: () => false,
      knownForecast: () => undefined,
      sync: async () => ({ signing: [], endpoints: [], outlook: null }),
      syncTogether: async () => undefined,
      log: (event: string, fields: object) => {
        if (event === "step.stalled") stalled.push(fields);
      },
    } as unknown as TaskDeps;
    const alarms: (number | null)[] = [];
    for (let alarm = 0; alarm < 3; alarm++) {
      await runAlarm(deps, 0);
      alarms.push(storage.alarm);
      vi.setSystemTime(storage.alarm ?? 0);
    }
    expect(alarms.slice(0, 2)).toEqual([T0 + 60_000, T0 + 90_000]);
    expect(stalled[0]).toMatchObject({ step: "poll", error: "MissingUpstreamError" });
    expect(store.load()?.task).toMatchObject({
      status: "failed",
      error: { code: "timed_out" },
      finishedAt: T0 + 90_000,
    });
  });
});
