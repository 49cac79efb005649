import { isHealthNews, NEW_HOST, type HostHealth } from "../domain/account/hosts.ts";
import type { AccountRows } from "./rows.ts";

/** How one of them did before a transaction, and after it. */
interface HealthChange {
  name: string;
  was: HostHealth;
  is: HostHealth;
}

interface StoreOptions {
  rows: Pick<AccountRows, "document" | "writeDocument">;
  document: "hosts" | "endpoint_health";
  /** Which names are not kept any more. */
  excess: (all: ReadonlyMap<string, HostHealth>) => string[];
}

/**
 * How receivers do, by name. One document, written with the reports that bring failures, or the end of them. That a
 * healthy one has taken one attempt more stays in memory.
 */
export class HealthStore {
  readonly #options: StoreOptions;
  #all: Map<string, HostHealth> | null = null;
  /** As they were before the present transaction. */
  readonly #before = new Map<string, HostHealth>();

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  get(name: string): HostHealth {
    return this.#loaded().get(name) ?? NEW_HOST;
  }

  set(name: string, health: HostHealth): void {
    if (!this.#before.has(name)) this.#before.set(name, this.get(name));
    this.#loaded().set(name, health);
  }

  /** Ends a transaction: writes what must not be lost, and says what has changed. */
  flush(): HealthChange[] {
    const changes = [...this.#before].map(([name, was]) => ({ name, was, is: this.get(name) }));
    this.#before.clear();
    if (changes.length === 0) return [];
    const { rows, document, excess } = this.#options;
    const all = this.#loaded();
    for (const name of excess(all)) all.delete(name);
    if (changes.some(({ was, is }) => isHealthNews(was, is))) rows.writeDocument(document, [...all]);
    return changes;
  }

  /** Drops what memory holds: it may be ahead of the rows. */
  forget(): void {
    this.#all = null;
    this.#before.clear();
  }

  #loaded(): Map<string, HostHealth> {
    const { rows, document } = this.#options;
    this.#all ??= new Map((rows.document(document) ?? []) as [string, HostHealth][]);
    return this.#all;
  }
}
