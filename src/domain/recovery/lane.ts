import type { RecoveryAnswer } from "./order.ts";

/** What a recovery does at one host: carefully until something arrives there, and not for long where nothing does. */
export interface Lane {
  /** Candidates that were asked and have not answered. */
  onTheWay: number;
  /** The host has taken something. */
  isProven: boolean;
  failuresInARow: number;
}

/**
 * What became of a candidate. `interrupted`: its attempt has no known outcome, so it has failed, but not its host.
 * `unasked`: it stays undelivered, as its host is halted or its task did not answer.
 */
export type Outcome = RecoveryAnswer["kind"] | "interrupted" | "unasked";

export function outcomeOf(answer: RecoveryAnswer): Outcome {
  return answer.kind === "failed" && answer.reason === "interrupted" ? "interrupted" : answer.kind;
}

/** At a host that has taken something. */
const AT_A_HOST_MAX = 5;
/** At all hosts together. */
export const IN_ALL_MAX = 30;
const FAILURES_MAX = 5;

export const NEW_LANE: Lane = { onTheWay: 0, isProven: false, failuresInARow: 0 };

/** The host has failed so often in a row that the rest for it stays undelivered. */
export function isHalted({ failuresInARow }: Lane): boolean {
  return failuresInARow >= FAILURES_MAX;
}

export function hasPlace(lane: Lane): boolean {
  return !isHalted(lane) && lane.onTheWay < (lane.isProven ? AT_A_HOST_MAX : 1);
}

export function begun(lane: Lane): Lane {
  return { ...lane, onTheWay: lane.onTheWay + 1 };
}

/** The lane after an answer. A host that is halted stays so, whatever was on its way there. */
export function answered(lane: Lane, outcome: Outcome): Lane {
  const after = { ...lane, onTheWay: lane.onTheWay - 1 };
  if (isHalted(lane)) return after;
  switch (outcome) {
    case "delivered":
      return { ...after, isProven: true, failuresInARow: 0 };
    case "failed":
    case "unasked":
      return { ...after, failuresInARow: lane.failuresInARow + 1 };
    case "interrupted":
    case "unmatched":
    case "gone":
      return after;
    default:
      return outcome satisfies never;
  }
}
