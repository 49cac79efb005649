import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyWebhook } from "../../../../src/webhook/verify.ts";
import { T0 } from "../../../support/builders.ts";
import { ACCOUNT, AlertingAccount, failures, MINUTE, SECRET, success } from "./alerting-account.ts";

/*
 * An account that tells its operator of hosts, with a receiver of alerts that is simulated.
 *
 * scenario                                   requirement
 * a host that fails, and recovers            one alert each, at once; none twice, whatever process hears of it
 * it fails again soon after                  told when ten minutes are over, if it still holds
 * an account without anything else           remembers its alerts for an hour
 * a thousand hosts that fail                 20 alerts in the hour; the next one says how many are missing
 */

let account: AlertingAccount;
beforeEach(() => {
  account = new AlertingAccount();
});
afterEach(() => account.close());

const NOTHING_SENT: AlertingAccount["sent"][number] = { at: 0, url: "", headers: new Headers(), body: "" };

describe("a host that fails", () => {
  it("is one alert, and its recovery another, whatever process hears of it", async () => {
    account.hear(...failures("a.acme.com"));
    await account.pass(1);
    account.begin();
    account.hear(...failures("a.acme.com"));
    await account.pass(MINUTE);
    account.hear(success("a.acme.com"));
    await account.pass(1);
    account.begin();
    account.hear(success("a.acme.com"));
    await account.pass(MINUTE);
    expect(account.bodies()).toEqual([
      {
        id: expect.stringMatching(/^msg_/),
        type: "endpoint.failing",
        timestamp: new Date(T0).toISOString(),
        data: {
          account: ACCOUNT,
          host: "a.acme.com",
          count: 1,
          since: new Date(T0 - 90_000).toISOString(),
          reason: "http_503",
          left_out: {},
        },
      },
      expect.objectContaining({ type: "endpoint.recovered" }),
    ]);
  });

  it("is signed as a callback is, and carries the number of the try", async () => {
    account.hear(...failures("a.acme.com"));
    await account.pass(1);
    const [{ headers, body, url } = NOTHING_SENT] = account.sent;
    expect(url).toBe("https://alerts.acme.com/in?token=canary");
    expect(headers.get("ringback-attempt")).toBe("1");
    expect(headers.get("webhook-id")).toBe(account.bodies()[0]?.["id"]);
    const received = {
      id: headers.get("webhook-id"),
      timestamp: headers.get("webhook-timestamp"),
      signatures: headers.get("webhook-signature"),
      body: new TextEncoder().encode(body),
    };
    expect(await verifyWebhook(received, [SECRET], Date.now())).toBeNull();
  });

  it.each([
    ["standard", null],
    ["slack", SECRET],
  ] as const)("is not signed in the format %s with the secret %s", async (format, secret) => {
    if (account.target) account.target.alerts = { ...account.target.alerts, format, secret };
    account.hear(...failures("a.acme.com"));
    await account.pass(1);
    expect(account.sent[0]?.headers.has("webhook-signature")).toBe(false);
    expect(Object.keys(account.bodies()[0] ?? {})).toEqual(
      format === "slack" ? ["text"] : ["id", "type", "timestamp", "data"],
    );
  });

  it("again is left out for ten minutes, also by a process that starts", async () => {
    for (let minute = 0; minute < 9; minute += 3) {
      account.hear(...failures("a.acme.com", `at${minute}`));
      await account.pass(MINUTE);
      account.hear({ ...success("a.acme.com"), name: `well${minute}` });
      await account.pass(2 * MINUTE);
      account.begin();
    }
    expect(account.types()).toEqual(["endpoint.failing", "endpoint.recovered"]);
  });
});

describe("a host that fails again soon after its recovery", () => {
  it("is told of when ten minutes are over: the alarm comes for it, whatever process is there then", async () => {
    account.hear(...failures("a.acme.com"));
    await account.pass(2 * MINUTE);
    account.hear(success("a.acme.com"));
    await account.pass(3 * MINUTE);
    account.hear(...failures("a.acme.com", "again"));
    await account.pass(1);
    expect(account.types()).toEqual(["endpoint.failing", "endpoint.recovered"]);
    expect(await account.storage.getAlarm()).toBe(T0 + 10 * MINUTE);
    account.begin();
    await account.pass(5 * MINUTE - 2);
    account.alerts.tell({});
    expect(account.types()).toHaveLength(2);
    await account.pass(1);
    account.alerts.tell({});
    await account.pass(1);
    expect(account.types()).toEqual(["endpoint.failing", "endpoint.recovered", "endpoint.failing"]);
  });
});

describe("an account that has nothing but its alerts", () => {
  it("keeps them for the hour that their limits look back", async () => {
    const at = Date.now();
    const trouble = { account: ACCOUNT, upstream: "aio", at, status: 402, reason: null, message: null };
    const tell = (): void =>
      account.alerts.tell({ troubles: [{ ...trouble, calls: 1, isAboutSubmits: true }] });
    const isEmpty = (): boolean =>
      account.storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master").toArray().length === 0;
    tell();
    await account.pass(MINUTE);
    await account.store.endRun({ now: Date.now(), retentionMs: 0 }, true);
    expect(await account.storage.getAlarm()).toBe(T0 + 60 * MINUTE);
    account.begin();
    tell();
    await account.pass(1);
    expect(account.types()).toEqual(["upstream.refusing"]);
    await account.pass(59 * MINUTE);
    expect(isEmpty()).toBe(false);
    account.store.alarmFired();
    await account.store.endRun({ now: Date.now(), retentionMs: 0 }, true);
    expect(isEmpty()).toBe(true);
  });
});

describe("a thousand hosts that fail", () => {
  it("are 20 alerts in the hour, and the next one says how many are missing", async () => {
    await account.pass(2 * MINUTE);
    for (let call = 0; call < 50; call += 1) {
      const hosts = Array.from({ length: 20 }, (_, index) => `h${20 * call + index}.acme.com`);
      account.hear(...hosts.flatMap((host) => failures(host)));
      if (call === 24) account.begin();
    }
    await account.pass(59 * MINUTE);
    expect(account.types()).toEqual(Array(20).fill("endpoint.failing"));
    await account.pass(MINUTE);
    account.hear(success("h999.acme.com"));
    await account.pass(1);
    const { data } = account.bodies().at(-1) as { data: { left_out: Record<string, number> } };
    expect(account.sent).toHaveLength(21);
    // What a process that died had left out since its last write is not counted.
    expect(data.left_out["endpoint.failing"]).toBeGreaterThanOrEqual(499);
    expect(data.left_out["endpoint.failing"]).toBeLessThanOrEqual(980);
  });
});
