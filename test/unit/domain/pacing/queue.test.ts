import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WaitingLine } from "../../../../src/domain/pacing/queue.ts";

const waiter = (name: string, since: number, account = "a") => ({ name, account, since });

/** Waiters that must ask again at their time. */
function lineOf(
  ...waiters: { name: string; account: string; since: number; backAt?: number }[]
): WaitingLine {
  const line = new WaitingLine();
  for (const { backAt = 1_000, ...rest } of waiters) line.wait(rest, backAt);
  return line;
}

describe("a waiting line", () => {
  it("has those first that were due first, whenever they came", () => {
    const line = lineOf(waiter("late", 30), waiter("early", 10), waiter("middle", 20));
    expect(line.ahead(waiter("early", 10), 0)).toBe(0);
    expect(line.ahead(waiter("middle", 20), 0)).toBe(1);
    expect(line.ahead(waiter("late", 30), 0)).toBe(2);
    expect(line.ahead(waiter("new", 25), 0)).toBe(2);
  });

  it("lets accounts take turns, however many of one wait", () => {
    const many = Array.from({ length: 10 }, (_, index) => waiter(`a${index}`, index, "a"));
    const line = lineOf(...many, waiter("b0", 100, "b"), waiter("b1", 101, "b"));
    expect(line.ahead(waiter("b0", 100, "b"), 0)).toBe(0);
    expect(line.ahead(waiter("b1", 101, "b"), 0)).toBe(2);
    expect(line.ahead(waiter("a1", 1, "a"), 0)).toBe(2);
    expect(line.ahead(waiter("a9", 9, "a"), 0)).toBe(11);
  });

  it("counts the slots that an account holds as turns that it has had", () => {
    const line = lineOf(waiter("a0", 0, "a"), waiter("b0", 5, "b"));
    for (const at of [100, 200, 300]) line.serve(waiter(`served ${at}`, 0, "b"), at);
    expect(line.ahead(waiter("b0", 5, "b"), 0)).toBe(1);
    // Once they have passed, they count no more.
    expect(line.ahead(waiter("b0", 5, "b"), 1_000)).toBe(0);
  });

  it("moves a waiter whose next call is due, and knows it once", () => {
    const line = lineOf(waiter("one", 10), waiter("two", 20));
    line.wait(waiter("one", 30), 1_000);
    expect(line.size).toBe(2);
    expect(line.ahead(waiter("two", 20), 0)).toBe(0);
    expect(line.ahead(waiter("one", 30), 0)).toBe(1);
  });

  it("forgets a task that does not come back", () => {
    const line = lineOf({ ...waiter("gone", 10), backAt: 1_000 }, { ...waiter("there", 20), backAt: 90_000 });
    expect(line.ahead(waiter("there", 20), 11_000)).toBe(1);
    expect(line.ahead(waiter("there", 20), 12_500)).toBe(0);
    expect(line.size).toBe(1);
  });

  it("is the order of turns, whatever joins and is served", () => {
    const entry = fc.record({ account: fc.constantFrom("a", "b", "c"), since: fc.nat(50) });
    fc.assert(
      fc.property(
        fc.uniqueArray(entry, { maxLength: 40, selector: ({ account, since }) => `${account}${since}` }),
        (all) => {
          const waiters = all.map(({ account, since }) => waiter(`${account} ${since}`, since, account));
          const line = lineOf(...waiters);
          const served: string[] = [];
          for (let left = waiters; left.length > 0;) {
            const [next] = left.toSorted((x, y) => line.ahead(x, 0) - line.ahead(y, 0));
            if (!next) break;
            expect(line.ahead(next, 0)).toBe(0);
            line.serve(next, 1_000_000);
            served.push(next.name);
            left = left.filter((one) => one !== next);
          }
          expect(line.size).toBe(0);
          for (const account of ["a", "b", "c"]) {
            const order = served
              .filter((name) => name.startsWith(account))
              .map((name) => Number(name.slice(2)));
            expect(order).toEqual(order.toSorted((x, y) => x - y));
          }
          // While two accounts have a task in the queue, neither is more than a turn ahead.
          expectTurns(
            served,
            all.map(({ account }) => account),
          );
        },
      ),
    );
  });
});

function expectTurns(served: readonly string[], accounts: readonly string[]): void {
  const left = new Map<string, number>();
  for (const account of accounts) left.set(account, (left.get(account) ?? 0) + 1);
  const had = new Map([...left.keys()].map((account) => [account, 0]));
  for (const name of served) {
    const account = name.charAt(0);
    had.set(account, (had.get(account) ?? 0) + 1);
    left.set(account, (left.get(account) ?? 0) - 1);
    const turns = [...had].filter(([one]) => (left.get(one) ?? 0) > 0).map(([, count]) => count);
    if (turns.length > 1) expect(Math.max(...turns) - Math.min(...turns)).toBeLessThanOrEqual(1);
  }
}
