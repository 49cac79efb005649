import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountAlerts } from "../../../src/account-object/alerts/alerts.ts";
import type { AlertTarget } from "../../../src/account-object/alerts/send.ts";
import { AlertStore } from "../../../src/account-object/alerts/store.ts";
import { alertCause } from "../../../src/domain/alerts/alert.ts";
import { AccountStore } from "../../../src/account-object/store.ts";
import { NO_ATTEMPTS } from "../../../src/domain/account/attempts.ts";
import type { TaskReport } from "../../../src/domain/account/report.ts";
import type { UpstreamTrouble } from "../../../src/domain/alerts/upstream.ts";
import { verifyWebhook } from "../../../src/webhook/verify.ts";
import { aQueuedSummary, aReport, aSummary, failedAttempts, T0 } from "../../support/builders.ts";
import { watchLog } from "../../support/log-lines.ts";
import { SqlMemoryStorage } from "../../support/sql-storage.ts";

/*
 * An account that tells its operator, with a receiver of alerts that is simulated.
 *
 * scenario                                   requirement
 * a host that fails, and recovers            one alert each, at once; none twice, whatever process hears of it
 * it fails again soon after                  told when ten minutes are over, if it still holds
 * an account without anything else           remembers its alerts for an hour
 * a thousand hosts that fail                 20 alerts in the hour; the next one says how many are missing
 * a receiver of alerts that fails            three tries after 1 s and 5 s, one line in the log; the next alert goes out
 * a receiver of alerts that hangs            the report is answered; three alerts on their way at most
 * an upstream that refuses                   one alert, and one when a task is accepted again
 * no ALERT_URL                               nothing is collected or sent, and no row is written
 */

const ACCOUNT = "key:somebody";
const SECRET = `whsec_${"A".repeat(32)}`;
const MINUTE = 60_000;

interface Sent {
  at: number;
  url: string;
  headers: Headers;
  body: string;
}

const NOTHING_SENT: Sent = { at: 0, url: "", headers: new Headers(), body: "" };

let storage: SqlMemoryStorage;
let store: AccountStore;
let alerts: AccountAlerts;
let target: AlertTarget | null;
let logged: Record<string, unknown>[];
let answer: () => Promise<Response>;
const sent: Sent[] = [];
/** Alerts that are being sent. */
let underWay = 0;
const realTimeout = setTimeout;

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
  logged = [];
  watchLog((line) => logged.push(JSON.parse(line) as Record<string, unknown>));
  storage = new SqlMemoryStorage();
  sent.length = 0;
  underWay = 0;
  answer = async () => new Response("the receiver's canary");
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    const body = typeof init?.body === "string" ? init.body : "";
    sent.push({
      at: Date.now(),
      url: typeof url === "string" ? url : "",
      headers: new Headers(init?.headers),
      body,
    });
    return answer();
  });
  target = {
    alerts: { url: "https://alerts.acme.com/in?token=canary", format: "standard", secret: SECRET },
    rules: { allowPrivate: false, ownHosts: ["ringback.acme.com"] },
  };
  begin();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  storage.close();
});

/** A process that knows only what is stored. */
function begin(): void {
  store = new AccountStore(storage, { hasAlerts: target !== null });
  alerts = new AccountAlerts({
    account: ACCOUNT,
    store: store.alerts,
    target: () => target,
    background: (work) => {
      underWay += 1;
      void work.finally(() => (underWay -= 1));
    },
  });
}

function hear(...reports: TaskReport[]): void {
  const { transitions } = store.receive(reports, Date.now());
  alerts.tell({ transitions, changes: store.alerts.takeChanges() });
}

/** Lets so much time pass. */
async function pass(ms: number): Promise<void> {
  const until = Date.now() + ms;
  for (;;) {
    await atRest();
    const left = until - Date.now();
    if (left <= 0) return;
    await vi.advanceTimersByTimeAsync(underWay > 0 ? Math.min(left, 500) : left);
  }
}

/**
 * Signing is real work, which a simulated clock does not wait for: until each alert under way waits for a timer, and
 * nothing more has happened for a while.
 */
