import type { Delivery, FinishedAttempt } from "./delivery.ts";

/** What is kept of one receiver's answer. */
export const EXCERPT_MAX_BYTES = 2048;
/** And of all of one task, the newest ones. */
const EXCERPT_BYTES_PER_TASK = 32_768;

const encoder = new TextEncoder();

/** The deliveries, of whose attempts the oldest lose their excerpt where newer ones fill the bound. The same, if none does. */
export function withinExcerptBound(deliveries: readonly Delivery[]): readonly Delivery[] {
  const attempts = deliveries.flatMap(({ finished }) => finished);
  if (attempts.length * EXCERPT_MAX_BYTES <= EXCERPT_BYTES_PER_TASK) return deliveries;
  let bytes = 0;
  const full = new Set<FinishedAttempt>();
  for (const attempt of attempts.toSorted((a, b) => b.startedAt - a.startedAt)) {
    bytes += encoder.encode(attempt.result.excerpt ?? "").byteLength;
    if (bytes > EXCERPT_BYTES_PER_TASK) full.add(attempt);
  }
  if (full.size === 0) return deliveries;
  return deliveries.map((delivery) => ({
    ...delivery,
    finished: delivery.finished.map((attempt) => (full.has(attempt) ? withoutExcerpt(attempt) : attempt)),
  }));
}

function withoutExcerpt(attempt: FinishedAttempt): FinishedAttempt {
  return { ...attempt, result: { ...attempt.result, excerpt: null } };
}
