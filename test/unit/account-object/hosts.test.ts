import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AccountStore } from "../../../src/account-object/store.ts";
import { NO_ATTEMPTS, type AttemptTally } from "../../../src/domain/account/attempts.ts";
import { taskKey, type TaskReport } from "../../../src/domain/account/report.ts";
import { anEndpointSummary, aQueuedSummary, aReport, failedAttempts, T0 } from "../../support/builders.ts";
import { permutations } from "./permutations.ts";
import { SqlMemoryStorage } from "./sql-storage.ts";

/*
 * scenario                                       requirement
 * attempts at a host that fail, in every order   contract, stats: failing; once, over restarts, in bounded rows
 * reports without a failure                      cost no row
 */

const HOUR = 3_600_000;

let storage: SqlMemoryStorage;
let store: AccountStore;

beforeEach(() => {
  storage = new SqlMemoryStorage();
  store = new AccountStore(storage);
});
afterEach(() => {
  storage.close();
});

describe("an account's hosts", () => {
  const HOST = "hooks.acme.com";
  /** A task's first report, after attempts that failed so many seconds after T0, or after one that was delivered. */
  function tried(name: string, attempts: AttemptTally): TaskReport {
    return aReport(1, aQueuedSummary({ name, attempts }));
  }
  const ok = (second: number): AttemptTally => ({
    ...NO_ATTEMPTS,
    delivered: 1,
    deliveredAt: T0 + 1000 * second,
  });
  const FIVE = [0, 5, 35, 155, 455].map((second) => tried(`t${second}`, failedAttempts(second)));
  const failing = (of: AccountStore): [host: string, since: number | null][] =>
    of.stats().hosts.map(({ host, failingSince }) => [host, failingSince]);

  it("fail after five failures of their tasks in every order, and say so once", () => {
    for (const order of permutations(FIVE)) {
      const each = new SqlMemoryStorage();
      const account = new AccountStore(each);
      const transitions = order.map((report) => account.receive([report, report], T0).transitions);
      expect(transitions.flat()).toEqual([
        { kind: "failing", endpoint: null, host: HOST, since: T0, reason: "http_503" },
      ]);
      expect(transitions[4]).toHaveLength(1);
      expect(failing(account)).toEqual([[HOST, T0]]);
      each.close();
    }
  });

  it("say nothing of a failure and a success that come in one call", () => {
    const { transitions } = store.receive([...FIVE, tried("last", ok(456))], T0);
    expect(transitions).toEqual([]);
    expect(failing(store)).toEqual([[HOST, null]]);
  });

  it("are remembered by the next process: failures that count on, and a success that ended them", () => {
    for (const report of FIVE.slice(0, 4)) new AccountStore(storage).receive([report], T0);
    const again = new AccountStore(storage);
    expect(again.receive(FIVE.slice(4), T0).transitions).toHaveLength(1);
    expect(failing(new AccountStore(storage))).toEqual([[HOST, T0]]);
    const recovered = new AccountStore(storage).receive([tried("ok", ok(500))], T0).transitions;
    expect(recovered).toEqual([
      { kind: "recovered", endpoint: null, host: HOST, since: T0, reason: "http_503" },
    ]);
    for (const second of [600, 605, 635, 755]) {
      const last = new AccountStore(storage);
      expect(last.receive([tried(`u${second}`, failedAttempts(second))], T0).transitions).toEqual([]);
    }
    expect(new AccountStore(storage).stats().hosts).toEqual([
      { host: HOST, delivered: 1, failed: 9, failingSince: null, lastReason: "http_503" },
    ]);
  });

  it("are not taken for failing by a call that is rolled back", () => {
    const broken = null as unknown as TaskReport;
    expect(() => store.receive([...FIVE, broken], T0)).toThrow(TypeError);
    expect(store.stats().hosts).toEqual([]);
    expect(store.receive(FIVE.slice(0, 4), T0).transitions).toEqual([]);
  });

  it("learn from the hourly reconciliation, too", () => {
    store.receive(FIVE.slice(0, 4), T0);
    const task = aQueuedSummary({ name: "silent" });
    store.receive([aReport(1, task)], T0);
    const answer = aReport(2, { ...task, attempts: failedAttempts(455) });
    const retention = { now: T0, retentionMs: HOUR };
    expect(store.receiveAnswer(taskKey(answer), answer, retention)).toMatchObject([{ kind: "failing" }]);
  });

  it("do not learn from tests", () => {
    const tests = [0, 5, 35, 155, 455].map((second) =>
      aReport(1, aQueuedSummary({ name: `t${second}`, attempts: failedAttempts(second), test: true })),
    );
    expect(store.receive(tests, T0).transitions).toEqual([]);
    expect(store.stats().hosts).toEqual([]);
  });

  it("are those of callbacks and of endpoints, and one host may be both", () => {
    const elsewhere = "endpoint.acme.com";
    const reports = [0, 5, 35, 155, 455].map((second, at) => {
      const failed = failedAttempts(second);
      const endpoints = [anEndpointSummary({ host: at < 3 ? HOST : elsewhere, attempts: failed })];
      const attempts = at < 3 ? NO_ATTEMPTS : failed;
      return aReport(1, aQueuedSummary({ name: `t${second}`, attempts, endpoints }));
    });
    const since = { endpoint: null, host: HOST, since: T0, reason: "http_503" };
    expect(store.receive(reports, T0).transitions).toEqual([{ kind: "failing", ...since }]);
    expect(new AccountStore(storage).stats().hosts).toEqual([
      { host: elsewhere, delivered: 0, failed: 2, failingSince: null, lastReason: "http_503" },
      { host: HOST, delivered: 0, failed: 5, failingSince: T0, lastReason: "http_503" },
    ]);
    const endpoints = [anEndpointSummary({ host: HOST, attempts: ok(500) })];
    const well = aReport(1, aQueuedSummary({ name: "ok", callbackHost: null, delivery: null, endpoints }));
    expect(store.receive([well, well], T0).transitions).toEqual([{ kind: "recovered", ...since }]);
  });

  it("cost a row with each call that brings failures or ends them, and none otherwise", () => {
    const writes = (): string[] => {
      const written: string[] = [];
      const { exec } = storage.sql;
      storage.sql.exec = (query, ...bindings) => {
        if (query.startsWith("INSERT")) written.push(`${query.split(" ")[4]} ${String(bindings[0])}`);
        return exec(query, ...bindings);
      };
      return written;
    };
    const written = writes();
    const hostRows = (): number => written.splice(0).filter((row) => row === "document hosts").length;
    store.receive([tried("a", ok(1)), tried("b", ok(2))], T0);
    expect(hostRows()).toBe(0);
    store.receive([tried("c", failedAttempts(3)), tried("d", failedAttempts(4))], T0);
    expect(hostRows()).toBe(1);
    store.receive([tried("e", ok(5)), tried("f", ok(6))], T0);
    expect(hostRows()).toBe(1);
    store.receive([tried("g", ok(7))], T0);
    expect(hostRows()).toBe(0);
  });

  it("are 500 at most", () => {
    for (let from = 0; from < 600; from += 100) {
      const reports = Array.from({ length: 100 }, (_, at) => {
        const name = `t${from + at}`;
        return aReport(
          1,
          aQueuedSummary({ name, callbackHost: `${name}.acme.com`, attempts: failedAttempts(from + at) }),
        );
      });
      store.receive(reports, T0);
    }
    const rows = storage.sql.exec<{ doc: string }>("SELECT doc FROM document WHERE name = 'hosts'").toArray();
    const kept = (JSON.parse(rows[0]?.doc ?? "[]") as [string, unknown][]).map(([host]) => host);
    expect(kept).toHaveLength(500);
    expect(kept).not.toContain("t99.acme.com");
    expect(kept).toContain("t100.acme.com");
  });
});
