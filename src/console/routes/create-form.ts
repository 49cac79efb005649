import type { Context } from "hono";
import { issueAt, type Issue } from "../../contract/problems.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { requireForm, withBody } from "../../http/body/body.ts";
import { parseFormBody } from "../../http/body/form-body.ts";
import type { Gather } from "../../http/body/form-fields.ts";
import type { RequestObject } from "../../http/body/json-body.ts";
import { invalidRequest, type ApiError } from "../../http/errors.ts";
import { newFormKey } from "../forms/first-form.ts";
import type { Language } from "../language.ts";

/** What the forms that start a task have in common: one may be as large as a create, and starts one task. */

export interface FormState {
  key: string;
  issues: readonly Issue[];
  /** What the upstream, or Ringback, said no with. */
  refusal: ApiError | null;
  /** The reader's new choice, which the request's cookie does not have yet. */
  language?: Language;
}

/** @throws ApiError 400, 413, 415 */
export async function withCreateForm(
  context: Context<AppEnv>,
  use: (form: RequestObject) => Promise<Response>,
  gather?: Gather,
): Promise<Response> {
  requireForm(context.req.raw);
  return withBody(context, context.get("settings").maxBodyBytes, async (bytes) => {
    const body = parseFormBody(bytes, gather);
    if (!body.ok) throw invalidRequest([issueAt("", body.problem)]);
    return use(body.value);
  });
}

/** The idempotency key of the form. */
export function keyOf(form: RequestObject): string {
  return typeof form["form_key"] === "string" ? form["form_key"] : newFormKey();
}

/** The form again, after its create was refused. */
export function stateAfter(error: ApiError, key: string): FormState {
  const issues = error.options.issues ?? [];
  // Under the old key the form would be refused for ever.
  const spent = error.code === "idempotency_mismatch" || error.code === "idempotency_deleted";
  return { key: spent ? newFormKey() : key, issues, refusal: issues.length > 0 ? null : error };
}
