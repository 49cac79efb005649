import type { Context } from "hono";
import type * as z from "zod";
import type { AppEnv } from "./app-env.ts";
import { requireJson, withBody } from "./body.ts";
import { invalidRequest } from "./errors.ts";
import { parseJsonBody, type JsonBody } from "./json-body.ts";

/** A ping, a rotation or a redelivery is a few lines. */
const SMALL_BODY_BYTES = 65_536;

/** A small JSON request; no body at all is an empty object. */
export async function readSmallBody<T extends z.ZodType>(
  context: Context<AppEnv>,
  schema: T,
): Promise<z.output<T>> {
  requireJson(context.req.raw);
  return withBody(context.req.raw, SMALL_BODY_BYTES, async (bytes) => {
    const body: JsonBody = bytes.byteLength === 0 ? { ok: true, value: {} } : parseJsonBody(bytes);
    if (!body.ok) throw invalidRequest([{ path: "", message: body.problem }]);
    const parsed = schema.safeParse(body.value);
    if (parsed.success) return parsed.data;
    throw invalidRequest(parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })));
  });
}
