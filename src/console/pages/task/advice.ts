import type { AttemptJson, DeliveryJson } from "../../../contract/shapes/delivery.ts";
import { isWorded, type WordedReason } from "../../../contract/words.ts";
import type { Text } from "../../text/en.ts";

/** What to do about a callback that failed, as the name of its sentence. */
export type Advice = keyof Text["callbacks"]["advice"];

const BY_REASON: Record<Exclude<WordedReason, "in_flight">, Advice> = {
  timeout: "timeout",
  connection: "connection",
  redirect: "redirect",
  gone: "gone",
  url_rejected: "urlRejected",
  endpoint_deleted: "endpointDeleted",
  headers_rejected: "headersRejected",
  interrupted: "interrupted",
};

const BY_STATUS = new Map<number, Advice>([
  [400, "body"],
  [401, "secret"],
  [403, "secret"],
  [404, "notFound"],
  [405, "method"],
  [408, "timeout"],
  [413, "tooLarge"],
  [415, "body"],
  [422, "body"],
  [429, "busy"],
  [501, "notImplemented"],
  [502, "gateway"],
  [503, "gateway"],
  [504, "gateway"],
]);

/** Where an attempt went: to the task's own URL, to a registered endpoint, or once to another URL. */
type Place = "own" | "endpoint" | "elsewhere";

export function placeOf(
  { host }: Pick<AttemptJson, "host">,
  { endpoint }: Pick<DeliveryJson, "endpoint">,
): Place {
  if (host !== undefined) return "elsewhere";
  return endpoint === null ? "own" : "endpoint";
}

/** Its sentence. One about another receiver says nothing about what becomes of the task's own callback. */
export function adviceText(advice: Advice, place: Place, callbacks: Text["callbacks"]): string {
  const other = place === "own" ? undefined : find(callbacks[place].advice, advice);
  return other ?? callbacks.advice[advice];
}

/** Why an attempt failed, in a sentence; null for one that is delivered or on its way. */
export function reasonText(
  reason: AttemptJson["reason"],
  place: Place,
  { deliveries, callbacks }: Text,
): string | null {
  if (reason === null || reason === "in_flight") return null;
  if (!isWorded(reason)) return deliveries.reasonHttp(reason.slice("http_".length));
  const other = place === "own" ? undefined : find(callbacks[place].reason, reason);
  return other ?? deliveries.reason[reason];
}

function find(sentences: Record<string, string>, name: string): string | undefined {
  return Object.entries(sentences).find(([key]) => key === name)?.[1];
}

type Failure = Pick<AttemptJson, "reason" | "status_code">;

/** Null: the attempt was delivered, or is on the wire. `url`: where it went, if that is known. */
export function adviceFor({ reason, status_code: status }: Failure, url: string | null): Advice | null {
  if (reason === null || reason === "in_flight") return null;
  // A reason that is newer than this table has no advice of its own.
  if (isWorded(reason)) return BY_REASON[reason] ?? "other";
  if (status === 404 && url?.includes("/webhook-test/")) return "n8nTest";
  const known = status === null ? undefined : BY_STATUS.get(status);
  return known ?? (status !== null && status >= 500 ? "server" : "other");
}

/** How an attempt's excerpt names the address that the receiver redirects to. */
const REDIRECT = /^redirect to (\S+)/;

/** Where a redirect leads to, as an absolute URL; null if it does not say. */
export function redirectTarget(
  { reason, response_excerpt: excerpt }: AttemptJson,
  url: string | null,
): string | null {
  const location = reason === "redirect" ? REDIRECT.exec(excerpt ?? "")?.[1] : undefined;
  if (location === undefined) return null;
  return URL.parse(location, url ?? undefined)?.href ?? location;
}
