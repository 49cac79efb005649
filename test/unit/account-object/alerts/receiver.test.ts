import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AlertStore } from "../../../../src/account-object/alerts/store.ts";
import { alertCause } from "../../../../src/domain/alerts/alert.ts";
import type { UpstreamTrouble } from "../../../../src/domain/alerts/upstream.ts";
import { aQueuedSummary, aReport, T0 } from "../../../support/builders.ts";
import { ACCOUNT, AlertingAccount, failures, MINUTE } from "./alerting-account.ts";

/*
 * A receiver of alerts, upstreams that refuse, and what is not sent or not remembered.
 *
 * scenario                                   requirement
 * a receiver of alerts that fails            three tries after 1 s and 5 s, one line in the log; the next alert goes out
 * a receiver of alerts that hangs            the report is answered; three alerts on their way at most
 * an upstream that refuses                   one alert, and one when a task is accepted again
 * no ALERT_URL                               nothing is collected or sent, and no row is written
 */

let account: AlertingAccount;
beforeEach(() => {
  account = new AlertingAccount();
});
afterEach(() => account.close());

describe("a receiver of alerts", () => {
  it.each([
    [
      "that fails",
      async () => new Response("canary", { status: 500 }),
      { reason: "http_500", status_code: 500 },
    ],
    [
      "that redirects",
      async () => new Response("", { status: 302, headers: { location: "https://evil.acme.com/canary" } }),
      { reason: "redirect", status_code: 302 },
    ],
    ["that is gone", async () => new Response("", { status: 410 }), { reason: "gone", status_code: 410 }],
    [
      "that cannot be reached",
      async () => {
        throw new Error("canary");
      },
      { reason: "connection", status_code: null },
    ],
  ])("%s is tried three times, after 1 s and 5 s, and is a line in the log", async (_what, fails, words) => {
    account.answer = fails;
    account.hear(...failures("a.acme.com"));
    await account.pass(MINUTE);
    expect(account.sent.map(({ at }) => at - T0)).toEqual([0, 1000, 6000]);
    expect(new Set(account.bodies().map(({ id }) => id)).size).toBe(1);
    expect(account.sent.map(({ headers }) => headers.get("ringback-attempt"))).toEqual(["1", "2", "3"]);
    expect(account.logged).toEqual([
      { event: "alert.failed", account: ACCOUNT, alert: "endpoint.failing", ...words },
    ]);
    account.answer = async () => new Response("");
    account.hear(...failures("b.acme.com"));
    await account.pass(1);
    expect(account.sent).toHaveLength(4);
  });

  it("that hangs has three alerts at one time, and holds up no report", async () => {
    account.answer = async () => new Promise<never>(() => undefined);
    for (let host = 0; host < 10; host += 1) account.hear(...failures(`h${host}.acme.com`));
    expect(account.store.stats().tasks.queued).toBe(50);
    await account.pass(1);
    expect(account.sent).toHaveLength(3);
  });

  it("is judged before each try", async () => {
    account.answer = async () => new Response("", { status: 500 });
    account.hear(...failures("a.acme.com"));
    await account.pass(1);
    if (account.target) account.target.rules = { allowPrivate: false, ownHosts: ["alerts.acme.com"] };
    await account.pass(MINUTE);
    expect(account.sent.map(({ at }) => at - T0)).toEqual([0]);
    expect(account.logged).toEqual([
      expect.objectContaining({ event: "alert.failed", reason: "url_rejected" }),
    ]);
  });
});

describe("an upstream that refuses the operator", () => {
  const trouble = (overrides: Partial<UpstreamTrouble> = {}): UpstreamTrouble => ({
    account: ACCOUNT,
    upstream: "aio",
    at: Date.now(),
    status: 402,
    reason: null,
    message: "The balance is used up.",
    calls: 1,
    isAboutSubmits: true,
    ...overrides,
  });

  it("is one alert in ten minutes, and one when a task is accepted again", async () => {
    account.alerts.tell({ troubles: [trouble()] });
    await account.pass(MINUTE);
    account.begin();
    account.alerts.tell({ troubles: [trouble({ calls: 7 })] });
    await account.pass(1000);
    // Accepted before the last refusal.
    account.hear(aReport(1, aQueuedSummary({ name: "a", createdAt: T0, submittedAt: T0 })));
    await account.pass(1000);
    account.hear(aReport(1, aQueuedSummary({ name: "b", createdAt: T0, submittedAt: Date.now() })));
    account.hear(aReport(1, aQueuedSummary({ name: "c", createdAt: T0, submittedAt: Date.now() })));
    await account.pass(MINUTE);
    expect(account.bodies()).toMatchObject([
      {
        type: "upstream.refusing",
        data: { upstream: "aio", code: "upstream_payment_required", message: "The balance is used up." },
      },
      { type: "upstream.recovered", data: { left_out: { "upstream.refusing": 7 } } },
    ]);
  });
});

describe("an alert that could not be remembered", () => {
  it("was not sent, and does not count as sent", () => {
    const written: unknown[] = [];
    let isBroken = true;
    const writeDocument = (_name: string, value: unknown): void => {
      if (isBroken) throw new Error("no space");
      written.push(value);
    };
    const rows = { document: () => null, writeDocument };
    const remembering = new AlertStore({ rows, arm: () => undefined, collects: true });
    const cause = alertCause("endpoint.failing", ACCOUNT, { host: "a.acme.com" });
    expect(() => remembering.admit([cause], {}, T0)).toThrow("no space");
    isBroken = false;
    expect(remembering.admit([cause], {}, T0)).toEqual([{ ...cause, leftOut: {} }]);
    expect(written).toHaveLength(1);
  });
});

describe("an account without ALERT_URL", () => {
  it("sends nothing and writes nothing of it", async () => {
    account.target = null;
    account.begin();
    const { transitions } = account.store.receive(failures("a.acme.com"), Date.now());
    const changes = account.store.alerts.takeChanges();
    expect(changes).toEqual([]);
    account.alerts.tell({ transitions, changes });
    await account.pass(MINUTE);
    expect(account.sent).toEqual([]);
    const documents = account.storage.sql.exec<{ name: string }>("SELECT name FROM document").toArray();
    expect(documents.map(({ name }) => name)).toEqual(["hosts"]);
  });
});
