import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  alertCause,
  alertKey,
  ALERT_TYPES,
  type Alert,
  type AlertCause,
} from "../../../../src/domain/alerts/alert.ts";
import {
  admitAlerts,
  ALERTS_AN_HOUR,
  heldUntil,
  keptUntil,
  NO_ALERTS,
} from "../../../../src/domain/alerts/book.ts";
import { T0 } from "../../../support/builders.ts";

/*
 * scenario                          requirement
 * any causes at any time            at most 20 in an hour, one of a key in 10 minutes, and none is lost from the counts
 * the same cause again              is left out for 10 minutes; the next alert says so
 */

const MINUTE = 60_000;

function failing(host: string, count = 1): AlertCause {
  return alertCause("endpoint.failing", "acme", { host, count, reason: "http_503" });
}

function exhausted(reason: string): AlertCause {
  return alertCause("delivery.exhausted", "acme", { host: "a.com", reason });
}

function total(counts: Iterable<number | undefined>): number {
  return [...counts].reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

/** Alerts of causes that come at those times, and the book after all of them. */
function sendAll(turns: readonly { at: number; causes: readonly AlertCause[] }[]) {
  let book = NO_ALERTS;
  const sent: { at: number; alert: Alert }[] = [];
  for (const { at, causes } of turns) {
    // As a process that starts reads it.
    const stored = JSON.parse(JSON.stringify(book)) as typeof book;
    const admitted = admitAlerts(stored, causes, at);
    book = admitted.book;
    sent.push(...admitted.alerts.map((alert) => ({ at, alert })));
  }
  return { sent, book };
}

const anyCause = fc.record({
  type: fc.constantFrom(...ALERT_TYPES),
  host: fc.integer({ min: 0, max: 40 }).map((number) => `h${number}.acme.com`),
  count: fc.integer({ min: 1, max: 5 }),
});
const anyTurns = fc.array(
  fc.record({
    gap: fc.oneof(fc.integer({ min: 0, max: 5 * MINUTE }), fc.integer({ min: 0, max: 90 * MINUTE })),
    causes: fc.array(anyCause, { maxLength: 30 }),
  }),
  { maxLength: 40 },
);

describe("an account's alerts", () => {
  it("are 20 an hour at most, one of a key in ten minutes, and count all that was left out", () => {
    fc.assert(
      fc.property(anyTurns, (gaps) => {
        let at = T0;
        const turns = gaps.map(({ gap, causes }) => {
          at += gap;
          return { at, causes: causes.map(({ type, ...details }) => alertCause(type, "acme", details)) };
        });
        const { sent, book } = sendAll(turns);
        for (const { at: from } of sent) {
          const hour = sent.filter((one) => one.at >= from && one.at < from + 60 * MINUTE);
          expect(hour.length).toBeLessThanOrEqual(ALERTS_AN_HOUR);
          const keys = hour.filter((one) => one.at < from + 10 * MINUTE).map(({ alert }) => alertKey(alert));
          expect(new Set(keys).size).toBe(keys.length);
        }
        for (const type of ALERT_TYPES) {
          const given = turns.flatMap(({ causes }) => causes).filter((cause) => cause.type === type);
          const told = sent.filter(({ alert }) => alert.type === type).map(({ alert }) => alert.count);
          const left = [...sent.map(({ alert }) => alert.leftOut[type]), book.leftOut[type]];
          const held = book.held.filter((cause) => cause.type === type).map(({ count }) => count);
          expect(total(told) + total(left) + total(held)).toBe(total(given.map(({ count }) => count)));
        }
      }),
    );
  });

  it("go at once, and the same again after ten minutes, with the count of what came between", () => {
    const { sent } = sendAll([
      { at: T0, causes: [failing("a.com")] },
      { at: T0 + MINUTE, causes: [failing("a.com", 3)] },
      { at: T0 + 2 * MINUTE, causes: [failing("a.com")] },
      { at: T0 + 10 * MINUTE, causes: [failing("a.com")] },
      { at: T0 + 20 * MINUTE, causes: [failing("a.com")] },
    ]);
    expect(sent).toEqual([
      { at: T0, alert: { ...failing("a.com"), leftOut: {} } },
      { at: T0 + 10 * MINUTE, alert: { ...failing("a.com"), leftOut: { "endpoint.failing": 4 } } },
      { at: T0 + 20 * MINUTE, alert: { ...failing("a.com"), leftOut: {} } },
    ]);
  });

  it("end with how each receiver does that they told of, at the latest when an hour is over", () => {
    fc.assert(
      fc.property(anyTurns, (gaps) => {
        let at = T0;
        const turns = gaps.map(({ gap, causes }) => {
          at += gap;
          return { at, causes: causes.map(({ type, ...details }) => alertCause(type, "acme", details)) };
        });
        const { book } = sendAll(turns);
        expect(book.held.length).toBeLessThanOrEqual(2 * ALERTS_AN_HOUR);
        const first = heldUntil(book);
        expect(first === null).toBe(book.held.length === 0);
        if (first === null) return;
        expect(first).toBeGreaterThan(at);
        const later = admitAlerts(book, [], first);
        expect(later.alerts.length).toBeGreaterThan(0);
        expect(admitAlerts(book, [], first - 1).alerts).toEqual([]);
        const end = admitAlerts(later.book, [], first + 60 * MINUTE);
        const told = [...later.alerts, ...end.alerts].map(({ leftOut: _count, ...cause }) => cause);
        expect(new Set(told.map(alertKey))).toEqual(new Set(book.held.map(alertKey)));
        expect(end.book.held).toEqual([]);
        expect(keptUntil(book)).toBeGreaterThanOrEqual(first);
      }),
    );
  });

  const recovered = (host: string): AlertCause => alertCause("endpoint.recovered", "acme", { host });
  const at = (minute: number, ...causes: AlertCause[]) => ({ at: T0 + minute * MINUTE, causes });

  it.each([
    {
      what: "a receiver that fails again within ten minutes of its recovery is told of when they are over",
      turns: [at(0, failing("a.com")), at(2, recovered("a.com")), at(5, failing("a.com")), at(10)],
      told: ["0 failing", "2 recovered", "10 failing"],
    },
    {
      what: "unless it has recovered by then",
      turns: [
        at(0, failing("a.com")),
        at(2, recovered("a.com")),
        at(5, failing("a.com")),
        at(7, recovered("a.com")),
        at(20),
      ],
      told: ["0 failing", "2 recovered"],
    },
    {
      what: "nor with the news that it has",
      turns: [
        at(0, failing("a.com")),
        at(2, recovered("a.com")),
        at(5, failing("a.com")),
        at(12, recovered("a.com")),
        at(30),
      ],
      told: ["0 failing", "2 recovered", "12 recovered"],
    },
    {
      what: "what goes on as it was told is only counted",
      turns: [at(0, failing("a.com")), at(5, failing("a.com")), at(30)],
      told: ["0 failing"],
    },
  ])("$what", ({ turns, told }) => {
    const said = sendAll(turns).sent.map(
      (one) => `${(one.at - T0) / MINUTE} ${one.alert.type.replace("endpoint.", "")}`,
    );
    expect(said).toEqual(told);
  });

  it("of one moment about one receiver are one alert with their count", () => {
    const { sent } = sendAll([{ at: T0, causes: [failing("a.com"), failing("b.com"), failing("a.com", 2)] }]);
    expect(sent.map(({ alert: { host, count } }) => [host, count])).toEqual([
      ["a.com", 3],
      ["b.com", 1],
    ]);
  });

  it("of one moment about one receiver say the newest reason", () => {
    const [alert] = sendAll([{ at: T0, causes: ["timeout", "http_503", "http_500"].map(exhausted) }]).sent;
    expect(alert?.alert).toMatchObject({ count: 3, reason: "http_500" });
  });

  it("of a thousand hosts are twenty; the first one an hour later says how many are missing", () => {
    const hosts = Array.from({ length: 1000 }, (_, number) => failing(`h${number}.acme.com`));
    const { sent } = sendAll([
      ...hosts.map((cause, number) => ({ at: T0 + number, causes: [cause] })),
      { at: T0 + 59 * MINUTE, causes: [failing("late.acme.com")] },
      { at: T0 + 61 * MINUTE, causes: [failing("later.acme.com")] },
    ]);
    expect(sent).toHaveLength(21);
    expect(sent.at(-1)?.alert).toMatchObject({
      host: "later.acme.com",
      leftOut: { "endpoint.failing": 981 },
    });
  });

  it("tell a host's failing from its recovery, and an endpoint from its host", () => {
    const causes = [
      failing("a.com"),
      alertCause("endpoint.recovered", "acme", { host: "a.com" }),
      alertCause("endpoint.failing", "acme", { host: "a.com", endpoint: "ep_1" }),
      alertCause("endpoint.failing", "acme", { host: "a.com", endpoint: "ep_2" }),
    ];
    expect(sendAll([{ at: T0, causes }]).sent).toHaveLength(4);
  });
});
