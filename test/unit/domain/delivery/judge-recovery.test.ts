import { describe, expect, it } from "vitest";
import { DELIVERY_STATUSES } from "../../../../src/contract/words.ts";
import {
  beginByHand,
  recordResult,
  type AttemptResult,
  type Delivery,
} from "../../../../src/domain/delivery/delivery.ts";
import { judgeRecovery } from "../../../../src/domain/delivery/judge-recovery.ts";
import type { RecoveryOrder } from "../../../../src/domain/recovery/order.ts";
import { aDelivery, T0 } from "../../../support/builders.ts";

/*
 * scenario                                        requirement
 * the delivery's status against the order's       contract, Recovery: whose delivery has one of `statuses` when its turn comes
 * it was delivered meanwhile                      contract, Recovery: counts as delivered, and is not sent
 * the same order again                            each is tried once, in every position of a crash
 */

const SETTLED = { nextAttemptAt: null, settledAt: T0 };

function anOrder(overrides: Partial<RecoveryOrder> = {}): RecoveryOrder {
  return { recoveryId: "rec_1", statuses: ["exhausted"], endpoint: null, target: null, ...overrides };
}

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

/** With an attempt on the wire that was made for this recovery. */
function begun(delivery: Delivery, recoveryId = "rec_1"): Delivery {
  const after = beginByHand(delivery, T0, 15_000, { recoveryId });
  if (!after) throw new Error("one is on the wire");
  return after;
}

function ended(delivery: Delivery, result: AttemptResult): Delivery {
  return recordResult(delivery, result, { now: T0 + 9, random: 0.5, limits: { retryMs: [5000] } });
}

const exhausted = aDelivery({ ...SETTLED, status: "exhausted" });
const answer = (kind: string) => ({ kind: "answer", answer: { kind } });

describe("an order", () => {
  it("fits the statuses that it names, and none else", () => {
    for (const status of DELIVERY_STATUSES) {
      const delivery = aDelivery({ ...SETTLED, status });
      const expected = status === "delivered" ? answer("delivered") : { kind: "send", delivery };
      expect(judgeRecovery([delivery], anOrder({ statuses: [status] }))).toEqual(expected);
      const others = DELIVERY_STATUSES.filter((other) => other !== status);
      expect(judgeRecovery([delivery], anOrder({ statuses: others }))).toEqual(
        answer(status === "delivered" ? "delivered" : "unmatched"),
      );
    }
  });

  it("is about the terminal event alone", () => {
    const running = aDelivery({ ...SETTLED, type: "video.running", status: "exhausted" });
    expect(judgeRecovery([], anOrder())).toEqual(answer("unmatched"));
    expect(judgeRecovery([running], anOrder())).toEqual(answer("unmatched"));
    const end = aDelivery({ ...SETTLED, seq: 2, status: "stopped" });
    expect(judgeRecovery([running, end], anOrder())).toEqual(answer("unmatched"));
    const both = anOrder({ statuses: ["stopped"] });
    expect(judgeRecovery([running, end], both)).toEqual({ kind: "send", delivery: end });
  });

  it("waits for an attempt on the wire, be it its own, another recovery's or the schedule's", () => {
    for (const delivery of [begun(exhausted), begun(exhausted, "rec_2")]) {
      expect(judgeRecovery([delivery], anOrder())).toEqual({ kind: "wait", delivery });
    }
    // Nothing to wait for: whatever it comes to, this order is not about a pending one.
    const pending = begun(aDelivery(), "rec_2");
    expect(judgeRecovery([pending], anOrder())).toEqual(answer("unmatched"));
  });

  it.each<[what: string, result: AttemptResult, answered: object]>([
    ["a failure", aResult(), answer("interrupted")],
    ["a success", aResult({ outcome: "delivered", reason: null, statusCode: 200 }), answer("delivered")],
    [
      "an unknown outcome",
      aResult({ outcome: "unknown", reason: "interrupted", statusCode: null }),
      answer("interrupted"),
    ],
  ])("whose attempt ended as %s is answered so, however often it comes", (_what, result, answered) => {
    const after = ended(begun(exhausted), result);
    expect(judgeRecovery([after], anOrder())).toEqual(answered);
    expect(judgeRecovery([after], anOrder({ statuses: ["pending"] }))).toEqual(answered);
    expect(after.finished.map(({ recoveryId, trigger }) => ({ recoveryId, trigger }))).toEqual([
      { recoveryId: "rec_1", trigger: "manual" },
    ]);
  });

  it("of a second recovery sends what the first one could not deliver", () => {
    const after = ended(begun(exhausted), aResult());
    expect(judgeRecovery([after], anOrder({ recoveryId: "rec_2" }))).toEqual({
      kind: "send",
      delivery: after,
    });
  });

  it("fails where a task has had 1,000 attempts by hand", () => {
    const full = { ...exhausted, attempts: 1000 };
    expect(judgeRecovery([full], anOrder())).toEqual(answer("interrupted"));
    expect(judgeRecovery([{ ...full, attempts: 999 }], anOrder()).kind).toBe("send");
    // Those of the schedule do not count, those that wait do.
    expect(judgeRecovery([{ ...full, scheduled: 1 }], anOrder()).kind).toBe("send");
    expect(judgeRecovery([{ ...full, scheduled: 1, manual: 1 }], anOrder()).kind).toBe("answer");
  });
});
