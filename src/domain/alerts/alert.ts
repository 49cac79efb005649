/** What an operator is told without asking. Instants are epoch milliseconds. */

export const ALERT_TYPES = [
  "endpoint.failing",
  "endpoint.recovered",
  "endpoint.disabled",
  "delivery.exhausted",
  "upstream.refusing",
  "upstream.recovered",
  "submit.unknown",
] as const;

export type AlertType = (typeof ALERT_TYPES)[number];

/**
 * Why an alert may be sent: ids, hosts, counts and Ringback's own words. Never a URL, a header or what a receiver said.
 */
export interface AlertCause {
  type: AlertType;
  account: string;
  /** As `receiverHost` has it. */
  host: string | null;
  /** A registered endpoint's id, beside its host. */
  endpoint: string | null;
  upstream: string | null;
  /** How many facts of this kind it stands for: deliveries, tasks, calls. */
  count: number;
  since: number | null;
  /** Of a task's error, or of a refused create. */
  code: string | null;
  /** Of an attempt, of an endpoint that is disabled, or of an upstream without an answer. */
  reason: string | null;
  /** The upstream's words, masked. */
  message: string | null;
}

export type LeftOut = Readonly<Partial<Record<AlertType, number>>>;

export interface Alert extends AlertCause {
  /** Facts that no alert has told, since the last alert of the account. */
  leftOut: LeftOut;
}

type Details = Partial<Omit<AlertCause, "type" | "account">>;

export function alertCause(type: AlertType, account: string, details: Details): AlertCause {
  return {
    type,
    account,
    host: null,
    endpoint: null,
    upstream: null,
    count: 1,
    since: null,
    code: null,
    reason: null,
    message: null,
    ...details,
  };
}

/** Causes with the same key come in one alert. */
export function alertKey(cause: AlertCause): string {
  return `${cause.type} ${subjectOf(cause)}`;
}

/** The receiver or the upstream that it is about. */
export function subjectOf({ host, endpoint, upstream }: AlertCause): string {
  return endpoint ?? host ?? upstream ?? "";
}

/** Those that say how a receiver or an upstream does: a newer one makes the older ones untrue. */
const STATES: readonly AlertType[] = [
  "endpoint.failing",
  "endpoint.recovered",
  "endpoint.disabled",
  "upstream.refusing",
  "upstream.recovered",
];

export function isState({ type }: Pick<AlertCause, "type">): boolean {
  return STATES.includes(type);
}

/** The keys of all that is said of how its subject does. */
export function stateKeys(cause: AlertCause): string[] {
  return STATES.map((type) => alertKey({ ...cause, type }));
}
