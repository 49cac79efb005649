import { describe, expect, it } from "vitest";
import { awaitsProof, isUnproved, judgeTask } from "../../../../src/domain/task/key-proof.ts";
import { aDelivery, aTask, aTaskState, T0 } from "../../../support/builders.ts";

const HOUR = 3_600_000;
const limits = { retryMs: [5_000, 30_000] };
/** In the middle of the jitter. */
const at = { now: T0, random: 0.5, limits };

/** A task that failed with a key that nothing has proved, and the delivery of its end. */
function unprovedState(
  asks = 0,
  deliveries = [aDelivery({ type: "video.failed", occurredAt: T0 - 1, nextAttemptAt: T0 })],
) {
  const task = aTask({ status: "failed", finishedAt: T0 - 1, unproved: { asks } });
  return aTaskState({ task, deliveries });
}

describe("a key that nothing has proved", () => {
  it("is proved by an acceptance, and its deliveries are sent as they were", () => {
    const { task, deliveries } = judgeTask(unprovedState(1), "accepted", at);
    expect([isUnproved(task), deliveries]).toEqual([false, []]);
  });

  it("stops everything that is pending by a refusal, and leaves the rest", () => {
    const delivered = aDelivery({ seq: 2, status: "delivered", settledAt: T0 - 5 });
    const state = unprovedState(0, [...unprovedState().deliveries, delivered]);
    const { task, deliveries } = judgeTask(state, "refused", at);
    expect(deliveries).toEqual([
      { ...state.deliveries[0], status: "stopped", nextAttemptAt: null, settledAt: T0 },
    ]);
    expect(task.callback?.stopped).toBe(true);
    // An attempt by hand asks again.
    expect(isUnproved(task)).toBe(true);
    expect(awaitsProof(task, deliveries)).toBe(false);
  });

  it.each([
    [0, 5_000],
    [1, 30_000],
  ])("that the upstream does not speak of is asked about again by the schedule: %i", (asks, waitMs) => {
    const state = unprovedState(asks);
    const { task, deliveries } = judgeTask(state, "silent", at);
    expect(task.unproved).toEqual({ asks: asks + 1 });
    expect(deliveries).toEqual([{ ...state.deliveries[0], nextAttemptAt: T0 + waitMs }]);
    expect(awaitsProof(task, deliveries)).toBe(true);
  });

  it("exhausts its deliveries at the end of the schedule, or a day after their event", () => {
    const old = aDelivery({ type: "video.failed", occurredAt: T0 - 22 * HOUR, nextAttemptAt: T0 });
    for (const state of [unprovedState(2), unprovedState(0, [old])]) {
      const { task, deliveries } = judgeTask(state, "silent", at);
      expect(deliveries).toEqual([
        { ...state.deliveries[0], status: "exhausted", nextAttemptAt: null, settledAt: T0 },
      ]);
      expect(awaitsProof(task, deliveries)).toBe(false);
    }
  });

  it("moves no delivery that is not due yet", () => {
    const later = aDelivery({ seq: 2, nextAttemptAt: T0 + 1 });
    const { deliveries } = judgeTask(unprovedState(0, [later]), "silent", at);
    expect(deliveries).toEqual([]);
  });

  it("is counted once for the attempts at several receivers, which ask at one time", () => {
    const state = unprovedState(0, [
      aDelivery(),
      aDelivery({ seq: 2, endpoint: { id: "ep_a", host: "a.acme.com" } }),
    ]);
    const { task, deliveries } = judgeTask(state, "silent", at);
    expect(deliveries.map(({ nextAttemptAt }) => nextAttemptAt ?? 0).every((later) => later > T0)).toBe(true);
    expect(judgeTask({ ...state, task, deliveries }, "silent", at)).toEqual({ task, deliveries: [] });
  });
});
