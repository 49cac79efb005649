import type { Context } from "hono";
import type { AppEnv } from "../http/app-env.ts";

/** A complete program that takes callbacks and verifies them, as `docs/recipes/receivers` has it. */
export interface Receiver {
  /** Of its language. */
  name: string;
  file: string;
  code: string;
}

/** A static file, because in the Worker's own code they would be a tenth of it. Kept by the isolate: a deployment is a new one. */
let kept: readonly Receiver[] | null = null;

export async function readReceivers(context: Context<AppEnv>): Promise<readonly Receiver[]> {
  if (kept !== null) return kept;
  const file = await context.env.ASSETS.fetch(new URL("/reference/receivers.json", context.req.url));
  if (!file.ok) {
    await file.body?.cancel();
    return [];
  }
  kept = await file.json<readonly Receiver[]>();
  return kept;
}
