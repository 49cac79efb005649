import { expect, it } from "vitest";
import { fate, HEARD_LATELY_MS, RECONCILE_EVERY_MS } from "../../../../src/domain/account/reconcile.ts";
import { T0 } from "../../../support/builders.ts";

const HOUR = 3_600_000;

it.each([
  { what: "keeps a task that is not settled", task: { settledAt: null, expiresAt: null }, is: "keep" },
  { what: "keeps it before its retention is over", task: { settledAt: T0, expiresAt: T0 + 2 }, is: "keep" },
  { what: "drops it afterwards", task: { settledAt: T0 - HOUR, expiresAt: T0 }, is: "drop" },
  {
    what: "asks a task whose alarm follows a longer retention",
    task: { settledAt: T0 - HOUR, expiresAt: T0 + HOUR },
    is: "ask",
  },
  {
    what: "asks a task that a shorter one may have erased",
    task: { settledAt: T0 - 9, expiresAt: T0 },
    is: "ask",
  },
])("an account $what", ({ task, is }) => {
  expect(fate(task, { now: T0, retentionMs: HOUR })).toBe(is);
});

it("an account drops nothing while its settings do not parse", () => {
  const task = { settledAt: 0, expiresAt: T0 + 1 };
  expect(fate(task, { now: T0, retentionMs: Infinity })).toBe("keep");
});

it("no task goes unasked for longer than an hour: one that was heard of lately waits for the next run", () => {
  expect(RECONCILE_EVERY_MS + HEARD_LATELY_MS).toBeLessThanOrEqual(HOUR);
});
