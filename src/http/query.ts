import { issue, type Issue } from "../contract/problems.ts";
import { deduplicated } from "./issue.ts";

/** Problems with the names in the request's query: a misspelled filter would answer with every task. */
export function queryIssues(url: string, known: readonly string[] = []): Issue[] {
  if (!url.includes("?")) return [];
  const names = [...new URL(url).searchParams.keys()];
  const seen = new Set<string>();
  const issues = names.flatMap((name): Issue[] => {
    const path = name === "" ? "?" : name.slice(0, 100);
    if (!known.includes(name)) return [issue(path, "unknown_parameter")];
    if (seen.has(name)) return [issue(path, "given_twice")];
    seen.add(name);
    return [];
  });
  return deduplicated(issues);
}