async function atRest(): Promise<void> {
  let seen = "";
  for (let quiet = 0, looks = 0; quiet < 3 && looks < 1000; looks += 1) {
    await new Promise((resolve) => realTimeout(resolve, 3));
    const is = [underWay, vi.getTimerCount(), sent.length, logged.length].join();
    quiet = is === seen && vi.getTimerCount() >= underWay ? quiet + 1 : 0;
    seen = is;
  }
}

const bodies = () => sent.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
const types = () => bodies().map(({ type }) => type);

/** Five tasks whose first attempts at the host have failed, over more than a minute until now. */
function failures(host: string, of = ""): TaskReport[] {
  const seconds = (Date.now() - T0) / 1000;
  return [-90, -60, -40, -20, 0].map((ago) => {
    const name = `${host}${of}${ago}`.padEnd(26, "x");
    const attempts = failedAttempts(seconds + ago);
    return aReport(1, aQueuedSummary({ name, callbackHost: host, attempts, createdAt: T0 }));
  });
}

function success(host: string): TaskReport {
  const attempts = { ...NO_ATTEMPTS, delivered: 1, deliveredAt: Date.now() };
  const name = `${host}well`.padEnd(26, "x");
  return aReport(1, aSummary({ name, callbackHost: host, attempts, createdAt: T0 }));
}

