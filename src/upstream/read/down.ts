import type { TextResult } from "../../net/read-bytes.ts";
import type { Down } from "../../domain/task/upstream-answer.ts";

/** What the status, and how the body ended, show of the upstream itself. */
export function downOf(status: number, end?: TextResult["end"]): Down {
  if (status >= 500 && status <= 599) return { down: `http_${status}` };
  return end === "broken" ? { down: "no_answer" } : {};
}
