import type * as z from "zod/mini";
import { issueAt, problemSaid, type Issue } from "../contract/problems.ts";

/** A schema's problems with a request. */
export function issuesOf({ issues }: z.core.$ZodError): Issue[] {
  return issues.flatMap((found) => {
    // Each by its own name.
    const ends = found.code === "unrecognized_keys" ? found.keys.map((key) => [key.slice(0, 100)]) : [[]];
    const said = problemSaid(found.message);
    return ends.map((end) => issueAt([...found.path, ...end].map(String).join("."), said));
  });
}

/** A person repairs no more at a time, and a list of a million bad images must not become a million issues. */
const ISSUES_MAX = 100;

/** One problem a path is enough: the schema's says more than a rule that follows from it. */
export function deduplicated(issues: readonly Issue[]): Issue[] {
  const byPath = new Map<string, Issue>();
  for (const one of issues) {
    if (!byPath.has(one.path)) byPath.set(one.path, one);
    if (byPath.size === ISSUES_MAX) break;
  }
  return [...byPath.values()];
}
