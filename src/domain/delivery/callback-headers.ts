import { problem, type Problem } from "../../contract/problems.ts";
import { HEADER_NAME, HEADER_VALUE } from "../text/header-text.ts";

/** The caller's static headers: the names and values that a callback may carry. */

interface HeaderProblem {
  /** The header's name, or null for the whole set. */
  name: string | null;
  problem: Problem;
}

const MAX_HEADERS = 10;
const MAX_TOTAL_BYTES = 8192;
const VALUE_MAX_LENGTH = 4096;

const REFUSED_NAMES = new Set(
  "user-agent host connection transfer-encoding te trailer upgrade expect via forwarded cookie x-real-ip".split(
    " ",
  ),
);
const REFUSED_PREFIXES = ["webhook-", "ringback-", "content-", "proxy-", "cf-", "x-forwarded-"];

/** Every problem of a set of callback headers; empty: usable. Lengths are bytes, because all is ASCII. */
export function headerProblems(
  headers: readonly (readonly [name: string, value: unknown])[],
): HeaderProblem[] {
  const problems: HeaderProblem[] = [];
  if (headers.length > MAX_HEADERS)
    problems.push({ name: null, problem: problem("too_many_headers", { max: MAX_HEADERS }) });
  const total = headers.reduce((sum, [name, value]) => sum + name.length + textLength(value), 0);
  if (total > MAX_TOTAL_BYTES)
    problems.push({ name: null, problem: problem("headers_too_large", { max: MAX_TOTAL_BYTES }) });
  const seen = new Set<string>();
  for (const [name, value] of headers.slice(0, MAX_HEADERS)) {
    const lower = name.toLowerCase();
    const found =
      nameProblem(name, lower) ?? valueProblem(value) ?? (seen.has(lower) ? problem("given_twice") : null);
    seen.add(lower);
    if (found !== null) problems.push({ name, problem: found });
  }
  return problems;
}

/** Only text counts; the schema refuses other values. An object with a `toString` of its own cannot become text. */
function textLength(value: unknown): number {
  return typeof value === "string" ? value.length : 0;
}

function nameProblem(name: string, lower: string): Problem | null {
  if (!HEADER_NAME.test(name)) return problem("not_header_name");
  const reserved = REFUSED_NAMES.has(lower) || REFUSED_PREFIXES.some((prefix) => lower.startsWith(prefix));
  return reserved ? problem("reserved_header") : null;
}

function valueProblem(value: unknown): Problem | null {
  if (typeof value !== "string") return problem("not_text");
  if (value.length > VALUE_MAX_LENGTH) return problem("text_too_long", { max: VALUE_MAX_LENGTH });
  return HEADER_VALUE.test(value) ? null : problem("not_visible_ascii");
}
