import {
  answered,
  begun,
  hasPlace,
  IN_ALL_MAX,
  isHalted,
  NEW_LANE,
  type Lane,
  type Outcome,
} from "./lane.ts";
import { counted, type RecoveryCounts } from "./recovery.ts";

/** A delivery that a recovery is for. */
export interface Candidate {
  /** Sorts by the task's creation. */
  key: string;
  /** Of its receiver. */
  host: string;
  /** The count at the start has it. */
  wasMatched: boolean;
}

/** What a recovery has come to, and where it stands. */
export interface Progress {
  cursor: string;
  counts: RecoveryCounts;
  haltedHosts: readonly string[];
}

interface Place {
  candidate: Candidate;
  outcome: Outcome | null;
}

interface Host {
  lane: Lane;
  /** Oldest first. */
  waiting: Place[];
}

/** Candidates that memory holds from the oldest unsettled one on. */
const WINDOW_MAX = 10_000;
/** Halted hosts that are stored; a process that starts tries the others five times again. */
const HALTED_MAX = 1_000;

/**
 * The order and the pace of a recovery: oldest first, one at a time at a host until its first success and then five, thirty
 * in all, and nothing more for a host after five failures in a row. Candidates are added in the order of their keys.
 */
export class RecoveryQueue {
  readonly #hosts = new Map<string, Host>();
  readonly #asked = new Map<string, Place>();
  /** From the oldest unsettled candidate on. */
  #window: Place[] = [];
  #settled: RecoveryCounts;
  #counts: RecoveryCounts;
  #cursor: string;
  #position: string;

  constructor({ cursor, counts, haltedHosts }: Progress) {
    this.#settled = counts;
    this.#counts = counts;
    this.#cursor = cursor;
    this.#position = cursor;
    for (const host of haltedHosts) this.#hosts.set(host, { lane: haltedLane(), waiting: [] });
  }

  /** What was settled so far, whatever stands before it. */
  get counts(): RecoveryCounts {
    return this.#counts;
  }

  /** The key up to which candidates were added. */
  get position(): string {
    return this.#position;
  }

  /** Nothing waits, and nothing is on its way. */
  get isIdle(): boolean {
    return this.#window.length === 0;
  }

  /** Whether a place is free that no candidate in memory can take. */
  get wantsMore(): boolean {
    return this.#window.length < WINDOW_MAX && this.#asked.size < IN_ALL_MAX && this.#first() === null;
  }

  add(candidate: Candidate): void {
    const place: Place = { candidate, outcome: null };
    this.#window.push(place);
    this.#position = candidate.key;
    const host = this.#hosts.get(candidate.host) ?? { lane: NEW_LANE, waiting: [] };
    this.#hosts.set(candidate.host, host);
    if (!isHalted(host.lane)) {
      host.waiting.push(place);
      return;
    }
    this.#settle([place], "unasked");
  }

  /** A candidate of the start whose row is gone. */
  drop(candidate: Omit<Candidate, "host">): void {
    const place: Place = { candidate: { ...candidate, host: "" }, outcome: null };
    this.#window.push(place);
    this.#position = candidate.key;
    this.#settle([place], "gone");
  }

  /** There is no candidate up to this key that was not added. */
  passTo(key: string): void {
    if (key > this.#position) this.#position = key;
    this.#advance();
  }

  /** The oldest candidate that may be asked now; it is asked. Null: none may. */
  next(): Candidate | null {
    const host = this.#asked.size < IN_ALL_MAX ? this.#first() : null;
    const place = host?.waiting.shift();
    if (!host || !place) return null;
    host.lane = begun(host.lane);
    this.#asked.set(place.candidate.key, place);
    return place.candidate;
  }

  /** What became of a candidate that was asked. */
  answer(key: string, outcome: Outcome): void {
    const place = this.#asked.get(key);
    const host = place && this.#hosts.get(place.candidate.host);
    if (!host) return;
    this.#asked.delete(key);
    host.lane = answered(host.lane, outcome);
    this.#settle([place], outcome);
    if (isHalted(host.lane)) this.#settle(host.waiting.splice(0), "unasked");
  }

  /** What a process that starts goes on from. */
  progress(): Progress {
    const halted = [...this.#hosts].filter(([, { lane }]) => isHalted(lane)).map(([host]) => host);
    return { cursor: this.#cursor, counts: this.#settled, haltedHosts: halted.slice(-HALTED_MAX) };
  }

  #first(): Host | null {
    let first: Host | null = null;
    for (const host of this.#hosts.values()) {
      const head = host.waiting[0];
      if (!head || !hasPlace(host.lane)) continue;
      const least = first?.waiting[0];
      if (!least || head.candidate.key < least.candidate.key) first = host;
    }
    return first;
  }

  #settle(places: readonly Place[], outcome: Outcome): void {
    for (const place of places) {
      place.outcome = outcome;
      this.#counts = counted(this.#counts, outcome, place.candidate.wasMatched);
    }
    this.#advance();
  }

  /** Moves the cursor over what is settled. */
  #advance(): void {
    const open = this.#window.findIndex(({ outcome }) => outcome === null);
    const passed = this.#window.splice(0, open === -1 ? this.#window.length : open);
    for (const { candidate, outcome } of passed) {
      this.#cursor = candidate.key;
      if (outcome) this.#settled = counted(this.#settled, outcome, candidate.wasMatched);
    }
    if (this.#window.length === 0) this.#cursor = this.#position;
  }
}

/** As a process before this one has left it. */
function haltedLane(): Lane {
  let lane = NEW_LANE;
  while (!isHalted(lane)) lane = answered(begun(lane), "failed");
  return lane;
}
