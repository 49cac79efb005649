import { describe, expect, it } from "vitest";
import { NO_ATTEMPTS } from "../../../../src/domain/account/attempts.ts";
import { isNews, summaryOf } from "../../../../src/domain/account/summary.ts";
import type { Delivery, FinishedAttempt } from "../../../../src/domain/delivery/delivery.ts";
import { aDelivery, aSchedule, aTask, T0 } from "../../../support/builders.ts";

const HOUR = 3_600_000;
const RESULT = { statusCode: null, durationMs: 1, excerpt: null, retryAfterMs: null };
const FAILED: FinishedAttempt = {
  number: 1,
  trigger: "scheduled",
  startedAt: 1,
  result: { ...RESULT, outcome: "retryable", reason: "timeout" },
};
const DELIVERED: FinishedAttempt = {
  ...FAILED,
  startedAt: 5,
  result: { ...RESULT, outcome: "delivered", reason: null },
};
const UNKNOWN: FinishedAttempt = {
  ...FAILED,
  result: { ...RESULT, outcome: "unknown", reason: "interrupted" },
};

const GONE: FinishedAttempt = {
  ...FAILED,
  startedAt: 7,
  result: { ...RESULT, statusCode: 410, outcome: "permanent", reason: "gone" },
};

const schedule = aSchedule({ polls: 3 });
const ended = aTask({ status: "succeeded", finishedAt: T0 + 5, videoUrl: "https://cdn.acme.com/v.mp4" });
const delivered = aDelivery({ status: "delivered", nextAttemptAt: null, settledAt: T0 + 99 });

/** What two registered endpoints are to a task, and a delivery to each. */
const [AT_A, AT_B] = [
  { id: "ep_a", host: "a.acme.com", events: ["video.succeeded"], format: "standard" },
  { id: "ep_b", host: "b.acme.com", events: ["video.succeeded"], format: "flat" },
] as const;
const [toA, toB] = [AT_A, AT_B].map(({ id, host }, at) =>
  aDelivery({ seq: 10 + at, endpoint: { id, host } }),
) as [Delivery, Delivery];

const news = aDelivery({ type: "video.running" });

