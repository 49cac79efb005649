import { RETRY_MS } from "../../domain/account/reconcile.ts";
import { receiverHost } from "../../domain/delivery/endpoint-policy.ts";
import type { BriefedEndpoint, Endpoint, EndpointReceiver } from "../../domain/endpoint/endpoint.ts";
import type { ObjectAlarm } from "../../net/object-alarm.ts";
import type { AccountRows } from "../rows.ts";
import type { AccountStorage } from "../storage.ts";
import { EndpointHealth } from "./health.ts";

interface Deps {
  storage: Pick<AccountStorage, "transactionSync">;
  rows: Pick<AccountRows, "document" | "writeDocument" | "forget">;
  alarm: ObjectAlarm;
}

/** An account's registered endpoints: one document, written when one of them changes. */
export class EndpointStore {
  readonly #deps: Deps;
  readonly health: EndpointHealth;
  #all: readonly Endpoint[] | null = null;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.health = new EndpointHealth(deps.rows, this);
  }

  /** Drops what memory holds: storage was emptied, or rolled back. */
  forget(): void {
    this.#all = null;
    this.health.forget();
  }

  /** Oldest first. */
  all(): readonly Endpoint[] {
    this.#all ??= (this.#deps.rows.document("endpoints") as Endpoint[] | null) ?? [];
    return this.#all;
  }

  /** Null: the account has none with this id. */
  find(id: string): Endpoint | null {
    return this.all().find((endpoint) => endpoint.id === id) ?? null;
  }

  /** Where it is now; null: the account has none with this id. */
  hostOf(id: string): string | null {
    const endpoint = this.find(id);
    return endpoint && receiverHost(endpoint.url);
  }

  /** Nothing more is sent to it. */
  disable(id: string, disabled: NonNullable<Endpoint["disabled"]>): void {
    const endpoint = this.find(id);
    if (endpoint === null) return;
    const all = this.all().with(this.all().indexOf(endpoint), { ...endpoint, disabled });
    this.#deps.rows.writeDocument("endpoints", all);
    this.#all = all;
  }

  /** Since when the last attempts at an endpoint have failed; null: it is not failing. */
  failingSince(id: string): number | null {
    return this.health.failingSince(id);
  }

  /** After the last one the account may have nothing left to keep: an alarm, this or one that is set, finds out. */
  write(endpoints: readonly Endpoint[], now: number): void {
    const { storage, rows, alarm } = this.#deps;
    try {
      storage.transactionSync(() => {
        rows.writeDocument("endpoints", endpoints);
        if (endpoints.length === 0 && alarm.at === null) alarm.set(now + RETRY_MS);
      });
    } catch (error) {
      // Rolled back: what memory holds may be ahead of the rows.
      rows.forget();
      alarm.forget();
      this.forget();
      throw error;
    }
    this.#all = endpoints;
  }

  /** For tasks. */
  briefed(): BriefedEndpoint[] {
    return this.all().map(({ id, url, events, format, createdAt }) => ({
      id,
      url,
      host: receiverHost(url),
      events,
      format,
      createdAt,
    }));
  }

  /** For attempts. */
  receivers(): EndpointReceiver[] {
    return this.all().map(({ id, url, headers, disabled }) => ({
      id,
      url,
      headers,
      isDisabled: disabled !== null,
    }));
  }
}
