import { describe, expect, it } from "vitest";
import { diagnosticsOf } from "../../../src/domain/task/diagnostics.ts";
import {
  aKeep,
  aDelivery,
  aSchedule,
  aTask,
  aTaskState,
  anUnsubmittedTask,
  T0,
} from "../../support/builders.ts";

const iso = (afterMs: number): string => new Date(T0 + afterMs).toISOString();

describe("where a task stands", () => {
  const at = { now: T0 + 1000, alarmAt: T0 + 5000, retentionMs: 3_600_000 };
  const life = (overrides: Parameters<typeof aTaskState>[0]) => diagnosticsOf(aTaskState(overrides), at);

  it("is known from its schedule, or from its alarm when it was asleep", () => {
    expect(life({ schedule: aSchedule({ nextPollAt: T0 + 3000, polls: 4 }) })).toMatchObject({
      polls: 4,
      next_poll_at: iso(3000),
    });
    expect(life({ schedule: aSchedule({ nextPollAt: T0 + 900 }) })).toMatchObject({
      next_poll_at: iso(5000),
    });
  });

  it("has no next poll before the submit, and none behind the deadline", () => {
    expect(life({ task: anUnsubmittedTask("due", { dueAt: T0 + 2000, refusals: 2 }) })).toMatchObject({
      submit: { phase: "due", due_at: iso(2000), refusals: 2 },
      next_poll_at: null,
    });
    expect(
      life({ task: aTask({ deadlineAt: T0 + 2000 }), schedule: aSchedule({ nextPollAt: T0 + 9000 }) })
        .next_poll_at,
    ).toBe(iso(2000));
  });

  it("has the copy under way, no poll meanwhile, and afterwards when the result was there", () => {
    const copy = { url: "https://cdn.acme.com/v.mp4", needsKey: false, dueAt: T0, failures: 2, reason: null };
    const keep = aKeep({ succeededAt: T0 + 400, patienceMs: 9000, copy });
    expect(life({ task: aTask({ status: "running", keep }) })).toMatchObject({
      next_poll_at: null,
      ready_at: iso(400),
      copy: { failures: 2, until: iso(9400) },
    });
    const ended = aTask({ status: "succeeded", finishedAt: T0 + 900, keep: { ...keep, copy: null } });
    expect(life({ task: ended })).toMatchObject({ ready_at: iso(400), copy: null });
    expect(life({ task: aTask() })).toMatchObject({ ready_at: null, copy: null });
  });

  it("ends with the retention", () => {
    const task = aTask({ status: "failed", finishedAt: T0 + 500 });
    const delivery = aDelivery({ status: "delivered", settledAt: T0 + 700, manual: 1 });
    expect(life({ task, deliveries: [delivery] })).toMatchObject({
      next_poll_at: null,
      deliveries: [{ message_id: delivery.messageId, by_hand: 1 }],
      erased_at: iso(3_600_700),
    });
  });
});
