import { describe, expect, it } from "vitest";
import { isNews, summaryOf, stageOf, stageRank } from "../../../../src/domain/account/summary.ts";
import { lookAlarmAt, LOOK_EVERY_MS } from "../../../../src/domain/account/reconcile.ts";
import { aDelivery, aSchedule, aTask, T0 } from "../../../support/builders.ts";

const HOUR = 3_600_000;
const schedule = aSchedule({ polls: 3 });
const ended = aTask({ status: "succeeded", finishedAt: T0 + 5, videoUrl: "https://cdn.acme.com/v.mp4" });
const delivered = aDelivery({ status: "delivered", nextAttemptAt: null, settledAt: T0 + 99 });

describe("a task's summary", () => {
  it("holds what a list shows, and when it goes", () => {
    expect(summaryOf({ version: 2, task: ended, schedule, deliveries: [delivered] }, HOUR)).toEqual({
      name: "abcdefghijklmnopqrstuvwxyz",
      version: 2,
      account: "key:somebody",
      taskId: ended.taskId,
      status: "succeeded",
      model: ended.model,
      test: false,
      videoUrl: ended.videoUrl,
      error: null,
      createdAt: T0,
      submittedAt: T0,
      finishedAt: T0 + 5,
      delivery: "delivered",
      polls: 3,
      settledAt: T0 + 99,
      expiresAt: T0 + 99 + HOUR,
    });
  });

  it.each([
    { what: "no callback", state: { task: aTask({ callback: null }), deliveries: [] }, delivery: null },
    { what: "no event yet", state: { task: aTask(), deliveries: [] }, delivery: "waiting" },
    {
      what: "an event on its way",
      state: { task: ended, deliveries: [aDelivery()] },
      delivery: "pending",
    },
  ])("is not settled with $what", ({ state, delivery }) => {
    expect(summaryOf({ version: 2, ...state, schedule }, HOUR)).toMatchObject({
      delivery,
      settledAt: null,
      expiresAt: null,
    });
  });

  it.each([
    { what: "a status", after: { task: aTask({ status: "running" }), deliveries: [] }, is: true },
    { what: "an acceptance", after: { task: aTask({ upstreamTaskId: "up-2" }), deliveries: [] }, is: true },
    {
      what: "an id that was issued anew",
      after: { task: aTask({ taskId: "task_b" }), deliveries: [] },
      is: true,
    },
    { what: "a callback's state", after: { task: aTask(), deliveries: [aDelivery()] }, is: true },
    { what: "progress", after: { task: aTask({ progress: 40 }), deliveries: [] }, is: false },
    { what: "a redelivery", after: { task: aTask({ redeliveredAt: [T0] }), deliveries: [] }, is: false },
  ])("has news by $what: $is", ({ after, is }) => {
    expect(isNews({ task: aTask(), deliveries: [] }, after)).toBe(is);
  });

  it("has news by the settling of the last delivery, whichever event it is of", () => {
    const news = aDelivery({ seq: 2, type: "video.running" });
    const stopped = { ...news, status: "stopped", nextAttemptAt: null, settledAt: T0 + 200 } as const;
    const before = { task: ended, deliveries: [delivered, news] };
    expect(isNews(before, { task: ended, deliveries: [delivered, stopped] })).toBe(true);
    expect(isNews(before, { task: ended, deliveries: [delivered, { ...news, attempts: 1 }] })).toBe(false);
  });

  it("has a stage that changes with its status, its callback, its end and its id, and with nothing else", () => {
    const stage = (changes: Partial<typeof ended>, deliveries = [delivered]): string =>
      stageOf(summaryOf({ version: 2, task: { ...ended, ...changes }, schedule, deliveries }, HOUR));
    const same = stage({});
    expect(stage({ redeliveredAt: [T0], progress: 99 })).toBe(same);
    expect(
      stageOf(summaryOf({ version: 2, task: ended, schedule: aSchedule(), deliveries: [delivered] }, HOUR)),
    ).toBe(same);
    const changed = [
      stage({ status: "failed" }),
      stage({}, []),
      stage({}, [aDelivery()]),
      stage({}, [{ ...delivered, settledAt: T0 + 100 }]),
      stage({ taskId: ended.taskId.replace("task_a", "task_b") }),
    ];
    expect(new Set([same, ...changed]).size).toBe(changed.length + 1);
  });

  it("ranks an end above what comes before it, and no running above queued: an upstream may go back", () => {
    const ranks = [
      stageRank({ status: "queued", expiresAt: null }),
      stageRank({ status: "running", expiresAt: null }),
      stageRank({ status: "failed", expiresAt: null }),
      stageRank({ status: "failed", expiresAt: T0 }),
    ];
    expect(ranks).toEqual([0, 0, 1, 2]);
    expect(stageRank({ status: "succeeded", expiresAt: null })).toBe(1);
  });
});

describe("an account's look", () => {
  it.each([
    { what: "in the minute in which it is due", due: [T0 + 1], at: T0 + 60_000 },
    { what: "in one go for what is due in the same minute", due: [T0 + 60_000], at: T0 + 60_000 },
    { what: "at the earliest of all", due: [T0 + HOUR, T0 + HOUR / 2, T0 + 9 * HOUR], at: T0 + HOUR / 2 },
    {
      what: "within an hour, whatever is due: the retention may change",
      due: [T0 + 30 * HOUR],
      at: T0 + HOUR - 60_000,
    },
    { what: "never in the past", due: [T0 - 9 * HOUR], at: T0 + 1 },
  ])("comes $what", ({ due, at }) => {
    expect(lookAlarmAt(due, T0)).toBe(at);
  });

  it("never comes later than an hour after the last one, wherever in a minute that was", () => {
    for (const second of [0, 1, 30, 59]) {
      const now = T0 + second * 1000 + 7;
      expect(lookAlarmAt([now + LOOK_EVERY_MS], now) - now).toBeLessThanOrEqual(HOUR);
    }
  });
});
