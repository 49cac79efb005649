import { problem, type Problem } from "../../contract/problems.ts";

/** Where a callback may go. Pure: the create and each attempt judge in the same way. */

export interface EndpointRules {
  /** `ALLOW_PRIVATE_CALLBACKS`: local development. */
  allowPrivate: boolean;
  /** This deployment's own hosts, each `name` or `name:port`, in any case. */
  ownHosts: readonly string[];
}

export type EndpointVerdict = { ok: true; url: string } | { ok: false; problem: Problem };

const URL_MAX_LENGTH = 2048;

/**
 * Suffixes that never lead to a public receiver: RFC 6761 and 6762, the special-use registry (alt, onion, arpa,
 * internal), and names that sites use internally.
 */
const SPECIAL_SUFFIXES = new Set(
  (
    "localhost local internal test invalid example onion alt arpa " +
    "localdomain lan home corp intranet private svc cluster consul i2p"
  ).split(" "),
);

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Judges a callback URL. It is parsed once, by `URL`, which also undoes octal, hexadecimal, full-width and
 * percent-encoded spellings of a host; the judgement is on the parsed host, never on the text. `max`: its characters.
 */
export function judgeEndpoint(text: string, rules: EndpointRules, max = URL_MAX_LENGTH): EndpointVerdict {
  if (text.length > max) return refuse(problem("text_too_long", { max }));
  if (!URL.canParse(text)) return refuse(problem("not_url"));
  const url = new URL(text);
  if (url.href.length > max) return refuse(problem("text_too_long", { max }));
  const found = schemeProblem(url, rules) ?? hostProblem(url, rules);
  return found === null ? { ok: true, url: url.href } : refuse(found);
}

function refuse(found: Problem): EndpointVerdict {
  return { ok: false, problem: found };
}

function schemeProblem(url: URL, { allowPrivate }: EndpointRules): Problem | null {
  if (url.protocol !== "https:" && !(allowPrivate && url.protocol === "http:")) return problem("not_https");
  if (url.username !== "" || url.password !== "") return problem("url_credentials");
  // The standard port reads as ""; ports below 1024 belong to other services than webhooks.
  const allowedPort = url.port === "" || Number(url.port) >= 1024;
  return allowPrivate || allowedPort ? null : problem("url_port");
}

/** Whether a URL leads to this deployment itself. */
export function isOwnHost(url: URL, { allowPrivate, ownHosts }: EndpointRules): boolean {
  const name = withoutDot(url.hostname);
  // In development all programs share one host name, so there the port identifies Ringback.
  return ownHosts.some((host) => (allowPrivate ? sameHostAndPort(host, url) : hostName(host) === name));
}

function hostProblem(url: URL, rules: EndpointRules): Problem | null {
  const { allowPrivate } = rules;
  const name = withoutDot(url.hostname);
  if (name === "") return problem("url_without_host");
  if (isOwnHost(url, rules)) return problem("url_own_host");
  if (allowPrivate) return null;
  if (name.startsWith("[") || /^[\d.]+$/.test(name)) return problem("url_ip_address");
  const labels = name.split(".");
  if (labels.length < 2) return problem("url_single_label");
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) return problem("url_bad_host");
  return SPECIAL_SUFFIXES.has(labels.at(-1) ?? "") ? problem("url_special_host") : null;
}

/** Host and port of a callback's URL, by which lists, statistics and recoveries name a receiver. */
export function receiverHost(url: string): string {
  const { hostname, port } = new URL(url);
  return withoutDot(hostname) + (port && `:${port}`);
}

/** `example.com.` is `example.com`, spelled for a resolver. */
function withoutDot(host: string): string {
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

function hostName(host: string): string {
  const parsed = URL.canParse(`https://${host}`) ? new URL(`https://${host}`).hostname : host.toLowerCase();
  return withoutDot(parsed);
}

function sameHostAndPort(host: string, url: URL): boolean {
  // Parsed under the URL's own scheme, so that an implied port equals a written one.
  const text = `${url.protocol}//${host}`;
  if (!URL.canParse(text)) return false;
  const own = new URL(text);
  return withoutDot(own.hostname) === withoutDot(url.hostname) && own.port === url.port;
}