describe("a host that fails", () => {
  it("is one alert, and its recovery another, whatever process hears of it", async () => {
    hear(...failures("a.acme.com"));
    await pass(1);
    begin();
    hear(...failures("a.acme.com"));
    await pass(MINUTE);
    hear(success("a.acme.com"));
    await pass(1);
    begin();
    hear(success("a.acme.com"));
    await pass(MINUTE);
    expect(bodies()).toEqual([
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
    hear(...failures("a.acme.com"));
    await pass(1);
    const [{ headers, body, url } = NOTHING_SENT] = sent;
    expect(url).toBe("https://alerts.acme.com/in?token=canary");
    expect(headers.get("ringback-attempt")).toBe("1");
    expect(headers.get("webhook-id")).toBe(bodies()[0]?.["id"]);
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
    if (target) target.alerts = { ...target.alerts, format, secret };
    hear(...failures("a.acme.com"));
    await pass(1);
    expect(sent[0]?.headers.has("webhook-signature")).toBe(false);
    expect(Object.keys(bodies()[0] ?? {})).toEqual(
      format === "slack" ? ["text"] : ["id", "type", "timestamp", "data"],
    );
  });

  it("again is left out for ten minutes, also by a process that starts", async () => {
    for (let minute = 0; minute < 9; minute += 3) {
      hear(...failures("a.acme.com", `at${minute}`));
      await pass(MINUTE);
      hear({ ...success("a.acme.com"), name: `well${minute}` });
      await pass(2 * MINUTE);
      begin();
    }
    expect(types()).toEqual(["endpoint.failing", "endpoint.recovered"]);
  });
});

describe("a host that fails again soon after its recovery", () => {
  it("is told of when ten minutes are over: the alarm comes for it, whatever process is there then", async () => {
    hear(...failures("a.acme.com"));
    await pass(2 * MINUTE);
    hear(success("a.acme.com"));
    await pass(3 * MINUTE);
    hear(...failures("a.acme.com", "again"));
    await pass(1);
    expect(types()).toEqual(["endpoint.failing", "endpoint.recovered"]);
    expect(await storage.getAlarm()).toBe(T0 + 10 * MINUTE);
    begin();
    await pass(5 * MINUTE - 2);
    alerts.tell({});
    expect(types()).toHaveLength(2);
    await pass(1);
    alerts.tell({});
    await pass(1);
    expect(types()).toEqual(["endpoint.failing", "endpoint.recovered", "endpoint.failing"]);
  });
});

describe("an account that has nothing but its alerts", () => {
  it("keeps them for the hour that their limits look back", async () => {
    const at = Date.now();
    const trouble = { account: ACCOUNT, upstream: "aio", at, status: 402, reason: null, message: null };
    const tell = (): void => alerts.tell({ troubles: [{ ...trouble, calls: 1, isAboutSubmits: true }] });
    const isEmpty = (): boolean =>
      storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master").toArray().length === 0;
    tell();
    await pass(MINUTE);
    await store.endRun({ now: Date.now(), retentionMs: 0 }, true);
    expect(await storage.getAlarm()).toBe(T0 + 60 * MINUTE);
    begin();
    tell();
    await pass(1);
    expect(types()).toEqual(["upstream.refusing"]);
    await pass(59 * MINUTE);
    expect(isEmpty()).toBe(false);
    store.alarmFired();
    await store.endRun({ now: Date.now(), retentionMs: 0 }, true);
    expect(isEmpty()).toBe(true);
  });
});

describe("a thousand hosts that fail", () => {
  it("are 20 alerts in the hour, and the next one says how many are missing", async () => {
    await pass(2 * MINUTE);
    for (let call = 0; call < 50; call += 1) {
      const hosts = Array.from({ length: 20 }, (_, index) => `h${20 * call + index}.acme.com`);
      hear(...hosts.flatMap((host) => failures(host)));
      if (call === 24) begin();
    }
    await pass(59 * MINUTE);
    expect(types()).toEqual(Array(20).fill("endpoint.failing"));
    await pass(MINUTE);
    hear(success("h999.acme.com"));
    await pass(1);
    const { data } = bodies().at(-1) as { data: { left_out: Record<string, number> } };
    expect(sent).toHaveLength(21);
    // What a process that died had left out since its last write is not counted.
    expect(data.left_out["endpoint.failing"]).toBeGreaterThanOrEqual(499);
    expect(data.left_out["endpoint.failing"]).toBeLessThanOrEqual(980);
  });
});

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
    answer = fails;
    hear(...failures("a.acme.com"));
    await pass(MINUTE);
    expect(sent.map(({ at }) => at - T0)).toEqual([0, 1000, 6000]);
    expect(new Set(bodies().map(({ id }) => id)).size).toBe(1);
    expect(sent.map(({ headers }) => headers.get("ringback-attempt"))).toEqual(["1", "2", "3"]);
    expect(logged).toEqual([
      { event: "alert.failed", account: ACCOUNT, alert: "endpoint.failing", ...words },
    ]);
    answer = async () => new Response("");
    hear(...failures("b.acme.com"));
    await pass(1);
    expect(sent).toHaveLength(4);
  });

  it("that hangs has three alerts at one time, and holds up no report", async () => {
    answer = async () => new Promise<never>(() => undefined);
    for (let host = 0; host < 10; host += 1) hear(...failures(`h${host}.acme.com`));
    expect(store.stats().tasks.queued).toBe(50);
    await pass(1);
    expect(sent).toHaveLength(3);
  });

  it("is judged before each try", async () => {
    answer = async () => new Response("", { status: 500 });
    hear(...failures("a.acme.com"));
    await pass(1);
    if (target) target.rules = { allowPrivate: false, ownHosts: ["alerts.acme.com"] };
    await pass(MINUTE);
    expect(sent.map(({ at }) => at - T0)).toEqual([0]);
    expect(logged).toEqual([expect.objectContaining({ event: "alert.failed", reason: "url_rejected" })]);
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
    alerts.tell({ troubles: [trouble()] });
    await pass(MINUTE);
    begin();
    alerts.tell({ troubles: [trouble({ calls: 7 })] });
    await pass(1000);
    // Accepted before the last refusal.
    hear(aReport(1, aQueuedSummary({ name: "a", createdAt: T0, submittedAt: T0 })));
    await pass(1000);
    hear(aReport(1, aQueuedSummary({ name: "b", createdAt: T0, submittedAt: Date.now() })));
    hear(aReport(1, aQueuedSummary({ name: "c", createdAt: T0, submittedAt: Date.now() })));
    await pass(MINUTE);
    expect(bodies()).toMatchObject([
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
    target = null;
    begin();
    const { transitions } = store.receive(failures("a.acme.com"), Date.now());
    const changes = store.alerts.takeChanges();
    expect(changes).toEqual([]);
    alerts.tell({ transitions, changes });
    await pass(MINUTE);
    expect(sent).toEqual([]);
    const documents = storage.sql.exec<{ name: string }>("SELECT name FROM document").toArray();
    expect(documents.map(({ name }) => name)).toEqual(["hosts"]);
  });
});
