import type { Context } from "hono";
import type { AppEnv } from "../../http/app-env.ts";
import { requireForm, withBody } from "../../http/body/body.ts";

/** A form of the console, but for that of a new task, is a few fields; the largest is a received body to be verified. */
const FORM_MAX_BYTES = 262_144;

/** The fields of a small form. @throws ApiError 413, 415 */
export async function readFields(context: Context<AppEnv>): Promise<URLSearchParams> {
  requireForm(context.req.raw);
  return withBody(context, FORM_MAX_BYTES, async (bytes) =>
    Promise.resolve(new URLSearchParams(new TextDecoder().decode(bytes))),
  );
}

/** The same, of a repeated one the first. @throws ApiError 413, 415 */
export async function readForm(context: Context<AppEnv>): Promise<(name: string) => string> {
  const fields = await readFields(context);
  return (name) => fields.get(name) ?? "";
}
