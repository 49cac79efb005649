import type { DeliveryStatus, RecoveryStatus } from "../../contract/words.ts";
import type { TaskFilter } from "../account/filter.ts";
import type { TaskSummary } from "../account/summary.ts";
import type { Outcome } from "./host-pace.ts";
import type { Receiver } from "../delivery/delivery.ts";

/**
 * What a recovery delivers again: deliveries of these statuses, of tasks that fit the filter. With the host of a callback it
 * is for callbacks alone, with an endpoint for the deliveries there.
 */
export interface RecoveryFilter {
  statuses: readonly DeliveryStatus[];
  tasks: TaskFilter;
  /** All of it goes to another receiver, so deliveries to deleted endpoints can be sent, too. */
  isElsewhere: boolean;
}

/** What a caller asks for. */
export interface RecoveryRequest {
  filter: RecoveryFilter;
  /** Null: each delivery goes to its stored receiver. */
  target: Receiver | null;
}

/** What a recovery would deliver again. */
export interface RecoveryPreview {
  matched: number;
  /** Most deliveries first. */
  hosts: { host: string; count: number }[];
  /** The oldest ones. */
  first: TaskSummary[];
}

/** Deliveries. What is neither delivered nor failed remains. */
export interface RecoveryCounts {
  /** Those that it is for: they had one of its statuses when it began, or when their turn came. */
  matched: number;
  delivered: number;
  failed: number;
}

/** A host whose rest stays undelivered: its candidates above the last one that was asked. */
export interface HaltedHost {
  host: string;
  askedUpTo: string;
}

/** A recovery as its account stores it. Instants are epoch milliseconds. */
export interface Recovery {
  id: string;
  account: string;
  status: RecoveryStatus;
  filter: RecoveryFilter;
  /** The receiver of all of it, sealed, base64. Null: each goes to its stored receiver, or the recovery has ended. */
  target: string | null;
  createdAt: number;
  finishedAt: number | null;
  /** Everything up to this key of a candidate is closed and counted; a process that starts asks what is above it. */
  cursor: string;
  counts: RecoveryCounts;
  haltedHosts: readonly HaltedHost[];
  /** When a count changed last. */
  progressAt: number;
  /** When the account's reconciliation is due, because the recovery has the account's alarm. */
  reconcileAt: number;
}

/** What the account answers about one of its recoveries. */
export interface RecoveryView extends RecoveryCounts {
  id: string;
  status: RecoveryStatus;
  remaining: number;
  createdAt: number;
  finishedAt: number | null;
}

/** A caller waits no longer for a count. */
export const COUNTING_PATIENCE_MS = 60_000;
/** How many recoveries an account keeps. */
export const RECOVERIES_MAX = 20;
/** An account is not emptied while it has one that is younger. */
export const RECOVERY_KEPT_MS = 30 * 86_400_000;
/** A recovery that cannot go on for so long ends. */
const STANDSTILL_MAX_MS = 86_400_000;

/** It still has to count what it is for. */
export function newRecovery(fields: {
  id: string;
  account: string;
  filter: RecoveryFilter;
  now: number;
}): Recovery {
  const { id, account, filter, now } = fields;
  return {
    id,
    account,
    status: "running",
    filter,
    target: null,
    createdAt: now,
    finishedAt: null,
    cursor: "",
    counts: { matched: 0, delivered: 0, failed: 0 },
    haltedHosts: [],
    progressAt: now,
    reconcileAt: now,
  };
}

/** After the count of what it is for. One that was cancelled meanwhile, or that is for nothing, has ended. */
export function begunRecovery(starting: Recovery, target: string | null, reconcileAt: number): Recovery {
  if (starting.status !== "running") return { ...starting, reconcileAt };
  const running = { ...starting, target, reconcileAt };
  return starting.counts.matched === 0 ? endedRecovery(running, "done", starting.createdAt) : running;
}

/** Its end, with which the receiver's URL and headers are erased. One that has ended stays as it is. */
export function endedRecovery(recovery: Recovery, status: RecoveryStatus, now: number): Recovery {
  if (recovery.status !== "running") return recovery;
  return { ...recovery, status, target: null, finishedAt: now };
}

/** How a recovery ends that has nothing more to try. */
export function endStatus(counts: RecoveryCounts): "done" | "halted" {
  return remainingOf(counts) > 0 ? "halted" : "done";
}

/** Whether a recovery that cannot go on has waited long enough for its operator. */
export function isGivenUp({ progressAt }: Recovery, now: number): boolean {
  return now - progressAt >= STANDSTILL_MAX_MS;
}

/** The counts after one more candidate is closed. One that is gone, or has none of the statuses, is not counted any more. */
export function counted(counts: RecoveryCounts, outcome: Outcome): RecoveryCounts {
  switch (outcome) {
    case "delivered":
      return { ...counts, delivered: counts.delivered + 1 };
    case "failed":
    case "interrupted":
      return { ...counts, failed: counts.failed + 1 };
    case "left":
      return counts;
    case "unmatched":
    case "gone":
      return { ...counts, matched: counts.matched - 1 };
    default:
      return outcome satisfies never;
  }
}

export function viewOf(
  { id, status, createdAt, finishedAt }: Recovery,
  counts: RecoveryCounts,
): RecoveryView {
  return { id, status, ...counts, remaining: remainingOf(counts), createdAt, finishedAt };
}

function remainingOf({ matched, delivered, failed }: RecoveryCounts): number {
  return matched - delivered - failed;
}
