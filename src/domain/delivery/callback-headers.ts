/** The caller's static headers: which names and values may ride along with a callback. */

export interface HeaderProblem {
  /** The header's name, or null for the whole set. */
  name: string | null;
  problem: string;
}

const MAX_HEADERS = 10;
const MAX_TOTAL_BYTES = 8192;
const VALUE_MAX_LENGTH = 4096;
/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible ASCII; inner spaces as in `Bearer …`, none around it, because a client would trim them. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

const REFUSED_NAMES = new Set(
  "user-agent host connection transfer-encoding te trailer upgrade expect via forwarded cookie x-real-ip".split(
    " ",
  ),
);
const REFUSED_PREFIXES = ["webhook-", "ringback-", "content-", "proxy-", "cf-", "x-forwarded-"];

/** All that is wrong with a set of callback headers; empty if it may be sent. Lengths are bytes: all is ASCII. */
export function headerProblems(
  headers: readonly (readonly [name: string, value: unknown])[],
): HeaderProblem[] {
  const problems: HeaderProblem[] = [];
  if (headers.length > MAX_HEADERS) problems.push({ name: null, problem: `at most ${MAX_HEADERS} headers` });
  const total = headers.reduce((sum, [name, value]) => sum + name.length + textLength(value), 0);
  if (total > MAX_TOTAL_BYTES)
    problems.push({ name: null, problem: `at most ${MAX_TOTAL_BYTES} bytes in all` });
  const seen = new Set<string>();
  for (const [name, value] of headers.slice(0, MAX_HEADERS)) {
    const lower = name.toLowerCase();
    const problem =
      nameProblem(name, lower) ?? valueProblem(value) ?? (seen.has(lower) ? "is given twice" : null);
    seen.add(lower);
    if (problem !== null) problems.push({ name, problem });
  }
  return problems;
}

/** Only text counts, whatever else is refused by itself: an object with a `toString` of its own cannot be made text. */
function textLength(value: unknown): number {
  return typeof value === "string" ? value.length : 0;
}

function nameProblem(name: string, lower: string): string | null {
  if (!TOKEN.test(name)) return "is not a header name";
  const reserved = REFUSED_NAMES.has(lower) || REFUSED_PREFIXES.some((prefix) => lower.startsWith(prefix));
  return reserved ? "cannot be set by a caller" : null;
}

function valueProblem(value: unknown): string | null {
  if (typeof value !== "string") return "must be a string";
  if (value.length > VALUE_MAX_LENGTH) return `must be at most ${VALUE_MAX_LENGTH} characters long`;
  return VALUE.test(value) ? null : "must be visible ASCII characters";
}
