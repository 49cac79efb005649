import { WaitingLine, type Waiter } from "./queue.ts";
import { PaceRate } from "./rate.ts";

/**
 * Decides when each task of one upstream key may call, from its 429s alone. Most upstreams limit submits and polls
 * apart, so each has a lane of its own. A lane is open until a 429, and again after a minute without one and without a queue.
 * While a lane is paced, a call needs a slot; the rate sets the distance between slots.
 */

export type LaneKind = "submit" | "poll";

/** A lane without a 429 for this long is open again. */
export const PACED_MS = 60_000;
/** How far ahead slots are given. Later slots still follow a new rate, and the turn of a task that is due earlier. */
export const HORIZON_MS = 1_000;
/** A slot so near that no task further ahead in the queue can still ask for it. */
const LAST_CALL_MS = 150;
/** Tasks wait for slots while they are given away this far ahead. */
const CROWDED_MS = 250;
const CROWDED_FOR_MS = 2_000;
/** A waiting task asks again after this share of its wait: early enough to see a higher rate, and rarely. */
const ASK_AFTER = 0.5;
const AWAY_MIN_MS = 250;
const AWAY_MAX_MS = 60_000;
/** Before the first 429 the rate grows fast and must find takers: waiting tasks ask about this often a second. */
const SEARCH_QUESTIONS = 100;
const SEARCH_AWAY_MIN_MS = 3_000;
/** A `Retry-After` of at least this holds for the whole lane; a shorter one only for the refused task. */
const LANE_WAIT_MS = 5_000;
/** It holds for no longer than this: one odd answer must not delay all tasks of a key for an hour. */
const LANE_WAIT_MAX_MS = 30_000;
/**
 * Where one budget covers both lanes, polls must not use up what submits wait for. A task takes about this many polls,
 * so this delays no task where the budgets are separate.
 */
const POLLS_A_SUBMIT = 12;

export type PaceAnswer =
  /** This lane is not paced: call, and do not ask again. */
  | { kind: "free" }
  /** Call at this instant. */
  | { kind: "slot"; at: number }
  /** No slot yet: ask again then. */
  | { kind: "again"; at: number };

export interface Refusal {
  /** The call's slot, epoch milliseconds as all instants here: its 429 is about the rate. Null: it had none. */
  slotAt: number | null;
  /** How long the upstream asks to wait. */
  retryAfterMs: number | null;
}

/** One lane of one key. */
class Lane {
  readonly #rate = new PaceRate();
  readonly #line = new WaitingLine();
  #refusedAt = -Infinity;
  #crowdedAt = -Infinity;

  get rate(): number {
    return this.#rate.rate;
  }

  /** Whether a task must wait because there are more calls than slots. */
  hasLine(now: number): boolean {
    return this.#line.size > 0 && now - this.#crowdedAt < PACED_MS;
  }

  isPaced(now: number): boolean {
    // While tasks wait, the rate grows until it meets a 429 or the queue is empty, so this ends.
    return now - this.#refusedAt < PACED_MS || this.hasLine(now);
  }

  refuse({ slotAt, retryAfterMs }: Refusal, now: number): void {
    if (!this.isPaced(now)) {
      this.#line.clear();
      this.#rate.restart(now);
    }
    this.#refusedAt = now;
    this.#rate.refuse(slotAt, now);
    if (retryAfterMs !== null && retryAfterMs >= LANE_WAIT_MS) {
      this.#rate.close(now + Math.min(retryAfterMs, LANE_WAIT_MAX_MS));
    }
  }

  ask(
    waiter: Waiter,
    { now, random, rateMax }: { now: number; random: number; rateMax: number },
  ): PaceAnswer {
    this.#rate.grow(now, now - this.#crowdedAt < CROWDED_FOR_MS);
    const nextAt = this.#rate.nextAt(now);
    if (nextAt > now + CROWDED_MS) this.#crowdedAt = now;
    const turnAt = nextAt + (this.#line.ahead(waiter, now) * 1000) / Math.min(this.#rate.rate, rateMax);
    if (turnAt <= now + HORIZON_MS || nextAt <= now + LAST_CALL_MS) {
      const at = this.#rate.take(now, rateMax);
      this.#line.serve(waiter, at);
      return { kind: "slot", at };
    }
    const backAt = this.#backAt({ turnAt, nextAt }, now, random);
    this.#line.wait(waiter, backAt);
    return { kind: "again", at: backAt };
  }

  #backAt({ turnAt, nextAt }: { turnAt: number; nextAt: number }, now: number, random: number): number {
    const searching = Math.max((this.#line.size * 1000) / SEARCH_QUESTIONS, SEARCH_AWAY_MIN_MS);
    const longest = this.#rate.isSearching ? Math.min(searching, AWAY_MAX_MS) : AWAY_MAX_MS;
    const away = Math.min(Math.max((turnAt - now) * ASK_AFTER, AWAY_MIN_MS), longest);
    // Before the horizon reaches the next slot there is nothing to ask for.
    const earliest = Math.min(nextAt - HORIZON_MS, now + AWAY_MAX_MS);
    return Math.ceil(Math.max(now + away * (0.85 + 0.3 * random), earliest));
  }
}

/** A clock this far behind its earlier time was set back; a smaller difference is that of two machines. */
const STEP_BACK_MS = 5_000;

/** The two lanes of one key. Lives in memory: after a restart it learns from the next 429s. */
export class Pacer {
  #lanes: Record<LaneKind, Lane> = { submit: new Lane(), poll: new Lane() };
  #latest = -Infinity;

  isPaced(kind: LaneKind, now: number): boolean {
    this.#watchClock(now);
    return this.#lanes[kind].isPaced(now);
  }

  /** Slots a second. */
  rate(kind: LaneKind): number {
    return this.#lanes[kind].rate;
  }

  /** A call of this lane was answered 429. */
  refuse(kind: LaneKind, refusal: Refusal, now: number): void {
    this.#watchClock(now);
    this.#lanes[kind].refuse(refusal, now);
  }

  /** When this task may make its next call. `random` is in [0, 1). */
  ask(kind: LaneKind, waiter: Waiter, now: number, random: number): PaceAnswer {
    this.#watchClock(now);
    const lane = this.#lanes[kind];
    if (!lane.isPaced(now)) return { kind: "free" };
    const { submit } = this.#lanes;
    const rateMax = kind === "poll" && submit.hasLine(now) ? submit.rate * POLLS_A_SUBMIT : Infinity;
    return lane.ask(waiter, { now, random, rateMax });
  }

  /** Slots that were given on a clock that was ahead would delay all tasks until that time. */
  #watchClock(now: number): void {
    if (now < this.#latest - STEP_BACK_MS) {
      this.#lanes = { submit: new Lane(), poll: new Lane() };
      this.#latest = now;
    } else this.#latest = Math.max(this.#latest, now);
  }
}