describe("a task's summary", () => {
  it("holds what a list shows, and when it goes", () => {
    expect(summaryOf({ version: 2, task: ended, schedule, deliveries: [delivered] }, HOUR)).toEqual({
      name: "abcdefghijklmnopqrstuvwxyz",
      version: 2,
      account: "key:somebody",
      taskId: ended.taskId,
      status: "succeeded",
      model: ended.model,
      upstreamName: "aio",
      upstreamTaskId: "up-1",
      test: false,
      metadata: null,
      videoUrl: ended.videoUrl,
      keptBytes: null,
      error: null,
      createdAt: T0,
      submittedAt: T0,
      finishedAt: T0 + 5,
      delivery: "delivered",
      terminalDelivery: "delivered",
      callbackHost: "hooks.acme.com",
      attempts: NO_ATTEMPTS,
      endpoints: [],
      polls: 3,
      settledAt: T0 + 99,
      expiresAt: T0 + 99 + HOUR,
    });
  });

  it("names the task's upstream", () => {
    const task = { ...ended, upstreamName: "ark" };
    expect(summaryOf({ version: 2, task, schedule, deliveries: [] }, HOUR).upstreamName).toBe("ark");
  });

  it.each([
    { what: "nothing is kept", file: null, keptBytes: null },
    { what: "the copy has failed", file: { status: "failed", reason: "timeout" }, keptBytes: null },
    {
      what: "a copy is kept",
      file: { status: "kept", bytes: 42, content_type: "video/mp4", expires_at: "2026-12-30T00:00:00.000Z" },
      keptBytes: 42,
    },
  ] as const)("names the bytes that are kept of its result: $what", ({ file, keptBytes }) => {
    const summary = summaryOf({ version: 2, task: { ...ended, file }, schedule, deliveries: [] }, HOUR);
    expect(summary.keptBytes).toBe(keptBytes);
  });

  it.each([
    {
      what: "no callback",
      state: { task: aTask({ callback: null }), deliveries: [] },
      delivery: null,
      terminalDelivery: null,
    },
    {
      what: "no event yet",
      state: { task: aTask(), deliveries: [] },
      delivery: "waiting",
      terminalDelivery: null,
    },
    {
      what: "the news of its start on its way",
      state: { task: aTask({ status: "running" }), deliveries: [news] },
      delivery: "pending",
      terminalDelivery: null,
    },
    {
      what: "the event of its end on its way",
      state: { task: ended, deliveries: [{ ...news, status: "exhausted" as const }, aDelivery({ seq: 2 })] },
      delivery: "pending",
      terminalDelivery: "pending",
    },
  ])("is not settled with $what", ({ state, delivery, terminalDelivery }) => {
    expect(summaryOf({ version: 2, ...state, schedule }, HOUR)).toMatchObject({
      delivery,
      terminalDelivery,
      settledAt: null,
      expiresAt: null,
    });
  });

  it.each(["delivered", "exhausted", "stopped"] as const)(
    "names the %s news of an end that the callback does not want, and no delivery of that end",
    (status) => {
      const settled = { ...news, status, nextAttemptAt: null, settledAt: T0 + 99 };
      expect(summaryOf({ version: 2, task: ended, schedule, deliveries: [settled] }, HOUR)).toMatchObject({
        delivery: status,
        terminalDelivery: null,
        settledAt: T0 + 99,
      });
    },
  );

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

  it.each([
    { what: "an attempt that failed", before: [], after: [FAILED], is: true },
    { what: "one that was delivered after it", before: [FAILED], after: [FAILED, DELIVERED], is: true },
    {
      what: "one that failed after it",
      before: [FAILED],
      after: [FAILED, { ...FAILED, startedAt: 9 }],
      is: true,
    },
    { what: "one that was delivered, by itself", before: [], after: [DELIVERED], is: false },
    { what: "one of which nothing is known", before: [], after: [UNKNOWN], is: false },
  ])("has news by $what: $is", ({ before, after, is }) => {
    const task = aTask();
    const of = (finished: FinishedAttempt[]) => ({ task, deliveries: [aDelivery({ finished })] });
    expect(isNews(of(before), of(after))).toBe(is);
  });

  it("tells for each endpoint that the task took along how its own deliveries go, and for the callback its own", () => {
    const task = { ...ended, endpoints: [AT_A, AT_B] };
    const deliveries = [
      delivered,
      { ...toA, type: "video.running" as const, status: "delivered" as const, finished: [DELIVERED] },
      { ...toA, seq: 12, status: "stopped" as const, finished: [FAILED, GONE] },
      { ...toB, type: "video.running" as const, finished: [FAILED] },
    ];
    expect(summaryOf({ version: 2, task, schedule, deliveries }, HOUR)).toMatchObject({
      terminalDelivery: "delivered",
      attempts: NO_ATTEMPTS,
      endpoints: [
        {
          id: "ep_a",
          host: "a.acme.com",
          terminalDelivery: "stopped",
          attempts: {
            delivered: 1,
            failed: 2,
            deliveredAt: 5,
            failedAt: [7],
            lastFailure: { at: 7, reason: "gone" },
          },
          goneAt: 7,
        },
        {
          id: "ep_b",
          host: "b.acme.com",
          terminalDelivery: null,
          attempts: { ...NO_ATTEMPTS, failed: 1, failedAt: [1], lastFailure: { at: 1, reason: "timeout" } },
          goneAt: null,
        },
      ],
      settledAt: null,
    });
  });

  it("tells of no endpoint before the task knows them, and is not settled until then", () => {
    const task = { ...ended, endpoints: null };
    expect(summaryOf({ version: 2, task, schedule, deliveries: [delivered] }, HOUR)).toMatchObject({
      endpoints: [],
      settledAt: null,
    });
  });

  it.each<{ what: string; before: Partial<Delivery>; after: Partial<Delivery>; is: boolean }>([
    { what: "another status of the end's delivery", before: {}, after: { status: "delivered" }, is: true },
    { what: "an attempt that failed", before: {}, after: { finished: [FAILED] }, is: true },
    {
      what: "the first one that was delivered after such",
      before: { finished: [FAILED] },
      after: { finished: [FAILED, DELIVERED] },
      is: true,
    },
    { what: "a 410", before: { finished: [FAILED] }, after: { finished: [FAILED, GONE] }, is: true },
    {
      what: "an attempt on its way",
      before: { finished: [FAILED] },
      after: { finished: [FAILED], attempts: 2 },
      is: false,
    },
    { what: "one that was delivered, by itself", before: {}, after: { finished: [DELIVERED] }, is: false },
    { what: "one of which nothing is known", before: {}, after: { finished: [UNKNOWN] }, is: false },
    {
      what: "a 410 of another URL",
      before: {},
      after: { finished: [{ ...GONE, host: "elsewhere.acme.com" }] },
      is: false,
    },
  ])("has news at an endpoint by $what: $is", ({ before, after, is }) => {
    // The one at the other endpoint stays pending, so that the task is not settled.
    const task = { ...ended, endpoints: [AT_A, AT_B] };
    const of = (change: Partial<Delivery>) => ({ task, deliveries: [toA, { ...toB, ...change }] });
    expect(isNews(of(before), of(after))).toBe(is);
  });

  it("has news by learning of its endpoints, and by a first event there", () => {
    const [unknown, known] = [null, [AT_A]].map((endpoints) => aTask({ callback: null, endpoints }));
    if (!unknown || !known) throw new Error("two tasks");
    expect(isNews({ task: unknown, deliveries: [] }, { task: known, deliveries: [] })).toBe(true);
    expect(isNews({ task: known, deliveries: [] }, { task: known, deliveries: [toA] })).toBe(true);
    const start = { ...toA, type: "video.running" as const };
    expect(isNews({ task: known, deliveries: [] }, { task: known, deliveries: [start] })).toBe(false);
  });

  it("has news by the settling of the last delivery, whichever event it is of", () => {
    const second = { ...news, seq: 2 };
    const stopped = { ...second, status: "stopped", nextAttemptAt: null, settledAt: T0 + 200 } as const;
    const before = { task: ended, deliveries: [delivered, second] };
    expect(isNews(before, { task: ended, deliveries: [delivered, stopped] })).toBe(true);
    expect(isNews(before, { task: ended, deliveries: [delivered, { ...second, attempts: 1 }] })).toBe(false);
  });
});
