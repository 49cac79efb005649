import { expect, it } from "vitest";
import type { FinishedAttempt } from "../../../../src/domain/delivery/delivery.ts";
import { withinExcerptBound } from "../../../../src/domain/delivery/excerpts.ts";
import { aDelivery, T0 } from "../../../support/builders.ts";

/*
 * scenario                                       requirement
 * a receiver that says a lot, again and again    contract, Shape: excerpts of at most 32 KB a task are kept, the newest
 */

function anAttempt(number: number, excerpt: string | null): FinishedAttempt {
  const result = { outcome: "retryable", reason: "http_500", statusCode: 500, durationMs: 9 } as const;
  return {
    number,
    trigger: "scheduled",
    startedAt: T0 + number,
    result: { ...result, excerpt, retryAfterMs: null },
  };
}

function attempts(count: number, excerpt: string | null, from = 1): FinishedAttempt[] {
  return Array.from({ length: count }, (_, index) => anAttempt(from + index, excerpt));
}

const KILOBYTES_2 = "x".repeat(2048);

it("leaves as many as fit as they are", () => {
  const deliveries = [aDelivery({ finished: attempts(16, KILOBYTES_2) })];
  expect(withinExcerptBound(deliveries)).toBe(deliveries);
});

it("takes the oldest from what is beyond, and nothing else of them", () => {
  const [delivery] = withinExcerptBound([aDelivery({ finished: attempts(20, KILOBYTES_2) })]);
  expect(delivery?.finished.slice(0, 5)).toEqual([...attempts(4, null), anAttempt(5, KILOBYTES_2)]);
});

it("counts all deliveries of a task together, in bytes and not in characters", () => {
  const older = aDelivery({ seq: 1, finished: attempts(9, "é".repeat(1024)) });
  const newer = aDelivery({ seq: 2, finished: attempts(9, KILOBYTES_2, 10) });
  const kept = withinExcerptBound([older, newer]).map(
    ({ finished }) => finished.filter(({ result }) => result.excerpt !== null).length,
  );
  expect(kept).toEqual([7, 9]);
});

it("keeps short ones, however many they are", () => {
  const deliveries = [aDelivery({ finished: attempts(1000, "ok") })];
  expect(withinExcerptBound(deliveries)).toBe(deliveries);
});
