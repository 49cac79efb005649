import { DOWN_CALLS, type UpstreamSign, type UpstreamTrouble } from "./upstream.ts";

/** Whose calls are counted together. */
export interface WatchedCaller {
  account: string;
  upstream: string;
  /** Which call it was. */
  call: "submit" | "poll";
}

interface Streak {
  /** Since the last success, or, of refusals, since the account was told. */
  calls: number;
  toldAt: number | null;
}

/** An account is told of refusals once in so long. */
const TELL_EVERY_MS = 60_000;
/** Callers that are remembered; the one that was heard of first is forgotten. */
const CALLERS_MAX = 1000;

/**
 * What the upstream does to the calls of an account, as far as one isolate sees it. In memory: an account must not pay a
 * row or a call for each poll that is not answered.
 */
export class UpstreamWatch {
  readonly #down = new Map<string, number>();
  readonly #refused = new Map<string, Streak>();

  /** What the account must hear of this call; null: nothing. */
  hear(caller: WatchedCaller, sign: UpstreamSign, now: number): UpstreamTrouble | null {
    const { account, upstream, call } = caller;
    const key = `${account} ${upstream}`;
    if (sign.kind !== "down") this.#down.delete(key);
    switch (sign.kind) {
      case "works":
        return null;
      case "down": {
        const calls = (this.#down.get(key) ?? 0) + 1;
        remember(this.#down, key, calls);
        if (calls !== DOWN_CALLS) return null;
        const { reason } = sign;
        return {
          account,
          upstream,
          at: now,
          status: null,
          reason,
          message: null,
          calls,
          isAboutSubmits: false,
        };
      }
      case "refuses": {
        const streakKey = `${key} ${call}`;
        const { calls, toldAt } = this.#refused.get(streakKey) ?? { calls: 0, toldAt: null };
        const isDue = toldAt === null || now - toldAt >= TELL_EVERY_MS || now < toldAt;
        remember(this.#refused, streakKey, isDue ? { calls: 0, toldAt: now } : { calls: calls + 1, toldAt });
        if (!isDue) return null;
        const { status, message } = sign;
        const isAboutSubmits = call === "submit";
        return {
          account,
          upstream,
          at: now,
          status,
          reason: null,
          message,
          calls: calls + 1,
          isAboutSubmits,
        };
      }
      default:
        return sign satisfies never;
    }
  }
}

function remember<T>(known: Map<string, T>, key: string, value: T): void {
  known.delete(key);
  known.set(key, value);
  const [oldest] = known.keys();
  if (known.size > CALLERS_MAX && oldest !== undefined) known.delete(oldest);
}
