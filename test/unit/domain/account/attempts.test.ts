import { describe, expect, it } from "vitest";
import { attemptsOf, goneAtOf, NO_ATTEMPTS } from "../../../../src/domain/account/attempts.ts";
import { failingSince, NEW_HOST, observe } from "../../../../src/domain/account/hosts.ts";
import {
  UNSENT_REASONS,
  type AttemptResult,
  type FinishedAttempt,
} from "../../../../src/domain/delivery/delivery.ts";
import { aDelivery } from "../../../support/builders.ts";

/*
 * scenario                                      requirement
 * attempts of a task, by delivery and outcome   stats, hosts: delivered and failed; unknown is neither
 * an answer of 410, by event and URL             an endpoint that is gone, since when
 */

const SECOND = 1000;

function attempt(number: number, atMs: number, result: Partial<AttemptResult>): FinishedAttempt {
  const whole: AttemptResult = {
    outcome: "retryable",
    reason: "http_503",
    statusCode: 503,
    durationMs: 100,
    excerpt: null,
    retryAfterMs: null,
    ...result,
  };
  return { number, trigger: "scheduled", startedAt: atMs, result: whole };
}

const OK = { outcome: "delivered", reason: null } as const;

describe("a task's attempts", () => {
  it("are none before the first one has ended", () => {
    expect(attemptsOf([])).toEqual(NO_ATTEMPTS);
    expect(attemptsOf([aDelivery({ attempts: 1 })])).toEqual(NO_ATTEMPTS);
  });

  it.each(UNSENT_REASONS)(
    "that were never sent (%s) are counted, and none of the receiver's failures",
    (reason) => {
      const unsent = { outcome: "permanent", reason, statusCode: null } as const;
      const finished = [0, 30, 60, 90, 120, 150].map((second, index) =>
        attempt(index + 1, second * SECOND, index === 1 ? {} : unsent),
      );
      const tally = attemptsOf([aDelivery({ finished })]);
      expect(tally).toMatchObject({ failed: 6, failedAt: [30 * SECOND] });
      const before = attemptsOf([aDelivery({ finished: finished.slice(0, 3) })]);
      const health = observe(observe(NEW_HOST, null, before), before, tally);
      expect(health.failedAt).toEqual([30 * SECOND]);
      expect(failingSince(health)).toBeNull();
    },
  );

  it("are counted over all events, by their outcome and in order of their beginnings", () => {
    const running = aDelivery({
      finished: [attempt(1, 0, { reason: "timeout", durationMs: 15_000 }), attempt(2, 20_000, OK)],
    });
    const ended = aDelivery({
      seq: 2,
      finished: [attempt(1, 5_000, OK), attempt(2, 30_000, { outcome: "permanent", reason: "gone" })],
    });
    expect(attemptsOf([ended, running])).toEqual({
      delivered: 2,
      failed: 2,
      deliveredAt: 20_000,
      failedAt: [30_000],
      lastFailure: { at: 30_000, reason: "gone" },
    });
  });

  it("leave out one of which nothing is known", () => {
    const unknown = attempt(2, 9_000, { outcome: "unknown", reason: "interrupted", durationMs: null });
    const tally = attemptsOf([aDelivery({ finished: [attempt(1, 0, {}), unknown] })]);
    expect(tally).toMatchObject({
      delivered: 0,
      failed: 1,
      failedAt: [0],
      lastFailure: { reason: "http_503" },
    });
  });

  it("leave out one to another URL", () => {
    const elsewhere = { ...attempt(2, 9_000, OK), host: "elsewhere.acme.com" };
    const tally = attemptsOf([aDelivery({ finished: [attempt(1, 0, {}), elsewhere] })]);
    expect(tally).toMatchObject({ delivered: 0, failed: 1, failedAt: [0] });
  });

  it("keep the newest five failures since the last success", () => {
    const finished = [OK, {}, {}, {}, {}, {}, {}].map((result, at) => attempt(at + 1, at * SECOND, result));
    expect(attemptsOf([aDelivery({ finished })])).toMatchObject({
      delivered: 1,
      failed: 6,
      deliveredAt: 0,
      failedAt: [2000, 3000, 4000, 5000, 6000],
    });
  });
});

describe("a receiver is gone for a task", () => {
  const gone = { outcome: "permanent", reason: "gone", statusCode: 410 } as const;
  const elsewhere = { ...attempt(2, 9000, gone), host: "elsewhere.acme.com" };

  it.each([
    { what: "nothing was sent", deliveries: [], is: null },
    { what: "the attempt is on its way", deliveries: [aDelivery({ attempts: 1 })], is: null },
    { what: "it took it", deliveries: [aDelivery({ finished: [attempt(1, 0, OK)] })], is: null },
    {
      what: "it refused for another reason",
      deliveries: [
        aDelivery({
          finished: [attempt(1, 0, { outcome: "permanent", reason: "http_501", statusCode: 501 })],
        }),
      ],
      is: null,
    },
    {
      what: "it said so, since that attempt began",
      deliveries: [aDelivery({ finished: [attempt(1, 5000, { ...gone, durationMs: 15_000 })] })],
      is: 5000,
    },
    {
      what: "it said so before it took the next one",
      deliveries: [aDelivery({ finished: [attempt(1, 5000, gone), attempt(2, 6000, OK)] })],
      is: 5000,
    },
    {
      what: "it said so of several events, since the newest attempt",
      deliveries: [
        aDelivery({ finished: [attempt(1, 7000, gone)] }),
        aDelivery({ seq: 2, finished: [attempt(1, 2000, gone), attempt(2, 3000, gone)] }),
      ],
      is: 7000,
    },
    { what: "another URL said so", deliveries: [aDelivery({ finished: [elsewhere] })], is: null },
    {
      what: "another URL said so after it",
      deliveries: [aDelivery({ finished: [attempt(1, 5000, gone), elsewhere] })],
      is: 5000,
    },
  ])("if $what: $is", ({ deliveries, is }) => {
    expect(goneAtOf(deliveries)).toBe(is);
  });
});
