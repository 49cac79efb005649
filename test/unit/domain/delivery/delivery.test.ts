import { leadingDelivery } from "../../../../src/domain/delivery/by-receiver.ts";
import { describe, expect, it } from "vitest";
import { DELIVERY_STATUSES } from "../../../../src/contract/words.ts";
import {
  attemptsAtReceiver,
  beginAttempt,
  beginByHand,
  newDelivery,
  nextElsewhere,
  retryWaitMs,
  recordResult,
  storedNumber,
  type AttemptResult,
  type Delivery,
} from "../../../../src/domain/delivery/delivery.ts";
import { aDelivery, T0 } from "../../../support/builders.ts";

const SCHEDULE_MS = [5, 30, 120, 300, 1800, 7200, 18_000, 36_000].map((seconds) => seconds * 1000);
const limits = { retryMs: SCHEDULE_MS };

function aResult(overrides: Partial<AttemptResult> = {}): AttemptResult {
  return {
    outcome: "retryable",
    reason: "http_503",
    statusCode: 503,
    durationMs: 5,
    excerpt: null,
    retryAfterMs: null,
    ...overrides,
  };
}

/** One attempt at `now` with this result. */
function attempt(delivery: Delivery, now: number, result: AttemptResult): Delivery {
  const begun = beginAttempt(delivery, now, 15_000);
  if (!begun) throw new Error("not due");
  return recordResult(begun, result, { now, random: 0.5, limits });
}

describe("the retry schedule", () => {
  it("is walked to its end, and then the delivery is exhausted", () => {
    let delivery = aDelivery();
    const waits: number[] = [];
    for (let now = T0; delivery.status === "pending"; now = delivery.nextAttemptAt ?? now) {
      delivery = attempt(delivery, now, aResult());
      if (delivery.nextAttemptAt !== null) waits.push((delivery.nextAttemptAt - now) / 1000);
    }
    expect(waits).toEqual([5, 30, 120, 300, 1800, 7200, 18_000, 36_000]);
    expect(delivery).toMatchObject({ status: "exhausted", attempts: 9, nextAttemptAt: null });
  });

  it("puts nothing later than 22 hours after the event", () => {
    const late = T0 + 21 * 3_600_000;
    const delivery = aDelivery({ attempts: 6, scheduled: 6, nextAttemptAt: late });
    expect(attempt(delivery, late, aResult())).toMatchObject({ status: "exhausted", settledAt: late });
  });

  it("is spread by a fifth either way", () => {
    expect([0, 0.5, 1].map((random) => Math.round(retryWaitMs(100_000, null, random)))).toEqual([
      80_000, 100_000, 120_000,
    ]);
  });

  it.each([
    { stepMs: 5000, retryAfterMs: 1000, waitMs: 5000, why: "never earlier" },
    { stepMs: 5000, retryAfterMs: 40_000, waitMs: 40_000, why: "later, as asked" },
    { stepMs: 5000, retryAfterMs: 3_600_000, waitMs: 60_000, why: "at most a minute for a short step" },
    { stepMs: 300_000, retryAfterMs: 3_600_000, waitMs: 600_000, why: "at most twice a long step" },
  ])("moves with Retry-After $retryAfterMs ms: $why", ({ stepMs, retryAfterMs, waitMs }) => {
    expect(retryWaitMs(stepMs, retryAfterMs, 0.5)).toBe(waitMs);
  });
});

describe("an attempt", () => {
  it("begins only when it is due, and alone", () => {
    expect(beginAttempt(aDelivery({ nextAttemptAt: T0 + 1 }), T0, 15_000)).toBeNull();
    const begun = beginAttempt(aDelivery(), T0, 15_000);
    expect(begun).toMatchObject({
      attempts: 1,
      onTheWire: { trigger: "scheduled", startedAt: T0, leaseUntil: T0 + 20_000 },
    });
    expect(begun && beginAttempt(begun, T0, 15_000)).toBeNull();
  });

  it("that is refused for good stops the delivery, and a success settles it", () => {
    expect(attempt(aDelivery(), T0, aResult({ outcome: "permanent", statusCode: 410 })).status).toBe(
      "stopped",
    );
    expect(attempt(aDelivery(), T0, aResult({ outcome: "delivered" }))).toMatchObject({
      status: "delivered",
      settledAt: T0,
    });
  });

  it("that was on the wire when its delivery was stopped changes nothing, unless it arrived", () => {
    const begun = beginAttempt(aDelivery(), T0, 15_000);
    const stopped: Delivery = {
      ...aDelivery(),
      ...begun,
      status: "stopped",
      nextAttemptAt: null,
      settledAt: T0,
    };
    const at = { now: T0 + 9, random: 0.5, limits };
    expect(recordResult(stopped, aResult(), at)).toMatchObject({
      status: "stopped",
      settledAt: T0,
      onTheWire: null,
    });
    expect(recordResult(stopped, aResult({ outcome: "delivered" }), at).status).toBe("delivered");
  });

  it("with an unknown outcome goes on by the schedule", () => {
    const after = attempt(aDelivery(), T0, aResult({ outcome: "unknown", reason: "interrupted" }));
    expect(after).toMatchObject({ status: "pending", nextAttemptAt: T0 + 5000 });
  });

  it("by hand goes out in every state, and only its success changes anything", () => {
    for (const status of DELIVERY_STATUSES) {
      const delivery = aDelivery({ status, manual: 1, attempts: 3, scheduled: 3, nextAttemptAt: null });
      const begun = beginAttempt(delivery, T0, 15_000);
      expect(begun).toMatchObject({
        onTheWire: { trigger: "manual" },
        attempts: 4,
        scheduled: 3,
        manual: 0,
      });
      expect(attempt(delivery, T0, aResult()).status).toBe(status);
      expect(attempt(delivery, T0, aResult({ outcome: "delivered" })).status).toBe("delivered");
    }
  });
});

