import { jittered } from "./jitter.ts";

/** The settings that bound polling, in milliseconds. */
export interface PollLimits {
  /** `POLL_FIRST_SECONDS`: exactly the first poll; null while the plan decides. */
  firstMs: number | null;
  minMs: number;
  maxMs: number;
}

/** Until finish times are learned: no Seedance run in the measured ones ended sooner. */
const FIRST_POLL_MS = 10_000;
/** A gap of this share of the task's age: the relative error of "when was it ready" stays constant. */
const AGE_SHARE = 0.1;
const JITTER = 0.1;
/** 429 without a `Retry-After` to wait for: 1, 2, 4 … seconds up to this, beyond `POLL_MAX_SECONDS` if need be. */
const SLOW_DOWN_MAX_MS = 60_000;

/** From acceptance to the first poll. `watched`: somebody wants running or progress, so the cap counts here too. */
export function firstPollGapMs(limits: PollLimits, watched: boolean, random: number): number {
  if (limits.firstMs !== null) return limits.firstMs;
  const gap = jittered(FIRST_POLL_MS, JITTER, random);
  return watched ? Math.min(gap, limits.maxMs) : gap;
}

export interface PollHistory {
  /** Since the submit, or since running was first seen. */
  ageMs: number;
  /** Answers in a row without news of the task, and 429s in a row. */
  troubles: number;
  slowDowns: number;
  /** What the upstream asked for. */
  notBeforeMs: number | null;
}

/** From one poll to the next, in milliseconds. */
export function nextPollGapMs(limits: PollLimits, history: PollHistory, random: number): number {
  const clamp = (gap: number): number => Math.min(Math.max(gap, limits.minMs), limits.maxMs);
  const planned = clamp(history.ageMs * AGE_SHARE);
  const troubled = history.troubles === 0 ? planned : clamp(planned * 2 ** Math.min(history.troubles, 10));
  const gap = Math.max(clamp(jittered(troubled, JITTER, random)), slowDownMs(history, random));
  return Math.max(gap, history.notBeforeMs ?? 0);
}

function slowDownMs({ slowDowns, notBeforeMs }: PollHistory, random: number): number {
  // "At once" after a 429 (0, or a date that has passed by a clock that is off) is no wish to be asked at once.
  if (slowDowns === 0 || (notBeforeMs ?? 0) > 0) return 0;
  return Math.min(jittered(1000 * 2 ** Math.min(slowDowns - 1, 10), JITTER, random), SLOW_DOWN_MAX_MS);
}
