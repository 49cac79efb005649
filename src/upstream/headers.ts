import type { Profile } from "../profiles/schema.ts";
import { HOP } from "./hop.ts";
import type { UpstreamAccess } from "./provider.ts";

/** The header that carries the key. */
export function keyHeader(apiKey: string, { auth }: Profile): Record<string, string> {
  const { header, scheme } = auth;
  return { [header]: scheme === undefined ? apiKey : `${scheme} ${apiKey}` };
}

/** The headers of a call; none of them is a caller's. */
export function callHeaders(
  { apiKey, profile }: UpstreamAccess,
  { hasBody }: { hasBody: boolean },
): Record<string, string> {
  return {
    ...keyHeader(apiKey, profile),
    ...(hasBody ? { "content-type": "application/json" } : {}),
    accept: "application/json",
    ...profile.headers,
    ...HOP,
  };
}
