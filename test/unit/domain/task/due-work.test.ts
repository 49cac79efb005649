import type { AttemptOnTheWire } from "../../../../src/domain/delivery/delivery.ts";
import { describe, expect, it } from "vitest";
import { dueWork, alarmAt, needsBriefing, type Step } from "../../../../src/domain/task/due-work.ts";
import { NOTHING_SYNCED } from "../../../../src/domain/task/state.ts";
import { aDelivery, aSchedule, anUnsubmittedTask, aTask, aTaskState, T0 } from "../../../support/builders.ts";

const HOUR = 3_600_000;
const terminal = aTask({ status: "succeeded", finishedAt: T0 });

const together = { ...NOTHING_SYNCED, isBriefed: true };

/** The account knows of the task, and not of its newest version. */
const behind = { ...together, lastReported: 1 };

function leasedUntil(leaseUntil: number): AttemptOnTheWire {
  return { number: 1, trigger: "scheduled", startedAt: T0, leaseUntil };
}

const attempt = { number: 1, trigger: "scheduled", startedAt: T0 } as const;
const answer = { statusCode: null, durationMs: 9, excerpt: null, retryAfterMs: null };
const failed = { ...attempt, result: { ...answer, outcome: "retryable", reason: "timeout" } } as const;
const taken = { ...attempt, result: { ...answer, outcome: "delivered", reason: null } } as const;

