import { vi } from "vitest";
import { AccountAlerts } from "../../../../src/account-object/alerts/alerts.ts";
import type { AlertTarget } from "../../../../src/account-object/alerts/send.ts";
import { AccountStore } from "../../../../src/account-object/store.ts";
import { NO_ATTEMPTS } from "../../../../src/domain/account/attempts.ts";
import type { TaskReport } from "../../../../src/domain/account/report.ts";
import { aQueuedSummary, aReport, aSummary, failedAttempts, T0 } from "../../../support/builders.ts";
import { watchLog } from "../../../support/log-lines.ts";
import { SqlMemoryStorage } from "../sql-storage.ts";

export const ACCOUNT = "key:somebody";
export const SECRET = `whsec_${"A".repeat(32)}`;
export const MINUTE = 60_000;

interface Sent {
  at: number;
  url: string;
  headers: Headers;
  body: string;
}

const realTimeout = setTimeout;

/** An account that tells its operator, under a fake clock; the receiver of its alerts is simulated. */
export class AlertingAccount {
  readonly storage = new SqlMemoryStorage();
  readonly sent: Sent[] = [];
  readonly logged: Record<string, unknown>[] = [];
  /** What the receiver of alerts answers. */
  answer: () => Promise<Response> = async () => new Response("the receiver's canary");
  target: AlertTarget | null = {
    alerts: { url: "https://alerts.acme.com/in?token=canary", format: "standard", secret: SECRET },
    rules: { allowPrivate: false, ownHosts: ["ringback.acme.com"] },
  };
  store: AccountStore;
  alerts: AccountAlerts;
  /** Alerts that are being sent. */
  #underWay = 0;

  constructor() {
    vi.useFakeTimers({ now: T0 });
    watchLog((line) => this.logged.push(JSON.parse(line) as Record<string, unknown>));
    vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
      const body = typeof init?.body === "string" ? init.body : "";
      this.sent.push({
        at: Date.now(),
        url: typeof url === "string" ? url : "",
        headers: new Headers(init?.headers),
        body,
      });
      return this.answer();
    });
    ({ store: this.store, alerts: this.alerts } = this.#newProcess());
  }

  close(): void {
    vi.useRealTimers();
    vi.restoreAllMocks();
    this.storage.close();
  }

  /** Another process, which knows only what is stored. */
  begin(): void {
    Object.assign(this, this.#newProcess());
  }

  hear(...reports: TaskReport[]): void {
    const { transitions } = this.store.receive(reports, Date.now());
    this.alerts.tell({ transitions, changes: this.store.alerts.takeChanges() });
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    const until = Date.now() + ms;
    for (;;) {
      await this.#atRest();
      const left = until - Date.now();
      if (left <= 0) return;
      await vi.advanceTimersByTimeAsync(this.#underWay > 0 ? Math.min(left, 500) : left);
    }
  }

  bodies(): Record<string, unknown>[] {
    return this.sent.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  }

  types(): unknown[] {
    return this.bodies().map(({ type }) => type);
  }

  #newProcess(): { store: AccountStore; alerts: AccountAlerts } {
    const store = new AccountStore(this.storage, { hasAlerts: this.target !== null });
    const alerts = new AccountAlerts({
      account: () => ACCOUNT,
      store: store.alerts,
      target: () => this.target,
      background: (work) => {
        this.#underWay += 1;
        void work.finally(() => (this.#underWay -= 1));
      },
    });
    return { store, alerts };
  }

  /**
   * Signing is real work, which a simulated clock does not wait for: until each alert under way waits for a timer, and
   * nothing more has happened for a while.
   */
  async #atRest(): Promise<void> {
    let seen = "";
    for (let quiet = 0, looks = 0; quiet < 3 && looks < 1000; looks += 1) {
      await new Promise((resolve) => realTimeout(resolve, 3));
      const is = [this.#underWay, vi.getTimerCount(), this.sent.length, this.logged.length].join();
      quiet = is === seen && vi.getTimerCount() >= this.#underWay ? quiet + 1 : 0;
      seen = is;
    }
  }
}

/** Five tasks whose first attempts at the host have failed, over more than a minute until now. */
export function failures(host: string, of = ""): TaskReport[] {
  const seconds = (Date.now() - T0) / 1000;
  return [-90, -60, -40, -20, 0].map((ago) => {
    const name = `${host}${of}${ago}`.padEnd(26, "x");
    const attempts = failedAttempts(seconds + ago);
    return aReport(1, aQueuedSummary({ name, callbackHost: host, attempts, createdAt: T0 }));
  });
}

export function success(host: string): TaskReport {
  const attempts = { ...NO_ATTEMPTS, delivered: 1, deliveredAt: Date.now() };
  const name = `${host}well`.padEnd(26, "x");
  return aReport(1, aSummary({ name, callbackHost: host, attempts, createdAt: T0 }));
}
