import { describe, expect, it } from "vitest";
import { DELIVERY_STATUSES } from "../../../../src/contract/words.ts";
import {
  beginAttempt,
  leadingDelivery,
  newDelivery,
  retryWaitMs,
  recordResult,
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

describe("a new delivery", () => {
  it("is held until the create's answer is old enough, and is recorded stopped after a 410", () => {
    const fields = {
      seq: 2,
      messageId: "msg_2",
      type: "video.failed",
      occurredAt: T0,
      body: "{}",
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