describe("the due work", () => {
  it.each([
    {
      what: "a submit that is due",
      task: anUnsubmittedTask("due", { dueAt: T0 + 7 }),
      step: { kind: "submit", dueAt: T0 + 7 },
    },
    {
      what: "the deadline of a task that was never submitted",
      task: anUnsubmittedTask("due", { dueAt: T0 + 2 * HOUR }),
      step: { kind: "expire", dueAt: T0 + HOUR },
    },
    {
      what: "the lease of a begun submit",
      task: anUnsubmittedTask("begun", { leaseUntil: T0 + 9 }),
      step: { kind: "submit_lost", dueAt: T0 + 9 },
    },
    { what: "the next poll", task: aTask(), step: { kind: "poll", dueAt: T0 + 10_000 } },
    {
      what: "the last poll at the deadline",
      task: aTask({ deadlineAt: T0 + 5 }),
      step: { kind: "poll", dueAt: T0 + 5 },
    },
    { what: "the end of the retention", task: terminal, step: { kind: "erase", dueAt: T0 + HOUR } },
  ])("holds $what", ({ task, step }) => {
    expect(dueWork(aTaskState({ task }), HOUR)).toEqual([step]);
  });

  it("holds each delivery's next attempt, its lease, or one asked for by hand, and erases only when all are settled", () => {
    const scheduled = aDelivery({ seq: 1, nextAttemptAt: T0 + 5 });
    const onTheWire = aDelivery({
      seq: 2,
      type: "video.running",
      onTheWire: leasedUntil(T0 + 6),
      nextAttemptAt: T0,
    });
    const own = { isOwn: true, isTroubled: true };
    const byHand = aDelivery({ seq: 3, status: "exhausted", nextAttemptAt: null, manual: 1, settledAt: T0 });
    expect(dueWork(aTaskState({ task: terminal, deliveries: [scheduled, onTheWire, byHand] }), HOUR)).toEqual(
      [
        { kind: "attempt", seq: 1, isTerminal: true, ...own, dueAt: T0 + 5 },
        { kind: "attempt_lost", seq: 2, isTerminal: false, ...own, dueAt: T0 + 6 },
        { kind: "attempt", seq: 3, isTerminal: true, ...own, dueAt: T0 },
      ],
    );
    const late = aDelivery({ status: "delivered", nextAttemptAt: null, settledAt: T0 + 99 });
    expect(dueWork(aTaskState({ task: terminal, deliveries: [late] }), HOUR)).toEqual([
      { kind: "erase", dueAt: T0 + 99 + HOUR },
    ]);
  });

  it("counts a receiver as troubled while one of its attempts, for any event, has failed or has no answer", () => {
    const endpoint = (name: string) => ({ id: `ep_${name}`, host: "hooks.acme.com" });
    const delivered = { status: "delivered", attempts: 1, nextAttemptAt: null } as const;
    const deliveries = [
      aDelivery({
        seq: 1,
        type: "video.running",
        endpoint: endpoint("hangs"),
        onTheWire: leasedUntil(T0 + 9),
      }),
      aDelivery({
        seq: 2,
        type: "video.running",
        endpoint: endpoint("failed"),
        finished: [failed],
        attempts: 1,
      }),
      aDelivery({
        seq: 3,
        type: "video.running",
        endpoint: endpoint("works"),
        ...delivered,
        finished: [taken],
      }),
      ...["hangs", "failed", "works", "new"].map((name, at) =>
        aDelivery({ seq: 4 + at, endpoint: endpoint(name) }),
      ),
      aDelivery({ seq: 8 }),
    ];
    const steps = dueWork(aTaskState({ task: terminal, deliveries }), HOUR);
    const ranks = steps.flatMap((step) =>
      step.kind === "attempt" && step.isTerminal ? [[step.seq, step.isOwn, step.isTroubled]] : [],
    );
    expect(ranks).toEqual([
      [4, false, true],
      [5, false, true],
      [6, false, false],
      [7, false, false],
      [8, true, false],
    ]);
  });

  it.each([
    { what: "an accepted task", state: { sync: NOTHING_SYNCED }, report: T0 },
    {
      what: "an accepted task of which it was told, with the first poll again",
      state: { schedule: aSchedule({ nextPollAt: T0 + 9000 }), sync: together },
      report: T0 + 10_000,
    },
    {
      what: "an accepted task of which it was told, after the first poll at once",
      state: { schedule: aSchedule({ nextPollAt: T0 + 9000, polls: 1 }), sync: together },
      report: T0,
    },
    {
      what: "a task of which it was told, when it runs",
      state: { task: aTask({ status: "running" }), sync: together },
      report: T0,
    },
    {
      what: "a task of which it was told, when it waits for its submit",
      state: { task: anUnsubmittedTask("due", { dueAt: T0 + 5000 }), sync: together },
      report: T0 + 6000,
    },
    {
      what: "a task that runs now",
      state: { task: aTask({ status: "running" }), sync: behind, version: 2 },
      report: T0,
    },
    {
      what: "an end whose callback leaves at once, a moment later",
      state: { task: terminal, deliveries: [aDelivery()], sync: behind, version: 2 },
      report: T0 + 5000,
    },
    {
      what: "an end whose callback is on its way, a moment later",
      state: {
        task: terminal,
        deliveries: [aDelivery({ attempts: 1, onTheWire: leasedUntil(T0 + 15_000) })],
        sync: behind,
        version: 2,
      },
      report: T0 + 5000,
    },
    {
      what: "an end whose callback failed",
      state: { task: terminal, deliveries: [aDelivery({ attempts: 1 })], sync: behind, version: 2 },
      report: T0,
    },
    {
      what: "an end whose callback is tried again",
      state: {
        task: terminal,
        deliveries: [aDelivery({ attempts: 2, onTheWire: leasedUntil(T0 + 15_000) })],
        sync: behind,
        version: 2,
      },
      report: T0,
    },
    {
      what: "nothing of a create that is not answered yet",
      state: {
        task: anUnsubmittedTask("begun", { leaseUntil: T0 + 9, inCreate: true }),
        sync: NOTHING_SYNCED,
      },
      report: null,
    },
    { what: "nothing that it knows", state: {}, report: null },
  ])("tells the account of $what", ({ state, report }) => {
    const steps = dueWork(aTaskState(state), HOUR);
    expect(steps.find(({ kind }) => kind === "report")?.dueAt ?? null).toBe(report);
    // Beside the work or the end of the retention, never instead.
    expect(steps.filter(({ kind }) => kind !== "report").length).toBeGreaterThan(0);
  });

  it.each([
    { what: "a task that the upstream has accepted", task: aTask(), is: true },
    { what: "no task that it has not accepted", task: anUnsubmittedTask("due"), is: false },
    { what: "no task that has ended", task: terminal, is: false },
    { what: "no test", task: aTask({ test: { outcome: "succeeded", delayMs: 0 } }), is: false },
  ])("asks once for the briefing of $what", ({ task, is }) => {
    const state = aTaskState({ task });
    const unbriefed = { ...state, sync: { ...state.sync, isBriefed: false } };
    expect(needsBriefing(unbriefed)).toBe(is);
    expect(dueWork(unbriefed, HOUR).some(({ kind }) => kind === "report")).toBe(is);
    expect(needsBriefing(state)).toBe(false);
  });

  it("never gives an alarm at or before now", () => {
    expect(alarmAt([{ kind: "poll", dueAt: T0 - 5 }], T0)).toBe(T0 + 1);
    expect(alarmAt([{ kind: "poll", dueAt: T0 + 5 }], T0)).toBe(T0 + 5);
    // The runtime cuts fractions off.
    expect(alarmAt([{ kind: "poll", dueAt: T0 + 5.2 }], T0)).toBe(T0 + 6);
  });

  it("wakes for a report only if it has failed before", () => {
    const steps: Step[] = [
      { kind: "report", dueAt: T0 + 3, wakeAt: null },
      { kind: "poll", dueAt: T0 + 5 },
    ];
    expect(alarmAt(steps, T0)).toBe(T0 + 5);
    expect(alarmAt(steps, T0, { hasReportFailed: true })).toBe(T0 + 3);
  });

  it("wakes a minute later for the end of a task that its account has never heard of, and for no other report", () => {
    const task = aTask({ status: "succeeded", finishedAt: T0 });
    const unheard = aTaskState({ task });
    const steps = (lastReported: number) =>
      dueWork({ ...unheard, version: 3, sync: { ...unheard.sync, lastReported } }, HOUR);
    const report = steps(0).find(({ kind }) => kind === "report");
    expect(alarmAt(steps(0), T0)).toBe((report?.dueAt ?? 0) + 60_000);
    // While it is on its way the alarm must not come again and again.
    expect(alarmAt(steps(0), T0 + 120_000)).toBe(T0 + 180_000);
    expect(alarmAt(steps(2), T0)).toBe(T0 + HOUR);
  });

  it.each([
    ["a minute later for what a manual attempt has changed", { attempts: 2, scheduled: 1 }, true],
    ["for no report of what the schedule has done", { attempts: 2, scheduled: 2 }, false],
  ])("wakes %s, because no reconciliation asks about a settled task", (_name, counts, isAwake) => {
    const task = aTask({ status: "succeeded", finishedAt: T0 });
    const delivery = aDelivery({ status: "delivered", settledAt: T0, nextAttemptAt: null, ...counts });
    const state = aTaskState({ task, deliveries: [delivery] });
    const steps = dueWork({ ...state, version: 3, sync: { ...state.sync, lastReported: 2 } }, HOUR);
    const report = steps.find(({ kind }) => kind === "report");
    expect(alarmAt(steps, T0)).toBe(isAwake ? (report?.dueAt ?? 0) + 60_000 : T0 + HOUR);
  });
});
