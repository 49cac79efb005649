import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AccountRows } from "../../../../src/account-object/rows.ts";
import { AccountStore } from "../../../../src/account-object/store.ts";
import { NO_ATTEMPTS, type AttemptTally } from "../../../../src/domain/account/attempts.ts";
import { taskKey, type TaskReport } from "../../../../src/domain/account/report.ts";
import type { EndpointSummary } from "../../../../src/domain/account/summary.ts";
import { patched } from "../../../../src/domain/endpoint/change.ts";
import type { Endpoint } from "../../../../src/domain/endpoint/endpoint.ts";
import {
  anEndpoint,
  anEndpointSummary,
  aQueuedSummary,
  aReport,
  aSummary,
  failedAttempts,
  T0,
} from "../../../support/builders.ts";
import { permutations } from "../permutations.ts";
import { SqlMemoryStorage } from "../sql-storage.ts";

/*
 * scenario                                       requirement
 * attempts at an endpoint that fail              failing, the next success ends it; in every order, over restarts
 * a 410, told late, twice, or by two tasks       disabled once as `gone`, and not again once it is enabled
 * another URL                                    what was sent to the one before says nothing of it, told early or late
 * five days of failing                           disabled as `failing`: at an attempt that fails, or within the hour
 * an endpoint that was deleted                   nothing is kept of it
 * an account without endpoints                   reads and writes nothing more
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const createdAt = T0 - DAY;
const [FIRST, SECOND] = [
  anEndpoint({ createdAt }),
  anEndpoint({ id: "ep_b", url: "https://other.acme.com/", createdAt }),
];
const AT_FIRST = { endpoint: FIRST.id, host: "endpoint.acme.com" };
const SECONDS = [0, 5, 35, 155, 455];

let storage: SqlMemoryStorage;
let store: AccountStore;

beforeEach(() => {
  storage = new SqlMemoryStorage();
  register([FIRST, SECOND]);
});
afterEach(() => {
  storage.close();
});

function register(endpoints: readonly Endpoint[]): void {
  new AccountRows(storage.sql).writeDocument("endpoints", endpoints);
  store = new AccountStore(storage);
}

/** As an owner does by `enabled: true`. */
function enable(countsFrom: number): void {
  register([{ ...FIRST, countsFrom }, SECOND]);
}

/** As an owner does by `url`. */
function moveTo(url: string, now: number): void {
  const moved = patched(store.endpoints.all(), FIRST.id, { url }, now);
  if (moved.kind !== "patched") throw new Error(moved.kind);
  register(moved.endpoints);
}

function ok(second: number): AttemptTally {
  return { ...NO_ATTEMPTS, delivered: 1, deliveredAt: T0 + 1000 * second };
}

/** A task's first report. */
function tried(name: string, about: Partial<EndpointSummary>): TaskReport {
  return aReport(1, aQueuedSummary({ name, endpoints: [anEndpointSummary(about)] }));
}

function goneAt(second: number): Partial<EndpointSummary> {
  return { attempts: failedAttempts(second), goneAt: T0 + 1000 * second };
}

const FIVE = SECONDS.map((second) => tried(`t${second}`, { attempts: failedAttempts(second) }));

function transitions(reports: readonly TaskReport[], now = T0): unknown[] {
  return store.receive(reports, now).transitions.filter(({ endpoint }) => endpoint !== null);
}

function disabledOf(id = FIRST.id): Endpoint["disabled"] {
  const [now, later] = [store, new AccountStore(storage)].map((one) => one.endpoints.find(id)?.disabled);
  expect(later).toEqual(now);
  return now ?? null;
}

function since(id = FIRST.id): number | null {
  const [now, later] = [store, new AccountStore(storage)].map((one) => one.endpoints.failingSince(id));
  expect(later).toBe(now);
  return now ?? null;
}

