import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CopyOutcome } from "../../../src/domain/task/keep.ts";
import { runAlarm, WITHOUT_SETTINGS } from "../../../src/task-object/alarm.ts";
import type { TaskDeps } from "../../../src/task-object/deps.ts";
import { RunningSteps } from "../../../src/task-object/running-steps.ts";
import { sealText } from "../../../src/task-object/document/sealed.ts";
import { TaskStore } from "../../../src/task-object/document/store.ts";
import { aDocument, aKeep, anUpstream, aTask, T0 } from "../../support/builders.ts";
import { MemoryStorage } from "../../support/model/simulated/memory-storage.ts";

/*
 * scenario                                             requirement (design.md, Kept files)
 * a sealed source that does not open                   the step waits, and the patience ends the task all the same
 * a bucket that never answers                          the same
 */

const UNTIL = T0 + 90_000;
const COPY = { needsKey: false, dueAt: T0, failures: 0, reason: null };
const settings = {
  ...WITHOUT_SETTINGS,
  upstreams: [anUpstream()],
  roots: ["the secret of today, long enough to count"],
} as const satisfies TaskDeps["settings"];

let storage: MemoryStorage;
let stalled: string[];
let copied: object[];
beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
  storage = new MemoryStorage(() => undefined);
  stalled = [];
  copied = [];
});
afterEach(() => {
  vi.useRealTimers();
});

/** The object of a task that succeeded at `T0`, and whose copy is due. */
function anObject(source: string | null, copyResult: () => Promise<CopyOutcome>): TaskDeps {
  const store = new TaskStore(storage, { now: () => Date.now(), retentionMs: () => 3_600_000 });
  const copy = { ...COPY, url: source === null ? "https://cdn.example/v.mp4" : null };
  const keep = aKeep({ succeededAt: T0, patienceMs: UNTIL - T0, copy });
  const task = aTask({ status: "running", progress: 100, callback: null, keep });
  store.create(aDocument({ task, sealed: { key: null, headers: null, answer: null, source } }), null);
  return {
    store,
    settings,
    running: new RunningSteps(),
    session: { forgetKey: () => undefined },
    now: () => Date.now(),
    random: () => 0.5,
    copyResult,
    sync: async () => ({ signing: [], endpoints: [], outlook: null }),
    syncTogether: async () => undefined,
    log: (event: string, fields: object) => {
      if (event === "step.stalled") stalled.push(JSON.stringify(fields));
      if (event === "result.copied") copied.push(fields);
    },
  } as unknown as TaskDeps;
}

it("a source whose seal does not open is tried again in a minute, and given up with the patience", async () => {
  const yesterday: Pick<TaskDeps, "settings"> = {
    settings: { ...settings, roots: ["the secret of yesterday, long enough, too"] },
  };
  const source = await sealText(yesterday, aTask(), "source", "https://cdn.example/v.mp4?key=sk-1");
  const copyResult = vi.fn<() => Promise<CopyOutcome>>();
  const deps = anObject(source, copyResult);
  const alarms: (number | null)[] = [];
  for (let alarm = 0; alarm < 3; alarm++) {
    await runAlarm(deps, 0);
    alarms.push(storage.alarm);
    vi.setSystemTime(storage.alarm ?? 0);
  }
  expect(alarms.slice(0, 2)).toEqual([T0 + 60_000, UNTIL]);
  expect(stalled).toHaveLength(2);
  expect(stalled[0]).toContain('"step":"copy"');
  expect(copyResult).not.toHaveBeenCalled();
  const end = deps.store.load();
  expect(end?.task).toMatchObject({ status: "succeeded", videoUrl: null, finishedAt: UNTIL });
  expect(end?.task.file).toEqual({ status: "failed", reason: "needs_key" });
  expect(end?.sealed.source).toBeNull();
  // No try was made, so its one line is that of the end.
  expect(copied).toEqual([expect.objectContaining({ outcome: "given_up", reason: "needs_key" })]);
});

it("a bucket that never answers is given up a moment after the patience", async () => {
  const deps = anObject(null, async () => new Promise<CopyOutcome>(() => {}));
  const run = runAlarm(deps, 0);
  await vi.advanceTimersByTimeAsync(UNTIL - T0 + 4_000);
  expect(deps.store.load()?.task.finishedAt).toBeNull();
  await vi.advanceTimersByTimeAsync(1_000);
  await run;
  expect(deps.store.load()?.task).toMatchObject({
    status: "succeeded",
    file: { status: "failed", reason: "timeout" },
    finishedAt: UNTIL + 5_000,
  });
  expect(copied).toEqual([
    expect.objectContaining({ outcome: "failed", reason: "timeout" }),
    expect.objectContaining({ outcome: "given_up", reason: "timeout" }),
  ]);
});
