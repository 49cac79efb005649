import type { RecoveryAnswer } from "./order.ts";

/** How a recovery goes about one host: carefully until something arrives there, and not for long where nothing does. */
export interface HostPace {
  /** Candidates that were asked and have not answered. */
  onTheWay: number;
  /** The host has taken something. */
  isProven: boolean;
  failuresInARow: number;
}

/** What became of a candidate. `left`: it stays undelivered, as its host is halted or the recovery was cancelled. */
export type Outcome = RecoveryAnswer["kind"] | "left";

/** At a host that has taken something. */
const AT_A_HOST_MAX = 5;
/** At all hosts together. */
export const IN_ALL_MAX = 30;
const FAILURES_MAX = 5;

export const NEW_PACE: HostPace = { onTheWay: 0, isProven: false, failuresInARow: 0 };
/** As a process before this one has left it. */
export const HALTED_PACE: HostPace = { ...NEW_PACE, failuresInARow: FAILURES_MAX };

/** The host has failed so often in a row that the rest for it stays undelivered. */
export function isHalted({ failuresInARow }: HostPace): boolean {
  return failuresInARow >= FAILURES_MAX;
}

export function hasRoom({ onTheWay, isProven }: HostPace): boolean {
  return onTheWay < (isProven ? AT_A_HOST_MAX : 1);
}

/** Nothing is on the way, and a host that was never heard of is treated the same. */
export function isAsNew({ onTheWay, isProven, failuresInARow }: HostPace): boolean {
  return onTheWay === 0 && !isProven && failuresInARow === 0;
}

export function begun(pace: HostPace): HostPace {
  return { ...pace, onTheWay: pace.onTheWay + 1 };
}

/** The pace after an answer. A host that is halted stays so, whatever was on its way there. */
export function answered(pace: HostPace, outcome: Outcome): HostPace {
  const after = { ...pace, onTheWay: pace.onTheWay - 1 };
  switch (outcome) {
    case "delivered":
      return { ...after, isProven: true, failuresInARow: isHalted(pace) ? pace.failuresInARow : 0 };
    case "failed":
      return { ...after, failuresInARow: pace.failuresInARow + 1 };
    case "interrupted":
    case "left":
    case "unmatched":
    case "gone":
      return after;
    default:
      return outcome satisfies never;
  }
}
