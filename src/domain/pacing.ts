/**
 * How fast the tasks of one upstream key may call it, learned from its 429s alone. Submits and polls are limited apart
 * by most upstreams, so each has a lane of its own. A lane is open until a 429, and again a minute after the last one.
 * While it is paced, a call needs a slot; slots are as far apart as the rate has it, whoever takes them.
 */

export type LaneKind = "submit" | "poll";

/** A lane without a 429 for so long is open again: nobody asks for slots any more. */
export const PACED_MS = 60_000;
/** Slots are given out so far ahead; whoever would come later asks again, so that a new rate soon counts for all. */
const HORIZON_MS = 2_000;
/** Calls a second after the first 429, when nothing is known: found too slow within seconds, too fast at once. */
const START_RATE = 2;
const RATE_MIN = 1 / 60;
const RATE_MAX = 1_000;
/** What is left of a rate that was too fast. */
const CUT = 0.85;
/** When most calls are refused, the rate is far off, and what the limit is remains to be found. */
const HARD_CUT = 0.5;
/** Calls that were on their way during a cut say nothing new. */
const CUT_PAUSE_MS = 1_500;
/** After a refused call that had no slot, a refused one that had may be its fault: fewer cuts, and no limit is learned. */
const STRANGER_MS = 4_000;
/** Without a known limit the rate grows by so much a second. */
const SEARCH_GROWTH = 0.15;
/** Back at the limit so long after a cut, as CUBIC does (RFC 9438): steep far from it, flat around it, then steep again. */
const PLATEAU_S = 25;
/** Who waits asks again after a while that keeps the questions of a lane at about so many a second. */
const QUESTIONS_PER_SECOND = 20;
const QUESTIONS_PER_SLOT = 8;
const AWAY_MIN_MS = 1_000;
const AWAY_MAX_MS = 60_000;
/** Accounts that asked within this, or have somebody away, share the slots. */
const ACTIVE_MS = 5_000;
/** A wait that the upstream asks for is the whole lane's from here on; a shorter one is the refused task's own. */
const LANE_WAIT_MS = 5_000;
/** And not for longer: one strange answer must not hold up all tasks of a key for an hour. */
const LANE_WAIT_MAX_MS = 30_000;
const ACCOUNTS_MAX = 1_000;

export type PaceAnswer =
  /** Nobody paces this lane: go, and do not ask again. */
  | { kind: "free" }
  /** Go at this instant. */
  | { kind: "slot"; at: number }
  /** There is no slot to give yet: ask again then. */
  | { kind: "again"; at: number };

export interface Refusal {
  /** When the call left. Epoch milliseconds, as all instants here. */
  sentAt: number;
  /** It had a slot: its 429 is about the rate of the lane. Any other is about those who do not ask yet. */
  hadSlot: boolean;
  /** How long the upstream asks to wait. */
  retryAfterMs: number | null;
}

/** What one account has of a lane. */
interface Share {
  /** Slots that it holds, in order; past ones are dropped. */
  slots: number[];
  /** Somebody of it comes back until then. */
  activeUntil: number;
}

/** One lane of one key. */
class Lane {
  #rate = START_RATE;
  /** The rate at which the last 429 was met; null: no limit is known. */
  #limit: number | null = null;
  #refusedAt = -Infinity;
  #cutAt = -Infinity;
  #grownAt = 0;
  /** When a call without a slot was refused last. */
  #strangerAt = -Infinity;
  /** When somebody had to wait last. */
  #crowdedAt = -Infinity;
  /** Slots since the last cut, and those of them that were refused. */
  #slots = 0;
  #refusals = 0;
  #nextAt = 0;
  #closedUntil = 0;
  #awayMs = AWAY_MIN_MS;
  #asked = { since: 0, count: 0 };
  readonly #shares = new Map<string, Share>();

  get rate(): number {
    return this.#rate;
  }

  isPaced(now: number): boolean {
    return now - this.#refusedAt < PACED_MS;
  }

  refuse({ sentAt, hadSlot, retryAfterMs }: Refusal, now: number): void {
    if (!this.isPaced(now)) this.#restart(now);
    if (!hadSlot) this.#strangerAt = now;
    else if (sentAt >= this.#cutAt) {
      this.#refusals += 1;
      const pauseMs = this.#hasStrangers(now) ? STRANGER_MS : CUT_PAUSE_MS;
      if (now - this.#cutAt >= pauseMs) this.#cut(now);
    }
    this.#refusedAt = now;
    if (retryAfterMs !== null && retryAfterMs >= LANE_WAIT_MS) {
      this.#closedUntil = Math.max(this.#closedUntil, now + Math.min(retryAfterMs, LANE_WAIT_MAX_MS));
    }
  }

  #hasStrangers(now: number): boolean {
    return now - this.#strangerAt < STRANGER_MS;
  }

