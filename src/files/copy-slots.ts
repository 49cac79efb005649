/** A waiter that does not ask for so long is gone: the platform may have ended its object. */
const GONE_MS = 2_000;

/** One copy, from its place in the line to its end. */
export interface CopyTicket {
  /** Epoch milliseconds: a copy that still runs then is gone. */
  until: number;
}

/**
 * How many copies run at one time in an isolate; the others wait in a line. It holds plain values that waiters ask about
 * again and again, because an object must not await another object's promise.
 */
export class CopySlots {
  readonly #running = new Set<CopyTicket>();
  /** When each one asked last, the first in the line first. */
  readonly #line = new Map<CopyTicket, number>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** True: the copy may run, and its ticket is to be given back. False: it waits, and asks again within two seconds. */
  tryTake(ticket: CopyTicket, now: number): boolean {
    for (const one of this.#running) if (one.until <= now) this.#running.delete(one);
    this.#line.set(ticket, now);
    for (const [one, askedAt] of this.#line) if (now - askedAt > GONE_MS) this.#line.delete(one);
    const place = [...this.#line.keys()].indexOf(ticket);
    if (place >= this.#max - this.#running.size) return false;
    this.#line.delete(ticket);
    this.#running.add(ticket);
    return true;
  }

  /** The copy has ended, or waits no longer. */
  giveBack(ticket: CopyTicket): void {
    this.#running.delete(ticket);
    this.#line.delete(ticket);
  }
}