describe("attempts at another URL", () => {
  const HOST = "elsewhere.acme.com";
  const waiting = { elsewhere: ["sealed 1", "sealed 2"], attempts: 1, scheduled: 1 };

  it.each([
    { what: "one by hand", delivery: { manual: 1, nextAttemptAt: T0 + 1 }, is: { trigger: "manual" } },
    { what: "a due one of the schedule", delivery: { nextAttemptAt: T0 }, is: { trigger: "scheduled" } },
    { what: "an overdue one", delivery: { nextAttemptAt: T0 - 60_000 }, is: { trigger: "scheduled" } },
  ])("come after $what, which keeps them waiting", ({ delivery: fields, is }) => {
    const delivery = aDelivery({ ...waiting, ...fields });
    expect(nextElsewhere(delivery, T0)).toBeNull();
    const begun = beginAttempt(delivery, T0, 15_000);
    expect(begun).toMatchObject({ onTheWire: is, attempts: 2, elsewhere: waiting.elsewhere });
    expect(begun?.onTheWire).not.toHaveProperty("host");
  });

  it.each([
    { what: "that waits for its schedule", delivery: { nextAttemptAt: T0 + 1 } },
    ...(["delivered", "exhausted", "stopped"] as const).map((status) => ({
      what: `that is ${status}`,
      delivery: { status, nextAttemptAt: null },
    })),
  ])("of a delivery $what go in their order, one on the wire at a time", ({ delivery: fields }) => {
    const delivery = aDelivery({ ...waiting, ...fields });
    expect(nextElsewhere(delivery, T0)).toBe("sealed 1");
    const begun = beginAttempt(delivery, T0, 15_000, HOST);
    expect(begun).toMatchObject({
      onTheWire: { trigger: "manual", host: HOST },
      scheduled: 1,
      elsewhere: ["sealed 2"],
    });
    if (!begun) throw new Error("not begun");
    // Neither the schedule nor another URL has a second one beside it.
    expect(beginAttempt(begun, T0 + 2, 15_000, HOST)).toBeNull();
    expect(beginAttempt(begun, T0 + 2, 15_000)).toBeNull();
  });

  it("hold no due attempt of the schedule back, however many wait", () => {
    let delivery = aDelivery({ elsewhere: Array.from({ length: 10 }, (_, at) => `sealed ${at}`) });
    const triggers: string[] = [];
    // Each takes as long as the schedule's first wait.
    for (let now = T0; triggers.length < 4; now += 6_000) {
      const begun = beginAttempt(delivery, now, 15_000, nextElsewhere(delivery, now) && HOST);
      if (!begun) throw new Error("nothing is due");
      triggers.push(begun.onTheWire?.trigger ?? "");
      delivery = recordResult(begun, aResult(), { now, random: 0.5, limits: { retryMs: [5_000, 5_000] } });
    }
    expect(triggers).toEqual(["scheduled", "scheduled", "scheduled", "manual"]);
  });

  it("are numbered, and are none of the receiver's unless a recovery says that it has moved", () => {
    let delivery = aDelivery({ elsewhere: ["sealed"], nextAttemptAt: T0 + 1 });
    expect([attemptsAtReceiver(delivery), storedNumber(delivery)]).toEqual([0, 1]);
    delivery = beginAttempt(delivery, T0, 15_000, HOST) ?? delivery;
    expect([attemptsAtReceiver(delivery), storedNumber(delivery)]).toEqual([0, 2]);
    delivery = recordResult(delivery, aResult(), { now: T0, random: 0.5, limits });
    delivery = beginAttempt(delivery, T0 + 1, 15_000) ?? delivery;
    expect([attemptsAtReceiver(delivery), storedNumber(delivery)]).toEqual([1, 2]);
    delivery = recordResult(delivery, aResult(), { now: T0 + 1, random: 0.5, limits });
    const moved = { host: HOST, recoveryId: "rec_1" };
    delivery = beginByHand(delivery, T0 + 2, 15_000, moved) ?? delivery;
    expect([delivery.attempts, attemptsAtReceiver(delivery), storedNumber(delivery)]).toEqual([3, 2, 2]);
  });
});

describe("a new delivery", () => {
  it("is held until the create's answer is old enough, and is recorded stopped after a 410", () => {
    const fields = {
      seq: 2,
      messageId: "msg_2",
      endpoint: null,
      format: "standard",
      type: "video.failed",
      occurredAt: T0,
      notBeforeAt: T0 + 2000,
    } as const;
    expect(newDelivery({ ...fields, stopped: false })).toMatchObject({
      status: "pending",
      nextAttemptAt: T0 + 2000,
    });
    expect(newDelivery({ ...fields, stopped: true })).toMatchObject({
      status: "stopped",
      nextAttemptAt: null,
    });
  });

  it("of the terminal event leads, else the newest", () => {
    const running = aDelivery({ seq: 1, type: "video.running" });
    const progress = aDelivery({ seq: 2, type: "video.progress" });
    const end = aDelivery({ seq: 3, type: "video.succeeded" });
    expect(leadingDelivery([])).toBeNull();
    expect(leadingDelivery([running, progress])).toBe(progress);
    expect(leadingDelivery([running, progress, end])).toBe(end);
  });
});
