import { createMiddleware } from "hono/factory";
import type { Context } from "hono";
import { clientNetwork } from "./client-address.ts";
import { readSettings } from "../env.ts";
import type { AppEnv } from "./app-env.ts";
import type { Caller } from "./caller.ts";
import { ApiError } from "./errors.ts";

/** The platform sets it, and lets no client set it. */
const PLATFORM_HEADER = "cf-connecting-ip";

/** A route whose every call leads to a request of Ringback's own. */
export const rateLimited = createMiddleware<AppEnv>(async (context, next) => {
  await countCall(context);
  await next();
});

/**
 * Counts a request that leads to a call of the upstream or of a receiver, once, per account and per client address.
 * @throws ApiError 429 if there were too many within the minute
 */
export async function countCall(
  context: Context<AppEnv>,
  { account }: Caller = context.get("caller"),
): Promise<void> {
  if (context.get("isCounted")) return;
  context.set("isCounted", true);
  await countUnder(context, [`account ${account}`, `address ${clientOf(context) ?? "unknown"}`]);
}

/** Counts a request under each key, in order. @throws ApiError 429 if there were too many under one within the minute */
export async function countUnder(context: Context<AppEnv>, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const { success } = await context.env.CREATE_LIMIT.limit({ key });
    if (!success) throw new ApiError("rate_limited");
  }
}

/** The network that the client's limits are counted for; null: its address is not known, and all such share one. */
export function clientOf(context: Context<AppEnv>): string | null {
  const result = readSettings(context.env);
  const header = (result.ok ? result.settings.clientAddressHeader : null) ?? PLATFORM_HEADER;
  return clientNetwork(context.req.header(header) ?? "");
}
