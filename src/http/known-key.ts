import { createMiddleware } from "hono/factory";
import type { Context } from "hono";
import { isKeyProved } from "../account-object/client.ts";
import { judgeKey, knownVerdict, rememberAccepted, type AskedKey } from "../upstream/key-check.ts";
import type { AppEnv } from "./app-env.ts";
import type { Caller } from "./caller.ts";
import { ApiError } from "./errors.ts";
import { unauthorized } from "./guards.ts";
import { countCall } from "./rate-limit.ts";

/** `requireKnownKey` for a whole route. */
export const knownKey = createMiddleware<AppEnv>(async (context, next) => {
  await requireKnownKey(context);
  await next();
});

/**
 * In bring-your-own-key mode, everything that does not lead to the upstream by itself needs a key that the upstream
 * knows: a made-up one must not make Ringback send requests. A question to the upstream counts as a call.
 * @throws ApiError 401 for a key that the upstream refuses or cannot be asked about, 429 for one question too many, 502 if it does not say
 */
export async function requireKnownKey(
  context: Context<AppEnv>,
  caller: Caller = context.get("caller"),
): Promise<void> {
  if (caller.mode === "operator") return;
  const key = callerKey(context, caller);
  if (knownVerdict(key) === null) await countCall(context, caller);
  switch (await judgeKey(key)) {
    case "accepted":
      return;
    case "refused":
      throw unauthorized();
    case "no_check":
      return requireProvedKey(context, caller.account, key);
    case "silent":
      throw new ApiError("upstream_error");
  }
}

/** @throws ApiError 401 until the upstream has accepted a create with the key, which its account remembers */
async function requireProvedKey(context: Context<AppEnv>, account: string, key: AskedKey): Promise<void> {
  if (!(await isKeyProved(context.env.ACCOUNTS, account)))
    throw unauthorized(
      "The upstream cannot be asked whether it knows this key. Ringback knows it once the upstream has accepted a create " +
        "with it; until then this call is refused.",
    );
  rememberAccepted(key);
}

/** Whether the upstream has said so before, without asking it. */
export function isKnownKey(context: Context<AppEnv>): boolean {
  return context.get("caller").mode === "operator" || knownVerdict(callerKey(context)) === "accepted";
}

/** The key that goes upstream for this caller, for a question to the upstream. */
export function callerKey(context: Context<AppEnv>, caller: Caller = context.get("caller")): AskedKey {
  const {
    upstreams: [upstream],
    upstreamTimeoutMs,
  } = context.get("settings");
  const { baseUrl, profile, operatorKey } = upstream;
  const of = { baseUrl, profile, timeoutMs: upstreamTimeoutMs };
  return caller.mode === "own"
    ? { ...of, apiKey: caller.apiKey, name: caller.account }
    : { ...of, apiKey: operatorKey ?? "", name: "operator" };
}
