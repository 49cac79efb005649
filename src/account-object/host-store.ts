import { lastAttemptAt } from "../domain/account/attempts.ts";
import {
  failingSince,
  hasNewAttempts,
  HOSTS_MAX,
  observe,
  transitionOf,
  type HealthTransition,
  type HostHealth,
} from "../domain/account/hosts.ts";
import { attemptsAt, receiversOf } from "../domain/account/receivers.ts";
import type { HostCount, HostStats } from "../domain/account/stats.ts";
import type { TaskSummary } from "../domain/account/summary.ts";
import { HealthStore } from "./health-store.ts";
import type { AccountRows } from "./rows.ts";

/** How the hosts of an account's receivers do. */
export class HostStore {
  readonly #health: HealthStore;

  constructor(rows: Pick<AccountRows, "document" | "writeDocument">) {
    this.#health = new HealthStore({ rows, document: "hosts", excess: oldest });
  }

  shown(count: HostCount): HostStats {
    const health = this.#health.get(count.host);
    return { ...count, failingSince: failingSince(health), lastReason: health.lastFailure?.reason ?? null };
  }

  /** A report of a task. `before`: the report that was known until then. Tests count for no host. */
  observe(before: TaskSummary | null, after: TaskSummary): void {
    if (after.test) return;
    for (const { endpoint, host, attempts } of receiversOf(after)) {
      const known = attemptsAt(before, endpoint);
      if (hasNewAttempts(known, attempts)) {
        this.#health.set(host, observe(this.#health.get(host), known, attempts));
      }
    }
  }

  /** Ends a transaction, and says which hosts it has changed from well to failing or back. */
  flush(): HealthTransition[] {
    return this.#health
      .flush()
      .map(({ name, was, is }) => transitionOf({ endpoint: null, host: name }, was, is))
      .filter((transition) => transition !== null);
  }

  forget(): void {
    this.#health.forget();
  }
}

function oldest(hosts: ReadonlyMap<string, HostHealth>): string[] {
  if (hosts.size <= HOSTS_MAX) return [];
  return [...hosts]
    .toSorted(([, a], [, b]) => lastAttemptAt(a) - lastAttemptAt(b))
    .slice(0, hosts.size - HOSTS_MAX)
    .map(([host]) => host);
}
