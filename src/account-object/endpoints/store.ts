import type { HealthTransition } from "../../domain/account/hosts.ts";
import { RETRY_MS } from "../../domain/account/reconcile.ts";
import { receiverHost } from "../../domain/delivery/endpoint-policy.ts";
import type { BriefedEndpoint, Endpoint, EndpointReceiver } from "../../domain/endpoint/endpoint.ts";
import type { ObjectAlarm } from "../../net/object-alarm.ts";
import type { AccountRows } from "../rows.ts";
import type { Transact } from "../storage.ts";
import { StoredDocument } from "../stored-document.ts";
import { EndpointHealth } from "./health.ts";

interface StoreParts {
  rows: Pick<AccountRows, "document" | "writeDocument">;
  alarm: ObjectAlarm;
  transact: Transact;
}

/** An account's registered endpoints: one document, written when one of them changes. */
export class EndpointStore {
  readonly #parts: StoreParts;
  readonly #all: StoredDocument<readonly Endpoint[]>;
  readonly health: EndpointHealth;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#all = new StoredDocument(parts.rows, "endpoints", []);
    this.health = new EndpointHealth(parts.rows, this);
  }

  /** Drops what memory holds: storage was emptied, or rolled back. */
  forget(): void {
    this.#all.forget();
    this.health.forget();
  }

  /** Oldest first. */
  all(): readonly Endpoint[] {
    return this.#all.get();
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
    this.#all.set(this.all().with(this.all().indexOf(endpoint), { ...endpoint, disabled }));
  }

  /** Since when the last attempts at an endpoint have failed; null: it is not failing. */
  failingSince(id: string): number | null {
    return this.health.failingSince(id);
  }

  /**
   * What a call leaves of them. Says which are failing no more by it. After the last one the account may have nothing left to
   * keep: an alarm, this or one that is set, finds out.
   */
  write(endpoints: readonly Endpoint[], now: number): HealthTransition[] {
    const { alarm, transact } = this.#parts;
    const ended = this.health.endedBy(endpoints);
    transact(() => {
      this.#all.set(endpoints);
      if (endpoints.length === 0 && alarm.at === null) alarm.set(now + RETRY_MS);
    });
    return ended;
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
