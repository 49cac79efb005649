import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TaskReport } from "../../../../src/domain/account/report.ts";
import {
  anEndpointSummary,
  aQueuedSummary,
  aReport,
  aSummary,
  failedAttempts,
  T0,
} from "../../../support/builders.ts";
import { permutations } from "../permutations.ts";
import { AT_FIRST, EndpointAccount, FIRST, FIVE, goneAt, ok, SECONDS, tried } from "./endpoint-account.ts";

/*
 * scenario                                       requirement
 * attempts at an endpoint that fail              failing, the next success ends it; in every order, over restarts
 * another URL                                    what was sent to the one before says nothing of it, told early or late
 * an endpoint that was deleted                   nothing is kept of it
 * an account without endpoints                   reads and writes nothing more
 */

let account: EndpointAccount;
beforeEach(() => {
  account = new EndpointAccount();
});
afterEach(() => account.close());

describe("a registered endpoint", () => {
  it("fails after five failures in every order, says so once, and is well with the next success", () => {
    for (const order of permutations(FIVE)) {
      account.close();
      account = new EndpointAccount();
      expect(order.flatMap((report) => account.transitions([report, report]))).toEqual([
        { kind: "failing", ...AT_FIRST, since: T0, reason: "http_503" },
      ]);
      expect([account.since(), account.since("ep_b")]).toEqual([T0, null]);
      expect(account.transitions([tried("ok", { attempts: ok(500) })])).toEqual([
        { kind: "recovered", ...AT_FIRST, since: T0, reason: "http_503" },
      ]);
      expect(account.since()).toBeNull();
    }
  });

  it("is told from others at its host, and from the task's own callback", () => {
    const callback = SECONDS.map((second) =>
      aReport(
        1,
        aQueuedSummary({
          name: `c${second}`,
          callbackHost: AT_FIRST.host,
          attempts: failedAttempts(second),
          endpoints: [
            anEndpointSummary({ id: "ep_b", host: AT_FIRST.host, attempts: failedAttempts(second) }),
          ],
        }),
      ),
    );
    expect(account.transitions(callback)).toMatchObject([
      { kind: "failing", endpoint: "ep_b", host: "other.acme.com" },
    ]);
    expect([account.since(), account.since("ep_b")]).toEqual([null, T0]);
  });

  it("learns from tests, too: but for the upstream they are real", () => {
    const tests = FIVE.map((report, at) => ({
      ...report,
      summary: report.summary && { ...report.summary, name: `test-${at}`, test: true },
    }));
    expect(account.transitions(tests)).toMatchObject([{ kind: "failing", ...AT_FIRST }]);
    expect(account.store.stats().hosts).toEqual([]);
  });

  it("that was enabled again fails anew: what failed before counts no more, told early or late", () => {
    expect(account.transitions(FIVE)).toHaveLength(1);
    account.enable(T0 + 456_000);
    expect(account.since()).toBeNull();
    expect(account.transitions([tried("late", { attempts: failedAttempts(455.5) })])).toEqual([]);
    expect(account.transitions([tried("one", { attempts: failedAttempts(500) })])).toEqual([]);
    expect(account.since()).toBeNull();
    const rest = [505, 535, 655].map((second) => tried(`u${second}`, { attempts: failedAttempts(second) }));
    expect(account.transitions(rest)).toEqual([]);
    expect(account.transitions([tried("fifth", { attempts: failedAttempts(955) })])).toMatchObject([
      { kind: "failing" },
    ]);
    expect(account.since()).toBe(T0 + 500_000);
  });

  it("at another URL does well until that one has failed, too, whatever is told late of the one before", () => {
    expect(account.transitions(FIVE.slice(0, 4))).toEqual([]);
    account.moveTo("https://endpoint.acme.com/moved", T0 + 156_000);
    const late = Array.from({ length: 9 }, (_, at) =>
      tried(`l${at}`, { attempts: failedAttempts(147 + at) }),
    );
    expect(account.transitions(late)).toEqual([]);
    const four = [200, 240, 280, 320].map((second) =>
      tried(`n${second}`, { attempts: failedAttempts(second) }),
    );
    expect(account.transitions(four)).toEqual([]);
    expect(account.since()).toBeNull();
    expect(account.transitions([tried("fifth", { attempts: failedAttempts(360) })])).toEqual([
      { kind: "failing", ...AT_FIRST, since: T0 + 200_000, reason: "http_503" },
    ]);
  });

  it("is not taken for failing or gone by a call that is rolled back", () => {
    const broken = null as unknown as TaskReport;
    expect(() => account.store.receive([...FIVE, tried("gone", goneAt(1)), broken], T0)).toThrow(TypeError);
    expect([account.since(), account.disabledOf()]).toEqual([null, null]);
    expect(account.transitions(FIVE.slice(0, 4))).toEqual([]);
  });

  it("that was deleted leaves nothing behind", () => {
    account.register([FIRST]);
    account.transitions(
      SECONDS.map((second) => tried(`d${second}`, { id: "ep_b", attempts: failedAttempts(second) })),
    );
    account.transitions([tried("gone", { ...goneAt(2), id: "ep_b" }), ...FIVE]);
    const rows = account.storage.sql.exec<{ doc: string }>(
      "SELECT doc FROM document WHERE name = 'endpoint_health'",
    );
    expect(rows.toArray().map(({ doc }) => (JSON.parse(doc) as [string][]).map(([id]) => id))).toEqual([
      [FIRST.id],
    ]);
  });
});

describe("an account", () => {
  function statements(): string[] {
    const made: string[] = [];
    const { exec } = account.storage.sql;
    account.storage.sql.exec = (query, ...bindings) => {
      made.push(`${query.split(" ", 1)[0]} ${String(bindings[0])}`);
      return exec(query, ...bindings);
    };
    return made;
  }

  it("writes how an endpoint does with the calls that bring failures or end them, and not otherwise", () => {
    const made = statements();
    const rows = (): number => made.splice(0).filter((one) => one === "INSERT endpoint_health").length;
    account.store.receive([tried("a", { attempts: ok(1) }), tried("b", { attempts: ok(2) })], T0);
    expect(rows()).toBe(0);
    account.store.receive(
      [tried("c", { attempts: failedAttempts(3) }), tried("d", { attempts: failedAttempts(4) })],
      T0,
    );
    expect(rows()).toBe(1);
    account.store.receive([tried("e", { attempts: ok(5) })], T0);
    expect(rows()).toBe(1);
    account.store.receive([tried("f", { attempts: ok(6) })], T0);
    expect(rows()).toBe(0);
  });

  it("without endpoints reads and writes nothing of how they do", () => {
    account.register([]);
    const made = statements();
    account.store.receive([aReport(1, aSummary({ attempts: failedAttempts(1) }))], T0);
    account.store.judgeEndpoints(T0);
    expect(made.filter((one) => one.includes("endpoint_health"))).toEqual([]);
    expect(made.filter((one) => one === "SELECT endpoints").length).toBeLessThanOrEqual(1);
  });
});
