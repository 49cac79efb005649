import {
  failingSince,
  hasNewAttempts,
  observe,
  restarted,
  transitionOf,
  type HealthTransition,
  type HostHealth,
} from "../../domain/account/hosts.ts";
import { attemptsAt } from "../../domain/account/receivers.ts";
import type { TaskSummary } from "../../domain/account/summary.ts";
import { receiverHost } from "../../domain/delivery/endpoint-policy.ts";
import { disablingOf } from "../../domain/endpoint/disabling.ts";
import type { Endpoint } from "../../domain/endpoint/endpoint.ts";
import { failingEndOf } from "../../domain/endpoint/failing-end.ts";
import { HealthStore } from "../health-store.ts";
import type { AccountRows } from "../rows.ts";

/** What this needs of the account's registered endpoints. */
interface RegisteredEndpoints {
  all: () => readonly Endpoint[];
  find: (id: string) => Endpoint | null;
  disable: (id: string, disabled: NonNullable<Endpoint["disabled"]>) => void;
}

/**
 * How an account's registered endpoints do, and the end of those that are gone or have failed for too long. An account
 * without endpoints reads and writes nothing for it.
 */
export class EndpointHealth {
  readonly #endpoints: RegisteredEndpoints;
  readonly #health: HealthStore;
  /** By id: when it answered 410, as a report of the present transaction says. */
  readonly #gone = new Map<string, number>();

  constructor(rows: Pick<AccountRows, "document" | "writeDocument">, endpoints: RegisteredEndpoints) {
    this.#endpoints = endpoints;
    const excess = (all: ReadonlyMap<string, HostHealth>): string[] =>
      [...all.keys()].filter((id) => endpoints.find(id) === null);
    this.#health = new HealthStore({ rows, document: "endpoint_health", excess });
  }

  /** Null: it is not failing, or there is none with this id. */
  failingSince(id: string): number | null {
    const endpoint = this.#endpoints.find(id);
    return endpoint && failingSince(this.#healthOf(endpoint));
  }

  /** Whether one that is sent to fails: then its end may come without a report. */
  hasFailing(): boolean {
    return this.#endpoints
      .all()
      .some(({ id, disabled }) => disabled === null && this.failingSince(id) !== null);
  }

  /** A report of a task, of a test, too. `before`: the report that was known until then. Of a deleted endpoint nothing is kept. */
  observe(before: TaskSummary | null, { endpoints }: TaskSummary): void {
    for (const { id, attempts, goneAt } of endpoints) {
      const endpoint = this.#endpoints.find(id);
      if (endpoint === null) continue;
      if (goneAt !== null) this.#gone.set(id, Math.max(goneAt, this.#gone.get(id) ?? 0));
      const known = attemptsAt(before, id);
      if (hasNewAttempts(known, attempts)) {
        this.#health.set(id, observe(this.#healthOf(endpoint), known, attempts));
      }
    }
  }

  /** Ends a transaction, and says which endpoints it has changed. */
  flush(now: number): HealthTransition[] {
    const changes = new Map(this.#health.flush().map((change) => [change.name, change]));
    const gone = new Map(this.#gone);
    this.#gone.clear();
    return [...new Set([...changes.keys(), ...gone.keys()])].flatMap((id) => {
      const endpoint = this.#endpoints.find(id);
      if (endpoint === null || endpoint.disabled !== null) return [];
      const end = this.#disable(endpoint, gone.get(id) ?? null, now);
      if (end) return [end];
      const change = changes.get(id);
      const was = change && restarted(change.was, endpoint.countsFrom);
      return (was && transitionOf(receiverOf(endpoint), was, change.is)) ?? [];
    });
  }

  /** Disables those that have failed for too long, though nothing was reported of them lately. */
  judge(now: number): HealthTransition[] {
    return this.#endpoints.all().flatMap((endpoint) => this.#disable(endpoint, null, now) ?? []);
  }

  /** Those that are failing no more after a call that leaves `endpoints`. */
  endedBy(endpoints: readonly Endpoint[]): HealthTransition[] {
    return this.#endpoints.all().flatMap((before) => {
      const after = endpoints.find(({ id }) => id === before.id);
      return failingEndOf(before, after, this.#healthOf(before)) ?? [];
    });
  }

  /** Drops what memory holds: it may be ahead of the rows. */
  forget(): void {
    this.#health.forget();
    this.#gone.clear();
  }

  #disable(endpoint: Endpoint, goneAt: number | null, now: number): HealthTransition | null {
    const end = disablingOf(endpoint, { goneAt, health: this.#healthOf(endpoint) }, now);
    if (end === null) return null;
    this.#endpoints.disable(endpoint.id, { reason: end.reason, at: now });
    return { kind: "disabled", ...receiverOf(endpoint), ...end };
  }

  /** What came before it was enabled, or at another URL, is over. */
  #healthOf({ id, countsFrom }: Endpoint): HostHealth {
    return restarted(this.#health.get(id), countsFrom);
  }
}

function receiverOf({ id, url }: Endpoint): { endpoint: string; host: string } {
  return { endpoint: id, host: receiverHost(url) };
}
