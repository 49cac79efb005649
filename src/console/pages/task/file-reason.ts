import type { Text } from "../../text/en.ts";

/** Why Ringback keeps no copy, as a sentence: `http_404` and the like say what the provider answered. */
export function fileReason({ reason: words, reasonHttp }: Text["files"], reason: string): string {
  const known = Object.entries(words).find(([name]) => name === reason);
  return known?.[1] ?? reasonHttp(reason.replace(/^http_/, ""));
}
