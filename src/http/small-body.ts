import type { Context } from "hono";
import type * as z from "zod";
import type { AppEnv } from "./app-env.ts";
import { requireJsonOrForm, withBody } from "./body.ts";
import { invalidRequest } from "./errors.ts";
import { parseBody } from "./form-body.ts";
import type { Issue } from "./issue.ts";
import type { JsonBody, RequestObject } from "./json-body.ts";

/** A ping, a rotation or a redelivery is a few lines. */
const SMALL_BODY_BYTES = 65_536;

/**
 * A small request, as JSON or as a form; no body at all is an empty object. `judge`: what a policy has against it beside
 * the schema, so that the answer holds all problems at once.
 */
export async function readSmallBody<T extends z.ZodType>(
  context: Context<AppEnv>,
  schema: T,
  judge: (body: RequestObject) => readonly Issue[] = () => [],
): Promise<z.output<T>> {
  const type = requireJsonOrForm(context.req.raw);
  return withBody(context.req.raw, SMALL_BODY_BYTES, async (bytes) => {
    const body: JsonBody = bytes.byteLength === 0 ? { ok: true, value: {} } : parseBody(bytes, type);
    if (!body.ok) throw invalidRequest([{ path: "", message: body.problem }]);
    const parsed = schema.safeParse(body.value);
    const found = parsed.success
      ? []
      : parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    const more = judge(body.value).filter(({ path }) => found.every((known) => known.path !== path));
    if (parsed.success && more.length === 0) return parsed.data;
    throw invalidRequest([...found, ...more]);
  });
}
