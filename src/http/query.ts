import { issue, type Issue } from "../contract/problems.ts";
import { deduplicated } from "./issue.ts";

/** Problems with the names in the request's query: a misspelled filter would answer with every task. */
export function queryIssues(url: string, known: readonly string[] = []): Issue[] {
  if (!url.includes("?")) return [];
  return parameterIssues(new URL(url).searchParams, (name) => known.includes(name));
}

export function parameterIssues(query: URLSearchParams, isKnown: (name: string) => boolean): Issue[] {
  const seen = new Set<string>();
  const issues = [...query.keys()].flatMap((name): Issue[] => {
    const path = pathOfParameter(name);
    if (!isKnown(name)) return [issue(path, "unknown_parameter")];
    if (seen.has(name)) return [issue(path, "given_twice")];
    seen.add(name);
    return [];
  });
  return deduplicated(issues);
}

/** Opaque to callers, and fit for a URL. */
export function cursorOf(key: string): string {
  return btoa(key).replaceAll("=", "");
}

/** What a cursor stands for; one that was made up stands for nothing, so that nothing fits it. */
export function openCursor(cursor: string): string {
  try {
    return atob(cursor);
  } catch {
    // Not even base64.
    return "";
  }
}

export function pathOfParameter(name: string): string {
  return name === "" ? "?" : name.slice(0, 100);
}
