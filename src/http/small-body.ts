import type { Context } from "hono";
import type * as z from "zod";
import type { AppEnv } from "./app-env.ts";
import { requireJsonOrForm, withBody } from "./body.ts";
import { invalidRequest } from "./errors.ts";
import { parseBody } from "./form-body.ts";
import { issuesOf } from "./issue.ts";
import type { JsonBody, RequestObject } from "./json-body.ts";

/** A ping, a rotation or a redelivery is a few lines. */
const SMALL_BODY_BYTES = 65_536;

/** A small request, as JSON or as a form; no body at all is an empty object. */
export async function readSmallObject(context: Context<AppEnv>): Promise<RequestObject> {
  const type = requireJsonOrForm(context.req.raw);
  return withBody(context.req.raw, SMALL_BODY_BYTES, async (bytes) => {
    const body: JsonBody = bytes.byteLength === 0 ? { ok: true, value: {} } : parseBody(bytes, type);
    if (!body.ok) throw invalidRequest([{ path: "", message: body.problem }]);
    return body.value;
  });
}

/** The same, with its fields read. */
export async function readSmallBody<T extends z.ZodType>(
  context: Context<AppEnv>,
  schema: T,
): Promise<z.output<T>> {
  const parsed = schema.safeParse(await readSmallObject(context));
  if (!parsed.success) throw invalidRequest(issuesOf(parsed.error));
  return parsed.data;
}
