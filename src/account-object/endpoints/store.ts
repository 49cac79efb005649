import { receiverHost } from "../../domain/delivery/endpoint-policy.ts";
import type { BriefedEndpoint, Endpoint, EndpointReceiver } from "../../domain/endpoint/endpoint.ts";
import type { AccountRows } from "../rows.ts";
import { EndpointHealth } from "./health.ts";

/** An account's registered endpoints: one document, written when one of them changes. */
export class EndpointStore {
  readonly #rows: Pick<AccountRows, "document" | "writeDocument">;
  readonly health: EndpointHealth;
  #all: readonly Endpoint[] | null = null;

  constructor(rows: Pick<AccountRows, "document" | "writeDocument">) {
    this.#rows = rows;
    this.health = new EndpointHealth(rows, this);
  }

  /** Drops what memory holds: storage was emptied, or rolled back. */
  forget(): void {
    this.#all = null;
    this.health.forget();
  }

  /** Oldest first. */
  all(): readonly Endpoint[] {
    this.#all ??= (this.#rows.document("endpoints") as Endpoint[] | null) ?? [];
    return this.#all;
  }

  /** Null: the account has none with this id. */
  find(id: string): Endpoint | null {
    return this.all().find((endpoint) => endpoint.id === id) ?? null;
  }

  /** Nothing more is sent to it. */
  disable(id: string, disabled: NonNullable<Endpoint["disabled"]>): void {
    const endpoint = this.find(id);
    if (endpoint === null) return;
    const all = this.all().with(this.all().indexOf(endpoint), { ...endpoint, disabled });
    this.#rows.writeDocument("endpoints", all);
    this.#all = all;
  }

  /** Since when the last attempts at an endpoint have failed; null: it is not failing. */
  failingSince(id: string): number | null {
    return this.health.failingSince(id);
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
