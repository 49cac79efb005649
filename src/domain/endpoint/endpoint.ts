import type { CallbackFormat, DisabledReason, EventType } from "../../contract/words.ts";

/** A receiver that an account has registered, as the account stores it. Instants are epoch milliseconds. */
export interface Endpoint {
  /** `ep_…`. */
  id: string;
  url: string;
  /** Since when it has this URL: what its receiver said before is another one's. */
  urlSince: number;
  events: readonly EventType[];
  format: CallbackFormat;
  /** JSON of `Receiver["headers"]`, sealed with the id as associated data, base64; null: it has none. */
  headers: string | null;
  headerNames: readonly string[];
  description: string | null;
  createdAt: number;
  /** When it was created, enabled again, or got another URL: only attempts that begin later say how it does. */
  countsFrom: number;
  /** Null: it is sent to. */
  disabled: { reason: DisabledReason; at: number } | null;
}

/** What the account knows of an endpoint. */
export interface AccountEndpoint {
  endpoint: Endpoint;
  /** When the first of its last attempts began, if it is failing. */
  failingSince: number | null;
}

/** What a task takes along of an endpoint when it is created: later changes of these do not concern it. */
export interface TaskEndpoint {
  id: string;
  /** As `receiverHost` has it, at that time. */
  host: string;
  events: readonly EventType[];
  format: CallbackFormat;
}

/** What the account tells a task of an endpoint; the task takes those along that it was created after. */
export interface BriefedEndpoint extends TaskEndpoint {
  /** One with the URL of the task's own callback is left out. */
  url: string;
  createdAt: number;
}

/** What an attempt needs to know of an endpoint at its time. One that is not among the account's was deleted. */
export interface EndpointReceiver {
  id: string;
  url: string;
  /** As in `Endpoint`. */
  headers: string | null;
  isDisabled: boolean;
}