describe("a registered endpoint", () => {
  it("fails after five failures in every order, says so once, and is well with the next success", () => {
    for (const order of permutations(FIVE)) {
      storage.close();
      storage = new SqlMemoryStorage();
      register([FIRST, SECOND]);
      expect(order.flatMap((report) => transitions([report, report]))).toEqual([
        { kind: "failing", ...AT_FIRST, since: T0, reason: "http_503" },
      ]);
      expect([since(), since("ep_b")]).toEqual([T0, null]);
      expect(transitions([tried("ok", { attempts: ok(500) })])).toEqual([
        { kind: "recovered", ...AT_FIRST, since: T0, reason: "http_503" },
      ]);
      expect(since()).toBeNull();
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
    expect(transitions(callback)).toMatchObject([
      { kind: "failing", endpoint: "ep_b", host: "other.acme.com" },
    ]);
    expect([since(), since("ep_b")]).toEqual([null, T0]);
  });

  it("learns from tests, too: but for the upstream they are real", () => {
    const tests = FIVE.map((report, at) => ({
      ...report,
      summary: report.summary && { ...report.summary, name: `test-${at}`, test: true },
    }));
    expect(transitions(tests)).toMatchObject([{ kind: "failing", ...AT_FIRST }]);
    expect(store.stats().hosts).toEqual([]);
  });

  it("that answers 410 is disabled, once, however often and by however many tasks it is told", () => {
    const reports = [tried("a", goneAt(9)), tried("b", goneAt(7)), tried("a", goneAt(9))];
    expect(transitions(reports, T0 + 20_000)).toEqual([
      { kind: "disabled", ...AT_FIRST, since: T0 + 9000, reason: "gone" },
    ]);
    expect(transitions([tried("c", goneAt(10))])).toEqual([]);
    expect(disabledOf()).toEqual({ reason: "gone", at: T0 + 20_000 });
    expect(disabledOf("ep_b")).toBeNull();
    expect(store.endpoints.receivers().map(({ isDisabled }) => isDisabled)).toEqual([true, false]);
  });

  it("that was enabled again is disabled by a newer 410 only", () => {
    transitions([tried("a", goneAt(9))]);
    enable(T0 + 60_000);
    const again = aReport(2, aQueuedSummary({ name: "a", endpoints: [anEndpointSummary(goneAt(9))] }));
    expect(transitions([again, tried("late", goneAt(59)), tried("as it was", goneAt(60))])).toEqual([]);
    expect(disabledOf()).toBeNull();
    expect(transitions([tried("new", goneAt(61))], T0 + 61_500)).toMatchObject([
      { kind: "disabled", reason: "gone" },
    ]);
    expect(disabledOf()).toEqual({ reason: "gone", at: T0 + 61_500 });
  });

  it("that was enabled again fails anew: what failed before counts no more, told early or late", () => {
    expect(transitions(FIVE)).toHaveLength(1);
    enable(T0 + 456_000);
    expect(since()).toBeNull();
    expect(transitions([tried("late", { attempts: failedAttempts(455.5) })])).toEqual([]);
    expect(transitions([tried("one", { attempts: failedAttempts(500) })])).toEqual([]);
    expect(since()).toBeNull();
    const rest = [505, 535, 655].map((second) => tried(`u${second}`, { attempts: failedAttempts(second) }));
    expect(transitions(rest)).toEqual([]);
    expect(transitions([tried("fifth", { attempts: failedAttempts(955) })])).toMatchObject([
      { kind: "failing" },
    ]);
    expect(since()).toBe(T0 + 500_000);
  });

  it("at another URL is disabled by the 410 of an attempt that began since then only", () => {
    moveTo("https://endpoint.acme.com/moved", T0 + 60_000);
    expect(transitions([tried("late", goneAt(59)), tried("as it moved", goneAt(60))])).toEqual([]);
    expect(disabledOf()).toBeNull();
    expect(transitions([tried("new", goneAt(61))], T0 + 70_000)).toEqual([
      { kind: "disabled", ...AT_FIRST, since: T0 + 61_000, reason: "gone" },
    ]);
  });

  it("at another URL does well until that one has failed, too, whatever is told late of the one before", () => {
    expect(transitions(FIVE.slice(0, 4))).toEqual([]);
    moveTo("https://endpoint.acme.com/moved", T0 + 156_000);
    const late = Array.from({ length: 9 }, (_, at) =>
      tried(`l${at}`, { attempts: failedAttempts(147 + at) }),
    );
    expect(transitions(late)).toEqual([]);
    const four = [200, 240, 280, 320].map((second) =>
      tried(`n${second}`, { attempts: failedAttempts(second) }),
    );
    expect(transitions(four)).toEqual([]);
    expect(since()).toBeNull();
    expect(transitions([tried("fifth", { attempts: failedAttempts(360) })])).toEqual([
      { kind: "failing", ...AT_FIRST, since: T0 + 200_000, reason: "http_503" },
    ]);
  });

  it("that fails is well with another URL, and is not disabled for what the one before has done for days", () => {
    expect(transitions(FIVE)).toHaveLength(1);
    moveTo("https://endpoint.acme.com/moved", T0 + 500_000);
    expect(since()).toBeNull();
    expect(store.judgeEndpoints(T0 + 6 * DAY)).toEqual([]);
    expect(disabledOf()).toBeNull();
  });

  it("that was disabled by hand stays so, and says nothing of how it does", () => {
    const manual = { reason: "manual" as const, at: T0 };
    register([{ ...FIRST, disabled: manual }, SECOND]);
    expect(transitions([...FIVE, tried("gone", goneAt(456))])).toEqual([]);
    store.judgeEndpoints(T0 + 30 * DAY);
    expect(disabledOf()).toEqual(manual);
  });

  it.each([
    { after: 5 * DAY - 1, is: null },
    { after: 5 * DAY, is: "failing" as const },
  ])("that has been failing for $after ms is disabled: $is", ({ after, is }) => {
    transitions(FIVE);
    const now = T0 + after;
    const failed = tried("late", { attempts: failedAttempts(after / 1000) });
    const ended = is === null ? [] : [{ kind: "disabled", ...AT_FIRST, since: T0, reason: "failing" }];
    expect(transitions([failed], now)).toEqual(ended);
    expect(disabledOf()).toEqual(is && { reason: is, at: now });
  });

  it("that has been failing for five days is disabled by the hourly run, without a report", () => {
    transitions(FIVE);
    expect(store.judgeEndpoints(T0 + 5 * DAY - 1)).toEqual([]);
    const again = new AccountStore(storage);
    expect(again.judgeEndpoints(T0 + 5 * DAY)).toEqual([
      { kind: "disabled", ...AT_FIRST, since: T0, reason: "failing" },
    ]);
    expect(again.judgeEndpoints(T0 + 6 * DAY)).toEqual([]);
    expect(new AccountStore(storage).endpoints.find(FIRST.id)?.disabled).toEqual({
      reason: "failing",
      at: T0 + 5 * DAY,
    });
  });

  it("that fails keeps the hourly run going, though no task is left, until it is disabled", async () => {
    transitions(FIVE);
    const retention = { now: T0 + HOUR, retentionMs: 1 };
    for (const { summary } of FIVE) if (summary) store.receiveAnswer(taskKey(summary), null, retention);
    storage.alarm = null;
    store.alarmFired();
    await store.endRun(retention, true);
    expect(storage.alarm).toBeGreaterThan(T0 + HOUR);
    store.judgeEndpoints(T0 + 5 * DAY);
    storage.alarm = null;
    store.alarmFired();
    await store.endRun({ now: T0 + 5 * DAY, retentionMs: 1 }, true);
    expect(storage.alarm).toBeNull();
    expect(new AccountStore(storage).endpoints.all()).toHaveLength(2);
  });

  it("is not taken for failing or gone by a call that is rolled back", () => {
    const broken = null as unknown as TaskReport;
    expect(() => store.receive([...FIVE, tried("gone", goneAt(1)), broken], T0)).toThrow(TypeError);
    expect([since(), disabledOf()]).toEqual([null, null]);
    expect(transitions(FIVE.slice(0, 4))).toEqual([]);
  });

  it("that was deleted leaves nothing behind", () => {
    register([FIRST]);
    transitions(
      SECONDS.map((second) => tried(`d${second}`, { id: "ep_b", attempts: failedAttempts(second) })),
    );
    transitions([tried("gone", { ...goneAt(2), id: "ep_b" }), ...FIVE]);
    const rows = storage.sql.exec<{ doc: string }>("SELECT doc FROM document WHERE name = 'endpoint_health'");
    expect(rows.toArray().map(({ doc }) => (JSON.parse(doc) as [string][]).map(([id]) => id))).toEqual([
      [FIRST.id],
    ]);
  });
});

describe("an account", () => {
  function statements(): string[] {
    const made: string[] = [];
    const { exec } = storage.sql;
    storage.sql.exec = (query, ...bindings) => {
      made.push(`${query.split(" ", 1)[0]} ${String(bindings[0])}`);
      return exec(query, ...bindings);
    };
    return made;
  }

  it("writes how an endpoint does with the calls that bring failures or end them, and not otherwise", () => {
    const made = statements();
    const rows = (): number => made.splice(0).filter((one) => one === "INSERT endpoint_health").length;
    store.receive([tried("a", { attempts: ok(1) }), tried("b", { attempts: ok(2) })], T0);
    expect(rows()).toBe(0);
    store.receive(
      [tried("c", { attempts: failedAttempts(3) }), tried("d", { attempts: failedAttempts(4) })],
      T0,
    );
    expect(rows()).toBe(1);
    store.receive([tried("e", { attempts: ok(5) })], T0);
    expect(rows()).toBe(1);
    store.receive([tried("f", { attempts: ok(6) })], T0);
    expect(rows()).toBe(0);
  });

  it("without endpoints reads and writes nothing of how they do", () => {
    register([]);
    const made = statements();
    store.receive([aReport(1, aSummary({ attempts: failedAttempts(1) }))], T0);
    store.judgeEndpoints(T0);
    expect(made.filter((one) => one.includes("endpoint_health"))).toEqual([]);
    expect(made.filter((one) => one === "SELECT endpoints").length).toBeLessThanOrEqual(1);
  });
});
