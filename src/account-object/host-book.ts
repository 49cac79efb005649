import { lastAttemptAt } from "../domain/account/attempts.ts";
import {
  failingSince,
  hasNewAttempts,
  isHealthNews,
  NEW_HOST,
  observe,
  transitionOf,
  type HostHealth,
  type HostTransition,
} from "../domain/account/hosts.ts";
import type { HostCount, HostStats, TaskSummary } from "../domain/account/summary.ts";
import { isoTime } from "../domain/text/time.ts";
import { log } from "../log.ts";
import type { AccountRows } from "./rows.ts";

/** More are not kept: those go that were not heard of for longest. */
const HOSTS_MAX = 500;

/**
 * How the hosts of an account's callbacks do. One document, written with the reports that bring failures, or the end of
 * them. That a healthy host has taken one attempt more stays in memory.
 */
export class HostBook {
  readonly #rows: Pick<AccountRows, "document" | "writeDocument">;
  #hosts: Map<string, HostHealth> | null = null;
  /** As they were before the present transaction. */
  readonly #before = new Map<string, HostHealth>();

  constructor(rows: Pick<AccountRows, "document" | "writeDocument">) {
    this.#rows = rows;
  }

  shown(count: HostCount): HostStats {
    const health = this.#health(count.host);
    return { ...count, failingSince: failingSince(health), lastReason: health.lastFailure?.reason ?? null };
  }

  /** A report of a task. `before`: the report that was known until then. Tests count for no host. */
  observe(before: TaskSummary | null, { test, callbackHost: host, attempts }: TaskSummary): void {
    if (test || host === null || !hasNewAttempts(before?.attempts ?? null, attempts)) return;
    const was = this.#health(host);
    const is = observe(was, before?.attempts ?? null, attempts);
    if (!this.#before.has(host)) this.#before.set(host, was);
    this.#loaded().set(host, is);
  }

  /** Ends a transaction: writes what must not be lost, and says which hosts it has changed from well to failing or back. */
  settle(): HostTransition[] {
    const changes = [...this.#before].map(([host, was]) => ({ host, was, is: this.#health(host) }));
    this.#before.clear();
    if (changes.length === 0) return [];
    this.#forgetOldest();
    if (changes.some(({ was, is }) => isHealthNews(was, is))) {
      this.#rows.writeDocument("hosts", [...this.#loaded()]);
    }
    return changes
      .map(({ host, was, is }) => transitionOf(host, was, is))
      .filter((transition) => transition !== null);
  }

  /** Drops what memory holds: it may be ahead of the rows. */
  forget(): void {
    this.#hosts = null;
    this.#before.clear();
  }

  #health(host: string): HostHealth {
    return this.#loaded().get(host) ?? NEW_HOST;
  }

  #loaded(): Map<string, HostHealth> {
    this.#hosts ??= new Map((this.#rows.document("hosts") ?? []) as [string, HostHealth][]);
    return this.#hosts;
  }

  #forgetOldest(): void {
    const hosts = this.#loaded();
    if (hosts.size <= HOSTS_MAX) return;
    const oldestFirst = [...hosts].toSorted(([, a], [, b]) => lastAttemptAt(a) - lastAttemptAt(b));
    for (const [host] of oldestFirst.slice(0, hosts.size - HOSTS_MAX)) hosts.delete(host);
  }
}

export function logTransitions(account: string | undefined, transitions: readonly HostTransition[]): void {
  for (const { kind, host, since, reason } of transitions) {
    log(kind === "failing" ? "host.failing" : "host.recovered", {
      account,
      host,
      since: isoTime(since),
      reason,
    });
  }
}
