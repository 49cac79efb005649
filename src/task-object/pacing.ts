import type { LaneKind, Refusal } from "../domain/pacing/pacing.ts";

/** Ringback uses a slot at once if it is this near. */
const NEAR_MS = 10;

/** What one process keeps of its task's pacing; one that dies asks anew. */
export class Pacing {
  #slot: { lane: LaneKind; at: number } | null = null;
  #untold: Refusal | null = null;

  /** Whether a call of this instant may be made now. */
  isNow(at: number, now: number): boolean {
    return at <= now + NEAR_MS;
  }

  /** The cadence gave this slot, for later; null: none. */
  keepSlot(lane: LaneKind, at: number | null): void {
    this.#slot = at === null ? null : { lane, at };
  }

  /** The slot whose time has come; null: there is none. */
  takeSlot(lane: LaneKind, now: number): number | null {
    const slot = this.#slot;
    if (slot?.lane !== lane || !this.isNow(slot.at, now)) return null;
    this.#slot = null;
    return slot.at;
  }

  /** A create's submit was answered 429: the object reports it to the cadence after the create's answer. */
  keepRefusal(refusal: Refusal): void {
    this.#untold = refusal;
  }

  takeRefusal(): Refusal | null {
    const refusal = this.#untold;
    this.#untold = null;
    return refusal;
  }
}
