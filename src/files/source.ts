import { judgeEndpoint } from "../domain/delivery/endpoint-policy.ts";
import { copyFailed, type CopyFailure } from "../domain/task/keep.ts";
import { discardBody } from "../net/discard.ts";
import { keyHeader } from "../upstream/headers.ts";
import { HOP } from "../upstream/hop.ts";
import type { Source } from "./order.ts";
import type { TryTime } from "./try-time.ts";

/** Signed URLs of object stores are long. As long as a result's may be. */
const URL_MAX_LENGTH = 8192;
const REDIRECTS_MAX = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The source's answer 200, with its body unread, or why there is none. Each URL on the way is judged before anything is
 * sent there.
 */
export async function openSource(
  source: Source,
  time: TryTime,
): Promise<{ kind: "opened"; response: Response } | CopyFailure> {
  let next: string | null = source.url;
  for (let redirects = 0; next !== null && redirects <= REDIRECTS_MAX; redirects += 1) {
    const url = judgeSource(next, source);
    if (url === null) return copyFailed("url_rejected");
    const response = await ask(url, source, time);
    if (response === null) return copyFailed(time.signal.aborted ? "timeout" : "connection");
    if (response.status === 200) return { kind: "opened", response };
    discardBody(response);
    if (!REDIRECTS.has(response.status)) return copyFailed(`http_${response.status}`);
    const location = response.headers.get("location");
    next = location === null ? null : (URL.parse(location, url.href)?.href ?? null);
  }
  return copyFailed("redirect");
}

/** The URL as it was judged; null: nothing goes there. */
function judgeSource(text: string, { upstream, rules }: Source): URL | null {
  const url = text.length > URL_MAX_LENGTH ? null : URL.parse(text);
  if (url === null) return null;
  // The operator has chosen the upstream's address, which may be a private one. Credentials are refused there as well.
  const isUpstream = url.origin === upstream.origin && url.username === "" && url.password === "";
  return isUpstream || judgeEndpoint(text, rules, URL_MAX_LENGTH).ok ? url : null;
}

async function ask(url: URL, { upstream }: Source, time: TryTime): Promise<Response | null> {
  const { origin, apiKey, profile } = upstream;
  const isUpstream = url.origin === origin;
  // With the key it is a call of the upstream's API, which may refuse one without the profile's headers.
  const isCall = isUpstream && apiKey !== null;
  const headers = new Headers({
    ...(isUpstream ? HOP : {}),
    ...(isCall ? { ...profile.headers, ...keyHeader(apiKey, profile) } : {}),
  });
  // A packed body has no known length, and a video does not get smaller.
  headers.set("accept-encoding", "identity");
  try {
    return await time.next(fetch(url, { headers, redirect: "manual", signal: time.signal }));
  } catch {
    // No such host, refused, TLS, garbage, or out of time.
    return null;
  }
}
