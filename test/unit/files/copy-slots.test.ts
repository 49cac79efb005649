import { describe, expect, it } from "vitest";
import { CopySlots, type CopyTicket } from "../../../src/files/copy-slots.ts";

/*
 * scenario                              requirement
 * more copies than may run              contract, Kept files: at most 4 at a time, the others wait
 * a copy or a waiter that is gone       the others go on
 */

const UNTIL = 120_000;

function tickets(count: number): CopyTicket[] {
  return Array.from({ length: count }, () => ({ until: UNTIL }));
}

/** Which of them may run, asked in this order. */
function ask(slots: CopySlots, asking: readonly CopyTicket[], now: number): CopyTicket[] {
  return asking.filter((ticket) => slots.tryTake(ticket, now));
}

describe("copies", () => {
  it("run as many at a time as may, and each that ends lets the first of the line run", () => {
    const slots = new CopySlots(2);
    const [a, b, c, d, e] = tickets(5) as [CopyTicket, CopyTicket, CopyTicket, CopyTicket, CopyTicket];
    expect(ask(slots, [a, b, c, d, e], 0)).toEqual([a, b]);
    slots.giveBack(a);
    // A later one does not overtake, whenever it asks.
    expect(slots.tryTake(e, 100)).toBe(false);
    expect(slots.tryTake(d, 100)).toBe(false);
    expect(slots.tryTake(c, 100)).toBe(true);
    slots.giveBack(c);
    slots.giveBack(b);
    expect(ask(slots, [e, d], 200)).toEqual([e, d]);
  });

  it("that never come back lose their place at the end of their time", () => {
    const slots = new CopySlots(1);
    const [dead, waiting] = tickets(2) as [CopyTicket, CopyTicket];
    const later = { until: UNTIL + 1 };
    expect(slots.tryTake(dead, 0)).toBe(true);
    expect(slots.tryTake(waiting, UNTIL - 1)).toBe(false);
    expect(slots.tryTake(later, UNTIL - 1)).toBe(false);
    slots.giveBack(waiting);
    expect(slots.tryTake(later, UNTIL)).toBe(true);
  });

  it("that no longer ask for their turn hold up the line for two seconds", () => {
    const slots = new CopySlots(1);
    const [running, dead, waiting] = tickets(3) as [CopyTicket, CopyTicket, CopyTicket];
    expect(ask(slots, [running, dead, waiting], 0)).toEqual([running]);
    slots.giveBack(running);
    expect(slots.tryTake(waiting, 2_000)).toBe(false);
    expect(slots.tryTake(waiting, 2_001)).toBe(true);
  });

  it("that give up leave the line", () => {
    const slots = new CopySlots(1);
    const [running, gone, waiting] = tickets(3) as [CopyTicket, CopyTicket, CopyTicket];
    expect(ask(slots, [running, gone, waiting], 0)).toEqual([running]);
    slots.giveBack(gone);
    slots.giveBack(running);
    expect(slots.tryTake(waiting, 1)).toBe(true);
  });
});
