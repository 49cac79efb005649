import type { Exchange } from "../../support/wire/raw-server.ts";
import type { DeliveryBody } from "../../support/stack.ts";

export const STEP_MS = 500;
/** Timers of two busy cores. */
export const LATE_MS = 1500;
/** The first wait with its jitter. */
const STEP = { fromMs: STEP_MS * 0.8, toMs: STEP_MS * 1.2 };

export type Attempt = DeliveryBody["attempts"][number];

export interface Life {
  /** The delivery when its first attempt was recorded, and at last. */
  first: DeliveryBody;
  last: DeliveryBody;
  attempt: Attempt;
  /** From the end of the first attempt to the planned second one; null if there is none planned. */
  plannedMs: number | null;
  exchanges: Exchange[];
}

/** What a first attempt comes to, and what follows from it. */
interface Verdict {
  outcome: string;
  reason: string | null;
  status_code: number | null;
  /** When the next one is planned: "in time" after the first step, or never. */
  planned: string | null;
  status: string;
  requests: number;
}

export function verdictOf({ last, attempt, plannedMs, exchanges }: Life): Verdict {
  const { outcome, reason, status_code } = attempt;
  const inTime = plannedMs !== null && plannedMs >= STEP.fromMs - 2 && plannedMs < STEP.toMs + LATE_MS;
  const planned = inTime ? "in time" : plannedMs === null ? null : `after ${plannedMs} ms`;
  return { outcome, reason, status_code, planned, status: last.status, requests: exchanges.length };
}

export const retried = (reason: string, status_code: number | null = null): Verdict => ({
  ...{ outcome: "retryable", reason, status_code, planned: "in time" },
  ...{ status: "delivered", requests: 2 },
});

/** The contract's table. */
export function contract(status_code: number, redirects = false): Verdict {
  const settled = { status_code, planned: null, requests: 1 };
  if (status_code < 300) return { ...settled, outcome: "delivered", reason: null, status: "delivered" };
  if (status_code === 410) return { ...settled, outcome: "permanent", reason: "gone", status: "stopped" };
  if (status_code === 501) return { ...settled, outcome: "permanent", reason: "http_501", status: "stopped" };
  return retried(redirects ? "redirect" : `http_${status_code}`, status_code);
}
