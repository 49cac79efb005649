/** Where a callback may go. Pure: the same judgement at create and again before each attempt. */

export interface EndpointRules {
  /** `ALLOW_PRIVATE_CALLBACKS`: local development. */
  allowPrivate: boolean;
  /** This deployment's own hosts, each `name` or `name:port`, in any case. */
  ownHosts: readonly string[];
}

export type EndpointVerdict = { ok: true; url: string } | { ok: false; problem: string };

const URL_MAX_LENGTH = 2048;

/**
 * Suffixes that never lead to a public receiver: RFC 6761 and 6762, the special-use registry (alt, onion, arpa,
 * internal), and names that sites use inside their walls.
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
 * percent-encoded spellings of a host; the judgement is on the parsed host, never on the text.
 */
export function judgeEndpoint(text: string, rules: EndpointRules): EndpointVerdict {
  if (text.length > URL_MAX_LENGTH) return refuse(`must be at most ${URL_MAX_LENGTH} characters long`);
  if (!URL.canParse(text)) return refuse("must be an absolute URL");
  const url = new URL(text);
  if (url.href.length > URL_MAX_LENGTH) return refuse(`must be at most ${URL_MAX_LENGTH} characters long`);
  const problem = schemeProblem(url, rules) ?? hostProblem(url, rules);
  return problem === null ? { ok: true, url: url.href } : refuse(problem);
}

function refuse(problem: string): EndpointVerdict {
  return { ok: false, problem };
}

function schemeProblem(url: URL, { allowPrivate }: EndpointRules): string | null {
  if (url.protocol !== "https:" && !(allowPrivate && url.protocol === "http:")) return "must be an https URL";
  if (url.username !== "" || url.password !== "") return "must not carry a user name or password";
  // The standard port reads as ""; below 1024 stand the services that a webhook has no business with.
  const allowedPort = url.port === "" || Number(url.port) >= 1024;
  return allowPrivate || allowedPort ? null : "must use port 443 or a port from 1024";
}

/** Whether a URL leads to this deployment itself. */
export function isOwnHost(url: URL, { allowPrivate, ownHosts }: EndpointRules): boolean {
  const name = withoutDot(url.hostname);
  // In development everything shares one host name, so there the port tells Ringback from others.
  return ownHosts.some((host) => (allowPrivate ? sameHostAndPort(host, url) : hostName(host) === name));
}

function hostProblem(url: URL, rules: EndpointRules): string | null {
  const { allowPrivate } = rules;
  const name = withoutDot(url.hostname);
  if (name === "") return "must name a host";
  if (isOwnHost(url, rules)) return "must not point at this Ringback deployment itself";
  if (allowPrivate) return null;
  if (name.startsWith("[") || /^[\d.]+$/.test(name)) return "must name its host by DNS, not by IP address";
  const labels = name.split(".");
  if (labels.length < 2) return "must name a public host: a DNS name with a dot";
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) return "must name a valid DNS host";
  return SPECIAL_SUFFIXES.has(labels.at(-1) ?? "")
    ? "must name a public host, not a special-use or local one"
    : null;
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
