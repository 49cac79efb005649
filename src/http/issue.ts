import type * as z from "zod/mini";

/** One thing that is wrong with a request. */
export interface Issue {
  /** Dotted path into the request, `reference_images.0`; empty for the request as a whole. */
  path: string;
  message: string;
}

/** What a schema has against a request. */
export function issuesOf({ issues }: z.core.$ZodError): Issue[] {
  return issues.flatMap((issue) => {
    const { path, message } = issue;
    // Each by its own name.
    const ends = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [key.slice(0, 100)]) : [[]];
    return ends.map((end) => ({ path: [...path, ...end].map(String).join("."), message }));
  });
}

/** Nobody mends more at a time, and a list of a million bad images must not become a million lines. */
const ISSUES_MAX = 100;

/** One problem a path is enough: the schema's says more than a rule that follows from it. */
export function deduplicated(issues: readonly Issue[]): Issue[] {
  const byPath = new Map<string, Issue>();
  for (const issue of issues) {
    if (!byPath.has(issue.path)) byPath.set(issue.path, issue);
    if (byPath.size === ISSUES_MAX) break;
  }
  return [...byPath.values()];
}
