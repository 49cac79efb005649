import type { Settings } from "../env.ts";
import { fetchModels } from "../upstream/models.ts";
import type { Caller } from "./caller.ts";
import { ApiError } from "./errors.ts";
import { unauthorized } from "./guards.ts";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./app-env.ts";

/** An accepted key is believed for an hour; a refused one is asked about again soon, it may just have been made. */
const ACCEPTED_MS = 3_600_000;
const REFUSED_MS = 10_000;
const REMEMBERED_MAX = 1000;

/** Per isolate, by account (a digest of the key) and base URL; oldest out first. */
const remembered = new Map<string, { accepted: boolean; until: number }>();

/** `requireKnownKey` for a whole route. */
export const knownKey = createMiddleware<AppEnv>(async (context, next) => {
  await requireKnownKey(context.get("caller"), context.get("settings"));
  await next();
});

/**
 * In bring-your-own-key mode, everything that does not lead to the upstream by itself needs a key that the upstream
 * knows: nobody can make Ringback send requests with a made-up one.
 * @throws ApiError 401 for a key that the upstream refuses, 502 if it does not say
 */
export async function requireKnownKey(caller: Caller, settings: Settings): Promise<void> {
  if (caller.mode === "operator") return;
  const name = `${settings.baseUrl}\n${caller.account}`;
  const known = remembered.get(name);
  const now = Date.now();
  if (known && known.until > now) {
    if (known.accepted) return;
    throw unauthorized();
  }
  const answer = await fetchModels({
    baseUrl: settings.baseUrl,
    apiKey: caller.apiKey,
    timeoutMs: settings.upstreamTimeoutMs,
  });
  const refused = answer?.status === 401 || answer?.status === 403;
  const accepted = answer !== null && answer.status >= 200 && answer.status < 300;
  if (!refused && !accepted)
    throw new ApiError("upstream_error", "The upstream did not say whether it knows this key.");
  remembered.delete(name);
  remembered.set(name, { accepted, until: now + (accepted ? ACCEPTED_MS : REFUSED_MS) });
  const oldest = remembered.keys().next().value;
  if (remembered.size > REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest);
  if (refused) throw unauthorized();
}
