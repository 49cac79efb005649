import { DOWN_CALLS, type UpstreamSign, type UpstreamTrouble } from "./upstream.ts";

/** Whose calls are counted together. */
export interface WatchedCaller {
  account: string;
  upstream: string;
  /** Which call it was. */
  call: "submit" | "poll";
}

interface Streak {
  /** Since the account was told; of calls without an answer, since the last answer, if that came later. */
  calls: number;
  toldAt: number | null;
}

/** An account is told of the same trouble once in so long. */
const TELL_EVERY_MS = 60_000;
/** Streaks that are remembered; the one that was heard of first is forgotten. */
const STREAKS_MAX = 1000;

/**
 * What the upstream does to the calls of an account, as far as one isolate sees it. In memory: an account must not pay a
 * row or a call for each poll that is not answered.
 */
export class UpstreamWatch {
  readonly #streaks = new Map<string, Streak>();

  /** What the account must hear of this call; null: nothing. */
  hear(caller: WatchedCaller, sign: UpstreamSign, now: number): UpstreamTrouble | null {
    const { account, upstream, call } = caller;
    const key = `${account} ${upstream}`;
    if (sign.kind !== "down") this.#restart(key);
    const trouble = { account, upstream, at: now, status: null, reason: null, message: null };
    switch (sign.kind) {
      case "works":
        return null;
      case "down": {
        const calls = this.#count(key, DOWN_CALLS, now);
        return calls === null ? null : { ...trouble, reason: sign.reason, calls, isAboutSubmits: false };
      }
      case "refuses": {
        const { status, message } = sign;
        const calls = this.#count(`${key} ${call}`, 1, now);
        return calls === null
          ? null
          : { ...trouble, status, message, calls, isAboutSubmits: call === "submit" };
      }
      default:
        return sign satisfies never;
    }
  }

  /** Counts a call in vain. Gives the count if the account must be told, which needs `least` of them; null: not now. */
  #count(key: string, least: number, now: number): number | null {
    const { calls: before, toldAt } = this.#streaks.get(key) ?? { calls: 0, toldAt: null };
    const calls = before + 1;
    const isDue = toldAt === null || now - toldAt >= TELL_EVERY_MS || now < toldAt;
    const isTold = isDue && calls >= least;
    this.#remember(key, isTold ? { calls: 0, toldAt: now } : { calls, toldAt });
    return isTold ? calls : null;
  }

  /** The row is broken; when the account was told stays known. */
  #restart(key: string): void {
    const streak = this.#streaks.get(key);
    if (streak) this.#remember(key, { ...streak, calls: 0 });
  }

  #remember(key: string, streak: Streak): void {
    this.#streaks.delete(key);
    this.#streaks.set(key, streak);
    const [oldest] = this.#streaks.keys();
    if (this.#streaks.size > STREAKS_MAX && oldest !== undefined) this.#streaks.delete(oldest);
  }
}
