import {
  answered,
  begun,
  HALTED_PACE,
  hasRoom,
  IN_ALL_MAX,
  isAsNew,
  isHalted,
  NEW_PACE,
  type HostPace,
  type Outcome,
} from "./host-pace.ts";
import { counted, type HaltedHost, type RecoveryCounts } from "./recovery.ts";

/** A delivery that a recovery is for. */
export interface Candidate {
  /** As `candidateKey` makes it. */
  key: string;
  /** Of its receiver. */
  host: string;
}

/** What a recovery has come to, and where it stands. */
export interface Progress {
  cursor: string;
  counts: RecoveryCounts;
  haltedHosts: readonly HaltedHost[];
}

interface Entry {
  candidate: Candidate;
  outcome: Outcome | null;
}

interface HostLine {
  host: string;
  pace: HostPace;
  /** Oldest first. */
  waiting: Entry[];
  /** The last one that was asked. */
  askedUpTo: string;
  /** It stands in the list of the ready ones. */
  isReady: boolean;
}

/** Candidates that memory holds from the oldest open one on. */
const WINDOW_MAX = 10_000;
/** Closed candidates that are cut off at once. */
const CUT_AT = 1_000;
/** Halted hosts that are stored; a process that starts tries the others five times again. */
const HALTED_MAX = 1_000;

/**
 * The order and the pace of a recovery: oldest first, one at a time at a host until its first success and then five, thirty
 * in all, and nothing more for a host after five failures in a row. Candidates are added in the order of their keys.
 *
 * A process that starts asks again what an earlier one has asked above the cursor, so that the counts are what the tasks
 * say: at each host those are its first candidates, up to a key that is stored once the host is halted. An answer that a
 * task repeats is no failure of its host, or a host could be halted before all of them were asked again.
 */
export class RecoveryQueue {
  readonly #lines = new Map<string, HostLine>();
  /** Lines that have a candidate and room for it, by its key. */
  #ready: HostLine[] = [];
  readonly #halted: HaltedHost[];
  readonly #asked = new Map<string, Entry>();
  /** In the order of their keys. Those before the oldest open one are closed, until they are worth cutting off. */
  #window: Entry[] = [];
  /** Its index in the window; the window's length if there is none. */
  #firstOpen = 0;
  /** Of those below the cursor. */
  #passed: RecoveryCounts;
  #counts: RecoveryCounts;
  #cursor: string;
  #position: string;

  constructor({ cursor, counts, haltedHosts }: Progress) {
    this.#passed = counts;
    this.#counts = counts;
    this.#cursor = cursor;
    this.#position = cursor;
    this.#halted = [...haltedHosts];
    for (const { host, askedUpTo } of haltedHosts) {
      this.#lines.set(host, { host, pace: HALTED_PACE, waiting: [], askedUpTo, isReady: false });
    }
  }

  /** What was closed so far, whatever stands before it. */
  get counts(): RecoveryCounts {
    return this.#counts;
  }

  /** The key up to which candidates were added. */
  get position(): string {
    return this.#position;
  }

  /** How many hosts memory holds. */
  get hosts(): number {
    return this.#lines.size;
  }

  /** Nothing waits, and nothing is on its way. */
  get isIdle(): boolean {
    return this.#firstOpen === this.#window.length;
  }

  /** Whether there is room that no candidate in memory can take. */
  get wantsMore(): boolean {
    const held = this.#window.length - this.#firstOpen;
    return held < WINDOW_MAX && this.#asked.size < IN_ALL_MAX && this.#ready.length === 0;
  }

  /** So many more are matched than were until now. */
  countLate(number: number): void {
    this.#passed = { ...this.#passed, matched: this.#passed.matched + number };
    this.#counts = { ...this.#counts, matched: this.#counts.matched + number };
  }

