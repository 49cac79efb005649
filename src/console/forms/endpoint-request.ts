import type { ShownIssue } from "../../contract/problems.ts";
import type { EndpointJson } from "../../contract/shapes/endpoint.ts";
import type { RequestObject } from "../../http/body/json-body.ts";
import type { Text } from "../text/en.ts";
import type { FormIssue } from "./new-task-fields.ts";
import { headersIn } from "./new-task-request.ts";

/** From the fields of an endpoint's form to the call of the API that a program would make. */

/** A form of an endpoint as it was filled in. The values of headers do not make the way back. */
export interface TypedEndpoint {
  url: string;
  events: readonly string[];
  format: string;
  description: string;
  /** Headers were typed, and must be typed again. */
  hasHeaders: boolean;
  dropsHeaders: boolean;
}

export function typedIn(fields: URLSearchParams): TypedEndpoint {
  const text = (name: string): string => (fields.get(name) ?? "").trim();
  return {
    url: text("url"),
    events: fields.getAll("events"),
    format: text("format"),
    description: text("description"),
    hasHeaders: text("headers") !== "",
    dropsHeaders: fields.has("drop_headers"),
  };
}

/** The form of a stored one. */
export function typedFrom({ url, events, format, description }: EndpointJson): TypedEndpoint {
  return { url, events, format, description: description ?? "", hasHeaders: false, dropsHeaders: false };
}

/** What is to be registered. An empty field is one that is left out, but for a choice of events that has none. */
export function registrationOf(fields: URLSearchParams): RequestObject {
  const { url, events, format, description } = typedIn(fields);
  const headers = headersIn(fields.get("headers") ?? "");
  return {
    url,
    events: [...events],
    format,
    ...(description === "" ? {} : { description }),
    ...(headers === undefined ? {} : { headers }),
  };
}

/** What is to be changed: everything that the form shows, and the headers only where they are replaced. */
export function changeOf(fields: URLSearchParams, stored: EndpointJson): RequestObject {
  const { url, description, dropsHeaders } = typedIn(fields);
  // Another host needs headers, and an endpoint without any has none that it must not get. At the same host they stay away
  // from the call: another one may have set some meanwhile.
  const isElsewhere = URL.parse(url)?.host !== URL.parse(stored.url)?.host;
  const none = dropsHeaders || (isElsewhere && stored.header_names.length === 0) ? { headers: {} } : {};
  return { ...none, ...registrationOf(fields), description };
}

const LABELS = {
  url: (text) => text.endpoints.url,
  events: (text) => text.create.events,
  format: (text) => text.create.format,
  headers: (text) => text.create.headers,
  description: (text) => text.endpoints.description,
} as const satisfies Record<string, (text: Text) => string>;

/** An issue at its field. */
export function endpointIssue(issue: ShownIssue, text: Text): FormIssue {
  const [field = ""] = issue.path.split(".");
  const label = Object.entries(LABELS).find(([name]) => name === field)?.[1](text);
  return { ...issue, field, label: label ?? issue.path };
}
