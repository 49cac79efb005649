import { receiverHost } from "../../domain/delivery/endpoint-policy.ts";
import type { BriefedEndpoint, Endpoint, EndpointReceiver } from "../../domain/endpoint/endpoint.ts";
import type { AccountRows } from "../rows.ts";

/** An account's registered endpoints: one document, written when one of them changes. */
export class EndpointStore {
  readonly #rows: Pick<AccountRows, "document" | "writeDocument">;
  #all: readonly Endpoint[] | null = null;

  constructor(rows: Pick<AccountRows, "document" | "writeDocument">) {
    this.#rows = rows;
  }

  /** Drops what memory holds: storage was emptied, or rolled back. */
  forget(): void {
    this.#all = null;
  }

  /** Oldest first. */
  all(): readonly Endpoint[] {
    this.#all ??= (this.#rows.document("endpoints") as Endpoint[] | null) ?? [];
    return this.#all;
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