  /** From half of what was once known, or from next to nothing. */
  #restart(now: number): void {
    if (this.#limit !== null) this.#rate = Math.max(this.#limit / 2, RATE_MIN);
    this.#limit = null;
    this.#shares.clear();
    this.#begin(now);
  }

  #cut(now: number): void {
    const far = this.#refusals > 3 && this.#refusals > this.#slots / 2;
    this.#limit = far || this.#hasStrangers(now) ? null : this.#rate;
    this.#rate = Math.max(this.#rate * (far ? HARD_CUT : CUT), RATE_MIN);
    this.#begin(now);
  }

  #begin(now: number): void {
    this.#cutAt = now;
    this.#grownAt = now;
    this.#slots = 0;
    this.#refusals = 0;
  }

  /** Only while somebody has to wait: a rate that nobody uses is not known to be let through. */
  #grow(now: number): void {
    const seconds = Math.min((now - this.#grownAt) / 1000, 2);
    this.#grownAt = now;
    if (now - this.#crowdedAt > HORIZON_MS) return;
    const cutFor = (now - this.#cutAt) / 1000;
    const search = this.#rate * (1 + SEARCH_GROWTH) ** seconds;
    const curve =
      this.#limit === null ? search : this.#limit * (1 + (1 - CUT) * (cutFor / PLATEAU_S - 1) ** 3);
    // Step by step, also where nobody waited for a while and the curve has run ahead.
    this.#rate = Math.min(curve, search, RATE_MAX);
  }

  ask(account: string, now: number, random: number): PaceAnswer {
    this.#grow(now);
    const share = this.#share(account, now);
    const at = Math.max(now, this.#nextAt, this.#closedUntil);
    if (at > now) this.#crowdedAt = now;
    const active = this.#active(now);
    const fair = active === 1 ? Infinity : Math.max(1, Math.floor((this.#rate * HORIZON_MS) / 1000 / active));
    if (at <= now + HORIZON_MS && share.slots.length < fair) {
      this.#nextAt = at + 1000 / this.#rate;
      this.#slots += 1;
      share.slots.push(at);
      return { kind: "slot", at: Math.ceil(at) };
    }
    const back = Math.max(now, this.#closedUntil) + this.#away(now) * (0.5 + random);
    share.activeUntil = Math.max(share.activeUntil, back);
    return { kind: "again", at: Math.ceil(back) };
  }

  /** Longer while too many ask, shorter while too few do: slots must find a taker, and questions cost something too. */
  #away(now: number): number {
    const asked = this.#asked;
    asked.count += 1;
    const seconds = (now - asked.since) / 1000;
    if (seconds >= 1) {
      const wanted = Math.max(QUESTIONS_PER_SECOND, QUESTIONS_PER_SLOT * this.#rate);
      const change = Math.min(Math.max(asked.count / seconds / wanted, 0.7), 1.5);
      this.#awayMs = Math.min(Math.max(this.#awayMs * change, AWAY_MIN_MS), AWAY_MAX_MS);
      this.#asked = { since: now, count: 0 };
    }
    return this.#awayMs;
  }

  #share(account: string, now: number): Share {
    const share = this.#shares.get(account) ?? { slots: [], activeUntil: 0 };
    share.slots = share.slots.filter((at) => at > now);
    share.activeUntil = Math.max(share.activeUntil, now + ACTIVE_MS);
    if (this.#shares.size >= ACCOUNTS_MAX) this.#forgetIdle(now);
    return this.#shares.set(account, share).get(account) ?? share;
  }

  #active(now: number): number {
    let active = 0;
    for (const { activeUntil } of this.#shares.values()) if (activeUntil >= now) active += 1;
    return active;
  }

  #forgetIdle(now: number): void {
    for (const [account, { activeUntil }] of this.#shares) {
      if (activeUntil < now) this.#shares.delete(account);
    }
  }
}

/** The two lanes of one key. Lives in memory: after a restart the next 429 begins it anew. */
export class Pacer {
  readonly #lanes: Record<LaneKind, Lane> = { submit: new Lane(), poll: new Lane() };

  isPaced(kind: LaneKind, now: number): boolean {
    return this.#lanes[kind].isPaced(now);
  }

  /** Slots a second. */
  rate(kind: LaneKind): number {
    return this.#lanes[kind].rate;
  }

  /** A call of this lane was answered 429. */
  refuse(kind: LaneKind, refusal: Refusal, now: number): void {
    this.#lanes[kind].refuse(refusal, now);
  }

  /** When a task of this account may make its next call. `random` is in [0, 1). */
  ask(kind: LaneKind, account: string, now: number, random: number): PaceAnswer {
    const lane = this.#lanes[kind];
    return lane.isPaced(now) ? lane.ask(account, now, random) : { kind: "free" };
  }
}
