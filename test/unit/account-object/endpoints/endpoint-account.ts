import { expect } from "vitest";
import { AccountRows } from "../../../../src/account-object/rows.ts";
import { AccountStore } from "../../../../src/account-object/store.ts";
import { NO_ATTEMPTS, type AttemptTally } from "../../../../src/domain/account/attempts.ts";
import type { TaskReport } from "../../../../src/domain/account/report.ts";
import type { EndpointSummary } from "../../../../src/domain/account/summary.ts";
import { patched } from "../../../../src/domain/endpoint/change.ts";
import type { Endpoint } from "../../../../src/domain/endpoint/endpoint.ts";
import {
  anEndpoint,
  anEndpointSummary,
  aQueuedSummary,
  aReport,
  failedAttempts,
  T0,
} from "../../../support/builders.ts";
import { SqlMemoryStorage } from "../sql-storage.ts";

export const DAY = 86_400_000;
const createdAt = T0 - DAY;
export const [FIRST, SECOND] = [
  anEndpoint({ createdAt }),
  anEndpoint({ id: "ep_b", url: "https://other.acme.com/", createdAt }),
];
export const AT_FIRST = { endpoint: FIRST.id, host: "endpoint.acme.com" };
export const SECONDS = [0, 5, 35, 155, 455];

/** An account with two registered endpoints. */
export class EndpointAccount {
  storage = new SqlMemoryStorage();
  store: AccountStore;

  constructor() {
    this.store = this.register([FIRST, SECOND]);
  }

  close(): void {
    this.storage.close();
  }

  /** As if there had been these alone, in a process that has just started. */
  register(endpoints: readonly Endpoint[]): AccountStore {
    new AccountRows(this.storage.sql).writeDocument("endpoints", endpoints);
    this.store = new AccountStore(this.storage);
    return this.store;
  }

  /** As an owner does by `enabled: true`. */
  enable(countsFrom: number): void {
    this.register([{ ...FIRST, countsFrom }, SECOND]);
  }

  /** As an owner does by `url`. */
  moveTo(url: string, now: number): void {
    const moved = patched(this.store.endpoints.all(), FIRST.id, { url }, now);
    if (moved.kind !== "patched") throw new Error(moved.kind);
    this.register(moved.endpoints);
  }

  transitions(reports: readonly TaskReport[], now = T0): unknown[] {
    return this.store.receive(reports, now).transitions.filter(({ endpoint }) => endpoint !== null);
  }

  disabledOf(id = FIRST.id): Endpoint["disabled"] {
    const both = [this.store, new AccountStore(this.storage)];
    const [now, later] = both.map((one) => one.endpoints.find(id)?.disabled);
    expect(later).toEqual(now);
    return now ?? null;
  }

  since(id = FIRST.id): number | null {
    const both = [this.store, new AccountStore(this.storage)];
    const [now, later] = both.map((one) => one.endpoints.failingSince(id));
    expect(later).toBe(now);
    return now ?? null;
  }
}

export function ok(second: number): AttemptTally {
  return { ...NO_ATTEMPTS, delivered: 1, deliveredAt: T0 + 1000 * second };
}

/** A task's first report. */
export function tried(name: string, about: Partial<EndpointSummary>): TaskReport {
  return aReport(1, aQueuedSummary({ name, endpoints: [anEndpointSummary(about)] }));
}

export function goneAt(second: number): Partial<EndpointSummary> {
  return { attempts: failedAttempts(second), goneAt: T0 + 1000 * second };
}

export const FIVE = SECONDS.map((second) => tried(`t${second}`, { attempts: failedAttempts(second) }));
