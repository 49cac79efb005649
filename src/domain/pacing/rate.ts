/**
 * How fast one lane of a key may call, learned from the outcomes of its slots.
 *
 * A rate that met a 429 is cut, and comes back to the limit along a cubic curve, as CUBIC does (RFC 9438): steep far
 * from it, flat around it, steep again behind it. Where nothing gets through at any rate, as at the end of a minute's quota,
 * one probe at a time finds out when it does; the average of such a stretch is then the limit.
 */

/** Calls a second before the first outcome. */
const START_RATE = 2;
const RATE_MIN = 1 / 60;
const RATE_MAX = 500;
/** A second's growth: before the first cut; and at most, later. */
const FIRST_GROWTH = 0.4;
const GROWTH_MAX = 0.15;
/** Growth a slot while the limit is known roughly, so that a few slots pass before the rate meets it. */
const SLOT_GROWTH = 0.01;
/** A cut goes this far below the limit. */
const CUT = 0.08;
/** If fewer slots than this passed before a 429, the rate was far too high; their number shows by how much. */
const NEAR_SLOTS = 8;
/** The rate tries the limit again after about this many calls, because a try costs one or two of them. */
const TRIAL_CALLS = 60;
const TRIAL_MIN_MS = 15_000;
const TRIAL_MAX_MS = 240_000;
/** If no 429 came any more, the curve is this far beyond the limit after twice that time. */
const BEYOND = 4;
/** A slot without a reported 429 after this long has passed; longer where 429s are slow. */
const OUTCOME_MIN_MS = 1_500;
const OUTCOME_MAX_MS = 20_000;
/** No call passes: this many slots were refused in a row, over at least this long. */
const BLOCK_SLOTS = 4;
const BLOCK_MS = 1_000;
const PROBE_MS = 1_000;
const PROBE_MAX_MS = 16_000;
/** A block that lasts longer is the end of a quota by the minute, and its average is the limit. */
const LONG_BLOCK_MS = 5_000;
/** An average needs this many calls, of the last minute or two. */
const AVERAGE_CALLS = 5;
const AVERAGE_MS = 60_000;
/** For this long after a refused call without a slot, that call may have caused a slot's refusal. */
const STRANGER_MS = 4_000;
/** While such calls are refused, the rate tries nothing. */
const STRANGER_STILL_MS = 1_000;

interface Slot {
  at: number;
  refused: boolean;
}

interface Stretch {
  from: number;
  passed: number;
}

