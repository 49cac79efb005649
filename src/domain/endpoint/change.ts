import { DEFAULT_EVENTS } from "../../contract/words.ts";
import type { Receiver } from "../delivery/delivery.ts";
import { receiverHost } from "../delivery/endpoint-policy.ts";
import type { Endpoint } from "./endpoint.ts";

/** What a call says of an endpoint. What it leaves out stays as it is. */
export interface EndpointRequest {
  url?: string | undefined;
  events?: Endpoint["events"] | undefined;
  format?: Endpoint["format"] | undefined;
  description?: string | null | undefined;
  /** All of them: those that it had before are gone. */
  headers?: Receiver["headers"] | undefined;
  enabled?: boolean | undefined;
}

/** The same with its headers as an account stores them. */
export interface EndpointChange extends Omit<EndpointRequest, "headers"> {
  headers?: { sealed: string | null; names: readonly string[] } | undefined;
}

/** An account has no more. */
export const ENDPOINTS_MAX = 10;

/** What became of a call, and the account's endpoints after it. */
export type Registered =
  | { kind: "new" | "known"; endpoint: Endpoint; endpoints: readonly Endpoint[] }
  | { kind: "too_many" };

export type Patched =
  | { kind: "patched"; endpoint: Endpoint; endpoints: readonly Endpoint[] }
  | { kind: "missing" }
  /** The stored headers were for the receiver at the host before. */
  | { kind: "headers_required" }
  /** Another endpoint of the account has it. */
  | { kind: "url_taken" };

/** Registers a URL, or changes the endpoint that has it already. `id` is for a new one. */
export function registered(
  endpoints: readonly Endpoint[],
  change: EndpointChange & { url: string },
  { id, now }: { id: string; now: number },
): Registered {
  const known = endpointAt(endpoints, change.url);
  if (known) {
    const endpoint = changed(known, change, now);
    return { kind: "known", endpoint, endpoints: replaced(endpoints, endpoint) };
  }
  if (endpoints.length >= ENDPOINTS_MAX) return { kind: "too_many" };
  const blank: Endpoint = {
    id,
    url: change.url,
    urlSince: now,
    events: DEFAULT_EVENTS,
    format: "standard",
    headers: null,
    headerNames: [],
    description: null,
    createdAt: now,
    countsFrom: now,
    disabled: null,
  };
  const endpoint = changed(blank, change, now);
  return { kind: "new", endpoint, endpoints: [...endpoints, endpoint] };
}

export function patched(
  endpoints: readonly Endpoint[],
  id: string,
  change: EndpointChange,
  now: number,
): Patched {
  const before = endpoints.find((one) => one.id === id);
  if (!before) return { kind: "missing" };
  const url = change.url ?? before.url;
  if (receiverHost(url) !== receiverHost(before.url) && !change.headers) return { kind: "headers_required" };
  if ((endpointAt(endpoints, url) ?? before) !== before) return { kind: "url_taken" };
  const endpoint = changed(before, change, now);
  return { kind: "patched", endpoint, endpoints: replaced(endpoints, endpoint) };
}

/** Null: there is none with this id. */
export function without(endpoints: readonly Endpoint[], id: string): Endpoint[] | null {
  const others = endpoints.filter((one) => one.id !== id);
  return others.length === endpoints.length ? null : others;
}

/** The endpoint that has this URL. */
export function endpointAt(endpoints: readonly Endpoint[], url: string): Endpoint | undefined {
  return endpoints.find((one) => one.url === url);
}

function changed(endpoint: Endpoint, change: EndpointChange, now: number): Endpoint {
  const { url, events, format, description, headers, enabled } = change;
  return {
    ...endpoint,
    ...(url !== undefined && url !== endpoint.url && { url, urlSince: now, countsFrom: now }),
    events: events ?? endpoint.events,
    format: format ?? endpoint.format,
    description: description === undefined ? endpoint.description : description,
    ...(headers && { headers: headers.sealed, headerNames: headers.names }),
    ...(enabled !== undefined && (enabled ? whenEnabled(endpoint, now) : whenDisabled(endpoint, now))),
  };
}

function whenEnabled({ disabled }: Endpoint, now: number): Partial<Endpoint> {
  return disabled === null ? {} : { disabled: null, countsFrom: now };
}

/** The owner's wish outranks what Ringback has found. */
function whenDisabled({ disabled }: Endpoint, now: number): Partial<Endpoint> {
  return { disabled: disabled?.reason === "manual" ? disabled : { reason: "manual", at: now } };
}

function replaced(endpoints: readonly Endpoint[], endpoint: Endpoint): Endpoint[] {
  return endpoints.map((one) => (one.id === endpoint.id ? endpoint : one));
}