  add(candidate: Candidate): void {
    const entry: Entry = { candidate, outcome: null };
    this.#window.push(entry);
    this.#position = candidate.key;
    const line = this.#lineOf(candidate.host);
    if (isHalted(line.pace) && candidate.key > line.askedUpTo) {
      this.#close([entry], "left");
      return;
    }
    line.waiting.push(entry);
    this.#noteReady(line);
  }

  /** A candidate whose row is gone. */
  drop(key: string): void {
    const entry: Entry = { candidate: { key, host: "" }, outcome: null };
    this.#window.push(entry);
    this.#position = key;
    this.#close([entry], "gone");
  }

  /** There is no candidate up to this key that was not added. */
  passTo(key: string): void {
    if (key > this.#position) this.#position = key;
    this.#advance();
  }

  /** The oldest candidate that may be asked now; it is asked. Null: none may. */
  next(): Candidate | null {
    const line = this.#asked.size < IN_ALL_MAX ? this.#ready.shift() : undefined;
    const entry = line?.waiting.shift();
    if (!line || !entry) return null;
    line.isReady = false;
    const { key } = entry.candidate;
    line.pace = begun(line.pace);
    if (key > line.askedUpTo) line.askedUpTo = key;
    this.#asked.set(key, entry);
    this.#noteReady(line);
    return entry.candidate;
  }

  /** What became of a candidate that was asked. */
  answer(key: string, outcome: Outcome): void {
    const entry = this.#asked.get(key);
    const line = entry && this.#lines.get(entry.candidate.host);
    if (!line) return;
    this.#asked.delete(key);
    const wasHalted = isHalted(line.pace);
    line.pace = answered(line.pace, outcome);
    this.#close([entry], outcome);
    if (!wasHalted && isHalted(line.pace)) this.#halt(line);
    this.#noteReady(line);
    if (line.waiting.length === 0 && isAsNew(line.pace)) this.#lines.delete(line.host);
  }

  /** What a process that starts goes on from. */
  progress(): Progress {
    return { cursor: this.#cursor, counts: this.#passed, haltedHosts: this.#halted.slice(-HALTED_MAX) };
  }

  #lineOf(host: string): HostLine {
    const known = this.#lines.get(host);
    if (known) return known;
    const line = { host, pace: NEW_PACE, waiting: [], askedUpTo: "", isReady: false };
    this.#lines.set(host, line);
    return line;
  }

  #halt(line: HostLine): void {
    const { host, askedUpTo } = line;
    this.#halted.push({ host, askedUpTo });
    if (line.isReady) this.#ready.splice(this.#ready.indexOf(line), 1);
    line.isReady = false;
    this.#close(line.waiting.splice(0), "left");
  }

  /** Puts the line in its place among the ready ones, if it is ready and not there. */
  #noteReady(line: HostLine): void {
    const key = headOf(line);
    if (line.isReady || key === null || !hasRoom(line.pace)) return;
    line.isReady = true;
    let [from, to] = [0, this.#ready.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((headOf(this.#ready[middle]) ?? "") < key) from = middle + 1;
      else to = middle;
    }
    this.#ready.splice(from, 0, line);
  }

  #close(entries: readonly Entry[], outcome: Outcome): void {
    for (const entry of entries) {
      entry.outcome = outcome;
      this.#counts = counted(this.#counts, outcome);
    }
    this.#advance();
  }

  /** Moves the cursor over what is closed. */
  #advance(): void {
    for (let entry = this.#window[this.#firstOpen]; entry?.outcome; entry = this.#window[this.#firstOpen]) {
      this.#cursor = entry.candidate.key;
      this.#passed = counted(this.#passed, entry.outcome);
      this.#firstOpen += 1;
    }
    if (this.isIdle) this.#cursor = this.#position;
    if (this.#firstOpen < CUT_AT) return;
    this.#window.splice(0, this.#firstOpen);
    this.#firstOpen = 0;
  }
}

function headOf(line: HostLine | undefined): string | null {
  return line?.waiting[0]?.candidate.key ?? null;
}