export class PaceRate {
  #rate = START_RATE;
  #limit: number | null = null;
  /** How long after a cut the curve is back at the limit; null: the limit is known only roughly. */
  #trialMs: number | null = null;
  #cutAt = 0;
  #grownAt = 0;
  #nextAt = 0;
  #closedUntil = 0;
  /** Slots before it were given at an older rate: their 429s say nothing about this one. */
  #fence = 0;
  /** Of slots since the fence, and of calls without a slot. */
  #since = { passed: 0, refused: 0, strangers: 0 };
  #strangerAt = -Infinity;
  /** Those whose outcome is not settled, in order; and what was refused in a row right before them. */
  #slots: Slot[] = [];
  #row: { from: number; count: number } = { from: 0, count: 0 };
  #outcomeMs = OUTCOME_MIN_MS;
  #block: { from: number; waitMs: number } | null = null;
  /** The calls that passed lately; the stretch before is kept until this one is long enough. */
  #stretches: [Stretch, Stretch] = [
    { from: 0, passed: 0 },
    { from: 0, passed: 0 },
  ];

  /** Slots a second. */
  get rate(): number {
    return this.#rate;
  }

  /** No 429 yet. */
  get isSearching(): boolean {
    return this.#limit === null;
  }

  /** When the next slot would be. */
  nextAt(now: number): number {
    return Math.max(now, this.#nextAt, this.#closedUntil);
  }

  /** After a time without pacing: starts a little below the known limit. */
  restart(now: number): void {
    if (this.#limit !== null) this.#rate = this.#limit * (1 - CUT);
    this.#trialMs = null;
    this.#block = null;
    this.#slots = [];
    this.#average(now, { from: now, passed: 0 });
    this.#begin(now);
  }

  close(until: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, until);
  }

  /** Gives the next slot away. `rateMax`: what others leave of it. */
  take(now: number, rateMax: number): number {
    const next = this.nextAt(now);
    const at = Math.ceil(next);
    this.#slots.push({ at, refused: false });
    // A probe's outcome must come first.
    this.#nextAt = next + (this.#block ? this.#outcomeMs : 1000 / Math.min(this.#rate, rateMax));
    return at;
  }

  /** A call was refused. `slotAt`: its slot, null if it had none. */
  refuse(slotAt: number | null, now: number): void {
    this.#recordOutcomes(now);
    if (slotAt === null) {
      this.#strangerAt = now;
      this.#since.strangers += 1;
      return;
    }
    this.#outcomeMs = Math.min(Math.max(2 * (now - slotAt), OUTCOME_MIN_MS), OUTCOME_MAX_MS);
    const index = this.#slots.findLastIndex(({ at }) => at === slotAt);
    const slot = this.#slots[index];
    if (slot) slot.refused = true;
    const isNew = slotAt >= this.#fence;
    if (isNew) this.#since.refused += 1;
    if (this.#block) {
      if (isNew) this.#probeLater(this.#block, now);
    } else if (slot && this.#nothingPassedBefore(index)) this.#beginBlock(now);
    else if (isNew) this.#slowDown(slot ? index : 0, now);
  }

  /** Brings the rate up to now. `wanted`: tasks wait for slots; an unused rate proves nothing. */
  grow(now: number, wanted: boolean): void {
    this.#recordOutcomes(now);
    const ms = now - this.#grownAt;
    this.#grownAt = now;
    const isStill = now - this.#strangerAt < STRANGER_STILL_MS || now < this.#closedUntil;
    if (!wanted || isStill || this.#block) {
      // The curve stands still, too.
      this.#cutAt = Math.min(this.#cutAt + ms, now);
      return;
    }
    const grown = this.#rate * (1 + this.#growth()) ** Math.min(ms / 1000, 2);
    this.#rate = Math.max(this.#rate, Math.min(grown, this.#curve(now), RATE_MAX));
  }

  #growth(): number {
    if (this.#limit === null) return FIRST_GROWTH;
    return this.#trialMs === null ? Math.min(SLOT_GROWTH * Math.max(this.#rate, 1), GROWTH_MAX) : GROWTH_MAX;
  }

  #curve(now: number): number {
    if (this.#limit === null || this.#trialMs === null) return RATE_MAX;
    const behind = (now - this.#cutAt) / this.#trialMs - 1;
    return this.#limit * (1 + (behind < 0 ? CUT : BEYOND) * behind ** 3);
  }

  #slowDown(index: number, now: number): void {
    const passed =
      this.#since.passed + this.#slots.slice(0, index).filter((slot) => this.#hasPassed(slot)).length;
    const { refused, strangers } = this.#since;
    if (now - this.#strangerAt < STRANGER_MS && refused <= strangers) {
      if (now - this.#cutAt < STRANGER_MS) return;
      this.#rate *= 1 - CUT;
    } else if (passed > 0) {
      const isNear = passed >= NEAR_SLOTS;
      this.#limit = this.#rate * (isNear ? 1 : passed / (passed + 1));
      this.#trialMs = isNear ? trialMs(this.#limit) : null;
      this.#rate = this.#limit * (1 - CUT);
    } else return;
    this.#begin(now);
  }

  #hasPassed({ at, refused }: Slot): boolean {
    return at >= this.#fence && !refused;
  }

  /** A new rate, from the next slot on; one interval later, so that calls in flight do not count against it. */
  #begin(now: number): void {
    this.#rate = Math.max(this.#rate, RATE_MIN);
    this.#cutAt = now;
    this.#grownAt = now;
    this.#fence = this.nextAt(now);
    this.#nextAt = this.#fence + 1000 / this.#rate;
    this.#since = { passed: 0, refused: 0, strangers: 0 };
  }

  #nothingPassedBefore(index: number): boolean {
    const last = this.#slots[index]?.at ?? 0;
    let count = 0;
    for (let place = index; place >= 0; place--) {
      const slot = this.#slots[place];
      if (!slot?.refused) return false;
      count += 1;
      if (count >= BLOCK_SLOTS && last - slot.at >= BLOCK_MS) return true;
    }
    return count + this.#row.count >= BLOCK_SLOTS && last - this.#row.from >= BLOCK_MS;
  }

  #beginBlock(now: number): void {
    this.#block = { from: now, waitMs: PROBE_MS / 2 };
    this.#probeLater(this.#block, now);
    this.#fence = this.#nextAt;
  }

  #probeLater(block: { waitMs: number }, now: number): void {
    block.waitMs = Math.min(block.waitMs * 2, PROBE_MAX_MS);
    this.#nextAt = Math.max(this.#nextAt, now + block.waitMs);
  }

  /** Calls pass again: at their average rate, including the times without any. */
  #endBlock({ from: blockedAt }: { from: number }, now: number): void {
    this.#block = null;
    const [{ from, passed: before }, { passed: since }] = this.#stretches;
    const passed = before + since;
    const isLong = now - blockedAt > LONG_BLOCK_MS;
    if (passed >= AVERAGE_CALLS && now - this.#strangerAt > STRANGER_MS) {
      const average = (1000 * passed) / (now - from);
      this.#limit = isLong ? average : Math.max(average, this.#rate / 2);
      this.#trialMs = isLong ? trialMs(this.#limit) : null;
      this.#rate = this.#limit * (1 - CUT);
    }
    // One is the probe: no other call has passed yet.
    if (passed >= AVERAGE_CALLS || passed <= 1) this.#average(now, { from: now, passed: 0 });
    this.#begin(now);
  }

  #average(now: number, before: Stretch): void {
    this.#stretches = [before, { from: now, passed: 0 }];
  }

  /** Of the slots whose 429 would have been reported by now: those without one have passed. */
  #recordOutcomes(now: number): void {
    const open = this.#slots.findIndex(({ at }) => at > now - this.#outcomeMs);
    const decided = this.#slots.splice(0, open === -1 ? this.#slots.length : open);
    for (const slot of decided) {
      if (slot.refused)
        this.#row = { from: this.#row.count === 0 ? slot.at : this.#row.from, count: this.#row.count + 1 };
      else {
        this.#row.count = 0;
        this.#stretches[1].passed += 1;
        if (this.#hasPassed(slot)) this.#since.passed += 1;
        if (this.#block && this.#hasPassed(slot)) this.#endBlock(this.#block, now);
      }
    }
    const [, latest] = this.#stretches;
    if (!this.#block && now - latest.from > AVERAGE_MS && latest.passed >= AVERAGE_CALLS)
      this.#average(now, latest);
  }
}

function trialMs(limit: number): number {
  return Math.min(Math.max((TRIAL_CALLS * 1000) / limit, TRIAL_MIN_MS), TRIAL_MAX_MS);
}
