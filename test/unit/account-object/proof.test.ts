import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AccountStore } from "../../../src/account-object/store.ts";
import type { TaskSummary } from "../../../src/domain/account/summary.ts";
import { aQueuedSummary, aReport, T0 } from "../../support/builders.ts";
import { SqlMemoryStorage } from "./sql-storage.ts";

/*
 * scenario                                            requirement (design.md, Other upstreams, own key)
 * a create at an upstream that cannot be asked        its account remembers that the key is known
 * a test, a refusal, aio, the operator's key          prove nothing that must be kept
 */

const ACCEPTED = { account: "key:a", upstreamName: "ark", upstreamTaskId: "cgt-1", test: false };

describe("an account with a key of its own", () => {
  let storage: SqlMemoryStorage;
  beforeEach(() => {
    storage = new SqlMemoryStorage();
  });
  afterEach(() => {
    storage.close();
  });

  function isProvedBy(overrides: Partial<TaskSummary>): boolean {
    new AccountStore(storage).receive([aReport(1, aQueuedSummary({ ...ACCEPTED, ...overrides }))], T0);
    // A new process.
    return new AccountStore(storage).proof.isProved;
  }

  it("remembers that an upstream has accepted a create", () => {
    expect(new AccountStore(storage).proof.isProved).toBe(false);
    expect(isProvedBy({})).toBe(true);
  });

  it.each<[what: string, overrides: Partial<TaskSummary>]>([
    ["a task that was not accepted", { upstreamTaskId: null }],
    ["a test", { test: true }],
    ["a task of aio", { upstreamName: "aio" }],
    ["a task with the operator's key", { account: "name:a" }],
  ])("remembers nothing of %s", (_what, overrides) => {
    expect(isProvedBy(overrides)).toBe(false);
  });

  it("learns it in the process that it has, too", () => {
    const store = new AccountStore(storage);
    expect(store.proof.isProved).toBe(false);
    store.receive([aReport(1, aQueuedSummary(ACCEPTED))], T0);
    expect(store.proof.isProved).toBe(true);
  });
});
