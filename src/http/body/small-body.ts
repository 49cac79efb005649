import type { Context } from "hono";
import type * as z from "zod/mini";
import { issueAt, problem, type Issue } from "../../contract/problems.ts";
import type { AppEnv } from "../app-env.ts";
import { requireJsonOrForm, withBody } from "./body.ts";
import { invalidRequest } from "../errors.ts";
import { parseBody } from "./form-body.ts";
import { deduplicated, issuesOf } from "../issue.ts";
import type { JsonBody, RequestObject } from "./json-body.ts";
import { requireOperatorFields } from "../operator/calls.ts";
import { queryIssues } from "../query.ts";

/** A ping, a rotation or a redelivery is a few lines. */
const SMALL_BODY_BYTES = 65_536;

interface SmallObject {
  fields: RequestObject;
  /** Problems beside the fields. */
  issues: readonly Issue[];
}

/** A small request, as JSON or as a form; no body at all is an empty object. @throws ApiError 400, 403, 413, 415 */
export async function readSmallObject(context: Context<AppEnv>): Promise<SmallObject> {
  const type = requireJsonOrForm(context.req.raw);
  return withBody(context, SMALL_BODY_BYTES, async (bytes) => {
    const body: JsonBody = bytes.byteLength === 0 ? { ok: true, value: {} } : parseBody(bytes, type);
    const issues = [...queryIssues(context.req.url), ...(body.issues ?? []).map(inOwnWords)];
    if (!body.ok) throw invalidRequest([issueAt("", body.problem), ...issues]);
    requireOperatorFields(context, body.value);
    return { fields: body.value, issues };
  });
}

/** A form's fields with members are the create's: their names would mislead here. */
function inOwnWords(issue: Issue): Issue {
  return issue.code === "name_not_read" ? issueAt(issue.path, problem("member_not_read")) : issue;
}

/** The same, with its fields read. */
export async function readSmallBody<T extends z.ZodMiniType>(
  context: Context<AppEnv>,
  schema: T,
): Promise<z.output<T>> {
  const { fields, issues } = await readSmallObject(context);
  const parsed = schema.safeParse(fields);
  const all = deduplicated([...issues, ...(parsed.success ? [] : issuesOf(parsed.error))]);
  if (!parsed.success || all.length > 0) throw invalidRequest(all);
  return parsed.data;
}
